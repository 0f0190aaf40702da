#include "kube/owner.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "manifest/normalise.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using base::Result;

PruneResult left_behind(const OwnedObject& object, std::string reason) {
  return {object.key, Pruned::left_behind, std::move(reason)};
}

// The path of an object that may have been recorded under a version that is served no longer; empty: the kind
// is gone.
Result<std::string> find_path(Cluster& cluster, const manifest::ObjectKey& key, const Limits& limits) {
  auto resource = cluster.discovery().find(key.group, key.version, key.kind, limits);
  if (!resource && resource.error().code() == "kube.unknown_kind")
    resource = cluster.discovery().find_any_version(key.group, key.kind, limits);
  if (resource) return object_path(*resource, key);
  if (resource.error().code() == "kube.unknown_kind") return std::string();
  return std::move(resource).error();
}

std::string why_not(const OwnedObject& object, std::string_view component, const Json& live,
                    const std::string& uid) {
  if (!object.uid.empty() && uid != object.uid) return "another object took its name";
  if (manifest::owner_of(live) != component) return "it no longer carries the label of this component";
  if (policy_of(live).prune_disabled) return "annotation kustomize.toolkit.fluxcd.io/prune: disabled";
  return {};
}

}  // namespace

bool is_protected(const manifest::ObjectKey& key) {
  static constexpr std::array<std::string_view, 4> kKinds = {"PersistentVolumeClaim", "PersistentVolume",
                                                             "Namespace", "CustomResourceDefinition"};
  return std::find(kKinds.begin(), kKinds.end(), key.kind) != kKinds.end();
}

Result<void> list_owned(Cluster& cluster, std::string_view group, std::string_view version,
                        std::string_view kind, std::string_view namespace_name, std::string_view component,
                        const ItemSink& sink, const Limits& limits) {
  auto resource = cluster.discovery().find(group, version, kind, limits);
  if (!resource) return std::move(resource).error();
  ListOptions options;
  options.label_selector.append(manifest::kComponentLabel).append("=").append(component);
  auto listed = cluster.client().list(collection_path(*resource, namespace_name), options, sink, limits);
  if (listed) return {};
  if (!listed.error().is("kube.not_found")) return std::move(listed).error().error;
  // Only the collection of a kind that was removed since discovery was read is not found.
  cluster.discovery().forget();
  return base::Error::blocked("kube.unknown_kind",
                              "the API server does not serve " + std::string(kind) + " any more");
}

Result<PruneResult> prune_object(Cluster& cluster, const OwnedObject& object, std::string_view component,
                                 const PruneOptions& options, const Limits& limits) {
  if (is_protected(object.key) && !options.include_protected)
    return left_behind(object, "objects of kind " + object.key.kind + " are only deleted when asked for");
  auto path = find_path(cluster, object.key, limits);
  if (!path) return std::move(path).error();
  if (path->empty()) return PruneResult{object.key, Pruned::gone, {}};
  auto live = cluster.client().get(*path, limits);
  if (!live) {
    if (live.error().is("kube.not_found")) return PruneResult{object.key, Pruned::gone, {}};
    return std::move(live).error().error;
  }
  const Json* metadata = base::find_object(*live, "metadata");
  const std::string* uid = metadata == nullptr ? nullptr : base::find_string(*metadata, "uid");
  if (uid == nullptr) return left_behind(object, "the live object has no uid");
  if (std::string reason = why_not(object, component, *live, *uid); !reason.empty())
    return left_behind(object, std::move(reason));
  RemoveOptions remove;
  remove.uid = *uid;
  auto removed = cluster.client().remove(*path, remove, limits);
  if (removed) return PruneResult{object.key, *removed ? Pruned::deleted : Pruned::gone, {}};
  if (removed.error().is("kube.conflict")) return left_behind(object, "another object took its name");
  return std::move(removed).error().error;
}

}  // namespace gridseal::kube
