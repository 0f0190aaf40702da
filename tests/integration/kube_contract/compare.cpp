#include "compare.hpp"

#include <algorithm>
#include <regex>

namespace gridseal::kube_contract {

namespace {

// Never equal in two clusters.
const std::set<std::string>& volatile_keys() {
  static const std::set<std::string> kKeys = {"uid",
                                              "resourceVersion",
                                              "creationTimestamp",
                                              "deletionTimestamp",
                                              "time",
                                              "lastTransitionTime",
                                              "lastUpdateTime",
                                              "lastProbeTime",
                                              "startTime",
                                              "completionTime",
                                              "clusterIP",
                                              "clusterIPs",
                                              "nodePort",
                                              "healthCheckNodePort",
                                              "continue",
                                              "podIP",
                                              "podIPs",
                                              "hostIP",
                                              "hostIPs",
                                              "containerID",
                                              "imageID",
                                              "pod-template-hash",
                                              "controller-revision-hash",
                                              "controller-uid",
                                              "batch.kubernetes.io/controller-uid",
                                              "serverAddress",
                                              "storageVersionHash",
                                              "ca.crt",
                                              "lastPhaseTransitionTime"};
  return kKeys;
}

// 025: several errors in one message come in any order; 040: the differences that Go prints are not part of
// the contract.
std::string plain(std::string text) {
  static const std::regex kUid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const std::regex kRevision("in record \\([0-9]+\\)|current: [0-9]+");
  if (const std::size_t diff = text.find("\n@@"); diff != std::string::npos) text.resize(diff);
  static const std::regex kHash(
      "-[bcdfghjklmnpqrstvwxz2456789]{8,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?(?=$|-$|\")");
  static const std::regex kToken("kube-api-access-[a-z0-9]{5}");
  // 025: which of several unknown fields is told varies from call to call.
  for (const char* varied : {"field not declared in schema", "strict decoding error"}) {
    const std::size_t told = text.find(varied);
    if (told == std::string::npos) continue;
    const std::size_t object = text.find("): ");
    text = text.substr(0, std::min(told, object)) + varied;
  }
  text = std::regex_replace(text, kUid, "UID");
  text = std::regex_replace(text, kHash, "-HASH");
  text = std::regex_replace(text, kToken, "kube-api-access-NAME");
  return std::regex_replace(text, kRevision, "REVISION");
}

std::string owner_key(const Json& entry) {
  return entry.value("manager", "") + "/" + entry.value("operation", "") + "/" +
         entry.value("subresource", "");
}

// The status of a workload moves with time: rollout_test.cpp compares its sequence instead.
bool has_moving_status(const std::string& kind) {
  for (const char* name : {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Pod"}) {
    if (kind == name || kind == std::string(name) + "List") return true;
  }
  return false;
}

// Entries of what runs inside the cluster come and go with its writes.
bool is_inner(const Json& entry) {
  const std::string manager = entry.value("manager", "");
  return manager.starts_with("kube-") || manager == "kubelet" || manager == "k3s";
}

// 021: some causes are told twice.
Json unique_causes(const Json& causes) {
  Json out = Json::array();
  for (const Json& cause : causes) {
    if (std::find(out.begin(), out.end(), cause) == out.end()) out.push_back(cause);
  }
  return out;
}

class Comparer {
 public:
  Comparer(const std::set<std::string>& trimmed, Names& names) : trimmed_(trimmed), names_(names) {}
  std::vector<std::string> out;

  void run(const Json& recorded, const Json& actual, const std::string& path, const std::string& key) {
    if (volatile_keys().contains(key)) {
      if (recorded.is_string() && actual.is_string()) names_[recorded] = actual;
      return;
    }
    if (path.empty()) root_ = recorded.is_object() ? recorded.value("kind", "") : "";
    if (key == "status" && has_moving_status(root_)) return;
    if (key == "causes" && recorded.is_array() && actual.is_array() && recorded.size() != actual.size()) {
      return run(unique_causes(recorded), unique_causes(actual), path, "");
    }
    if (key == "managedFields" && recorded.is_array() && actual.is_array())
      return owners(recorded, actual, path);
    if (recorded.is_object() && actual.is_object()) return objects(recorded, actual, path);
    if (recorded.is_array() && actual.is_array() && recorded.size() == actual.size()) {
      for (std::size_t i = 0; i < recorded.size(); ++i)
        run(recorded[i], actual[i], path + "[" + std::to_string(i) + "]", "");
      return;
    }
    if (recorded.is_string() && actual.is_string()) {
      if (plain(recorded) != plain(actual)) tell(path, recorded, actual);
      return;
    }
    if (recorded != actual) tell(path, recorded, actual);
  }

 private:
  void tell(const std::string& path, const Json& recorded, const Json& actual) {
    out.push_back(path + ": recorded " + recorded.dump().substr(0, 300) + ", got " +
                  actual.dump().substr(0, 300));
  }

  void objects(const Json& recorded, const Json& actual, const std::string& path) {
    for (const auto& [key, value] : recorded.items()) {
      if (trimmed_.contains(key) || moving(key)) continue;
      if (key == "name" && recorded.contains("generateName")) continue;
      if (actual.contains(key))
        run(value, actual[key], path + "." + key, key);
      else if (!volatile_keys().contains(key))
        out.push_back(path + "." + key + ": missing, recorded " + value.dump().substr(0, 200));
    }
    for (const auto& [key, value] : actual.items()) {
      if (trimmed_.contains(key) || moving(key) || recorded.contains(key) || volatile_keys().contains(key))
        continue;
      out.push_back(path + "." + key + ": not recorded, got " + value.dump().substr(0, 200));
    }
  }

  bool moving(const std::string& key) const {
    if (key == "status" && has_moving_status(root_)) return true;
    // Written by the Deployment controller a moment after the object.
    return has_moving_status(root_) && (key == "deployment.kubernetes.io/revision" || key == "annotations");
  }

  // The order of the entries is nobody's.
  void owners(Json recorded, Json actual, const std::string& path) {
    for (Json* list : {&recorded, &actual})
      list->erase(std::remove_if(list->begin(), list->end(), is_inner), list->end());
    auto order = [](const Json& a, const Json& b) { return owner_key(a) < owner_key(b); };
    std::sort(recorded.begin(), recorded.end(), order);
    std::sort(actual.begin(), actual.end(), order);
    if (recorded.size() != actual.size()) return tell(path, recorded, actual);
    for (std::size_t i = 0; i < recorded.size(); ++i)
      run(recorded[i], actual[i], path + "[" + owner_key(recorded[i]) + "]", "");
  }

  const std::set<std::string>& trimmed_;
  Names& names_;
  std::string root_;
};

}  // namespace

std::vector<std::string> differences(const Json& recorded, const Json& actual,
                                     const std::set<std::string>& trimmed, Names& names) {
  Comparer comparer(trimmed, names);
  comparer.run(recorded, actual, "", "");
  return std::move(comparer.out);
}

std::string translated(std::string text, const Names& names) {
  for (const auto& [recorded, actual] : names) {
    if (recorded.size() < 4) continue;
    for (std::size_t at = 0; (at = text.find(recorded, at)) != std::string::npos; at += actual.size())
      text.replace(at, recorded.size(), actual);
  }
  return text;
}

}  // namespace gridseal::kube_contract
