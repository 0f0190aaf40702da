#include "kube/halt.hpp"

#include <array>
#include <utility>

#include "manifest/normalise.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using base::Result;

constexpr std::string_view kNoSuchNode = "gridseal.dev/stopped";

struct Kind {
  std::string_view group;
  std::string_view kind;
  std::string_view pointer;  // of what is set
};

constexpr std::array<Kind, 7> kKinds{{
    {"apps", "Deployment", "/spec/replicas"},
    {"apps", "StatefulSet", "/spec/replicas"},
    {"apps", "ReplicaSet", "/spec/replicas"},
    {"", "ReplicationController", "/spec/replicas"},
    {"batch", "CronJob", "/spec/suspend"},
    {"batch", "Job", "/spec/suspend"},
    {"apps", "DaemonSet", "/spec/template/spec/nodeSelector"},
}};

const Kind* kind_of(const manifest::ObjectKey& key) {
  for (const Kind& kind : kKinds) {
    if (kind.group == key.group && kind.kind == key.kind) return &kind;
  }
  return nullptr;
}

Json halted_value(const Kind& kind) {
  if (kind.pointer.ends_with("replicas")) return 0;
  if (kind.pointer.ends_with("suspend")) return true;
  return {{std::string(kNoSuchNode), "true"}};
}

bool is_halted(const Json& live, const Kind& kind) {
  const Json::json_pointer at{std::string(kind.pointer)};
  if (!live.contains(at)) return false;
  const Json& value = live.at(at);
  return kind.kind == "DaemonSet" ? value.contains(kNoSuchNode) : value == halted_value(kind);
}

Json identity_of(const manifest::ObjectKey& key) {
  return {{"apiVersion", key.group.empty() ? key.version : key.group + "/" + key.version},
          {"kind", key.kind},
          {"metadata", {{"name", key.name}, {"namespace", key.namespace_}}}};
}

Result<void> apply(Cluster& cluster, const Json& object, const Limits& limits) {
  ApplyOptions options;
  options.field_manager = kHaltManager;
  options.force = true;
  auto applied = cluster.apply(object, options, limits);
  if (!applied) return std::move(applied).error().error;
  return {};
}

bool is_ours(const Json& live, const OwnedObject& object, std::string_view component) {
  const Json* metadata = base::find_object(live, "metadata");
  const std::string* uid = metadata == nullptr ? nullptr : base::find_string(*metadata, "uid");
  if (uid == nullptr || (!object.uid.empty() && *uid != object.uid)) return false;
  return manifest::owner_of(live) == component;
}

}  // namespace

bool can_halt(const manifest::ObjectKey& key) {
  return kind_of(key) != nullptr;
}

Result<Halted> halt_object(Cluster& cluster, const OwnedObject& object, std::string_view component,
                           const Limits& limits) {
  const Kind* kind = kind_of(object.key);
  if (kind == nullptr) return Halted::impossible;
  // An apply would make what is not there.
  auto live = cluster.get(object.key, limits);
  if (!live && live.error().is("kube.not_found")) return Halted::gone;
  if (!live) return std::move(live).error().error;
  if (!is_ours(*live, object, component)) return Halted::not_ours;
  if (is_halted(*live, *kind)) return Halted::halted;
  Json body = identity_of(object.key);
  body[Json::json_pointer{std::string(kind->pointer)}] = halted_value(*kind);
  if (auto r = apply(cluster, body, limits); !r) return std::move(r).error();
  return Halted::halted;
}

Result<void> release_object(Cluster& cluster, const OwnedObject& object, const Limits& limits) {
  if (kind_of(object.key) == nullptr) return {};
  auto live = cluster.get(object.key, limits);
  if (!live && live.error().is("kube.not_found")) return {};
  if (!live) return std::move(live).error().error;
  return apply(cluster, identity_of(object.key), limits);
}

}  // namespace gridseal::kube
