// The agent's settings as plain typed values. Each module validates its own part of them further (trust its
// policies and keys, oci its references); here a value is well formed, in range, and refers to what exists.
// Times are milliseconds, sizes are bytes. Paths are absolute: a relative one in a file is taken from the
// settings directory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_condition.hpp"
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
  // Registry hosts in image references whose images this registry holds: "ghcr.io". Its own hosts are always
  // among them.
  std::vector<std::string> serves;
};

// A JSON scalar of a settings file, compared with a field of signed JSON.
using Scalar = base::Scalar;

// A certificate's signer: exactly one of issuer and issuer_regexp, and of subject and subject_regexp. The
// expressions are RE2 and are searched for, as cosign and Flux do: without ^ and $ a part suffices.
struct CertificateIdentity {
  std::string issuer{};
  std::string issuer_regexp{};
  std::string subject{};
  std::string subject_regexp{};
  std::map<std::string, std::string> extensions{};  // "source_repository_uri" and so on, each equal
};

// Somebody whose signature counts once. Exactly one of the three kinds is set.
struct Authority {
  std::string name{};
  std::vector<std::string> keys{};  // kind 1: any one of these pinned keys

  std::vector<CertificateIdentity> identities{};  // kind 2: any one of these, by a certificate
  std::string trusted_root{};                     // sigstore/NAME.json; empty: the only one
  // What is demanded beside the signature: an entry in a transparency log, that the certificate was logged,
  // a timestamp of a timestamp authority. Not said: true, true, false; for keys false, -, false.
  std::optional<bool> log{};
  std::optional<bool> sct{};
  std::optional<bool> timestamp{};

  std::string notation{};        // kind 3: name of a policy in notation/trustpolicy.json
  std::string notation_store{};  // "ca:acme": only certificates of that store; empty: as that policy says
};

// One test of a field of a signed statement: a JSON pointer into the predicate; with "statement:" in front,
// into the whole statement. Of a live object where readiness is meant.
using Condition = base::JsonTest;

// An attestation that an artifact must carry.
struct Attestation {
  std::string name{};
  std::string type{};                      // predicate type: a URI, or one of cosign's short names
  std::vector<std::string> authorities{};  // who may attest; empty: any authority of the policy
  std::vector<Condition> conditions{};     // all must hold
};

struct TrustPolicy {
  std::string name{};
  std::vector<std::string> keys{};                   // the short form: one authority of pinned keys
  std::map<std::string, std::string> annotations{};  // that the signature must carry
  std::vector<Authority> authorities{};
  int64_t threshold = 0;  // so many different authorities; 0: not said
  std::vector<Attestation> attestations{};
  base::milliseconds max_age{};             // since the signed creation, at admission; 0: any
  std::vector<std::string> repositories{};  // patterns; empty: all
  std::vector<std::string> environments{};  // patterns; empty: all
  // Where its sections and keys are written: "authority.ci.keys" → "/etc/…/release.toml:4:1"; "": the policy.
  // For modules that judge it further. Empty when it was not read from a file.
  std::map<std::string, std::string> places{};
};

struct Trust {
  std::string directory;
  std::map<std::string, TrustPolicy> policies;
  std::string repository;            // of trust bundles; empty: none is polled
  std::string registry;              // a name in Settings::registries
  base::milliseconds interval{};     // between two looks at that repository
  base::milliseconds max_silence{};  // alarm when nothing freshly signed came for so long; 0: never
  base::milliseconds verify_interval{3'600'000};  // what runs is judged again after so long

