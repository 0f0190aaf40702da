// A Kubernetes object as it is declared: its identity, its body, and where it was read.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace gridseal::manifest {

using base::Json;

// What names an object in a cluster. Two versions of the same object are the same object: `version` takes no
// part in comparison.
struct ObjectKey {
  std::string group;    // "" is the core group
  std::string version;  // "v1"
  std::string kind;
  std::string namespace_;  // "" when cluster-scoped (or not set yet)
  std::string name;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // "Deployment shop/web", "Namespace shop", "HelmChart.helm.cattle.io kube-system/traefik": the group is
  // named unless it is core or a built-in one.
  std::string describe() const;

  friend bool operator==(const ObjectKey& a, const ObjectKey& b) { return std::is_eq(a <=> b); }
  friend std::strong_ordering operator<=>(const ObjectKey& a, const ObjectKey& b);
};

struct Origin {
  std::string file;              // path inside the artifact
  size_t document = 0;           // counted from 1
  std::string describe() const;  // "apps/web.yaml, document 2"
};

struct Object {
  ObjectKey key;
  Json body;
  Origin origin;

  // `body` must be an object with apiVersion, kind and metadata.name, names as Kubernetes accepts them
  // (RFC 1123 subdomain; path-segment names for RBAC and custom kinds), labels and annotations maps of
  // strings; generateName is refused. Errors (refused): manifest.not_an_object, naming file and document.
  static base::Result<Object> from_json(Json body, Origin origin);

  // One document: null gives none, a List (kind List or one that ends in "List" and has items) its items.
  // Errors (refused): manifest.not_an_object.
  static base::Result<std::vector<Object>> from_document(Json document, const Origin& origin);
};

// Whether a document is a list of objects: kind List, or one that ends in "List" and has items.
bool is_list(const Json& document);

enum class Scope { namespaced, cluster };

// Whether a kind lives in a namespace; nothing when not known.
using ScopeLookup = std::function<std::optional<Scope>(std::string_view group, std::string_view kind)>;

// The kinds that every Kubernetes serves.
std::optional<Scope> builtin_scope(std::string_view group, std::string_view kind);

// Gives a namespaced object its namespace: `target` when set (it overrides, as Flux' targetNamespace), else
// its own, else "default". A cluster-scoped object loses a namespace that was written by mistake. A kind of
// unknown scope keeps what it says. With a target, namespaces of RoleBinding and ClusterRoleBinding subjects
// are not changed.
void set_namespace(Object& object, std::string_view target, const ScopeLookup& scope);

// The annotation's value, or nothing.
std::optional<std::string> annotation(const Json& body, std::string_view name);

}  // namespace gridseal::manifest
