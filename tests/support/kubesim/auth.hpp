// Who sends a request, and what they may do.
#pragma once

#include <string>
#include <vector>

#include "kubesim/cluster.hpp"
#include "kubesim/failure.hpp"
#include "kubesim/net/http.hpp"

namespace gridseal::kubesim {

struct User {
  std::string name;
  std::vector<std::string> groups;
  bool in(const std::string& group) const;
};

// 050: no credential is system:anonymous, a bad one a 401. Impersonation headers are followed if allowed.
Outcome<User> authenticate(Cluster& cluster, const HttpRequest& request);

struct Access {
  std::string verb;
  std::string group;
  std::string resource;  // with "/subresource"
  std::string ns;
  std::string name;
  std::string path;  // for what is no resource
};
// By Roles, ClusterRoles and their bindings; system:masters may do everything.
bool allowed(Cluster& cluster, const User& user, const Access& access);
// The 403 for it.
Failure denied(const User& user, const Access& access);
// All rules that hold for a user in a namespace ("": cluster-wide only).
std::vector<Json> rules_for(Cluster& cluster, const User& user, const std::string& ns);
// 050: a role may not grant what its writer does not have.
Outcome<void> check_escalation(Cluster& cluster, const User& user, const Resource& resource,
                               const std::string& ns, const Json& object);
// The roles that every cluster has.
void create_default_roles(Cluster& cluster);

}  // namespace gridseal::kubesim
