// What the server and its admission plugins add to new pods and Services.
#include <algorithm>

#include "kubesim/validation.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

std::string quality_class(const Json& spec) {
  bool any = false;
  bool guaranteed = true;
  for (const Json& container : spec.value("containers", Json::array())) {
    const Json* limits = find(container, {"resources", "limits"});
    const Json* requests = find(container, {"resources", "requests"});
    any = any || limits != nullptr || requests != nullptr;
    guaranteed =
        guaranteed && limits != nullptr && requests != nullptr && *limits == *requests && limits->size() >= 2;
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

Json token_volume(const std::string& name) {
  return {
      {"name", name},
      {"projected",
       {{"sources", Json::array({{{"serviceAccountToken", {{"expirationSeconds", 3607}, {"path", "token"}}}},
                                 {{"configMap",
                                   {{"name", "kube-root-ca.crt"},
                                    {"items", Json::array({{{"key", "ca.crt"}, {"path", "ca.crt"}}})}}}},
                                 {{"downwardAPI",
                                   {{"items", Json::array({{{"path", "namespace"},
                                                            {"fieldRef",
                                                             {{"apiVersion", "v1"},
                                                              {"fieldPath", "metadata.namespace"}}}}})}}}}})},
        {"defaultMode", 420}}}};
}

void add_toleration(Json& spec, const char* key) {
  Json& tolerations = make(spec, {"tolerations"});
  if (!tolerations.is_array()) tolerations = Json::array();
  const bool present = std::any_of(tolerations.begin(), tolerations.end(),
                                   [&](const Json& t) { return text(t, {"key"}) == key; });
  if (!present)
    tolerations.push_back(
        {{"key", key}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}});
}

Failure service_error(const Json& service, Cause cause) {
  return invalid("", "Service", text(service, {"metadata", "name"}), {std::move(cause)});
}

Outcome<void> take_address(Cluster& cluster, Json& service, const std::string& ip) {
  std::string why;
  if (!ip.starts_with("10.43.")) why = "the provided network does not match the current range";
  bool taken = ip == "10.43.0.1";
  for (const ObjectPtr& other : cluster.store.list("services."))
    taken = taken || text(*other, {"spec", "clusterIP"}) == ip;
  if (taken) why = "provided IP is already allocated";
  if (why.empty()) return {};
  return tl::unexpected(
      service_error(service, {"FieldValueInvalid", "spec.clusterIPs",
                              "Invalid value: [\"" + ip + "\"]: failed to allocate IP " + ip + ": " + why}));
}

bool port_taken(Cluster& cluster, std::int64_t port, const std::string& own_uid) {
  for (const ObjectPtr& other : cluster.store.list("services.")) {
    if (text(*other, {"metadata", "uid"}) == own_uid) continue;
    const Json* ports = find(*other, {"spec", "ports"});
    if (ports == nullptr) continue;
    for (const Json& entry : *ports) {
      if (number(entry, {"nodePort"}) == port) return true;
    }
  }
  return false;
}

// The port that the live object has for the same entry.
std::int64_t kept_port(const Json* live, const Json& entry) {
  const Json* ports = live != nullptr ? find(*live, {"spec", "ports"}) : nullptr;
  if (ports == nullptr) return 0;
  for (const Json& old : *ports) {
    if (number(old, {"port"}) == number(entry, {"port"}) &&
        text(old, {"protocol"}) == text(entry, {"protocol"})) {
      return number(old, {"nodePort"});
    }
  }
  return 0;
}

Outcome<void> allocate_ports(Cluster& cluster, const Json* live, Json& service, bool dry_run) {
  Json& spec = service["spec"];
  const std::string type = text(spec, {"type"});
  const bool wanted =
      type == "NodePort" || (type == "LoadBalancer" && flag(spec, {"allocateLoadBalancerNodePorts"}, true));
  if (!spec.contains("ports")) return {};
  const std::string uid = text(service, {"metadata", "uid"});
  std::size_t index = 0;
  for (Json& entry : spec["ports"]) {
    const std::string field = "spec.ports[" + std::to_string(index++) + "].nodePort";
    const std::int64_t port = number(entry, {"nodePort"});
    if (!wanted) {
      // 040: the node port is released when the type goes back.
      entry.erase("nodePort");
      continue;
    }
    if (port == 0) {
      const std::int64_t old = kept_port(live, entry);
      entry["nodePort"] = old != 0 ? old : dry_run ? kDryRunPort : cluster.fresh_node_port();
    } else if (port >= 30000 && port <= 32767 && port_taken(cluster, port, uid)) {
      return tl::unexpected(service_error(
          service, {"FieldValueInvalid", field,
                    "Invalid value: " + std::to_string(port) + ": provided port is already allocated"}));
    }
  }
  return {};
}

}  // namespace

