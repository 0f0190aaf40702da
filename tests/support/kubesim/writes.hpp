// How objects come into the store: what every write goes through, whatever its verb.
#pragma once

#include "kubesim/cluster.hpp"
#include "kubesim/failure.hpp"

namespace gridseal::kubesim {

// All functions want the cluster's mutex held.

struct WriteOptions {
  std::string manager;
  std::string subresource;
  bool dry_run = false;
  bool force = false;
};

struct Written {
  Json object;
  bool created = false;
};

// POST. `object` has its name already.
Outcome<Written> create_object(Cluster& cluster, const Resource& resource, const std::string& ns, Json object,
                               const WriteOptions& options);
// PUT and the patches other than apply; `live` is the stored object.
Outcome<Written> update_object(Cluster& cluster, const Resource& resource, const Json& live, Json object,
                               const WriteOptions& options);
// 020: server-side apply.
Outcome<Written> apply_object(Cluster& cluster, const Resource& resource, const std::string& ns,
                              const std::string& name, const Json& declared, const WriteOptions& options);

struct Deletion {
  std::string propagation;  // Foreground, Background, Orphan; empty: what the kind does by itself
  std::int64_t grace = -1;
  std::string uid;
  std::string revision;
  bool dry_run = false;
};
struct Deleted {
  Json object;        // the last state
  bool gone = false;  // false: it is only marked
};
// 100: the preconditions, then finalizers or grace keep it, or it goes.
Outcome<Deleted> delete_object(Cluster& cluster, const Resource& resource, const Json& live,
                               const Deletion& deletion);

// Takes the owner out of the ownerReferences of all that it owns.
void orphan_dependents(Cluster& cluster, const std::string& uid);

// What admission adds to a new pod: token volume, tolerations, priority, and its first status.
void admit_pod(Cluster& cluster, Json& pod);
// 053: 404 if the namespace is missing, 403 if it is going away.
Outcome<void> check_namespace(Cluster& cluster, const Resource& resource, const std::string& ns,
                              const std::string& name);
// Addresses and ports of a Service.
Outcome<void> allocate_service(Cluster& cluster, const Json* live, Json& service, bool dry_run);

}  // namespace gridseal::kubesim
