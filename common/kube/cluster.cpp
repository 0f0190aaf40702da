#include "kube/cluster.hpp"

#include <utility>

#include "base/encoding.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;
using base::Result;

}  // namespace

Result<manifest::ObjectKey> key_of(const Json& object) {
  const std::string* api_version = base::find_string(object, "apiVersion");
  const std::string* kind = base::find_string(object, "kind");
  const Json* metadata = base::find_object(object, "metadata");
  const std::string* name = metadata == nullptr ? nullptr : base::find_string(*metadata, "name");
  if (api_version == nullptr || kind == nullptr || name == nullptr || name->empty())
    return Error::refused("kube.object", "an object without apiVersion, kind or metadata.name");
  manifest::ObjectKey key;
  const size_t slash = api_version->find('/');
  if (slash != std::string::npos) key.group = api_version->substr(0, slash);
  key.version = slash == std::string::npos ? *api_version : api_version->substr(slash + 1);
  key.kind = *kind;
  key.name = *name;
  if (const std::string* space = base::find_string(*metadata, "namespace"); space != nullptr)
    key.namespace_ = *space;
  return key;
}

bool is_secret(const Json& object) {
  const std::string* api_version = base::find_string(object, "apiVersion");
  const std::string* kind = base::find_string(object, "kind");
  return api_version != nullptr && kind != nullptr && *api_version == "v1" && *kind == "Secret";
}

Result<std::string> Cluster::path_for(const manifest::ObjectKey& key, const Limits& limits) {
  auto resource = discovery_.find(key.group, key.version, key.kind, limits);
  if (!resource) return std::move(resource).error();
  return object_path(*resource, key);
}

Answer<Json> Cluster::get(const manifest::ObjectKey& key, const Limits& limits) {
  const auto path = path_for(key, limits);
  if (!path) return Failure::local(path.error());
  return client_.get(*path, limits);
}

Answer<Written> Cluster::apply(const Json& object, const ApplyOptions& options, const Limits& limits) {
  const auto key = key_of(object);
  if (!key) return Failure::local(key.error());
  const auto path = path_for(*key, limits);
  if (!path) return Failure::local(path.error());
  return client_.apply(*path, object, options, limits);
}

Answer<Json> Cluster::patch(const manifest::ObjectKey& key, PatchKind kind, const Json& body,
                            const PatchOptions& options, const Limits& limits) {
  const auto path = path_for(key, limits);
  if (!path) return Failure::local(path.error());
  return client_.patch(*path, kind, body, options, limits);
}

Answer<Written> Cluster::create(const Json& object, const Limits& limits) {
  const auto key = key_of(object);
  if (!key) return Failure::local(key.error());
  const auto resource = discovery_.find(key->group, key->version, key->kind, limits);
  if (!resource) return Failure::local(resource.error());
  const std::string space = key->namespace_.empty() ? "default" : key->namespace_;
  return client_.create(collection_path(*resource, space), object, limits);
}

Answer<bool> Cluster::remove(const manifest::ObjectKey& key, const RemoveOptions& options,
                             const Limits& limits) {
  const auto path = path_for(key, limits);
  if (!path) return Failure::local(path.error());
  return client_.remove(*path, options, limits);
}

}  // namespace gridseal::kube
