#include "config/keys.hpp"

#include <array>

#include "config/checks.hpp"

namespace gridseal::config {

namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr Range kInterval{kSecond, 24 * kHour};
constexpr Range kWait{0, 24 * kHour};

const std::array kSite{
    Key<Site>{"name",
              &Site::name,
              "",
              "Name of this host, in status, history and receipts.",
              check_label,
              {},
              {},
              true},
    Key<Site>{"environment", &Site::environment, R"("production")",
              "Environment that artifacts for this host are meant for.", check_label},
    Key<Site>{
        "variables", &Site::variables, "{}",
        "Names and values of this site. They are not secrets. A change of them makes every component be "
        "judged anew; manifests are not changed by them yet.",
        check_variable},
};

const std::array kRegistry{
    Key<Registry>{"url",
                  &Registry::urls,
                  "",
                  "URL of the registry, or a list of mirrors of the same content that are tried in order.",
                  check_url,
                  {},
                  {},
                  true},
    Key<Registry>{"ca",
                  Path<Registry>{&Registry::ca},
                  R"("")",
                  "PEM file of the certificate authorities to trust; it replaces those of the system. "
                  "Empty: those of the system.",
                  nullptr,
                  {},
                  {}},
    Key<Registry>{"credentials", &Registry::credentials, R"("")",
                  "Where the line `user:password` is: a file, or `credential:NAME` for a systemd credential. "
                  "Empty: no log-in."},
    Key<Registry>{"client_certificate", Path<Registry>{&Registry::client_certificate}, R"("")",
                  "PEM file of the client certificate for the registry, with `client_key`."},
    Key<Registry>{"client_key", Path<Registry>{&Registry::client_key}, R"("")",
                  "PEM file of the client certificate's private key."},
    Key<Registry>{"plain_http", &Registry::plain_http, "false",
                  "Allow `http://` URLs; only for a registry on this host (loopback)."},
};

const std::array kTrust{
    Key<Trust>{"directory", Path<Trust>{&Trust::directory}, R"("trust")",
               "Folder of the pinned trust roots; public keys are in its folder `keys`.", check_not_empty},
};

const std::array kPolicy{
    Key<TrustPolicy>{
        "keys",
        &TrustPolicy::keys,
        "",
        "Public keys that may sign, as file names in the folder `keys` of the trust directory; a "
        "signature by any one of them suffices.",
        check_file_name,
        {},
        {},
        true},
    Key<TrustPolicy>{"annotations", &TrustPolicy::annotations, "{}",
                     "Annotations that the signature must carry, with these values.", check_not_empty},
};

const std::array kComponent{
    Key<Component>{"registry",
                   &Component::registry,
                   "",
                   "Registry that holds the component.",
                   nullptr,
                   {},
                   "the only registry, when there is one"},
    Key<Component>{"repository",
                   &Component::repository,
                   "",
                   "Repository in the registry.",
                   check_not_empty,
                   {},
                   {},
                   true},
    Key<Component>{"tag", &Component::tag, R"("")",
                   "Tag to follow. Exactly one of `tag`, `semver` and `digest` is set."},
    Key<Component>{"semver", &Component::semver, R"("")",
                   "Range of versions, such as `>=1.0.0 <2.0.0`; the highest tag in it is followed."},
    Key<Component>{"digest", &Component::digest, R"("")", "Digest to stay at.", check_digest},
    Key<Component>{"tag_filter", &Component::tag_filter, R"("")",
                   "RE2 expression that a tag must match to be considered; only with `semver`."},
    Key<Component>{"path", &Component::path, R"("./")", "Folder of the manifests inside the artifact.",
                   check_relative_path},
    Key<Component>{"media_type", &Component::media_type, R"("")",
                   "Media type of the layer to use. Empty: the first one that holds manifests."},
    Key<Component>{"policy",
                   &Component::policy,
                   "",
                   "Trust policy that its artifacts must satisfy.",
                   nullptr,
                   {},
                   "the only policy, when there is one"},
    Key<Component>{"expect",
                   &Component::expect,
                   "",
                   "Component identity that the signed bytes must name.",
                   check_not_empty,
                   {},
                   "the component's name"},
    Key<Component>{"interval", &Component::interval, R"("1m")",
                   "Time from one look at the registry to the next.", nullptr, kInterval},
    Key<Component>{"retry_interval", &Component::retry_interval, "", "The same after something was blocked.",
                   nullptr, kInterval, "`interval`"},
    Key<Component>{"timeout", &Component::timeout, R"("5m")",
                   "Time that a new revision has to become healthy, from its first write on.", nullptr,
                   kInterval},
    Key<Component>{"soak", &Component::soak, R"("10s")", "Time that a new revision must stay healthy.",
                   nullptr, kWait},
    Key<Component>{"grace", &Component::grace, R"("10s")",
                   "Time that a failure must stand before it is believed.", nullptr, kWait},
    Key<Component>{"target_namespace",
                   &Component::target_namespace,
                   "",
                   "Namespace for every namespaced object of the component.",
                   check_label,
                   {},
                   "as the manifests say"},
    Key<Component>{"allow_image_tags", &Component::allow_image_tags, "false",
                   "Allow container images that are named by tag only; `status` shows it."},
    Key<Component>{"suspend", &Component::suspend, "false",
                   "Fetch and verify, but change nothing; a rollback that is under way is finished."},
    Key<Component>{"prune", &Component::prune, "true",
                   "Delete objects that left the manifests, after the new revision is healthy."},
    Key<Component>{"on_first_failure", &Component::on_first_failure, R"("remove")",
                   "What happens when the very first deployment fails: `remove` it again, or `leave` it for "
                   "inspection."},
};

const std::array kCeiling{
    Key<Ceiling>{
        "namespaces", &Ceiling::namespaces, "[]",
        "Namespaces that the component may touch. Empty: only its target namespace. A system namespace such "
        "as kube-system counts only when it is named.",
        check_label},
    Key<Ceiling>{
        "kinds", &Ceiling::kinds, "[]",
        "Namespaced kinds that it may hold, as `Deployment` or, for custom resources, `Kind.group`. Empty: "
        "the usual workload kinds, without RBAC and custom resources.",
        check_not_empty},
    Key<Ceiling>{"cluster_scoped", &Ceiling::cluster_scoped, "[]",
                 "Kinds outside any namespace that it may hold, such as `Namespace`. Empty: none.",
                 check_not_empty},
    Key<Ceiling>{"privileged", &Ceiling::privileged, "false", "Allow privileged containers."},
    Key<Ceiling>{"host_path", &Ceiling::host_path, "false", "Allow hostPath volumes."},
    Key<Ceiling>{"host_network", &Ceiling::host_network, "false",
                 "Allow the host's network, process and IPC namespaces, and host ports."},
};

const std::array kKubernetes{
    Key<Kubernetes>{"kubeconfig", Path<Kubernetes>{&Kubernetes::kubeconfig}, R"("kubeconfig")",
                    "Kubeconfig of the local cluster; read again when it changes.", check_not_empty},
    Key<Kubernetes>{"request_timeout",
                    &Kubernetes::request_timeout,
                    R"("30s")",
                    "Time that one request to the API server may take.",
                    nullptr,
                    {kSecond, kHour}},
};

const std::array kStorage{
    Key<Storage>{"free_space_min",
                 &Storage::free_space_min,
                 R"("256MiB")",
                 "Free space on the state directory's disk below which nothing new is fetched.",
                 nullptr,
                 {0, int64_t{1} << 50}},
    Key<Storage>{"keep_revisions",
                 &Storage::keep_revisions,
                 "3",
                 "Good revisions of each component that stay in the store; the last good one always does.",
                 nullptr,
                 {1, 1000}},
};

const std::array kControl{
    Key<Control>{"socket", Path<Control>{&Control::socket}, R"("/run/gridseal/control.sock")",
                 "Unix socket for the command line.", check_not_empty},
    Key<Control>{"read_group", &Control::read_group, R"("gridseal")", "Group whose members may read.",
                 check_group},
    Key<Control>{"admin_group", &Control::admin_group, R"("gridseal-admin")",
                 "Group whose members may act; root may always.", check_group},
};

const std::array kLog{
    Key<LogSettings>{"level", &LogSettings::level, R"("info")",
                     "Least level that is logged: `debug`, `info`, `warning` or `error`."},
};

template <class S>
std::string_view type_of(const Key<S>& key) {
  static constexpr std::array<std::string_view, 11> kTypes{"string",
                                                           "path",
                                                           "boolean",
                                                           "integer",
                                                           "size",
                                                           "duration",
                                                           "list of strings",
                                                           "table",
                                                           "file or `credential:NAME`",
                                                           "`remove` or `leave`",
                                                           "level"};
  return kTypes.at(key.target.index());
}

template <class S>
std::string fallback_of(const Key<S>& key) {
  if (key.required) return "required";
  if (!key.derived.empty()) return std::string(key.derived);
  return "`" + std::string(key.fallback) + "`";
}

template <class S>
SectionDoc section(std::string_view name, std::string_view doc, std::span<const Key<S>> keys) {
  SectionDoc out{name, doc, {}};
  for (const auto& key : keys) out.keys.push_back({key.name, type_of(key), fallback_of(key), key.doc});
  return out;
}

}  // namespace

