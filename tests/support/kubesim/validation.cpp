#include "kubesim/validation.hpp"

#include <algorithm>
#include <cctype>

#include "kubesim/quantity.hpp"
#include "kubesim/selectors.hpp"

namespace gridseal::kubesim {

namespace {

using Causes = std::vector<Cause>;

Cause required(std::string field, const std::string& detail = {}) {
  return {"FieldValueRequired", std::move(field),
          detail.empty() ? "Required value" : "Required value: " + detail};
}
Cause wrong(std::string field, const Json& value, const std::string& why) {
  return {"FieldValueInvalid", std::move(field), "Invalid value: " + compact(value) + ": " + why};
}
Cause forbidden_field(std::string field, const std::string& why) {
  return {"FieldValueForbidden", std::move(field), "Forbidden: " + why};
}
Cause unsupported(std::string field, const Json& value, const std::string& supported) {
  return {"FieldValueNotSupported", std::move(field),
          "Unsupported value: " + compact(value) + ": supported values: " + supported};
}
Cause too_long(std::string field, std::size_t limit) {
  return {"FieldValueTooLong", std::move(field),
          "Too long: may not be more than " + std::to_string(limit) + " bytes"};
}

bool alphanumeric(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}
bool lower_alphanumeric(char c) {
  return alphanumeric(c) && std::isupper(static_cast<unsigned char>(c)) == 0;
}

bool dns_label(const std::string& name) {
  if (name.empty() || name.size() > 63 || !lower_alphanumeric(name.front()) ||
      !lower_alphanumeric(name.back()))
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return lower_alphanumeric(c) || c == '-'; });
}

bool dns_subdomain(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  std::size_t at = 0;
  while (true) {
    const std::size_t dot = name.find('.', at);
    std::string part = name.substr(at, dot == std::string::npos ? dot : dot - at);
    if (part.size() > 63) part.resize(63, 'a');
    if (!dns_label(part)) return false;
    if (dot == std::string::npos) return true;
    at = dot + 1;
  }
}

bool label_name(const std::string& text) {
  if (text.empty() || text.size() > 63 || !alphanumeric(text.front()) || !alphanumeric(text.back()))
    return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool qualified_name(const std::string& key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string::npos) return label_name(key);
  return dns_subdomain(key.substr(0, slash)) && label_name(key.substr(slash + 1));
}

constexpr const char* kSubdomainText =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr const char* kLabelKeyText =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. "
    "'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr const char* kLabelValueText =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr const char* kConfigKeyText =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    "'KEY_NAME',  or 'key-name', "
    "regex used for validation is '[-._a-zA-Z0-9]+')";

