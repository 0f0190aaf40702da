// 040: fields that may not change once an object exists.
#include <algorithm>

#include "kubesim/validation.hpp"

namespace gridseal::kubesim {

namespace {

using Causes = std::vector<Cause>;

const Json& part(const Json& object, std::initializer_list<const char*> path) {
  static const Json kNull;
  const Json* found = find(object, path);
  return found != nullptr ? *found : kNull;
}

Cause immutable(std::string field, const Json& value, const char* why = "field is immutable") {
  return {"FieldValueInvalid", std::move(field), "Invalid value: " + compact(value) + ": " + why};
}

Cause forbidden_change(std::string field, std::string why) {
  return {"FieldValueForbidden", std::move(field), "Forbidden: " + std::move(why)};
}

void same(const Json& before, const Json& after, std::initializer_list<const char*> path, Causes& out) {
  if (part(before, path) == part(after, path)) return;
  std::string field;
  for (const char* step : path) field += (field.empty() ? "" : ".") + std::string(step);
  out.push_back(immutable(field, part(after, path)));
}

void check_metadata(const Json& before, const Json& after, Causes& out) {
  // 021: the texts come from two checks; each is told twice.
  for (const char* key : {"uid", "deletionTimestamp"}) {
    const Json& sent = part(after, {"metadata", key});
    if (sent.is_null() || sent == part(before, {"metadata", key})) continue;
    for (int i = 0; i < 2; ++i) out.push_back(immutable(std::string("metadata.") + key, sent));
  }
  if (find(before, {"metadata", "deletionTimestamp"}) == nullptr) return;
  const Json& had = part(before, {"metadata", "finalizers"});
  std::string added;
  for (const Json& finalizer : part(after, {"metadata", "finalizers"})) {
    if (std::find(had.begin(), had.end(), finalizer) == had.end())
      added += (added.empty() ? "" : ", ") + compact(finalizer);
  }
  if (added.empty()) return;
  for (int i = 0; i < 2; ++i) {
    out.push_back(forbidden_change(
        "metadata.finalizers",
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{" +
            added + "}"));
  }
}

void check_stored_data(const Resource& resource, const Json& before, const Json& after, Causes& out) {
  if (resource.plural == "secrets") same(before, after, {"type"}, out);
  if (!flag(before, {"immutable"})) return;
  const std::string why = "field is immutable when `immutable` is set";
  if (!flag(after, {"immutable"})) out.push_back(forbidden_change("immutable", why));
  for (const char* key : {"data", "binaryData"}) {
    if (part(before, {key}) != part(after, {key})) out.push_back(forbidden_change(key, why));
  }
}

void check_service(const Json& before, const Json& after, Causes& out) {
  const std::string old_ip = text(before, {"spec", "clusterIP"});
  const std::string new_ip = text(after, {"spec", "clusterIP"});
  const bool external =
      text(after, {"spec", "type"}) == "ExternalName" || text(before, {"spec", "type"}) == "ExternalName";
  if (!external && !old_ip.empty() && old_ip != new_ip) {
    out.push_back(immutable("spec.clusterIPs[0]", Json::array({new_ip}), "may not change once set"));
  }
}

void check_stateful_set(const Json& before, const Json& after, Causes& out) {
  Json old_spec = part(before, {"spec"});
  Json new_spec = part(after, {"spec"});
  for (const char* free : {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                           "persistentVolumeClaimRetentionPolicy", "minReadySeconds"}) {
    old_spec.erase(free);
    new_spec.erase(free);
  }
  if (old_spec == new_spec) return;
  out.push_back(forbidden_change(
      "spec",
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
      "'updateStrategy', "
      "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
}

void check_job(const Json& before, const Json& after, Causes& out) {
  same(before, after, {"spec", "completions"}, out);
  same(before, after, {"spec", "selector"}, out);
  same(before, after, {"spec", "template"}, out);
  same(before, after, {"spec", "completionMode"}, out);
}

void check_claim(const Json& before, const Json& after, Causes& out) {
  Json old_spec = part(before, {"spec"});
  Json new_spec = part(after, {"spec"});
  const bool bound = text(before, {"status", "phase"}) == "Bound";
  for (Json* spec : {&old_spec, &new_spec}) {
    if (!spec->is_object()) continue;
    spec->erase("volumeName");
    spec->erase("volumeAttributesClassName");
    if (bound && spec->contains("resources")) spec->erase("resources");
  }
  if (old_spec == new_spec) return;
  out.push_back(forbidden_change("spec",
                                 "spec is immutable after creation except resources.requests and "
                                 "volumeAttributesClassName for bound claims"));
}

void check_pod(const Json& before, const Json& after, Causes& out) {
  Json old_spec = part(before, {"spec"});
  Json new_spec = part(after, {"spec"});
  for (Json* spec : {&old_spec, &new_spec}) {
    if (!spec->is_object()) continue;
    for (const char* free :
         {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName"})
      spec->erase(free);
    for (const char* list : {"containers", "initContainers"}) {
      if (!spec->contains(list)) continue;
      for (Json& container : (*spec)[list]) container.erase("image");
    }
  }
  if (old_spec == new_spec) return;
  out.push_back(forbidden_change(
      "spec",
      "pod updates may not change fields other than "
      "`spec.containers[*].image`,`spec.initContainers[*].image`,"
      "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
      "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
}

void check_role_ref(const Json& before, const Json& after, Causes& out) {
  const Json& now = part(after, {"roleRef"});
  if (part(before, {"roleRef"}) == now) return;
  const Json shown = {
      {"APIGroup", text(now, {"apiGroup"})}, {"Kind", text(now, {"kind"})}, {"Name", text(now, {"name"})}};
  out.push_back(immutable("roleRef", shown, "cannot change roleRef"));
}

void check_volume(const Json& before, const Json& after, Causes& out) {
  for (const char* source : {"hostPath", "nfs", "local", "csi"}) {
    if (part(before, {"spec", source}) == part(after, {"spec", source})) continue;
    out.push_back(forbidden_change("spec.persistentvolumesource",
                                   "spec.persistentvolumesource is immutable after creation"));
    return;
  }
}

// apiextensions validation: a version in which objects were ever stored must stay declared.
void keep_stored_versions(const Json& before, const Json& after, std::vector<Cause>& out) {
  const Json* stored = find(before, {"status", "storedVersions"});
  const Json* declared = find(after, {"spec", "versions"});
  if (stored == nullptr || declared == nullptr) return;
  for (std::size_t i = 0; i < stored->size(); ++i) {
    const Json& version = (*stored)[i];
    const bool there = std::any_of(declared->begin(), declared->end(),
                                   [&](const Json& entry) { return entry.value("name", Json()) == version; });
    if (there) continue;
    out.push_back({"FieldValueInvalid", "status.storedVersions[" + std::to_string(i) + "]",
                   "Invalid value: " + compact(version) + ": missing from spec.versions"});
  }
}

}  // namespace

Causes validate_change(const Resource& resource, const Json& before, const Json& after) {
  Causes out;
  check_metadata(before, after, out);
  const std::string& plural = resource.plural;
  if (plural == "deployments" || plural == "daemonsets" || plural == "replicasets")
    same(before, after, {"spec", "selector"}, out);
  if (plural == "configmaps" || plural == "secrets") check_stored_data(resource, before, after, out);
  if (plural == "services") check_service(before, after, out);
  if (plural == "statefulsets") check_stateful_set(before, after, out);
  if (plural == "jobs") check_job(before, after, out);
  if (plural == "persistentvolumeclaims") check_claim(before, after, out);
  if (plural == "pods") check_pod(before, after, out);
  if (plural == "rolebindings" || plural == "clusterrolebindings") check_role_ref(before, after, out);
  if (plural == "persistentvolumes") check_volume(before, after, out);
  if (plural == "storageclasses") {
    same(before, after, {"provisioner"}, out);
    same(before, after, {"parameters"}, out);
    same(before, after, {"reclaimPolicy"}, out);
    same(before, after, {"volumeBindingMode"}, out);
  }
  if (plural == "ingressclasses") same(before, after, {"spec", "controller"}, out);
  if (plural == "priorityclasses" && part(before, {"value"}) != part(after, {"value"})) {
    out.push_back(forbidden_change("value", "may not be changed in an update."));
  }
  if (plural == "customresourcedefinitions") {
    same(before, after, {"spec", "scope"}, out);
    keep_stored_versions(before, after, out);
  }
  return out;
}

}  // namespace gridseal::kubesim
