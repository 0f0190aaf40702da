// /_kubesim/...: how a test steers and watches the simulator.
#include "kubesim/api/api.hpp"

namespace gridseal::kubesim {

namespace {

Json state(Cluster& cluster) {
  Json out = Json::object();
  for (const std::string& storage : cluster.store.storages()) {
    for (const ObjectPtr& object : cluster.store.list(storage)) {
      Json copy = *object;
      for (const char* key : {"resourceVersion", "managedFields"}) copy["metadata"].erase(key);
      const std::string ns = text(copy, {"metadata", "namespace"});
      out[storage][(ns.empty() ? "" : ns + "/") + text(copy, {"metadata", "name"})] = std::move(copy);
    }
  }
  return out;
}

}  // namespace

std::optional<HttpResponse> control(Cluster& cluster, const HttpRequest& request, RequestLog& log) {
  const std::string what = request.path.substr(std::string_view("/_kubesim/").size());
  if (what == "script" && request.method == "GET") return json_response(200, cluster.script.text());
  if (what == "script" && (request.method == "PUT" || request.method == "POST")) {
    const Json script = Json::parse(request.body, nullptr, false);
    const std::string wrong = cluster.script.load(script);
    if (!wrong.empty()) return response_of(bad_request(wrong));
    cluster.changed.notify_all();
    return json_response(200, {{"loaded", true}});
  }
  if (what == "requests" && request.method == "GET") return json_response(200, log.report());
  if (what == "requests" && request.method == "DELETE") {
    log.clear();
    return json_response(200, {{"cleared", true}});
  }
  if (what == "state" && request.method == "GET") return json_response(200, state(cluster));
  if (what == "compact" && request.method == "POST") {
    cluster.store.compact();
    return json_response(200, {{"revision", cluster.store.revision()}});
  }
  return std::nullopt;
}

}  // namespace gridseal::kubesim