void admit_pod(Cluster& cluster, Json& pod) {
  Json& spec = pod["spec"];
  if (text(spec, {"serviceAccountName"}).empty()) spec["serviceAccountName"] = "default";
  spec["serviceAccount"] = spec["serviceAccountName"];
  if (flag(spec, {"automountServiceAccountToken"}, true)) {
    const std::string name = "kube-api-access-" + cluster.random_suffix(5);
    Json& volumes = make(spec, {"volumes"});
    if (!volumes.is_array()) volumes = Json::array();
    volumes.push_back(token_volume(name));
    for (const char* list : {"containers", "initContainers"}) {
      if (!spec.contains(list)) continue;
      for (Json& container : spec[list]) {
        Json& mounts = make(container, {"volumeMounts"});
        if (!mounts.is_array()) mounts = Json::array();
        mounts.push_back({{"name", name},
                          {"readOnly", true},
                          {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"}});
      }
    }
  }
  add_toleration(spec, "node.kubernetes.io/not-ready");
  add_toleration(spec, "node.kubernetes.io/unreachable");
  if (!spec.contains("priority")) spec["priority"] = 0;
  spec["preemptionPolicy"] = "PreemptLowerPriority";
  pod["status"] = {{"phase", "Pending"}, {"qosClass", quality_class(spec)}};
}

Outcome<void> allocate_service(Cluster& cluster, const Json* live, Json& service, bool dry_run) {
  Json& spec = service["spec"];
  const std::string type = text(spec, {"type"});
  if (type == "ExternalName") {
    // 040: leaving the cluster's network gives its address back.
    for (const char* key :
         {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"})
      spec.erase(key);
    return allocate_ports(cluster, live, service, dry_run);
  }
  std::string ip = text(spec, {"clusterIP"});
  const std::string old = live != nullptr ? text(*live, {"spec", "clusterIP"}) : "";
  if (ip.empty()) ip = old;
  if (ip.empty()) {
    // 024: a dry run shows the address of the network.
    ip = dry_run ? "10.43.0.0" : cluster.fresh_cluster_ip();
  } else if (ip != "None" && old.empty()) {
    if (auto ok = take_address(cluster, service, ip); !ok) return ok;
  }
  spec["clusterIP"] = ip;
  spec["clusterIPs"] = {ip};
  if (!spec.contains("ipFamilies")) spec["ipFamilies"] = {"IPv4"};
  if (!spec.contains("ipFamilyPolicy")) spec["ipFamilyPolicy"] = "SingleStack";
  const bool outside = type == "NodePort" || type == "LoadBalancer";
  if (!outside) spec.erase("externalTrafficPolicy");
  if (type != "LoadBalancer") spec.erase("allocateLoadBalancerNodePorts");
  if (type == "LoadBalancer" && text(spec, {"externalTrafficPolicy"}) == "Local" &&
      number(spec, {"healthCheckNodePort"}) == 0) {
    spec["healthCheckNodePort"] = live != nullptr && find(*live, {"spec", "healthCheckNodePort"}) != nullptr
                                      ? number(*live, {"spec", "healthCheckNodePort"})
                                      : cluster.fresh_node_port();
  }
  return allocate_ports(cluster, live, service, dry_run);
}

}  // namespace gridseal::kubesim