void check_metadata(const Json& object, const Resource& resource, Causes& out) {
  const Json& metadata = object.at("metadata");
  const std::string name = text(metadata, {"name"});
  const bool path_name = resource.group == "rbac.authorization.k8s.io";
  if (!name.empty() && !path_name && !dns_subdomain(name))
    out.push_back(wrong("metadata.name", name, kSubdomainText));
  if (const Json* labels = find(metadata, {"labels"}); labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->items()) {
      if (!qualified_name(key)) out.push_back(wrong("metadata.labels", key, kLabelKeyText));
      const std::string held = value.is_string() ? value.get<std::string>() : "";
      if (!held.empty() && !label_name(held)) out.push_back(wrong("metadata.labels", value, kLabelValueText));
    }
  }
  if (const Json* annotations = find(metadata, {"annotations"});
      annotations != nullptr && annotations->is_object()) {
    std::size_t total = 0;
    for (const auto& [key, value] : annotations->items()) {
      std::string lower = key;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (!qualified_name(lower)) out.push_back(wrong("metadata.annotations", key, kLabelKeyText));
      total += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
    }
    if (total > 262144) out.push_back(too_long("metadata.annotations", 262144));
  }
  if (const Json* finalizers = find(metadata, {"finalizers"});
      finalizers != nullptr && finalizers->is_array()) {
    std::size_t index = 0;
    for (const Json& finalizer : *finalizers) {
      const std::string field = "metadata.finalizers[" + std::to_string(index++) + "]";
      const std::string value = finalizer.is_string() ? finalizer.get<std::string>() : "";
      if (value == "foregroundDeletion" || value == "orphan" || value == "kubernetes") continue;
      if (value.find('/') != std::string::npos) continue;
      // 021: told twice, with two texts.
      out.push_back(
          wrong(field, finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
    }
  }
}

void check_probe(const Json& container, const char* probe, const std::string& field, Causes& out) {
  const Json* found = find(container, {probe});
  if (found == nullptr) return;
  const bool single = std::string(probe) != "readinessProbe";
  const std::int64_t threshold = number(*found, {"successThreshold"}, 1);
  if (single && threshold != 1)
    out.push_back(wrong(field + "." + probe + ".successThreshold", threshold, "must be 1"));
}

void check_resources(const Json& container, const std::string& field, Causes& out) {
  const Json* requests = find(container, {"resources", "requests"});
  const Json* limits = find(container, {"resources", "limits"});
  if (requests == nullptr || limits == nullptr || !requests->is_object()) return;
  for (const auto& [name, value] : requests->items()) {
    if (!limits->contains(name) || !value.is_string()) continue;
    const std::string limit = (*limits)[name].get<std::string>();
    if (quantity_value(value.get<std::string>()) > quantity_value(limit)) {
      out.push_back(wrong(field + ".resources.requests", value,
                          "must be less than or equal to " + name + " limit of " + limit));
    }
  }
}

void check_container(const Json& container, const std::string& field, const Json* volumes, Causes& out) {
  const std::string name = text(container, {"name"});
  if (name.empty()) {
    out.push_back(required(field + ".name"));
  } else if (!dns_label(name)) {
    out.push_back(
        wrong(field + ".name", name,
              "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
              "must start and end with "
              "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
              "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"));
  }
  if (text(container, {"image"}).empty()) out.push_back(required(field + ".image"));
  const std::string policy = text(container, {"imagePullPolicy"});
  if (policy != "Always" && policy != "IfNotPresent" && policy != "Never") {
    out.push_back(unsupported(field + ".imagePullPolicy", policy, "\"Always\", \"IfNotPresent\", \"Never\""));
  }
  if (const Json* mounts = find(container, {"volumeMounts"}); mounts != nullptr) {
    std::size_t index = 0;
    for (const Json& mount : *mounts) {
      const std::string volume = text(mount, {"name"});
      const bool known =
          volumes != nullptr && std::any_of(volumes->begin(), volumes->end(),
                                            [&](const Json& v) { return text(v, {"name"}) == volume; });
      const std::string at = field + ".volumeMounts[" + std::to_string(index++) + "].name";
      if (!known) out.push_back({"FieldValueNotFound", at, "Not found: " + compact(Json(volume))});
    }
  }
  if (const Json* ports = find(container, {"ports"}); ports != nullptr) {
    std::size_t index = 0;
    for (const Json& port : *ports) {
      const std::int64_t value = number(port, {"containerPort"});
      if (value < 1 || value > 65535) {
        out.push_back(wrong(field + ".ports[" + std::to_string(index) + "].containerPort", value,
                            "must be between 1 and 65535, inclusive"));
      }
      ++index;
    }
  }
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    check_probe(container, probe, field, out);
  check_resources(container, field, out);
}

void check_pod_spec(const Json& spec, const std::string& field, Causes& out) {
  const Json* volumes = find(spec, {"volumes"});
  const Json* containers = find(spec, {"containers"});
  if (containers == nullptr || !containers->is_array() || containers->empty())
    out.push_back(required(field + ".containers"));
  for (const char* list : {"containers", "initContainers"}) {
    const Json* found = find(spec, {list});
    if (found == nullptr || !found->is_array()) continue;
    std::size_t index = 0;
    for (const Json& container : *found) {
      check_container(container, field + "." + list + "[" + std::to_string(index++) + "]", volumes, out);
    }
  }
}

void check_selector(const Json& spec, Causes& out) {
  const Json* selector = find(spec, {"selector"});
  const Json* labels = find(spec, {"template", "metadata", "labels"});
  if (selector == nullptr)
    out.push_back(required("spec.selector"));
  else if (selector->empty())
    out.push_back(wrong("spec.selector", *selector, "empty selector is invalid for deployment"));
  if (selector == nullptr || !Selector::of(*selector).matches_labels(labels)) {
    out.push_back(wrong("spec.template.metadata.labels", labels != nullptr ? *labels : Json::object(),
                        "`selector` does not match template `labels`"));
  }
}

void check_restart_policy(const Json& spec, const char* allowed, Causes& out) {
  const std::string policy = text(spec, {"template", "spec", "restartPolicy"});
  if (std::string(allowed).find("\"" + policy + "\"") == std::string::npos) {
    out.push_back(unsupported("spec.template.spec.restartPolicy", policy, allowed));
  }
}

bool is_zero(const Json* value) {
  return value != nullptr && (*value == 0 || (value->is_string() && (*value == "0%" || *value == "0")));
}

void check_percent(const Json& spec, const char* name, Causes& out) {
  const Json* value = find(spec, {"strategy", "rollingUpdate", name});
  if (value == nullptr || !value->is_string() || value->get<std::string>().ends_with('%')) return;
  out.push_back(wrong(std::string("spec.strategy.rollingUpdate.") + name, *value,
                      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', "
                      " or '93%', regex used for "
                      "validation is '[0-9]+%')"));
}

void check_deployment(const Json& spec, Causes& out) {
  const std::int64_t replicas = number(spec, {"replicas"});
  if (replicas < 0) out.push_back(wrong("spec.replicas", replicas, "must be greater than or equal to 0"));
  check_selector(spec, out);
  if (const Json* pod = find(spec, {"template", "spec"})) check_pod_spec(*pod, "spec.template.spec", out);
  check_restart_policy(spec, "\"Always\"", out);
  const Json* rolling = find(spec, {"strategy", "rollingUpdate"});
  if (text(spec, {"strategy", "type"}) == "Recreate" && rolling != nullptr) {
    out.push_back(forbidden_field("spec.strategy.rollingUpdate",
                                  "may not be specified when strategy `type` is 'Recreate'"));
  }
  check_percent(spec, "maxUnavailable", out);
  check_percent(spec, "maxSurge", out);
  if (rolling != nullptr && is_zero(find(*rolling, {"maxUnavailable"})) &&
      is_zero(find(*rolling, {"maxSurge"}))) {
    out.push_back(wrong("spec.strategy.rollingUpdate.maxUnavailable", rolling->at("maxUnavailable"),
                        "may not be 0 when `maxSurge` is 0"));
  }
}

void check_workload(const Resource& resource, const Json& spec, Causes& out) {
  check_selector(spec, out);
  if (const Json* pod = find(spec, {"template", "spec"})) check_pod_spec(*pod, "spec.template.spec", out);
  check_restart_policy(spec, "\"Always\"", out);
  const std::string type = text(spec, {"updateStrategy", "type"});
  const Json* rolling = find(spec, {"updateStrategy", "rollingUpdate"});
  if (resource.plural == "statefulsets" && type == "OnDelete" && rolling != nullptr) {
    const Json shown = {{"Partition", number(*rolling, {"partition"})}, {"MaxUnavailable", nullptr}};
    out.push_back(
        wrong("spec.updateStrategy.rollingUpdate", shown, "only allowed for updateStrategy 'RollingUpdate'"));
  }
}

void check_job(const Json& spec, Causes& out) {
  if (const Json* pod = find(spec, {"template", "spec"})) check_pod_spec(*pod, "spec.template.spec", out);
  const std::string policy = text(spec, {"template", "spec", "restartPolicy"});
  if (policy != "OnFailure" && policy != "Never") {
    out.push_back({"FieldValueRequired", "spec.template.spec.restartPolicy",
                   "Required value: valid values: \"OnFailure\", \"Never\""});
  }
}

void check_cron(const Json& spec, Causes& out) {
  const std::string schedule = text(spec, {"schedule"});
  if (schedule.empty()) {
    out.push_back(required("spec.schedule"));
    return;
  }
  if (schedule.starts_with('@')) return;
  std::vector<std::string> fields;
  std::string field;
  for (char c : schedule + " ") {
    if (c != ' ') {
      field += c;
    } else if (!field.empty()) {
      fields.push_back(std::exchange(field, {}));
    }
  }
  if (fields.size() == 5) return;
  std::string shown;
  for (const std::string& f : fields) shown += (shown.empty() ? "" : " ") + f;
  out.push_back(
      wrong("spec.schedule", schedule,
            "expected exactly 5 fields, found " + std::to_string(fields.size()) + ": [" + shown + "]"));
}

void check_service(const Json& spec, Causes& out) {
  const Json* ports = find(spec, {"ports"});
  const std::string type = text(spec, {"type"});
  if (type == "ExternalName") return;
  if ((ports == nullptr || ports->empty()) && text(spec, {"clusterIP"}) != "None")
    out.push_back(required("spec.ports"));
  if (ports == nullptr) return;
  std::size_t index = 0;
  for (const Json& port : *ports) {
    const std::string field = "spec.ports[" + std::to_string(index++) + "]";
    if (ports->size() > 1 && text(port, {"name"}).empty()) out.push_back(required(field + ".name"));
    const std::int64_t value = number(port, {"port"});
    if (value < 1 || value > 65535)
      out.push_back(wrong(field + ".port", value, "must be between 1 and 65535, inclusive"));
    const std::int64_t node_port = number(port, {"nodePort"});
    // 024: a dry run shows a port that is none.
    if (node_port != 0 && node_port != kDryRunPort && (node_port < 30000 || node_port > 32767)) {
      out.push_back(
          wrong(field + ".nodePort", node_port,
                "provided port is not in the valid range. The range of valid ports is 30000-32767"));
    }
  }
  if ((type == "NodePort" || type == "LoadBalancer") && text(spec, {"clusterIP"}) == "None") {
    out.push_back(wrong("spec.clusterIPs[0]", "None", "may not be set to 'None' for " + type + " services"));
  }
}

void check_data(const Resource& resource, const Json& object, Causes& out) {
  std::size_t total = 0;
  for (const char* part : {"data", "binaryData"}) {
    const Json* data = find(object, {part});
    if (data == nullptr || !data->is_object()) continue;
    for (const auto& [key, value] : data->items()) {
      const bool good =
          !key.empty() && key != "." && key != ".." && std::all_of(key.begin(), key.end(), [](char c) {
            return alphanumeric(c) || c == '-' || c == '_' || c == '.';
          });
      if (!good) out.push_back(wrong(std::string(part) + "[" + key + "]", key, kConfigKeyText));
      const std::size_t size = value.is_string() ? value.get_ref<const std::string&>().size() : 0;
      total += resource.plural == "secrets" || std::string(part) == "binaryData" ? size / 4 * 3 : size;
    }
  }
  if (total > 1048576) out.push_back(too_long(resource.plural == "secrets" ? "data" : "[]", 1048576));
  if (resource.plural != "secrets") return;
  auto need = [&](const char* key) {
    if (find(object, {"data", key}) == nullptr) out.push_back(required(std::string("data[") + key + "]"));
  };
  const std::string type = text(object, {"type"});
  if (type == "kubernetes.io/tls") need("tls.crt"), need("tls.key");
  if (type == "kubernetes.io/basic-auth" && find(object, {"data", "username"}) == nullptr &&
      find(object, {"data", "password"}) == nullptr) {
    need("username"), need("password");
  }
  if (type == "kubernetes.io/dockerconfigjson") need(".dockerconfigjson");
}

void check_ingress(const Json& spec, Causes& out) {
  const Json* rules = find(spec, {"rules"});
  if (rules == nullptr) return;
  std::size_t r = 0;
  for (const Json& rule : *rules) {
    const Json* paths = find(rule, {"http", "paths"});
    std::size_t p = 0;
    if (paths != nullptr) {
      for (const Json& path : *paths) {
        if (text(path, {"pathType"}).empty()) {
          out.push_back(
              required("spec.rules[" + std::to_string(r) + "].http.paths[" + std::to_string(p) + "].pathType",
                       "pathType must be specified"));
        }
        ++p;
      }
    }
    ++r;
  }
}

void check_definition(const Json& object, Causes& out) {
  const Json& spec = object.at("spec");
  const std::string expected = text(spec, {"names", "plural"}) + "." + text(spec, {"group"});
  const std::string name = text(object, {"metadata", "name"});
  if (name != expected)
    out.push_back(wrong("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
}

}  // namespace

Causes validate(const Resource& resource, const Json& object) {
  Causes out;
  check_metadata(object, resource, out);
  if (resource.custom) {
    auto more = validate_custom(resource, object);
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  static const Json kNone = Json::object();
  const Json* found = find(object, {"spec"});
  const Json& spec = found != nullptr ? *found : kNone;
  const std::string& plural = resource.plural;
  if (plural == "configmaps" || plural == "secrets") check_data(resource, object, out);
  if (plural == "deployments") check_deployment(spec, out);
  if (plural == "statefulsets" || plural == "daemonsets" || plural == "replicasets")
    check_workload(resource, spec, out);
  if (plural == "jobs") check_job(spec, out);
  if (plural == "cronjobs") check_cron(spec, out);
  if (plural == "pods") check_pod_spec(spec, "spec", out);
  if (plural == "services") check_service(spec, out);
  if (plural == "ingresses") check_ingress(spec, out);
  if (plural == "customresourcedefinitions") check_definition(object, out);
  return out;
}

}  // namespace gridseal::kubesim
