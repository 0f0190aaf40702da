// The verbs that write.
#include <algorithm>

#include "kubesim/api/api.hpp"
#include "kubesim/selectors.hpp"
#include "kubesim/typed.hpp"
#include "kubesim/validation.hpp"
#include "kubesim/writes.hpp"
#include "kubesim/yaml.hpp"

namespace gridseal::kubesim {

namespace {

Failure bad_option(const char* kind, Cause cause) {
  return invalid("meta.k8s.io", kind, "", {std::move(cause)});
}

// 021: the options of the query, in the server's order.
Outcome<void> check_options(const Call& call, const char* kind, bool is_apply) {
  const HttpRequest& request = *call.request;
  const std::string manager = request.parameter("fieldManager");
  if (is_apply && manager.empty()) {
    return tl::unexpected(bad_option(
        kind, {"FieldValueRequired", "fieldManager", "Required value: is required for apply patch"}));
  }
  if (!is_apply && std::string(kind) == "PatchOptions" && request.has_parameter("force")) {
    return tl::unexpected(bad_option(
        kind, {"FieldValueForbidden", "force", "Forbidden: may not be specified for non-apply patch"}));
  }
  if (manager.size() > 128) {
    return tl::unexpected(
        bad_option(kind, {"FieldValueTooLong", "fieldManager", "Too long: may not be more than 128 bytes"}));
  }
  for (std::size_t i = 0; i < manager.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(manager[i]);
    if (c >= 32) continue;
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string shown;
    for (char m : manager) shown += m == '\a' ? std::string("\\a") : std::string(1, m);
    const std::string why = "Invalid value: \"" + shown + "\": invalid character U+00" + kHex[c >> 4U] +
                            kHex[c & 15U] + " (at position " + std::to_string(i) + ")";
    return tl::unexpected(bad_option(kind, {"FieldValueInvalid", "fieldManager", why}));
  }
  if (request.has_parameter("dryRun") && request.parameter("dryRun") != "All") {
    return tl::unexpected(
        bad_option(kind, {"FieldValueNotSupported", "dryRun",
                          "Unsupported value: [" + compact(Json(request.parameter("dryRun"))) +
                              "]: supported values: \"All\""}));
  }
  const std::string validation = request.parameter("fieldValidation");
  if (!validation.empty() && validation != "Strict" && validation != "Warn" && validation != "Ignore") {
    return tl::unexpected(
        bad_option(kind, {"FieldValueNotSupported", "fieldValidation",
                          "Unsupported value: " + compact(Json(validation)) +
                              ": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""}));
  }
  return {};
}

std::string media_type(const HttpRequest& request) {
  std::string out = request.header("content-type");
  out = out.substr(0, out.find(';'));
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

HttpResponse answer(const Call& call, const Written& written, const std::vector<std::string>& warnings = {}) {
  // 020: the answer to a write may be asked for as metadata alone.
  const bool metadata_only =
      call.request->header("accept").find("as=PartialObjectMetadata") != std::string::npos;
  const Json body = metadata_only ? partial_metadata(written.object) : shown(*call.resource, written.object);
  HttpResponse out = json_response(written.created ? 201 : 200, body);
  for (const std::string& warning : warnings)
    out.headers.emplace_back("Warning", "299 - " + compact(Json(warning)));
  return out;
}

// The body of POST and PUT.
Outcome<Json> read_body(Cluster& cluster, const Call& call) {
  const std::string type = media_type(*call.request);
  if (!type.empty() && type != "application/json" && type != "application/yaml") {
    return tl::unexpected(failure(
        415, "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json, "
        "application/yaml, application/vnd.kubernetes.protobuf"));
  }
  if (type == "application/yaml") {
    auto parsed = parse_yaml(call.request->body);
    if (!parsed) return tl::unexpected(parsed.error());
    return parsed->value;
  }
  Json body = Json::parse(call.request->body, nullptr, false);
  if (!body.is_object()) {
    const std::string start = call.request->body.empty() ? "<empty>" : call.request->body.substr(0, 1000);
    return tl::unexpected(bad_request(
        "the object provided is unrecognized (must be of type " + call.resource->kind +
        "): couldn't get version/kind; json parse error: unexpected end of JSON input (" + start + ")"));
  }
  const std::string kind = text(body, {"kind"});
  const std::string version = text(body, {"apiVersion"});
  const bool known_kind = cluster.catalog.by_kind(version, kind) != nullptr;
  if (!kind.empty() && kind != call.resource->kind && !known_kind) {
    return tl::unexpected(bad_request(kind + " in version \"" + version + "\" cannot be handled as a " +
                                      call.resource->kind + ": no kind \"" + kind +
                                      "\" is registered for version \"" + version +
                                      "\" in scheme \"pkg/runtime/scheme.go:111\""));
  }
  if (!kind.empty() && kind != call.resource->kind) {
    return tl::unexpected(bad_request(kind + " in version \"" + version + "\" cannot be handled as a " +
                                      call.resource->kind + ": converting (" + version + "." + kind +
                                      ") to (core." + call.resource->kind + "): unknown conversion"));
  }
  return body;
}

// 025: unknown fields of POST, PUT and the other patches are dropped, refused (Strict) or warned about.
Outcome<void> drop_unknown(const Call& call, Json& object, std::vector<std::string>& warnings) {
  const auto unknown = prune_unknown(*call.resource, object);
  if (unknown.empty()) return {};
  const std::string validation = call.request->parameter("fieldValidation");
  if (validation == "Ignore") return {};
  std::string joined;
  for (const std::string& field : unknown)
    joined += (joined.empty() ? "" : ", ") + ("unknown field \"" + field + "\"");
  if (validation == "Strict") {
    if (call.verb == "patch") {
      return tl::unexpected(
          invalid("", "", "",
                  {{"FieldValueInvalid", "patch", "Invalid value: \"\": strict decoding error: " + joined}}));
    }
    return tl::unexpected(bad_request(call.resource->kind + " in version \"" + call.resource->version +
                                      "\" cannot be handled as a " + call.resource->kind +
                                      ": strict decoding error: " + joined));
  }
  for (const std::string& field : unknown) warnings.push_back("unknown field \"" + field + "\"");
  return {};
}

Outcome<void> check_identity(const Call& call, const Json& body) {
  const std::string name = text(body, {"metadata", "name"});
  if (name.empty()) {
    return tl::unexpected(bad_request("the name of the object (" + call.name +
                                      " based on URL) was undeterminable: name must be provided"));
  }
  if (name != call.name) {
    return tl::unexpected(bad_request("the name of the object (" + name +
                                      ") does not match the name on the URL (" + call.name + ")"));
  }
  const std::string ns = text(body, {"metadata", "namespace"});
  if (call.resource->namespaced && !ns.empty() && ns != call.ns) {
    return tl::unexpected(
        bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  }
  return {};
}

Outcome<HttpResponse> apply(Cluster& cluster, const Call& call) {
  auto parsed = parse_yaml(call.request->body);
  if (!parsed) return tl::unexpected(parsed.error());
  Json& body = parsed->value;
  std::vector<std::string> warnings;
  const std::string validation = call.request->parameter("fieldValidation");
  if (!parsed->duplicates.empty() && validation != "Ignore") {
    // 025: a key twice is refused or warned about, as fieldValidation says.
    std::string lines;
    for (const std::string& line : parsed->duplicates) lines += "\n  " + line;
    if (validation == "Strict") {
      return tl::unexpected(bad_request(
          "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:" + lines));
    }
    warnings.push_back("error converting YAML to JSON: yaml: unmarshal errors:" + lines);
  }
  if (body.is_null()) body = Json::object();
  const std::string version = text(body, {"apiVersion"});
  const std::string kind = text(body, {"kind"});
  if (kind != call.resource->kind || version != call.resource->api_version()) {
    const std::string shown_version = version.find('/') == std::string::npos ? "/" + version : version;
    return tl::unexpected(bad_request("invalid object type: " + shown_version + ", Kind=" + kind));
  }
  if (find(body, {"metadata", "managedFields"}) != nullptr)
    return tl::unexpected(bad_request("metadata.managedFields must be nil"));
  const std::string ns = call.ns;
  if (!call.resource->namespaced && body.contains("metadata")) body["metadata"].erase("namespace");
  // Objects of the API server's own types are checked before their name is; 021 shows the order only where
  // both are wrong.
  if (auto ok = check_identity(call, body); !ok) return tl::unexpected(ok.error());
  const bool exists = cluster.store.get(call.resource->storage(), ns, call.name) != nullptr;
  if (!exists && call.subresource.empty()) {
    const Access access{"create",  call.group, call.plural, call.plural == "namespaces" ? call.name : ns,
                        call.name, ""};
    // 050: the apply of a new object needs create as well, and the 403 names that.
    if (!allowed(cluster, call.user, access)) return tl::unexpected(denied(call.user, access));
  }
  if (auto ok = check_escalation(cluster, call.user, *call.resource, ns, body); !ok)
    return tl::unexpected(ok.error());
  WriteOptions options{call.manager(), call.subresource, call.dry_run(), false};
  const std::string force = call.request->parameter("force");
  options.force = force == "true" || force == "1" || force == "yes";
  auto written = apply_object(cluster, *call.resource, ns, call.name, body, options);
  if (!written) return tl::unexpected(written.error());
  return answer(call, *written, warnings);
}

// Strategic merge: keyed lists by their key, null deletes, $patch: delete and replace.
Json strategic(const Type& type, const Json& live, const Json& patch) {
  if (patch.is_object() && type.shape != Shape::list) {
    Json out = live.is_object() ? live : Json::object();
    if (text(patch, {"$patch"}) == "replace") out = Json::object();
    for (const auto& [key, value] : patch.items()) {
      if (key.starts_with('$')) continue;
      const Type* inner = child_type(type, key);
      if (value.is_null())
        out.erase(key);
      else
        out[key] = inner != nullptr && out.contains(key) ? strategic(*inner, out[key], value) : value;
    }
    return out;
  }
  if (!patch.is_array() || type.shape != Shape::keyed_list || !live.is_array()) return patch;
  Json out = live;
  for (const Json& item : patch) {
    const std::string key = item_step(type, item);
    auto it = std::find_if(out.begin(), out.end(), [&](const Json& old) {
      return text(old, {type.keys.front().c_str()}) == text(item, {type.keys.front().c_str()}) &&
             item_step(type, old) == key;
    });
    const bool drop = text(item, {"$patch"}) == "delete";
    if (it == out.end() && !drop)
      out.push_back(item);
    else if (it != out.end() && drop)
      out.erase(it);
    else if (it != out.end())
      *it = strategic(*type.element, *it, item);
  }
  return out;
}

Outcome<Json> patched(const Call& call, const std::string& type, const Json& live) {
  const Json patch = Json::parse(call.request->body, nullptr, false);
  if (patch.is_discarded())
    return tl::unexpected(bad_request("error decoding patch: unexpected end of JSON input"));
  if (type == "application/json-patch+json") {
    try {
      return live.patch(patch);
    } catch (const std::exception&) {
      // 051: a failed test or a missing path.
      return tl::unexpected(failure(
          422, "Invalid", "the server rejected our request due to an error in our request", Json::object()));
    }
  }
  if (!patch.is_object())
    return tl::unexpected(bad_request("error decoding patch: json: cannot unmarshal into Go value"));
  Json out = live;
  if (type == "application/merge-patch+json")
    out.merge_patch(patch);
  else
    out = strategic(*call.resource->type, live, patch);
  return out;
}

Outcome<ObjectPtr> stored(Cluster& cluster, const Call& call) {
  ObjectPtr live = cluster.store.get(call.resource->storage(), call.ns, call.name);
  if (live == nullptr) return tl::unexpected(not_found(*call.resource, call.name));
  return live;
}

Json scale_of(const Json& object) {
  const Json& metadata = object.at("metadata");
  Json out = {
      {"kind", "Scale"}, {"apiVersion", "autoscaling/v1"}, {"metadata", {{"name", metadata["name"]}}}};
  for (const char* key : {"namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (metadata.contains(key)) out["metadata"][key] = metadata[key];
  }
  out["spec"] = {{"replicas", number(object, {"spec", "replicas"})}};
  out["status"] = {{"replicas", number(object, {"status", "replicas"})}};
  return out;
}

Outcome<HttpResponse> write_scale(Cluster& cluster, const Call& call, const Json& live) {
  Json scale = scale_of(live);
  if (call.verb == "update") {
    auto body = read_body(cluster, call);
    if (!body) return tl::unexpected(body.error());
    scale = *body;
  } else {
    auto body = patched(call, "application/merge-patch+json", scale);
    if (!body) return tl::unexpected(body.error());
    scale = *body;
  }
  Json object = live;
  object["spec"]["replicas"] = number(scale, {"spec", "replicas"});
  // 030: the field belongs to an entry of the subresource.
  auto written = update_object(cluster, *call.resource, live, std::move(object),
                               {call.manager(), "scale", call.dry_run(), false});
  if (!written) return tl::unexpected(written.error());
  return json_response(200, scale_of(written->object));
}

Outcome<Deletion> read_deletion(const Call& call) {
  Deletion out;
  Json body = Json::object();
  if (!call.request->body.empty()) {
    body = Json::parse(call.request->body, nullptr, false);
    if (!body.is_object())
      return tl::unexpected(
          bad_request("couldn't get version/kind; json parse error: unexpected end of JSON input"));
  }
  out.propagation = text(body, {"propagationPolicy"});
  if (call.request->has_parameter("propagationPolicy"))
    out.propagation = call.request->parameter("propagationPolicy");
  const Json* orphan = find(body, {"orphanDependents"});
  if (orphan != nullptr && !out.propagation.empty()) {
    return tl::unexpected(
        bad_option("DeleteOptions", {"FieldValueInvalid", "propagationPolicy",
                                     "Invalid value: " + compact(Json(out.propagation)) +
                                         ": orphanDependents and deletionPropagation cannot be both set"}));
  }
  if (orphan != nullptr) out.propagation = *orphan == true ? "Orphan" : "Background";
  if (!out.propagation.empty() && out.propagation != "Foreground" && out.propagation != "Background" &&
      out.propagation != "Orphan") {
    return tl::unexpected(bad_option(
        "DeleteOptions", {"FieldValueNotSupported", "propagationPolicy",
                          "Unsupported value: " + compact(Json(out.propagation)) +
                              ": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""}));
  }
  out.grace = number(body, {"gracePeriodSeconds"}, -1);
  if (call.request->has_parameter("gracePeriodSeconds"))
    out.grace = std::strtoll(call.request->parameter("gracePeriodSeconds").c_str(), nullptr, 10);
  out.uid = text(body, {"preconditions", "uid"});
  out.revision = text(body, {"preconditions", "resourceVersion"});
  out.dry_run = call.dry_run() || (body.contains("dryRun") && body["dryRun"] == Json::array({"All"}));
  return out;
}

HttpResponse deleted_answer(const Call& call, const Deleted& deleted) {
  // 100: an object that stays is answered as it is, one that has gone with a Status; Pods and Namespaces with
  // the object.
  if (!deleted.gone || call.plural == "pods" || call.plural == "services" ||
      call.plural == "serviceaccounts" || call.plural == "persistentvolumeclaims" ||
      call.plural == "persistentvolumes") {
    return json_response(200, shown(*call.resource, deleted.object));
  }
  Json details = {
      {"name", call.name}, {"kind", call.plural}, {"uid", text(deleted.object, {"metadata", "uid"})}};
  if (!call.group.empty()) details["group"] = call.group;
  return json_response(200, {{"kind", "Status"},
                             {"apiVersion", "v1"},
                             {"metadata", Json::object()},
                             {"status", "Success"},
                             {"details", details}});
}

// 054: an eviction that a PodDisruptionBudget does not allow.
Outcome<HttpResponse> evict(Cluster& cluster, const Call& call, const Json& pod) {
  for (const ObjectPtr& budget : cluster.store.list("poddisruptionbudgets.policy", call.ns)) {
    const Json* selector = find(*budget, {"spec", "selector"});
    if (selector == nullptr || !Selector::of(*selector).matches(pod)) continue;
    if (number(*budget, {"status", "disruptionsAllowed"}) > 0) continue;
    const std::string message = "The disruption budget " + text(*budget, {"metadata", "name"}) + " needs " +
                                std::to_string(number(*budget, {"status", "desiredHealthy"})) +
                                " healthy pods and has " +
                                std::to_string(number(*budget, {"status", "currentHealthy"})) + " currently";
    return tl::unexpected(
        failure(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
                {{"causes", Json::array({{{"reason", "DisruptionBudget"}, {"message", message}}})}}));
  }
  auto deleted = delete_object(cluster, *call.resource, pod, {});
  if (!deleted) return tl::unexpected(deleted.error());
  return json_response(201, {{"kind", "Status"},
                             {"apiVersion", "v1"},
                             {"metadata", Json::object()},
                             {"status", "Success"},
                             {"code", 201}});
}

}  // namespace

Outcome<HttpResponse> post_object(Cluster& cluster, const Call& call) {
  if (auto ok = check_options(call, "CreateOptions", false); !ok) return tl::unexpected(ok.error());
  if (call.subresource == "eviction") {
    auto pod = stored(cluster, call);
    if (!pod) return tl::unexpected(pod.error());
    return evict(cluster, call, **pod);
  }
  auto body = read_body(cluster, call);
  if (!body) return tl::unexpected(body.error());
  std::vector<std::string> warnings;
  if (auto ok = drop_unknown(call, *body, warnings); !ok) return tl::unexpected(ok.error());
  Json& metadata = make(*body, {"metadata"});
  if (text(metadata, {"name"}).empty()) {
    const std::string prefix = text(metadata, {"generateName"});
    if (prefix.empty()) {
      return tl::unexpected(invalid(
          *call.resource, "",
          {{"FieldValueRequired", "metadata.name", "Required value: name or generateName is required"}}));
    }
    metadata["name"] = prefix + cluster.random_suffix(5);
  }
  const std::string ns = text(metadata, {"namespace"});
  if (call.resource->namespaced && !ns.empty() && ns != call.ns) {
    return tl::unexpected(
        bad_request("the namespace of the provided object does not match the namespace sent on the request"));
  }
  if (auto ok = check_escalation(cluster, call.user, *call.resource, call.ns, *body); !ok)
    return tl::unexpected(ok.error());
  auto written = create_object(cluster, *call.resource, call.ns, std::move(*body),
                               {call.manager(), "", call.dry_run(), false});
  if (!written) return tl::unexpected(written.error());
  return answer(call, *written, warnings);
}

Outcome<HttpResponse> put_object(Cluster& cluster, const Call& call) {
  if (auto ok = check_options(call, "UpdateOptions", false); !ok) return tl::unexpected(ok.error());
  if (call.subresource == "scale") {
    auto live = stored(cluster, call);
    if (!live) return tl::unexpected(live.error());
    return write_scale(cluster, call, **live);
  }
  auto body = read_body(cluster, call);
  if (!body) return tl::unexpected(body.error());
  std::vector<std::string> warnings;
  if (auto ok = drop_unknown(call, *body, warnings); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_identity(call, *body); !ok) return tl::unexpected(ok.error());
  auto live = stored(cluster, call);
  if (!live) return tl::unexpected(live.error());
  auto written = update_object(cluster, *call.resource, shown(*call.resource, **live), std::move(*body),
                               {call.manager(), call.subresource, call.dry_run(), false});
  if (!written) return tl::unexpected(written.error());
  return answer(call, *written, warnings);
}

Outcome<HttpResponse> patch_object(Cluster& cluster, const Call& call) {
  const std::string type = media_type(*call.request);
  const bool is_apply = type == "application/apply-patch+yaml";
  if (!is_apply && type != "application/merge-patch+json" && type != "application/json-patch+json" &&
      type != "application/strategic-merge-patch+json") {
    return tl::unexpected(
        failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", Json::object()));
  }
  if (auto ok = check_options(call, "PatchOptions", is_apply); !ok) return tl::unexpected(ok.error());
  if (is_apply && call.subresource != "scale") return apply(cluster, call);
  if (call.resource->custom && type == "application/strategic-merge-patch+json") {
    return tl::unexpected(
        failure(415, "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: "
                "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
                Json::object()));
  }
  auto live = stored(cluster, call);
  if (!live) return tl::unexpected(live.error());
  if (call.subresource == "scale") return write_scale(cluster, call, **live);
  const Json current = shown(*call.resource, **live);
  auto object = patched(call, type, current);
  if (!object) return tl::unexpected(object.error());
  std::vector<std::string> warnings;
  if (auto ok = drop_unknown(call, *object, warnings); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_identity(call, *object); !ok) return tl::unexpected(ok.error());
  // 051: a patch may not make the object something that its type is not.
  if (const auto errors =
          call.resource->custom ? std::vector<std::string>() : type_errors(*call.resource->type, *object);
      !errors.empty()) {
    return tl::unexpected(invalid(
        "", "", "",
        {{"FieldValueInvalid", "patch", "Invalid value: " + compact(*object) + ": " + errors.front()}}));
  }
  auto written = update_object(cluster, *call.resource, current, std::move(*object),
                               {call.manager(), call.subresource, call.dry_run(), false});
  if (!written) return tl::unexpected(written.error());
  return answer(call, *written, warnings);
}

Outcome<HttpResponse> remove_object(Cluster& cluster, const Call& call) {
  auto deletion = read_deletion(call);
  if (!deletion) return tl::unexpected(deletion.error());
  auto live = stored(cluster, call);
  if (!live) return tl::unexpected(live.error());
  auto deleted = delete_object(cluster, *call.resource, **live, *deletion);
  if (!deleted) return tl::unexpected(deleted.error());
  return deleted_answer(call, *deleted);
}

Outcome<HttpResponse> remove_collection(Cluster& cluster, const Call& call) {
  auto deletion = read_deletion(call);
  if (!deletion) return tl::unexpected(deletion.error());
  auto labels = Selector::labels(call.request->parameter("labelSelector"));
  if (!labels) return tl::unexpected(labels.error());
  auto fields = Selector::fields(call.request->parameter("fieldSelector"), *call.resource);
  if (!fields) return tl::unexpected(fields.error());
  Json items = Json::array();
  for (const ObjectPtr& object : cluster.store.list(call.resource->storage(), call.ns)) {
    if (!labels->matches(*object) || !fields->matches(*object)) continue;
    auto deleted = delete_object(cluster, *call.resource, *object, *deletion);
    if (!deleted) return tl::unexpected(deleted.error());
    Json item = deleted->object;
    item.erase("apiVersion");
    item.erase("kind");
    items.push_back(std::move(item));
  }
  return json_response(200, {{"kind", call.resource->list_kind},
                             {"apiVersion", call.resource->api_version()},
                             {"metadata", {{"resourceVersion", std::to_string(cluster.store.revision())}}},
                             {"items", items}});
}

}  // namespace gridseal::kubesim
