// The files of k3s that say what it does (docs.k3s.io: "Configuration Options", "Private Registry
// Configuration").
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/host.hpp"

namespace gridseal::doctor {

inline constexpr std::string_view kK3sConfig = "/etc/rancher/k3s";
inline constexpr std::string_view kK3sData = "/var/lib/rancher/k3s";

bool has_k3s(const Host& host);

// Regular files whose names end so, in `folder` and the folders in it, at most a few hundred; whole paths, in
// order. Errors: those of Files, for `folder` itself.
base::Result<std::vector<std::string>> files_below(const Host& host, const std::string& folder,
                                                   std::string_view ending);

struct K3sRegistries {
  std::set<std::string> hosts;     // keys of "mirrors" that have an endpoint
  std::vector<std::string> files;  // that the TLS settings name
  bool has_secrets = false;

  bool mirrors(const std::string& host) const { return hosts.contains(host) || hosts.contains("*"); }
};
// Errors: those of Files and of parse_yaml; doctor.registries (refused: not of that form).
base::Result<K3sRegistries> read_registries(const Host& host, const std::string& path);

}  // namespace gridseal::doctor
