#include "integration/rollback/shop.hpp"

namespace gridseal::test {
namespace {

std::string head(const std::string& api_version, const std::string& kind, const std::string& name,
                 const std::string& annotations = {}) {
  return "---\napiVersion: " + api_version + "\nkind: " + kind + "\nmetadata: {name: " + name +
         ", namespace: shop" + (annotations.empty() ? "" : ", annotations: {" + annotations + "}") + "}\n";
}

std::string pod_template(const Workload& what, const std::string& restart) {
  return "{metadata: {labels: {app: " + what.name + ", version: '" + what.version + "'}}, spec: {" +
         what.pod + restart + "containers: [{" + what.container + "name: app, image: '" + what.image +
         kDigest + "'}]}}";
}

}  // namespace

std::string config_map(const std::string& name, const std::string& value, const std::string& annotation) {
  return head("v1", "ConfigMap", name, annotation) + "data: {value: '" + value + "'}\n";
}

std::string secret(const std::string& name, const std::string& value) {
  return head("v1", "Secret", name) + "stringData: {value: '" + value + "'}\n";
}

std::string deployment(const Workload& what) {
  return head("apps/v1", "Deployment", what.name, what.annotations) + "spec: {" + what.spec +
         "replicas: " + std::to_string(what.replicas) + ", selector: {matchLabels: {app: " + what.name +
         "}}, template: " + pod_template(what, {}) + "}\n";
}

std::string stateful_set(const Workload& what) {
  return head("apps/v1", "StatefulSet", what.name, what.annotations) + "spec: {" + what.spec +
         "serviceName: " + what.name + ", replicas: " + std::to_string(what.replicas) +
         ", selector: {matchLabels: {app: " + what.name + "}}, template: " + pod_template(what, {}) + "}\n";
}

std::string daemon_set(const Workload& what) {
  return head("apps/v1", "DaemonSet", what.name, what.annotations) + "spec: {" + what.spec +
         "selector: {matchLabels: {app: " + what.name + "}}, template: " + pod_template(what, {}) + "}\n";
}

std::string job(const Workload& what) {
  return head("batch/v1", "Job", what.name, what.annotations) + "spec: {" + what.spec +
         "backoffLimit: 0, template: " + pod_template(what, "restartPolicy: Never, ") + "}\n";
}

std::string service(const std::string& name, const std::string& type, int port) {
  return head("v1", "Service", name) + "spec: {type: " + type + ", selector: {app: " + name +
         "}, ports: [{port: " + std::to_string(port) + "}]}\n";
}

std::string claim(const std::string& name, const std::string& storage_class, const std::string& size) {
  return head("v1", "PersistentVolumeClaim", name) + "spec: {storageClassName: " + storage_class +
         ", accessModes: [ReadWriteOnce], resources: {requests: {storage: " + size + "}}}\n";
}

std::string simple_version(const std::string& name, bool storage) {
  return "{name: " + name + ", served: true, storage: " + (storage ? "true" : "false") +
         ", schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}";
}

std::string definition(const std::string& plural, const std::string& kind, const std::string& versions) {
  std::string singular = kind;
  singular.front() = static_cast<char>(singular.front() | 0x20);
  return "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: " +
         plural + ".shop.test}\nspec: {group: shop.test, scope: Namespaced, names: {plural: " + plural +
         ", singular: " + singular + ", kind: " + kind + ", listKind: " + kind + "List}, versions: [" +
         versions + "]}\n";
}

std::string base_objects(const std::string& version) {
  Workload web;
  web.version = version;
  return config_map("settings", version) + secret("password", version) + service("web") +
         head("v1", "ServiceAccount", "web") + head("rbac.authorization.k8s.io/v1", "Role", "web") +
         "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]\n" + deployment(web);
}

}  // namespace gridseal::test
