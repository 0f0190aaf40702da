// Which path serves a kind: API discovery, aggregated form with the legacy one as fallback.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kube/client.hpp"
#include "manifest/object.hpp"

namespace gridseal::kube {

struct Resource {
  std::string group;  // "" is the core group
  std::string version;
  std::string kind;
  std::string plural;
  bool namespaced = false;
  std::vector<std::string> verbs;

  bool can(std::string_view verb) const;
};

// Thread safe. What was read is kept; a kind that is not known is looked for again, at most once a second.
class Discovery {
 public:
  explicit Discovery(Client& client) : client_(client) {}

  // Errors: kube.unknown_kind (blocked) when the server does not serve it; kube.group_unavailable (blocked)
  // when its group is served by an extension server that does not answer; else what the request failed with.
  base::Result<Resource> find(std::string_view group, std::string_view version, std::string_view kind,
                              const Limits& limits);
  // Any version of a kind, the server's preferred one first; for objects whose version is served no longer.
  base::Result<Resource> find_any_version(std::string_view group, std::string_view kind,
                                          const Limits& limits);
  // Every kind that is served, each in the version that the server prefers.
  base::Result<std::vector<Resource>> all(const Limits& limits);
  // Reads everything again at the next find.
  void forget();

 private:
  friend class DiscoveryReader;
  using Id = std::tuple<std::string, std::string, std::string>;  // group, version, kind
  struct Catalog {
    std::map<Id, Resource> resources;
    std::vector<Id> order;        // as the server prefers them
    std::set<std::string> stale;  // groups whose extension server did not answer
  };

  base::Result<Resource> find_in(std::string_view group, std::string_view version, std::string_view kind,
                                 const Limits& limits);
  base::Result<void> refresh(const Limits& limits);
  const Resource* lookup(std::string_view group, std::string_view version, std::string_view kind) const;

  Client& client_;
  std::mutex mutex_;
  bool loaded_ = false;
  base::Clock::Monotonic loaded_at_{};
  Catalog catalog_;
};

// "/apis/apps/v1/namespaces/shop/deployments", "/api/v1/nodes".
std::string collection_path(const Resource& resource, std::string_view namespace_name);
// Path of one object. A namespaced kind without a namespace means "default".
std::string object_path(const Resource& resource, const manifest::ObjectKey& key);

}  // namespace gridseal::kube
