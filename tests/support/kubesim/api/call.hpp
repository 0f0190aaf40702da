// One API request, taken apart.
#pragma once

#include <memory>
#include <string>

#include "kubesim/auth.hpp"
#include "kubesim/net/http.hpp"

namespace gridseal::kubesim {

struct Call {
  const HttpRequest* request = nullptr;
  User user;
  std::shared_ptr<const Resource> resource;
  std::string group;
  std::string version;
  std::string ns;
  std::string plural;
  std::string name;
  std::string subresource;
  std::string verb;  // get, list, watch, create, update, patch, delete, deletecollection

  bool dry_run() const { return request->parameter("dryRun") == "All"; }
  // 022: fieldManager, else the User-Agent up to the first slash.
  std::string manager() const;
};

// True if the path names a resource (or would, if it existed): /api/v1/... or /apis/group/version/...
bool parse_path(const std::string& path, Call& call);
// The verb that the method means for this path.
void set_verb(Call& call);

HttpResponse json_response(int status, const Json& body);
HttpResponse response_of(const Failure& failure);
// 051: what of `offered` the Accept header prefers; empty if nothing fits.
bool accepts_json(const HttpRequest& request);

}  // namespace gridseal::kubesim
