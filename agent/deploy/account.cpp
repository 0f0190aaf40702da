#include "deploy/account.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "kube/permission.hpp"

namespace gridseal::deploy {
namespace {

using Collection =
    std::tuple<std::string, std::string, std::string, std::string>;  // group, version, kind, namespace

bool makes_pods(const manifest::ObjectKey& key) {
  return key.group == "apps" || (key.group == "batch" && key.kind == "Job");
}

// Of these nothing is ever deleted unasked.
bool is_kept(std::string_view kind) {
  constexpr std::array<std::string_view, 4> kKept{"PersistentVolumeClaim", "PersistentVolume", "Namespace",
                                                  "CustomResourceDefinition"};
  return std::ranges::find(kKept, kind) != kKept.end();
}

struct Question {
  std::string_view verb;
  Collection about;
  auto operator<=>(const Question&) const = default;
};

std::set<Question> questions_about(const manifest::Rendered& objects) {
  std::set<Question> questions;
  for (const auto& entry : objects.entries()) {
    const manifest::ObjectKey& key = entry.key;
    const Collection own{key.group, key.version, key.kind, key.namespace_};
    questions.insert({"get", own});
    questions.insert({"list", own});
    if (!is_kept(key.kind)) questions.insert({"delete", own});
    if (makes_pods(key)) questions.insert({"list", {"", "v1", "Pod", key.namespace_}});
    if (key.group == "apps" && key.kind == "Deployment")
      questions.insert({"list", {"apps", "v1", "ReplicaSet", key.namespace_}});
    // Going back deletes the pods that hang on the failed revision.
    if (key.group == "apps" && key.kind == "StatefulSet")
      questions.insert({"delete", {"", "v1", "Pod", key.namespace_}});
  }
  return questions;
}

}  // namespace

base::Result<void> check_account(const Site& site, const config::Component& component,
                                 const manifest::Rendered& objects, const std::stop_token& stop) {
  if (component.service_account.empty()) return {};
  kube::Cluster& cluster = site.cluster_for(component);
  std::string missing;
  for (const auto& [verb, about] : questions_about(objects)) {
    const auto& [group, version, kind, namespace_name] = about;
    auto resource = cluster.discovery().find(group, version, kind, site.limits(stop));
    // A kind that comes with this very revision is tried when its stage begins.
    if (!resource && resource.error().code() == "kube.unknown_kind") continue;
    if (!resource) return std::move(resource).error();
    auto allowed = kube::may(cluster, verb, *resource, namespace_name, site.limits(stop));
    if (!allowed) {
      return std::move(allowed).error().with_context("the rights of the service account " +
                                                     component.service_account + " cannot be asked for");
    }
    if (*allowed) continue;
    if (!missing.empty()) missing += ", ";
    missing.append(verb).append(" ").append(kube::describe(*resource, namespace_name));
  }
  if (missing.empty()) return {};
  return base::Error::blocked("kube.forbidden",
                              "the service account " + component.service_account + " may not " + missing +
                                  "; health and the way back need it, so nothing was changed");
}

}  // namespace gridseal::deploy
