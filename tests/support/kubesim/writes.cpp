#include "kubesim/writes.hpp"

#include <algorithm>

#include "kubesim/managed_fields.hpp"
#include "kubesim/normalise.hpp"
#include "kubesim/typed.hpp"
#include "kubesim/validation.hpp"

namespace gridseal::kubesim {

namespace {

// Everything but the times of managedFields and the resourceVersion.
Json essence(const Json& object) {
  Json out = object;
  Json& metadata = out["metadata"];
  metadata.erase("resourceVersion");
  if (metadata.contains("managedFields")) {
    for (Json& entry : metadata["managedFields"]) entry.erase("time");
  }
  return out;
}

bool spec_changed(const Resource& resource, const Json& before, const Json& after) {
  for (const auto& [key, value] : after.items()) {
    const bool status = key == "status" && (!resource.custom || resource.subresource("status") != nullptr);
    if (key == "metadata" || key == "apiVersion" || status) continue;
    auto it = before.find(key);
    if (it == before.end() || *it != value) return true;
  }
  return std::any_of(before.items().begin(), before.items().end(),
                     [&](const auto& entry) { return !after.contains(entry.key()); });
}

bool keeps_status(const Resource& resource) {
  return resource.subresource("status") != nullptr || resource.plural == "cronjobs";
}

void seed_metadata(Cluster& cluster, const Resource& resource, const std::string& ns, Json& object) {
  Json& metadata = make(object, {"metadata"});
  for (const char* key :
       {"selfLink", "resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"})
    metadata.erase(key);
  if (resource.namespaced)
    metadata["namespace"] = ns;
  else
    metadata.erase("namespace");
  metadata["uid"] = cluster.fresh_uid();
  metadata["creationTimestamp"] = Clock::date();
  if (has_generation(resource)) metadata["generation"] = 1;
}

void label_job(const std::string& uid, const std::string& name, Json& job) {
  if (flag(job, {"spec", "manualSelector"})) return;
  make(job, {"spec", "selector", "matchLabels"})["batch.kubernetes.io/controller-uid"] = uid;
  Json& labels = make(job, {"spec", "template", "metadata", "labels"});
  for (const char* key : {"batch.kubernetes.io/controller-uid", "controller-uid"}) labels[key] = uid;
  for (const char* key : {"batch.kubernetes.io/job-name", "job-name"}) labels[key] = name;
  // 040: a Job without labels gets those of its pods.
  if (find(job, {"metadata", "labels"}) == nullptr) job["metadata"]["labels"] = labels;
}

void admit_claim(Cluster& cluster, Json& claim) {
  claim["metadata"]["finalizers"] = {"kubernetes.io/pvc-protection"};
  if (find(claim, {"spec", "storageClassName"}) != nullptr) return;
  for (const ObjectPtr& found : cluster.store.list("storageclasses.storage.k8s.io")) {
    const Json* notes = find(*found, {"metadata", "annotations"});
    if (notes == nullptr || text(*notes, {"storageclass.kubernetes.io/is-default-class"}) != "true") continue;
    claim["spec"]["storageClassName"] = text(*found, {"metadata", "name"});
  }
}

// What each kind does to a new object after its defaults.
Outcome<void> prepare_new(Cluster& cluster, const Resource& resource, Json& object, bool dry_run) {
  const std::string uid = text(object, {"metadata", "uid"});
  const std::string name = text(object, {"metadata", "name"});
  if (resource.plural == "jobs") label_job(uid, name, object);
  if (resource.plural == "persistentvolumeclaims") admit_claim(cluster, object);
  if (resource.plural == "persistentvolumes")
    object["metadata"]["finalizers"] = {"kubernetes.io/pv-protection"};
  if (resource.plural == "pods") admit_pod(cluster, object);
  if (resource.plural == "namespaces") object["spec"]["finalizers"] = {"kubernetes"};
  if (resource.plural == "daemonsets") {
    make(object, {"metadata", "annotations"})["deprecated.daemonset.template.generation"] = "1";
  }
  if (resource.plural == "customresourcedefinitions") {
    Json stored = Json::array();
    for (const Json& version : object["spec"].value("versions", Json::array())) {
      if (flag(version, {"storage"})) stored.push_back(version["name"]);
    }
    object["status"]["storedVersions"] = stored;
  }
  if (resource.plural == "services") return allocate_service(cluster, nullptr, object, dry_run);
  return {};
}

Outcome<void> complete(Cluster& cluster, const Resource& resource, const Json* live, Json& object,
                       bool dry_run, const Writer* creator = nullptr) {
  object["apiVersion"] = resource.api_version();
  object["kind"] = resource.kind;
  if (auto done = normalise(resource, object); !done) return done;
  if (resource.custom) prune_unknown(resource, object);
  set_defaults(resource, object);
  // 053: a new object is owned as its writer sent it, with the defaults, but without what its kind adds.
  if (creator != nullptr) track_update(resource, Json::object(), object, *creator);
  if (live == nullptr) {
    const Json status = initial_status(resource);
    for (const auto& [key, value] : status.items()) {
      if (!object["status"].contains(key)) object["status"][key] = value;
    }
    if (auto done = prepare_new(cluster, resource, object, dry_run); !done) return done;
  } else if (resource.plural == "services") {
    if (auto done = allocate_service(cluster, live, object, dry_run); !done) return done;
  }
  std::vector<Cause> causes;
  if (live != nullptr) causes = validate_change(resource, *live, object);
  auto more = validate(resource, object);
  causes.insert(causes.end(), more.begin(), more.end());
  if (!causes.empty()) return tl::unexpected(invalid(resource, text(object, {"metadata", "name"}), causes));
  return {};
}

// 023: identity and times are the server's; an apply or update cannot change them.
void keep_identity(const Resource& resource, const Json& live, Json& object) {
  Json& metadata = make(object, {"metadata"});
  const Json& old = live.at("metadata");
  metadata.erase("selfLink");
  for (const char* key : {"creationTimestamp", "generation", "deletionGracePeriodSeconds", "name"}) {
    if (old.contains(key))
      metadata[key] = old[key];
    else
      metadata.erase(key);
  }
  for (const char* key : {"uid", "deletionTimestamp"}) {
    if (old.contains(key) && (!metadata.contains(key) || metadata[key].is_null() || metadata[key] == ""))
      metadata[key] = old[key];
  }
  if (resource.namespaced) metadata["namespace"] = old.at("namespace");
  metadata["resourceVersion"] = old.at("resourceVersion");
}

void keep_parts(const Resource& resource, const Json& live, const std::string& subresource, Json& object) {
  if (subresource == "status") {
    Json status = object.contains("status") ? object["status"] : Json();
    Json metadata = object["metadata"];
    Json owners = metadata.contains("managedFields") ? metadata["managedFields"] : Json();
    object = live;
    if (owners.is_null())
      object["metadata"].erase("managedFields");
    else
      object["metadata"]["managedFields"] = owners;
    for (const char* key : {"uid"}) object["metadata"][key] = metadata[key];
    if (status.is_null())
      object.erase("status");
    else
      object["status"] = status;
    return;
  }
  if (!keeps_status(resource)) return;
  if (live.contains("status"))
    object["status"] = live["status"];
  else
    object.erase("status");
}

Outcome<void> check_revision(const Resource& resource, const Json& sent, const Json& live) {
  const std::string wanted = text(sent, {"metadata", "resourceVersion"});
  if (wanted.empty()) return {};
  if (wanted.find_first_not_of("0123456789") != std::string::npos) {
    return tl::unexpected(
        internal_error("strconv.ParseUint: parsing " + compact(Json(wanted)) + ": invalid syntax"));
  }
  if (wanted != text(live, {"metadata", "resourceVersion"})) {
    return tl::unexpected(modified(resource, text(live, {"metadata", "name"})));
  }
  return {};
}

// The last steps of a change: generation, no-op, storing, and going away when the last finalizer has gone.
Written store_change(Cluster& cluster, const Resource& resource, const Json& live, Json object,
                     const WriteOptions& options) {
  if (has_generation(resource) && options.subresource != "status" && spec_changed(resource, live, object)) {
    object["metadata"]["generation"] = number(live, {"metadata", "generation"}, 0) + 1;
    if (resource.plural == "daemonsets") {
      make(object, {"metadata", "annotations"})["deprecated.daemonset.template.generation"] =
          std::to_string(object["metadata"]["generation"].get<std::int64_t>());
    }
  }
  // 020: nothing changed, so nothing is written.
  if (essence(live) == essence(object)) return {live, false};
  if (options.dry_run) return {std::move(object), false};
  const Json* finalizers = find(object, {"metadata", "finalizers"});
  const bool dying = find(object, {"metadata", "deletionTimestamp"}) != nullptr;
  if (dying && (finalizers == nullptr || finalizers->empty()) && resource.plural != "namespaces" &&
      resource.plural != "pods") {
    // 100: the last finalizer has gone, and so has the object.
    cluster.remove(resource, text(live, {"metadata", "namespace"}), text(live, {"metadata", "name"}));
    return {std::move(object), false};
  }
  return {*cluster.put(resource, std::move(object)), false};
}

Outcome<Written> store_new(Cluster& cluster, const Resource& resource, Json object,
                           const WriteOptions& options) {
  if (options.dry_run) {
    object["metadata"].erase("resourceVersion");
    return Written{std::move(object), true};
  }
  return Written{*cluster.put(resource, std::move(object)), true};
}

// 021: a value that cannot be converted is told with the namespace of the body, which mostly has none.
Failure told_as_declared(Failure failed, const std::string& ns, const Json& declared) {
  if (failed.code != 500 || !failed.status.is_object()) return failed;
  std::string message = text(failed.status, {"message"});
  const std::string stored = "(" + ns + "/";
  if (const std::size_t at = message.find(stored); at != std::string::npos) {
    message.replace(at, stored.size(), "(" + text(declared, {"metadata", "namespace"}) + "/");
  }
  failed.status["message"] = message;
  return failed;
}

Json strip_new_status(const Resource& resource, Json object) {
  if (resource.custom ? resource.subresource("status") != nullptr : keeps_status(resource))
    object.erase("status");
  const Json status = initial_status(resource);
  if (!status.is_null()) object["status"] = status;
  return object;
}

}  // namespace

Outcome<void> check_namespace(Cluster& cluster, const Resource& resource, const std::string& ns,
                              const std::string& name) {
  if (!resource.namespaced) return {};
  const ObjectPtr found = cluster.store.get("namespaces.", "", ns);
  if (found == nullptr) {
    return tl::unexpected(failure(404, "NotFound", "namespaces \"" + ns + "\" not found",
                                  {{"name", ns}, {"kind", "namespaces"}}));
  }
  if (text(*found, {"status", "phase"}) != "Terminating") return {};
  Failure out = forbidden(
      resource, name, "unable to create new content in namespace " + ns + " because it is being terminated");
  out.status["details"]["causes"] = Json::array({{{"reason", "NamespaceTerminating"},
                                                  {"message", "namespace " + ns + " is being terminated"},
                                                  {"field", "metadata.namespace"}}});
  return tl::unexpected(out);
}

Outcome<Written> create_object(Cluster& cluster, const Resource& resource, const std::string& ns, Json object,
                               const WriteOptions& options) {
  const std::string name = text(object, {"metadata", "name"});
  if (auto ok = check_namespace(cluster, resource, ns, name); !ok) return tl::unexpected(ok.error());
  if (const ObjectPtr found = cluster.store.get(resource.storage(), resource.namespaced ? ns : "", name);
      found != nullptr) {
    Failure out = already_exists(resource, name);
    if (find(*found, {"metadata", "deletionTimestamp"}) != nullptr) {
      out.status["message"] = "object is being deleted: " + text(out.status, {"message"});
    }
    return tl::unexpected(out);
  }
  object = strip_new_status(resource, std::move(object));
  seed_metadata(cluster, resource, ns, object);
  object["metadata"].erase("managedFields");
  const Writer creator{options.manager, options.subresource, true, Clock::date()};
  if (auto ok = complete(cluster, resource, nullptr, object, options.dry_run, &creator); !ok)
    return tl::unexpected(ok.error());
  return store_new(cluster, resource, std::move(object), options);
}

Outcome<Written> update_object(Cluster& cluster, const Resource& resource, const Json& live, Json object,
                               const WriteOptions& options) {
  if (auto ok = check_revision(resource, object, live); !ok) return tl::unexpected(ok.error());
  const bool sent_status_only = options.subresource == "status";
  keep_identity(resource, live, object);
  keep_parts(resource, live, options.subresource, object);
  if (!sent_status_only) {
    if (auto ok = complete(cluster, resource, &live, object, options.dry_run); !ok)
      return tl::unexpected(ok.error());
  }
  track_update(resource, live, object, {options.manager, options.subresource, true, Clock::date()});
  return store_change(cluster, resource, live, std::move(object), options);
}

Outcome<Written> apply_object(Cluster& cluster, const Resource& resource, const std::string& ns,
                              const std::string& name, const Json& declared, const WriteOptions& options) {
  const std::string kind =
      (resource.group.empty() ? "/" + resource.version : resource.api_version()) + ", Kind=" + resource.kind;
  if (const auto errors = type_errors(*resource.type, declared); !errors.empty()) {
    // 021, 025: a 500, whatever fieldValidation says. The object is named with the namespace of its body.
    std::string joined;
    for (const std::string& error : errors) joined += (joined.empty() ? "" : "\n  ") + error;
    if (errors.size() > 1) joined = "errors:\n  " + joined;
    return tl::unexpected(
        internal_error("failed to create typed patch object (" + text(declared, {"metadata", "namespace"}) +
                       "/" + text(declared, {"metadata", "name"}) + "; " + kind + "): " + joined));
  }
  const Writer writer{options.manager, options.subresource, options.force, Clock::date()};
  const ObjectPtr live = cluster.store.get(resource.storage(), resource.namespaced ? ns : "", name);
  if (live == nullptr) {
    if (!options.subresource.empty()) return tl::unexpected(not_found(resource, name));
    if (!text(declared, {"metadata", "uid"}).empty()) {
      return tl::unexpected(conflict(resource, name,
                                     "uid mismatch: the provided object specified uid " +
                                         text(declared, {"metadata", "uid"}) +
                                         ", and no existing object was found"));
    }
    Json base = {
        {"apiVersion", resource.api_version()}, {"kind", resource.kind}, {"metadata", {{"name", name}}}};
    auto merged = apply_fields(resource, base, declared, writer);
    if (!merged) return tl::unexpected(merged.error());
    if (auto ok = check_namespace(cluster, resource, ns, name); !ok) return tl::unexpected(ok.error());
    Json object = strip_new_status(resource, std::move(*merged));
    seed_metadata(cluster, resource, ns, object);
    if (auto ok = complete(cluster, resource, nullptr, object, options.dry_run); !ok)
      return tl::unexpected(told_as_declared(ok.error(), ns, declared));
    return store_new(cluster, resource, std::move(object), options);
  }
  Json served = *live;
  served["apiVersion"] = resource.api_version();
  auto merged = apply_fields(resource, served, declared, writer);
  if (!merged) return tl::unexpected(merged.error());
  if (auto ok = check_revision(resource, declared, *live); !ok) return tl::unexpected(ok.error());
  keep_identity(resource, served, *merged);
  keep_parts(resource, served, options.subresource, *merged);
  if (options.subresource.empty()) {
    if (auto ok = complete(cluster, resource, &served, *merged, options.dry_run); !ok)
      return tl::unexpected(told_as_declared(ok.error(), ns, declared));
  }
  return store_change(cluster, resource, served, std::move(*merged), options);
}

}  // namespace gridseal::kubesim
