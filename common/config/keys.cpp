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
        "Names and values of this site, for `${NAME}` in manifests. They are not secrets: the history keeps "
        "them with each deployment. A change of them is deployed like a new revision.",
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
    Key<Registry>{
        "serves", &Registry::serves, "[]",
        "Hosts in image references, such as `ghcr.io`, whose images this registry holds: there they "
        "are looked for before a switch, as k3s does through its `registries.yaml`. Its own hosts "
        "are always among them.",
        check_not_empty},
};

const std::array kTrust{
    Key<Trust>{"directory", Path<Trust>{&Trust::directory}, R"("trust")",
               "Folder of the pinned trust roots: `keys`, `sigstore`, `notation`, and `policies`.",
               check_not_empty},
    Key<Trust>{"repository", &Trust::repository, R"("")",
               "Repository of trust bundles, looked at before the components. Empty: bundles come by import "
               "only."},
    Key<Trust>{"registry",
               &Trust::registry,
               "",
               "Registry that holds the trust bundles.",
               nullptr,
               {},
               "the only registry, when there is one"},
    Key<Trust>{"interval", &Trust::interval, R"("10m")", "Time from one look for trust bundles to the next.",
               nullptr, kInterval},
    Key<Trust>{"max_silence",
               &Trust::max_silence,
               R"("0s")",
               "Longest time without anything freshly signed, bundle or artifact, before `status` gives an "
               "alarm. `0s`: never.",
               nullptr,
               {0, 10 * 365 * 24 * kHour}},
    Key<Trust>{"verify_interval",
               &Trust::verify_interval,
               R"("1h")",
               "What runs is verified again after this time; also at start and whenever trust or a policy "
               "changes.",
               nullptr,
               {60'000, 7 * 24 * kHour}},
};

const std::array kPolicy{
    Key<TrustPolicy>{"keys",
                     &TrustPolicy::keys,
                     "",
                     "The short form for one authority of pinned keys: public keys that may sign, as file "
                     "names in the folder `keys` of the trust directory; a signature by any one of them "
                     "suffices. Set it, or authorities, not both.",
                     check_file_name,
                     {},
                     "unset"},
    Key<TrustPolicy>{"threshold",
                     &TrustPolicy::threshold,
                     "",
                     "So many different authorities must have signed, each by another signer.",
                     nullptr,
                     {1, 64},
                     "`1` with one authority; with several it must be said"},
    Key<TrustPolicy>{"annotations", &TrustPolicy::annotations, "{}",
                     "Annotations that each counted signature must carry, with these values.",
                     check_not_empty},
    Key<TrustPolicy>{
        "max_age",
        &TrustPolicy::max_age,
        "",
        "Longest time from the signed creation of an artifact to its admission. What is admitted stays good.",
        nullptr,
        {60 * kSecond, 10 * 366 * 24 * kHour},
        "any age"},
    Key<TrustPolicy>{"repositories", &TrustPolicy::repositories, "[]",
                     "Repositories that the policy is for, as `water/pump-control` or with the registry's "
                     "host in front; `*` stands for any text without `/`, `**` for any text. Empty: all.",
                     check_not_empty},
    Key<TrustPolicy>{"environments", &TrustPolicy::environments, "[]",
                     "Environments that the policy is for; `*` as above. Empty: all.", check_not_empty},
};

const std::array kAuthority{
    Key<Authority>{"keys",
                   &Authority::keys,
                   "",
                   "Kind 1, pinned keys: file names in the folder `keys`; any one of them.",
                   check_file_name,
                   {},
                   "unset"},
    Key<Authority>{"trusted_root",
                   &Authority::trusted_root,
                   "",
                   "For certificates, and for keys with `log` or `timestamp`: the file `sigstore/NAME.json` "
                   "in the trust directory that says which certificate authorities and logs count.",
                   check_not_empty,
                   {},
                   "the only one, when there is one"},
    Key<Authority>{"log",
                   &Authority::log,
                   "",
                   "Demand an entry in a transparency log of the trusted root.",
                   nullptr,
                   {},
                   "`true` for certificates, `false` for keys"},
    Key<Authority>{"sct",
                   &Authority::sct,
                   "",
                   "Demand that the certificate itself is in a certificate log.",
                   nullptr,
                   {},
                   "`true`; not for keys"},
    Key<Authority>{"timestamp",
                   &Authority::timestamp,
                   "",
                   "Demand a timestamp of a timestamp authority of the trusted root.",
                   nullptr,
                   {},
                   "`false`"},
    Key<Authority>{"notation", &Authority::notation, R"("")",
                   "Kind 3, Notary Project: name of a policy in `notation/trustpolicy.json` of the trust "
                   "directory that must be the one for the repository, and be satisfied."},
    Key<Authority>{"notation_store", &Authority::notation_store, R"("")",
                   "With `notation`: the trust store, as `ca:NAME`, that the certificate must be of. Empty: "
                   "as the policy says."},
};

const std::array kIdentity{
    Key<CertificateIdentity>{
        "issuer", &CertificateIdentity::issuer, R"("")",
        "Who vouches for the signer, exactly: `https://token.actions.githubusercontent.com`. One of `issuer` "
        "and `issuer_regexp` is set."},
    Key<CertificateIdentity>{
        "issuer_regexp", &CertificateIdentity::issuer_regexp, R"("")",
        "RE2 expression for it, searched for as Flux and cosign do: without `^` and `$` a part suffices."},
    Key<CertificateIdentity>{"subject", &CertificateIdentity::subject, R"("")",
                             "The signer, exactly: the subject alternative name of the certificate. One of "
                             "`subject` and `subject_regexp` is set."},
    Key<CertificateIdentity>{"subject_regexp", &CertificateIdentity::subject_regexp, R"("")",
                             "RE2 expression for it."},
    Key<CertificateIdentity>{"extensions", &CertificateIdentity::extensions, "{}",
                             "Further facts in the certificate, each equal: `source_repository_uri`, "
                             "`source_repository_ref`, `build_trigger`, `deployment_environment` and so on.",
                             check_not_empty},
};

const std::array kAttestation{
    Key<Attestation>{"name",
                     &Attestation::name,
                     "",
                     "What it is called in reasons and in the history.",
                     check_label,
                     {},
                     {},
                     true},
    Key<Attestation>{"type",
                     &Attestation::type,
                     "",
                     "Predicate type: a URI, or `slsaprovenance`, `slsaprovenance02`, `slsaprovenance1`, "
                     "`spdx`, `spdxjson`, `cyclonedx`, `link`, `vuln`, `openvex`, `custom`, `vsa`.",
                     check_not_empty,
                     {},
                     {},
                     true},
    Key<Attestation>{"authorities", &Attestation::authorities, "[]",
                     "Authorities of the policy that may attest it. Empty: any of them.", check_not_empty},
};

const std::array kCondition{
    Key<Condition>{"field",
                   &Condition::field,
                   "",
                   "JSON pointer into the predicate, as `/builder/id`; with `statement:` in front into the "
                   "whole statement. Exactly one of the tests below is set.",
                   check_not_empty,
                   {},
                   {},
                   true},
    Key<Condition>{"equals", &Condition::equals, "", "The field is this value.", nullptr, {}, "unset"},
    Key<Condition>{"one_of", &Condition::one_of, "[]", "The field is one of these values."},
    Key<Condition>{"matches", &Condition::matches, R"("")",
                   "The field is a text in which this RE2 expression is found."},
    Key<Condition>{"at_least",
                   &Condition::at_least,
                   "",
                   "The field is a number and not less than this.",
                   nullptr,
                   {},
                   "unset"},
    Key<Condition>{"at_most",
                   &Condition::at_most,
                   "",
                   "The field is a number and not more than this.",
                   nullptr,
                   {},
                   "unset"},
    Key<Condition>{"present", &Condition::present, "false", "The field is there, whatever it says."},
};

const std::array kComponent{
    Key<Component>{
        "sources", &Component::sources, R"(["registry", "media"])",
        "Where its releases may come from: the registry, media that are imported, or both. Of both "
        "the newest verified release counts. Without `registry` in it no registry is needed.",
        check_source},
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
    Key<Component>{
        "prune", &Component::prune, "true",
        "Delete objects that left the manifests, after the new revision is healthy; never those that hold "
        "data or others (PersistentVolumeClaim, PersistentVolume, Namespace, CustomResourceDefinition)."},
    Key<Component>{"on_first_failure", &Component::on_first_failure, R"("remove")",
                   "What happens when the very first deployment fails: `remove` it again, or `leave` it for "
                   "inspection."},
    Key<Component>{
        "on_untrusted", &Component::on_untrusted, R"("hold")",
        "What happens when that which runs no longer verifies: `hold` (it runs on and no other "
        "revision is taken without a permit), `keep` (it runs on, and a verified revision replaces "
        "it), or `stop` (as `hold`, and `gridseal stop` may scale it to nothing). Each is an alarm."},
    Key<Component>{"depends_on", &Component::depends_on, "[]",
                   "Components that must be healthy at what the registry names before this one changes.",
                   check_label},
    Key<Component>{
        "service_account", &Component::service_account, R"("")",
        "ServiceAccount, as `namespace/name`, that the agent impersonates for this component: what "
        "that account may not do, the component cannot do. Empty: the agent's own rights.",
        check_service_account},
    Key<Component>{"labels", &Component::labels, "{}",
                   "Labels for every object of the component; those in the manifests give way.",
                   check_label_key},
    Key<Component>{"annotations", &Component::annotations, "{}",
                   "Annotations for every object of the component; those in the manifests give way.",
                   check_label_key},
    Key<Component>{
        "variables", &Component::variables, "{}",
        "Names and values for `${NAME}` in its manifests, beside the site's; on the same name these "
        "win.",
        check_variable},
    Key<Component>{"substitute", &Component::substitute, "true",
                   "Replace `${NAME}` in manifests when the site or the component has variables."},
    Key<Component>{
        "exclude", &Component::exclude, "[]",
        "Files of the artifact that are no manifests, as patterns of `.gitignore`; beside what its "
        "own `.sourceignore` says.",
        check_not_empty},
    Key<Component>{"drift", &Component::drift, R"("correct")",
                   "What happens when somebody changed in the cluster what the component declares: `correct` "
                   "(it is put back), `report` (status and history say who and when), or `off`."},
    Key<Component>{"drift_interval", &Component::drift_interval, "",
                   "Time from one look for drift to the next.", nullptr, kInterval, "`interval`"},
    Key<Component>{"unschedulable", &Component::unschedulable, R"("1m")",
                   "Time that a pod may wait for a node before that is a failure.", nullptr, kWait},
    Key<Component>{"check_images", &Component::check_images, "true",
                   "Before the switch, look for every container image in the registry that serves it; one "
                   "that is missing blocks the new revision."},
    Key<Component>{"image_policy", &Component::image_policy, R"("")",
                   "Trust policy whose signers must have signed every container image. Empty: none."},
};

const std::array kIgnore{
    Key<IgnoreRule>{"kind",
                    &IgnoreRule::kind,
                    "",
                    "Kind of the objects, as `Deployment` or `Kind.group`.",
                    check_not_empty,
                    {},
                    {},
                    true},
    Key<IgnoreRule>{"name", &IgnoreRule::name, R"("")", "Name of the object. Empty: all of the kind."},
    Key<IgnoreRule>{"namespace", &IgnoreRule::namespace_, R"("")", "Its namespace. Empty: any."},
    Key<IgnoreRule>{
        "fields",
        &IgnoreRule::fields,
        "",
        "JSON pointers, such as `/spec/replicas`. They are set when the object is created and left "
        "to others afterwards.",
        check_pointer,
        {},
        {},
        true},
};

const std::array kHealthRule{
    Key<HealthRule>{"kind",
                    &HealthRule::kind,
                    "",
                    "Kind of the objects, as `Kind.group`; not one that Kubernetes itself defines.",
                    check_not_empty,
                    {},
                    {},
                    true},
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

const std::array kImages{
    Key<Images>{"mode", &Images::mode, R"("off")",
                "How the node gets the images of the components: `registry`, from `gridseal-images` on this "
                "host; `k3s-import`, from files in k3s' folder of images; `off`, as the node is set up. "
                "[Images](images.md) explains them.",
                check_image_mode},
    Key<Images>{"listen", &Images::listen, R"("127.0.0.1:5050")",
                "Loopback address and port that `gridseal-images` serves on. It, and the certificate, are "
                "read at its start alone.",
                check_loopback_address},
    Key<Images>{"certificate", Path<Images>{&Images::certificate}, R"("")",
                "PEM file of the certificate that `gridseal-images` shows, with `key`. Empty: http."},
    Key<Images>{"key", Path<Images>{&Images::key}, R"("")", "PEM file of its private key."},
    Key<Images>{"ca", Path<Images>{&Images::ca}, R"("")",
                "PEM file by which k3s trusts that certificate; `gridseal k3s setup` writes it into "
                "`registries.yaml`. Empty: the system's roots."},
    Key<Images>{"fetch", &Images::fetch, "true",
                "Bring every image of a release to this host before the switch, and those of what runs."},
    Key<Images>{"pull_through", &Images::pull_through, "true",
                "Pull what the node asks for and this host does not hold from the registry that `serves` it, "
                "and keep it."},
    Key<Images>{"keep_unused",
                &Images::keep_unused,
                R"("168h")",
                "Images that were imported and that no component names stay for so long.",
                nullptr,
                {0, 10 * 366 * 24 * kHour}},
    Key<Images>{"hosts", &Images::hosts, "[]",
                "Further hosts in image references that the node asks `gridseal-images` for. Those of the "
                "registries, what they serve, and those of the listed images are always among them.",
                check_not_empty},
    Key<Images>{"import_directory", Path<Images>{&Images::import_directory},
                R"("/var/lib/rancher/k3s/agent/images")",
                "k3s' folder of images to import, for `k3s-import`.", check_not_empty},
};

const std::array kControl{
    Key<Control>{"socket", Path<Control>{&Control::socket}, R"("/run/gridseal/control.sock")",
                 "Unix socket for the command line.", check_not_empty},
    Key<Control>{"read_group", &Control::read_group, R"("gridseal")", "Group whose members may read.",
                 check_group},
    Key<Control>{"admin_group", &Control::admin_group, R"("gridseal-admin")",
                 "Group whose members may act; root may always.", check_group},
};

const std::array kMedia{
    Key<Media>{"automatic", &Media::automatic, "false",
               "Import USB media as soon as they are plugged in. What is on them is judged as always."},
    Key<Media>{"file_systems", &Media::file_systems, R"(["vfat", "exfat"])",
               "File systems of media that may be mounted for that: `vfat`, `exfat`, `ext4`.",
               check_file_system},
};

const std::array kUpgrade{
    Key<Upgrade>{"registry",
                 &Upgrade::registry,
                 "",
                 "Registry that holds them.",
                 nullptr,
                 {},
                 "the only registry, when there is one"},
    Key<Upgrade>{"repository", &Upgrade::repository, R"("")",
                 "Repository of Gridseal's packages, such as `gridseal/packages`. Empty: they come on media "
                 "alone."},
    Key<Upgrade>{"semver", &Upgrade::semver, R"("*")", "Range of versions that are looked for.",
                 check_not_empty},
    Key<Upgrade>{"policy", &Upgrade::policy, R"("")",
                 "Trust policy that a package must satisfy. Empty: no package is judged."},
};

const std::array kReceipts{
    Key<Receipts>{"report_interval",
                  &Receipts::report_interval,
                  R"("24h")",
                  "A signed report of this site is made at least so often. `0s`: only when somebody asks.",
                  nullptr,
                  {0, 31 * 24 * kHour}},
    Key<Receipts>{"keep_audit",
                  &Receipts::keep_audit,
                  R"("0s")",
                  "Rows of the audit that are older are removed after a site report, up to the newest signed "
                  "checkpoint among them. Hand the receipts over first, or export the audit. `0s`: never.",
                  nullptr,
                  {0, 10 * 366 * 24 * kHour}},
    Key<Receipts>{"credentials", &Receipts::credentials, R"("")",
                  "Where the line `user:password` is that receipts are pushed with: a file, or "
                  "`credential:NAME` for a systemd credential. Empty: nothing is pushed."},
    Key<Receipts>{"registry",
                  &Receipts::registry,
                  "",
                  "Registry that receipts are pushed to, by its first URL.",
                  nullptr,
                  {},
                  "the only registry, when there is one"},
    Key<Receipts>{"repository", &Receipts::repository, R"("")",
                  "Repository of this site alone, such as `sites/plant-7`, for receipts and reports; its "
                  "credentials then need no right to write where releases are. Empty: each receipt goes "
                  "beside its artifact, and reports are not pushed."},
};

const std::array kLog{
    Key<LogSettings>{"level", &LogSettings::level, R"("info")",
                     "Least level that is logged: `debug`, `info`, `warning` or `error`."},
};

template <class S>
std::string_view type_of(const Key<S>& key) {
  static constexpr std::array<std::string_view, 16> kTypes{"string",
                                                           "path",
                                                           "boolean",
                                                           "integer",
                                                           "size",
                                                           "duration",
                                                           "list of strings",
                                                           "table",
                                                           "file or `credential:NAME`",
                                                           "`remove` or `leave`",
                                                           "`hold`, `keep` or `stop`",
                                                           "`correct`, `report` or `off`",
                                                           "level",
                                                           "boolean",
                                                           "string, number or boolean",
                                                           "list of strings, numbers and booleans"};
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
const std::span<const Key<Authority>> kAuthorityKeys{kAuthority};
const std::span<const Key<CertificateIdentity>> kIdentityKeys{kIdentity};
const std::span<const Key<Attestation>> kAttestationKeys{kAttestation};
const std::span<const Key<Condition>> kConditionKeys{kCondition};
const std::span<const Key<Component>> kComponentKeys{kComponent};
const std::span<const Key<Ceiling>> kCeilingKeys{kCeiling};
const std::span<const Key<IgnoreRule>> kIgnoreKeys{kIgnore};
const std::span<const Key<HealthRule>> kHealthRuleKeys{kHealthRule};
const std::span<const Key<Kubernetes>> kKubernetesKeys{kKubernetes};
const std::span<const Key<Storage>> kStorageKeys{kStorage};
const std::span<const Key<Images>> kImagesKeys{kImages};
const std::span<const Key<Control>> kControlKeys{kControl};
const std::span<const Key<Media>> kMediaKeys{kMedia};
const std::span<const Key<Upgrade>> kUpgradeKeys{kUpgrade};
const std::span<const Key<Receipts>> kReceiptsKeys{kReceipts};
const std::span<const Key<LogSettings>> kLogKeys{kLog};

std::vector<SectionDoc> section_docs() {
  return {
      section("site", "This host.", kSiteKeys),
      section("registry.NAME", "A registry to read components from.", kRegistryKeys),
      section("trust", "Where the trust roots are.", kTrustKeys),
      section(
          "trust.policy.NAME",
          "Who must have signed an artifact, and what must be attested. The same keys and tables, without "
          "`trust.policy.NAME` in front, may stand in a file of their own: `policies/NAME.toml` in the "
          "trust directory. [Trust](trust.md) explains policies by examples.",
          kPolicyKeys),
      section("trust.policy.NAME.authority.AUTHORITY",
              "Somebody whose signature counts: pinned keys, identities in certificates, or a Notary Project "
              "policy.",
              kAuthorityKeys),
      section("[trust.policy.NAME.authority.AUTHORITY.identity]",
              "Kind 2, certificates (keyless): one of these identities must have signed.", kIdentityKeys),
      section("[trust.policy.NAME.attestation]", "An attestation that an artifact must carry.",
              kAttestationKeys),
      section("[trust.policy.NAME.attestation.condition]",
              "What the attestation must say; all conditions must hold.", kConditionKeys),
      section("component.NAME", "A component: what to follow, and how to apply it.", kComponentKeys),
      section("component.NAME.ceiling",
              "What the component may touch at most on this host, whatever is signed.", kCeilingKeys),
      section(
          "[component.NAME.ignore]",
          "Fields that others own, such as the replicas of a Deployment that an autoscaler sets: they are "
          "neither applied again nor drift.",
          kIgnoreKeys),
      section(
          "[component.NAME.ready]",
          "When a custom resource is ready. The tests are those of an attestation's condition (`field`, and "
          "one of `equals`, `one_of`, `matches`, `at_least`, `at_most`, `present`), and `field` points into "
          "the live object. All rules of a kind must hold. `[[component.NAME.failed]]`, of the same form, "
          "says when it has failed for good.",
          kHealthRuleKeys),
      section("kubernetes", "The local cluster.", kKubernetesKeys),
      section("storage", "The state directory's content.", kStorageKeys),
      section("images", "Container images for the node on this host.", kImagesKeys),
      section("control", "The control socket.", kControlKeys),
      section("media", "Media that are plugged in.", kMediaKeys),
      section("upgrade",
              "Newer packages of Gridseal itself, which `gridseal upgrade` looks for and judges, and never "
              "installs.",
              kUpgradeKeys),
      section("receipts", "What this host says of itself, signed: [Receipts](receipts.md) explains it.",
              kReceiptsKeys),
      section("log", "The log.", kLogKeys),
  };
}

}  // namespace gridseal::config
