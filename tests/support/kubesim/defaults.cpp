// 130, 131: the defaults of the built-in kinds.
#include <algorithm>

#include "kubesim/normalise.hpp"
#include "kubesim/quantity.hpp"
#include "kubesim/typed.hpp"

namespace gridseal::kubesim {

namespace {

void fill(Json& object, const char* key, Json value) {
  if (!object.contains(key)) object[key] = std::move(value);
}

Json* member(Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

void default_http_get(Json* action) {
  if (action == nullptr) return;
  fill(*action, "path", "/");
  fill(*action, "scheme", "HTTP");
}

void default_probe(Json* probe) {
  if (probe == nullptr) return;
  default_http_get(member(*probe, "httpGet"));
  if (Json* grpc = member(*probe, "grpc")) fill(*grpc, "service", "");
  fill(*probe, "timeoutSeconds", 1);
  fill(*probe, "periodSeconds", 10);
  fill(*probe, "successThreshold", 1);
  fill(*probe, "failureThreshold", 3);
}

// 027: no tag or "latest" is pulled always.
std::string pull_policy(const std::string& image) {
  const std::size_t slash = image.rfind('/');
  const std::string name = slash == std::string::npos ? image : image.substr(slash + 1);
  if (name.find('@') != std::string::npos) return "IfNotPresent";
  const std::size_t colon = name.find(':');
  return colon == std::string::npos || name.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
}

void default_env(Json* env) {
  if (env == nullptr || !env->is_array()) return;
  for (Json& variable : *env) {
    Json* from = member(variable, "valueFrom");
    if (from == nullptr) continue;
    if (Json* field = member(*from, "fieldRef")) fill(*field, "apiVersion", "v1");
    if (Json* resource = member(*from, "resourceFieldRef")) fill(*resource, "divisor", "0");
  }
}

void default_container(Json& container, bool is_pod, bool host_network) {
  if (Json* ports = member(container, "ports"); ports != nullptr && ports->is_array()) {
    for (Json& port : *ports) {
      fill(port, "protocol", "TCP");
      if (host_network && port.contains("containerPort")) fill(port, "hostPort", port["containerPort"]);
    }
  }
  default_env(member(container, "env"));
  fill(container, "resources", Json::object());
  Json& resources = container["resources"];
  if (Json* limits = member(resources, "limits"); is_pod && limits != nullptr && limits->is_object()) {
    for (const auto& [name, value] : limits->items())
      fill(make(resources, {"requests"}), name.c_str(), value);
  }
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    default_probe(member(container, probe));
  if (Json* lifecycle = member(container, "lifecycle")) {
    for (const char* hook : {"preStop", "postStart"}) {
      if (Json* action = member(*lifecycle, hook)) default_http_get(member(*action, "httpGet"));
    }
  }
  fill(container, "terminationMessagePath", "/dev/termination-log");
  fill(container, "terminationMessagePolicy", "File");
  fill(container, "imagePullPolicy", pull_policy(text(container, {"image"})));
}

void default_items(Json* source) {
  if (source == nullptr) return;
  Json* items = member(*source, "items");
  if (items == nullptr || !items->is_array()) return;
  for (Json& item : *items) {
    if (Json* field = member(item, "fieldRef")) fill(*field, "apiVersion", "v1");
    if (Json* resource = member(item, "resourceFieldRef")) fill(*resource, "divisor", "0");
  }
}

void default_volume(Json& volume) {
  if (volume.is_object() && volume.size() == 1) volume["emptyDir"] = Json::object();
  for (const char* source : {"configMap", "secret", "downwardAPI", "projected"}) {
    if (Json* found = member(volume, source)) fill(*found, "defaultMode", 420);
  }
  if (Json* path = member(volume, "hostPath")) fill(*path, "type", "");
  default_items(member(volume, "downwardAPI"));
  Json* projected = member(volume, "projected");
  Json* sources = projected != nullptr ? member(*projected, "sources") : nullptr;
  if (sources == nullptr || !sources->is_array()) return;
  for (Json& source : *sources) {
    if (Json* token = member(source, "serviceAccountToken")) fill(*token, "expirationSeconds", 3600);
    default_items(member(source, "downwardAPI"));
  }
}

void default_template(Json& spec, const char* key = "template") {
  Json& pod_template = make(spec, {key});
  if (!pod_template.is_object()) pod_template = Json::object();
  fill(pod_template, "metadata", Json::object());
  fill(pod_template, "spec", Json::object());
  default_pod_spec(pod_template["spec"], false);
}

void default_rolling(Json& spec, const char* key, Json rolling) {
  Json& strategy = make(spec, {key});
  if (!strategy.is_object()) strategy = Json::object();
  if (text(strategy, {"type"}).empty()) strategy["type"] = "RollingUpdate";
  if (strategy["type"] != "RollingUpdate") return;
  Json& update = make(strategy, {"rollingUpdate"});
  if (!update.is_object()) update = Json::object();
  for (auto& [name, value] : rolling.items()) fill(update, name.c_str(), value);
}

void default_deployment(Json& spec) {
  default_template(spec);
  fill(spec, "replicas", 1);
  default_rolling(spec, "strategy", {{"maxUnavailable", "25%"}, {"maxSurge", "25%"}});
  fill(spec, "revisionHistoryLimit", 10);
  fill(spec, "progressDeadlineSeconds", 600);
}

void default_claim_spec(Json& spec) {
  fill(spec, "volumeMode", "Filesystem");
}

void default_stateful_set(Json& spec) {
  default_template(spec);
  fill(spec, "replicas", 1);
  fill(spec, "podManagementPolicy", "OrderedReady");
  default_rolling(spec, "updateStrategy", {{"partition", 0}});
  fill(spec, "revisionHistoryLimit", 10);
  Json& retention = make(spec, {"persistentVolumeClaimRetentionPolicy"});
  if (!retention.is_object()) retention = Json::object();
  fill(retention, "whenDeleted", "Retain");
  fill(retention, "whenScaled", "Retain");
  Json* claims = member(spec, "volumeClaimTemplates");
  if (claims == nullptr) return;
  for (Json& claim : *claims) {
    fill(claim, "kind", "PersistentVolumeClaim");
    fill(claim, "apiVersion", "v1");
    default_claim_spec(make(claim, {"spec"}));
    claim["status"] = {{"phase", "Pending"}};
  }
}

void default_daemon_set(Json& spec) {
  default_template(spec);
  default_rolling(spec, "updateStrategy", {{"maxUnavailable", 1}, {"maxSurge", 0}});
  fill(spec, "revisionHistoryLimit", 10);
}

void default_job_spec(Json& spec) {
  default_template(spec);
  if (!spec.contains("completions") && !spec.contains("parallelism")) spec["completions"] = 1;
  fill(spec, "parallelism", 1);
  fill(spec, "backoffLimit", 6);
  fill(spec, "completionMode", "NonIndexed");
  fill(spec, "suspend", false);
  fill(spec, "podReplacementPolicy", "TerminatingOrFailed");
  fill(spec, "manualSelector", false);
}

void default_cron_job(Json& spec) {
  fill(spec, "concurrencyPolicy", "Allow");
  fill(spec, "suspend", false);
  fill(spec, "successfulJobsHistoryLimit", 3);
  fill(spec, "failedJobsHistoryLimit", 1);
  Json& job = make(spec, {"jobTemplate"});
  if (!job.is_object()) job = Json::object();
  fill(job, "metadata", Json::object());
  default_template(make(job, {"spec"}));
}

void default_service(Json& spec) {
  fill(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] == "ClientIP")
    fill(spec, "sessionAffinityConfig", {{"clientIP", {{"timeoutSeconds", 10800}}}});
  fill(spec, "type", "ClusterIP");
  const std::string type = text(spec, {"type"});
  if (Json* ports = member(spec, "ports")) {
    for (Json& port : *ports) {
      fill(port, "protocol", "TCP");
      if (port.contains("port")) fill(port, "targetPort", port["port"]);
    }
  }
  if (type == "ExternalName") return;
  fill(spec, "internalTrafficPolicy", "Cluster");
  if (type == "NodePort" || type == "LoadBalancer") fill(spec, "externalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") fill(spec, "allocateLoadBalancerNodePorts", true);
}

void default_network_policy(Json& spec) {
  for (const char* direction : {"ingress", "egress"}) {
    Json* rules = member(spec, direction);
    if (rules == nullptr) continue;
    for (Json& rule : *rules) {
      Json* ports = member(rule, "ports");
      if (ports == nullptr) continue;
      for (Json& port : *ports) fill(port, "protocol", "TCP");
    }
  }
  if (spec.contains("policyTypes")) return;
  spec["policyTypes"] = {"Ingress"};
  if (spec.contains("egress")) spec["policyTypes"].push_back("Egress");
}

void default_autoscaler(Json& spec) {
  fill(spec, "minReplicas", 1);
  fill(spec, "metrics",
       Json::array(
           {{{"type", "Resource"},
             {"resource",
              {{"name", "cpu"}, {"target", {{"type", "Utilization"}, {"averageUtilization", 80}}}}}}}));
  Json* behavior = member(spec, "behavior");
  if (behavior == nullptr) return;
  const Json percent = {{"type", "Percent"}, {"value", 100}, {"periodSeconds", 15}};
  Json& up = make(*behavior, {"scaleUp"});
  if (up.is_null()) up = Json::object();
  fill(up, "stabilizationWindowSeconds", 0);
  fill(up, "selectPolicy", "Max");
  fill(up, "policies", Json::array({{{"type", "Pods"}, {"value", 4}, {"periodSeconds", 15}}, percent}));
  Json& down = make(*behavior, {"scaleDown"});
  if (down.is_null()) down = Json::object();
  fill(down, "selectPolicy", "Max");
  fill(down, "policies", Json::array({percent}));
}

void default_webhooks(Json& object, bool mutating) {
  Json* webhooks = member(object, "webhooks");
  if (webhooks == nullptr) return;
  for (Json& webhook : *webhooks) {
    if (Json* config = member(webhook, "clientConfig")) {
      if (Json* service = member(*config, "service")) fill(*service, "port", 443);
    }
    if (Json* rules = member(webhook, "rules")) {
      for (Json& rule : *rules) fill(rule, "scope", "*");
    }
    fill(webhook, "failurePolicy", "Fail");
    fill(webhook, "matchPolicy", "Equivalent");
    fill(webhook, "namespaceSelector", Json::object());
    fill(webhook, "objectSelector", Json::object());
    fill(webhook, "timeoutSeconds", 10);
    if (mutating) fill(webhook, "reinvocationPolicy", "Never");
  }
}

void default_definition(Json& spec) {
  Json& names = make(spec, {"names"});
  std::string kind = text(names, {"kind"});
  fill(names, "listKind", kind + "List");
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  fill(names, "singular", kind);
  fill(spec, "conversion", {{"strategy", "None"}});
}

void default_rbac(Json& object) {
  Json* subjects = member(object, "subjects");
  if (subjects != nullptr && subjects->is_array()) {
    for (Json& subject : *subjects) {
      if (text(subject, {"kind"}) != "ServiceAccount") fill(subject, "apiGroup", "rbac.authorization.k8s.io");
    }
  }
  if (object.contains("roleRef")) fill(object["roleRef"], "apiGroup", "rbac.authorization.k8s.io");
}

void default_custom(const Type& type, Json& value) {
  if (value.is_array() && type.element != nullptr) {
    for (Json& item : value) default_custom(*type.element, item);
  }
  if (!value.is_object()) return;
  for (const auto& [key, standard] : type.defaults) fill(value, key.c_str(), standard);
  for (auto& [key, item] : value.items()) {
    const Type* inner = child_type(type, key);
    if (inner != nullptr && inner != &type && key != "metadata") default_custom(*inner, item);
  }
}

void default_others(const Resource& resource, Json& object) {
  const std::string& plural = resource.plural;
  if (plural == "secrets") fill(object, "type", "Opaque");
  if (plural == "priorityclasses") fill(object, "preemptionPolicy", "PreemptLowerPriority");
  if (plural == "storageclasses") {
    fill(object, "reclaimPolicy", "Delete");
    fill(object, "volumeBindingMode", "Immediate");
  }
  if (plural == "rolebindings" || plural == "clusterrolebindings") default_rbac(object);
  if (plural == "roles" || plural == "clusterroles") fill(object, "rules", nullptr);
  if (plural == "validatingwebhookconfigurations" || plural == "mutatingwebhookconfigurations") {
    default_webhooks(object, plural.starts_with("mutating"));
  }
  if (plural == "endpointslices") {
    fill(object, "endpoints", nullptr);
    fill(object, "ports", nullptr);
    for (Json& endpoint : object["endpoints"]) fill(endpoint, "conditions", Json::object());
    for (Json& port : object["ports"]) {
      fill(port, "name", "");
      fill(port, "protocol", "TCP");
    }
  }
  if (plural == "namespaces") {
    make(object, {"metadata", "labels"})["kubernetes.io/metadata.name"] = text(object, {"metadata", "name"});
  }
}

}  // namespace

void default_pod_spec(Json& spec, bool is_pod) {
  if (!spec.is_object()) spec = Json::object();
  const bool host_network = flag(spec, {"hostNetwork"});
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    Json* containers = member(spec, list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (Json& container : *containers) default_container(container, is_pod, host_network);
  }
  if (Json* volumes = member(spec, "volumes"); volumes != nullptr && volumes->is_array()) {
    for (Json& volume : *volumes) default_volume(volume);
  }
  fill(spec, "restartPolicy", "Always");
  fill(spec, "terminationGracePeriodSeconds", 30);
  fill(spec, "dnsPolicy", "ClusterFirst");
  fill(spec, "securityContext", Json::object());
  fill(spec, "schedulerName", "default-scheduler");
  // 027, 131: serviceAccount is another name of serviceAccountName, and stays when that is left out.
  if (spec.contains("serviceAccountName")) spec["serviceAccount"] = spec["serviceAccountName"];
  if (spec.contains("serviceAccount")) fill(spec, "serviceAccountName", spec["serviceAccount"]);
  if (is_pod) fill(spec, "enableServiceLinks", true);
}

void set_defaults(const Resource& resource, Json& object) {
  if (resource.custom) {
    default_custom(*resource.type, object);
    return;
  }
  const std::string& plural = resource.plural;
  default_others(resource, object);
  const bool with_spec = resource.type->fields.contains("spec") || plural == "customresourcedefinitions";
  if (!with_spec || plural == "namespaces") return;
  if (!object.contains("spec") || !object["spec"].is_object()) object["spec"] = Json::object();
  Json& spec = object["spec"];
  if (plural == "pods") default_pod_spec(spec, true);
  if (plural == "deployments") default_deployment(spec);
  if (plural == "replicasets" || plural == "replicationcontrollers") {
    fill(spec, "replicas", 1);
    default_template(spec);
  }
  if (plural == "statefulsets") default_stateful_set(spec);
  if (plural == "daemonsets") default_daemon_set(spec);
  if (plural == "jobs") default_job_spec(spec);
  if (plural == "cronjobs") default_cron_job(spec);
  if (plural == "services") default_service(spec);
  if (plural == "networkpolicies") default_network_policy(spec);
  if (plural == "horizontalpodautoscalers") default_autoscaler(spec);
  if (plural == "persistentvolumeclaims") default_claim_spec(spec);
  if (plural == "persistentvolumes") {
    fill(spec, "persistentVolumeReclaimPolicy", "Retain");
    fill(spec, "volumeMode", "Filesystem");
    if (Json* path = member(spec, "hostPath")) fill(*path, "type", "");
  }
  if (plural == "customresourcedefinitions") default_definition(spec);
}

}  // namespace gridseal::kubesim
