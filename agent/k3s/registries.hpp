// k3s' registries.yaml: entries that send the node to the image registry of this host. The file belongs to
// the operator: it is edited as text, line by line, and what comes of it must mean the same as before but for
// our own entries, else nothing is changed. Ours are marked with a comment, so that they are found again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "config/settings.hpp"
#include "images/image_list.hpp"

namespace gridseal::k3s {

inline constexpr std::string_view kRegistriesFile = "/etc/rancher/k3s/registries.yaml";

struct MirrorEntries {
  std::vector<std::string> hosts;  // sorted; empty: ours are taken out
  std::string endpoint;            // "http://127.0.0.1:5050"
  std::string ca;                  // PEM file; empty: none
};

// Hosts of the registries in the settings, what they serve, images.hosts, and those of the listed images.
// Without images.mode = "registry": no hosts.
MirrorEntries mirror_entries(const config::Settings& settings, const images::ImageList& list);

struct RegistriesEdit {
  std::string text;                  // the file as it shall be
  std::vector<std::string> added;    // hosts
  std::vector<std::string> removed;  // hosts
  std::vector<std::string> remarks;  // entries of others that stand in the way
  bool changed = false;
};

// Error (refused): k3s.registries, the text cannot be edited safely (no YAML, several documents, flow style).
base::Result<RegistriesEdit> edit_registries(std::string_view text, const MirrorEntries& entries);

// Reads the file (none is an empty one) and edits. Errors: k3s.registries, files.*.
base::Result<RegistriesEdit> plan_registries(base::Files& files, const std::string& path,
                                             const MirrorEntries& entries);
// Replaces the file as a whole; its mode stays (a new one is 0600: others may put passwords into it). Errors:
// files.*.
base::Result<void> write_registries(base::Files& files, const std::string& path, const RegistriesEdit& edit);

// --- for `gridseal doctor`
// Whether the node asks the image registry for each of the hosts, and first. Errors: k3s.registries (blocked,
// with what to do), files.*.
base::Result<void> check_registries(base::Files& files, const std::string& path,
                                    const MirrorEntries& entries);

// In the order in which k3s reads them; what comes later wins.
struct K3sFiles {
  std::vector<std::string> configs{"/etc/rancher/k3s/config.yaml"};
  std::vector<std::string> config_directories{"/etc/rancher/k3s/config.yaml.d"};
  std::vector<std::string> units{
      "/etc/systemd/system/k3s.service.env", "/etc/systemd/system/k3s-agent.service.env",
      "/usr/lib/systemd/system/k3s.service", "/usr/lib/systemd/system/k3s-agent.service",
      "/etc/systemd/system/k3s.service",     "/etc/systemd/system/k3s-agent.service"};
  std::vector<std::string> unit_directories{"/etc/systemd/system/k3s.service.d",
                                            "/etc/systemd/system/k3s-agent.service.d"};

  static K3sFiles below(const std::string& root);
};

// Whether containerd is kept from asking the upstream when a mirror has not what it wants
// (disable-default-registry-endpoint, in k3s' settings or its unit; the unit wins).
struct Fallback {
  std::string disabled_by;                  // the file that says so; empty: it asks
  std::optional<base::Error> unreadable{};  // a file that may say so
};
Fallback containerd_fallback(base::Files& files, const K3sFiles& places = {});

// The same as an error: k3s.registry_fallback (blocked, with what to do).
base::Result<void> check_no_fallback(base::Files& files, const K3sFiles& places = {});

}  // namespace gridseal::k3s