const std::span<const Key<Site>> kSiteKeys{kSite};
const std::span<const Key<Registry>> kRegistryKeys{kRegistry};
const std::span<const Key<Trust>> kTrustKeys{kTrust};
const std::span<const Key<TrustPolicy>> kPolicyKeys{kPolicy};
const std::span<const Key<Component>> kComponentKeys{kComponent};
const std::span<const Key<Ceiling>> kCeilingKeys{kCeiling};
const std::span<const Key<Kubernetes>> kKubernetesKeys{kKubernetes};
const std::span<const Key<Storage>> kStorageKeys{kStorage};
const std::span<const Key<Control>> kControlKeys{kControl};
const std::span<const Key<LogSettings>> kLogKeys{kLog};

std::vector<SectionDoc> section_docs() {
  return {
      section("site", "This host.", kSiteKeys),
      section("registry.NAME", "A registry to read components from.", kRegistryKeys),
      section("trust", "Where the trust roots are.", kTrustKeys),
      section("trust.policy.NAME", "Who must have signed an artifact.", kPolicyKeys),
      section("component.NAME", "A component: what to follow, and how to apply it.", kComponentKeys),
      section("component.NAME.ceiling",
              "What the component may touch at most on this host, whatever is signed.", kCeilingKeys),
      section("kubernetes", "The local cluster.", kKubernetesKeys),
      section("storage", "The state directory's content.", kStorageKeys),
      section("control", "The control socket.", kControlKeys),
      section("log", "The log.", kLogKeys),
  };
}

}  // namespace gridseal::config
