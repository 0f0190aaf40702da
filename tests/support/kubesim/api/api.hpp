// The API server: from a request to its answer.
#pragma once

#include <atomic>
#include <deque>
#include <map>

#include "kubesim/api/call.hpp"

namespace gridseal::kubesim {

// What was asked, for tests that count requests.
class RequestLog {
 public:
  void add(const HttpRequest& request, int status, bool unknown);
  void clear();
  Json report() const;

 private:
  std::map<std::string, std::int64_t> by_method_;
  std::deque<Json> entries_;
  Json unknown_ = Json::array();
  std::int64_t total_ = 0;
};

class Api {
 public:
  explicit Api(Cluster& cluster) : cluster_(cluster) {}
  HttpResponse handle(const HttpRequest& request);

 private:
  HttpResponse faulty(const HttpRequest& request);
  HttpResponse dispatch(const HttpRequest& request, bool& unknown);
  HttpResponse resource_call(Call& call, bool& unknown);
  HttpResponse non_resource(const HttpRequest& request, const User& user, bool& unknown);

  Cluster& cluster_;
  std::mutex log_mutex_;
  RequestLog log_;
};

// api/reads.cpp
Outcome<HttpResponse> read_object(Cluster& cluster, const Call& call);
Outcome<HttpResponse> list_objects(Cluster& cluster, const Call& call);
Outcome<HttpResponse> watch_objects(Cluster& cluster, const Call& call);
// An object as a version of the API shows it.
Json shown(const Resource& resource, const Json& object);
Json partial_metadata(const Json& object);

// api/changes.cpp
Outcome<HttpResponse> post_object(Cluster& cluster, const Call& call);
Outcome<HttpResponse> put_object(Cluster& cluster, const Call& call);
Outcome<HttpResponse> patch_object(Cluster& cluster, const Call& call);
Outcome<HttpResponse> remove_object(Cluster& cluster, const Call& call);
Outcome<HttpResponse> remove_collection(Cluster& cluster, const Call& call);

// api/discovery.cpp, api/health.cpp, api/reviews.cpp, api/control.cpp: nothing if the path is not theirs.
std::optional<HttpResponse> discover(Cluster& cluster, const HttpRequest& request);
std::optional<HttpResponse> health(Cluster& cluster, const HttpRequest& request);
std::optional<Outcome<HttpResponse>> review(Cluster& cluster, const Call& call);
std::optional<HttpResponse> control(Cluster& cluster, const HttpRequest& request, RequestLog& log);

}  // namespace gridseal::kubesim
