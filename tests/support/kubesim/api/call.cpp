#include "kubesim/api/call.hpp"

namespace gridseal::kubesim {

std::string Call::manager() const {
  std::string out = request->parameter("fieldManager");
  if (!out.empty()) return out;
  const std::string agent = request->header("user-agent");
  return agent.substr(0, agent.find('/'));
}

namespace {

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> out;
  std::size_t at = 1;
  while (at <= path.size()) {
    std::size_t end = path.find('/', at);
    if (end == std::string::npos) end = path.size();
    if (end > at) out.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

bool parse_path(const std::string& path, Call& call) {
  const auto parts = split(path);
  std::size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    call.version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    call.group = parts[1];
    call.version = parts[2];
    at = 3;
  } else {
    return false;
  }
  // /namespaces/NAME/RESOURCE is a namespaced resource; /namespaces/NAME[/status|/finalize] the Namespace
  // itself.
  if (parts[at] == "namespaces" && parts.size() >= at + 3 && parts[at + 2] != "status" &&
      parts[at + 2] != "finalize") {
    call.ns = parts[at + 1];
    at += 2;
  }
  call.plural = parts[at];
  if (parts.size() > at + 1) call.name = parts[at + 1];
  if (parts.size() > at + 2) call.subresource = parts[at + 2];
  return parts.size() <= at + 3;
}

void set_verb(Call& call) {
  const std::string& method = call.request->method;
  const std::string watch = call.request->parameter("watch");
  if (method == "GET") {
    // 061: watch on the path of a single object is an ordinary GET.
    // 051: any word but false and 0 counts as true.
    const bool watching = !watch.empty() && watch != "0" && watch != "false";
    call.verb = !call.name.empty() ? "get" : watching ? "watch" : "list";
  } else if (method == "POST") {
    call.verb = "create";
  } else if (method == "PUT") {
    call.verb = "update";
  } else if (method == "PATCH") {
    call.verb = "patch";
  } else if (method == "DELETE") {
    call.verb = call.name.empty() ? "deletecollection" : "delete";
  }
}

HttpResponse json_response(int status, const Json& body) {
  HttpResponse out;
  out.status = status;
  out.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}};
  out.body = compact(body) + "\n";
  return out;
}

HttpResponse response_of(const Failure& failure) {
  if (!failure.status.is_null()) {
    HttpResponse out = json_response(failure.code, failure.status);
    if (failure.code == 403) out.headers.emplace_back("X-Content-Type-Options", "nosniff");
    if (failure.retry_after_seconds > 0)
      out.headers.emplace_back("Retry-After", std::to_string(failure.retry_after_seconds));
    return out;
  }
  HttpResponse out;
  out.status = failure.code;
  out.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}};
  if (failure.retry_after_seconds > 0)
    out.headers.emplace_back("Retry-After", std::to_string(failure.retry_after_seconds));
  out.body = failure.plain;
  return out;
}

bool accepts_json(const HttpRequest& request) {
  const std::string accept = request.header("accept");
  if (accept.empty()) return true;
  for (const char* fine : {"application/json", "*/*", "application/*", "application/yaml",
                           "application/vnd.kubernetes.protobuf"}) {
    if (accept.find(fine) != std::string::npos) return true;
  }
  return false;
}

}  // namespace gridseal::kubesim
