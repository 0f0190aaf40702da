// Manifests of a little shop, and revisions of it that go wrong.
#pragma once

#include <string>

#include "support/sim_host/sim_host.hpp"

namespace gridseal::test {

inline constexpr const char* kDigest =
    "@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097";

// One YAML document each, with "---" in front.
std::string config_map(const std::string& name, const std::string& value, const std::string& annotation = {});
std::string secret(const std::string& name, const std::string& value);
// `pod` goes into the pod's spec, `container` into its container; both in flow style, each with a comma at
// the end.
struct Workload {
  std::string name = "web";
  std::string version;
  std::string image = "registry.test/web";
  std::string pod;
  std::string container;
  std::string annotations;  // "a: b" in flow style
  int replicas = 1;
  std::string spec;  // of the workload, as `pod`
};
std::string deployment(const Workload& what);
std::string stateful_set(const Workload& what);
std::string daemon_set(const Workload& what);
std::string job(const Workload& what);
std::string service(const std::string& name, const std::string& type = "ClusterIP", int port = 80);
std::string claim(const std::string& name, const std::string& storage_class = "local-path",
                  const std::string& size = "1Gi");
std::string definition(const std::string& plural, const std::string& kind, const std::string& versions);
std::string simple_version(const std::string& name, bool storage);

// What every revision of these tests has: ConfigMap, Secret, Service, Deployment "web", ServiceAccount and
// Role.
std::string base_objects(const std::string& version);

}  // namespace gridseal::test
