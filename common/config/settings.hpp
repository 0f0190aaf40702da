// The agent's settings as plain typed values. Each module validates its own part of them further (trust its
// policies and keys, oci its references); here a value is well formed, in range, and refers to what exists.
// Times are milliseconds, sizes are bytes. Paths are absolute: a relative one in a file is taken from the
// settings directory.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"

namespace gridseal::config {

struct Site {
  std::string name;
  std::string environment = "production";
  std::map<std::string, std::string> variables;  // for substitution
};

// A secret is never a setting: only where to find it is. Either a file, or a systemd credential
// (systemd.exec(5) "CREDENTIALS"), written "credential:NAME".
struct SecretSource {
  enum class Kind { none, file, credential };
  Kind kind = Kind::none;
  std::string name;  // absolute path, or the credential's name

  bool is_set() const { return kind != Kind::none; }
  // The file to read; `credentials_directory` is $CREDENTIALS_DIRECTORY. Empty when there is none.
  std::string path(std::string_view credentials_directory) const;
};

struct Registry {
  std::string name;
  std::vector<std::string> urls;   // mirrors in order, never empty; "https://host[:port][/prefix]"
  std::string ca;                  // PEM file that replaces the system's roots; empty: the system's
  SecretSource credentials;        // one line, "user:password"
  std::string client_certificate;  // PEM files, both or neither
  std::string client_key;
  bool plain_http = false;  // http:// URLs, loopback hosts only
};

struct TrustPolicy {
  std::string name;
  std::vector<std::string> keys;  // file names under <trust directory>/keys; any one of them suffices
  std::map<std::string, std::string> annotations;  // that the signature must carry
};

struct Trust {
  std::string directory;
  std::map<std::string, TrustPolicy> policies;

  std::string keys_directory() const { return directory + "/keys"; }
};

// What a component may touch at most on this host, whatever is signed.
struct Ceiling {
  std::vector<std::string> namespaces;      // empty: only the component's target namespace
  std::vector<std::string> kinds;           // "Deployment", "apps/Deployment"; empty: every namespaced kind
  std::vector<std::string> cluster_scoped;  // kinds that are not namespaced; empty: none
  bool privileged = false;
  bool host_path = false;
  bool host_network = false;
};

enum class FirstFailure { remove, leave };

struct Component {
  std::string name;
  std::string registry;          // a name in Settings::registries
  std::string repository;        // "water/pump-control"
  std::string tag;               // exactly one of tag, semver and digest is not empty
  std::string semver;            // a range
  std::string tag_filter;        // RE2; only with semver
  std::string digest;            // "sha256:…"
  std::string path = ".";        // inside the layer, relative, without ".."
  std::string media_type;        // of the layer to unpack; empty: the first known one
  std::string policy;            // a name in Trust::policies
  std::string expect;            // signed identity
  std::string target_namespace;  // empty: as the manifests say
  base::milliseconds interval{};
  base::milliseconds retry_interval{};
  base::milliseconds timeout{};  // from the first write to healthy
  base::milliseconds soak{};     // healthy must last so long
  base::milliseconds grace{};    // a Failed verdict must stand so long
  bool allow_image_tags = false;
  bool suspend = false;
  bool prune = true;
  FirstFailure on_first_failure = FirstFailure::remove;
  Ceiling ceiling;
};

struct Kubernetes {
  std::string kubeconfig;
  base::milliseconds request_timeout{};
};

struct Storage {
  uint64_t free_space_min = 0;  // bytes; below it no new revision is fetched
  int64_t keep_revisions = 0;   // good revisions kept for each component, the last good included
};

struct Control {
  std::string socket;
  std::string read_group;
  std::string admin_group;
};

struct LogSettings {
  base::Level level = base::Level::info;
};

struct Settings {
  Site site;
  std::map<std::string, Registry> registries;
  Trust trust;
  std::map<std::string, Component> components;
  Kubernetes kubernetes;
  Storage storage;
  Control control;
  LogSettings log;
};

}  // namespace gridseal::config
