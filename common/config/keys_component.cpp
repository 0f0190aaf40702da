// Settings of [component.NAME].
#include <array>

#include "config/checks.hpp"
#include "config/ranges.hpp"

namespace gridseal::config {
namespace {

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

}  // namespace

const std::span<const Key<Component>> kComponentKeys{kComponent};
const std::span<const Key<Ceiling>> kCeilingKeys{kCeiling};
const std::span<const Key<IgnoreRule>> kIgnoreKeys{kIgnore};
const std::span<const Key<HealthRule>> kHealthRuleKeys{kHealthRule};

}  // namespace gridseal::config