  std::string keys_directory() const { return directory + "/keys"; }
  std::string policies_directory() const { return directory + "/policies"; }
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

// What follows when that which runs no longer verifies. It is an alarm in every case.
enum class OnUntrusted {
  hold,  // it runs on; no other revision is taken without a permit
  keep,  // it runs on, and a verified revision replaces it
  stop,  // as hold, until somebody on site confirms: then its workloads are scaled to nothing
};

// What happens when somebody changed in the cluster what the component declares.
enum class Drift {
  correct,  // it is put back
  report,   // it is said in status and history
  off,      // nobody looks
};

// Fields of some of the component's objects that others own: an autoscaler's replicas, an injected
// certificate.
struct IgnoreRule {
  std::string kind{};                 // "Deployment", "HorizontalPodAutoscaler.autoscaling"
  std::string namespace_{};           // empty: any
  std::string name{};                 // empty: any
  std::vector<std::string> fields{};  // JSON pointers (RFC 6901)
};

// When objects of a kind without rules of its own are ready, or have failed for good.
struct HealthRule {
  std::string kind{};     // "Pump.example.com"
  Condition condition{};  // its field is in the live object
};

struct Component {
  std::string name;
  std::vector<std::string> sources;  // "registry", "media"; never empty
  std::string registry;              // a name in Settings::registries; empty only when it is no source
  std::string repository;            // "water/pump-control"
  std::string tag;                   // exactly one of tag, semver and digest is not empty
  std::string semver;                // a range
  std::string tag_filter;            // RE2; only with semver
  std::string digest;                // "sha256:…"
  std::string path = ".";            // inside the layer, relative, without ".."
  std::string media_type;            // of the layer to unpack; empty: the first known one
  std::string policy;                // a name in Trust::policies
  std::string expect;                // signed identity
  std::string target_namespace;      // empty: as the manifests say
  base::milliseconds interval{};
  base::milliseconds retry_interval{};
  base::milliseconds timeout{};  // from the first write to healthy
  base::milliseconds soak{};     // healthy must last so long
  base::milliseconds grace{};    // a Failed verdict must stand so long
  bool allow_image_tags = false;
  bool suspend = false;
  bool prune = true;
  FirstFailure on_first_failure = FirstFailure::remove;
  OnUntrusted on_untrusted = OnUntrusted::hold;
  std::vector<std::string> depends_on;  // names in Settings::components, without cycles
  std::string service_account;          // "namespace/name" to act as in the cluster; empty: as the agent
  // On each object of the component.
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::map<std::string, std::string> variables;  // for substitution; they win over the site's
  bool substitute = true;                        // without any variable nothing is substituted
  std::vector<std::string> exclude;              // .gitignore patterns of files to leave out
  Drift drift = Drift::correct;
  base::milliseconds drift_interval{};  // between two looks at what runs
  base::milliseconds unschedulable{};   // a pod may wait for a node this long
  bool check_images = true;             // before the switch: is every image to be had
  std::string image_policy;             // a name in Trust::policies that images must satisfy; empty: none
  std::vector<IgnoreRule> ignore;
  std::vector<HealthRule> ready;
  std::vector<HealthRule> failed;
  Ceiling ceiling;

  // Of a component that was not read from a file both are sources.
  bool follows(std::string_view source) const {
    return sources.empty() || std::find(sources.begin(), sources.end(), source) != sources.end();
  }
  bool follows_registry() const { return follows("registry"); }
  bool follows_media() const { return follows("media"); }
};

struct Kubernetes {
  std::string kubeconfig;
  base::milliseconds request_timeout{};
};

struct Storage {
  uint64_t free_space_min = 0;  // bytes; below it no new revision is fetched
  int64_t keep_revisions = 0;   // good revisions kept for each component, the last good included
};

// Container images for the nodes of this host.
enum class ImageMode {
  off,
  registry,    // gridseal-images serves them on loopback
  k3s_import,  // they are written into k3s' folder of images to import
};

struct Images {
  std::string mode = "off";  // "off", "registry", "k3s-import"
  std::string listen;        // "127.0.0.1:5050"
  std::string certificate;   // PEM files; both: TLS
  std::string key;
  std::string ca;                    // PEM file that k3s trusts the certificate by
  bool fetch = true;                 // before a switch every image is brought to this host
  bool pull_through = true;          // what is asked for and not here yet is pulled from the mirrors
  base::milliseconds keep_unused{};  // images that no component names yet
  std::vector<std::string> hosts;    // further hosts whose images the node asks the registry for
  std::string import_directory;      // k3s'

  ImageMode kind() const {
    if (mode == "registry") return ImageMode::registry;
    return mode == "k3s-import" ? ImageMode::k3s_import : ImageMode::off;
  }
  bool is_on() const { return kind() != ImageMode::off; }
  // "http://127.0.0.1:5050", or with https.
  std::string url() const { return (certificate.empty() ? "http://" : "https://") + listen; }
};

struct Control {
  std::string socket;
  std::string read_group;
  std::string admin_group;
};

// Media that are plugged in.
struct Media {
  bool automatic = false;                 // they are imported without being asked for
  std::vector<std::string> file_systems;  // that are mounted for it
};

// Newer packages of Gridseal itself. They are looked for and judged, never installed.
struct Upgrade {
  std::string registry;    // a name in Settings::registries
  std::string repository;  // empty: no registry is asked
  std::string semver;      // a range
  std::string policy;      // a name in Trust::policies; empty: no package is judged
};

// What this host says of itself, signed.
struct Receipts {
  base::milliseconds report_interval{};  // between two site reports; 0: only when asked
  base::milliseconds keep_audit{};       // rows of the audit; 0: for ever
  SecretSource credentials;              // to push with, one line "user:password"; none: nothing is pushed
  std::string registry;                  // a name in Settings::registries
  std::string repository;                // of this site's own; empty: each receipt beside its artifact
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
  Images images;
  Control control;
  Media media{};
  Upgrade upgrade{};
  Receipts receipts;
  LogSettings log;
};

}  // namespace gridseal::config
