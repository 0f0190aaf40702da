// Objects by group, version, kind, namespace and name: discovery and client together. This is what the
// pipeline holds.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kube/client.hpp"
#include "kube/discovery.hpp"

namespace gridseal::kube {

// Key of a live or declared object. Error (refused): kube.object when it has no apiVersion, kind or name.
base::Result<manifest::ObjectKey> key_of(const base::Json& object);
bool is_secret(const base::Json& object);

// Thread safe.
class Cluster {
 public:
  Cluster(Access& access, base::Clock& clock, ClientSettings settings)
      : client_(access, clock, std::move(settings)),
        own_discovery_(std::make_unique<Discovery>(client_)),
        discovery_(*own_discovery_) {}
  // The same server as another account: what `like` has discovered counts here too. `like` must outlive it.
  Cluster(Access& access, base::Clock& clock, ClientSettings settings, Cluster& like)
      : client_(access, clock, std::move(settings)), discovery_(like.discovery_) {}
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  Client& client() { return client_; }
  Discovery& discovery() { return discovery_; }

  base::Result<std::string> path_for(const manifest::ObjectKey& key, const Limits& limits);

  // Errors beside those of failure.hpp: kube.unknown_kind, kube.group_unavailable.
  Answer<base::Json> get(const manifest::ObjectKey& key, const Limits& limits);
  Answer<Written> apply(const base::Json& object, const ApplyOptions& options, const Limits& limits);
  Answer<base::Json> patch(const manifest::ObjectKey& key, PatchKind kind, const base::Json& body,
                           const PatchOptions& options, const Limits& limits);
  Answer<Written> create(const base::Json& object, const Limits& limits);
  Answer<bool> remove(const manifest::ObjectKey& key, const RemoveOptions& options, const Limits& limits);

 private:
  Client client_;
  std::unique_ptr<Discovery> own_discovery_;  // null: another cluster's is used
  Discovery& discovery_;
};

}  // namespace gridseal::kube
