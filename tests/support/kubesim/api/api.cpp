#include "kubesim/api/api.hpp"

#include <algorithm>
#include <thread>

namespace gridseal::kubesim {

namespace {

constexpr std::size_t kLogLimit = 20000;

Access access_of(const Call& call) {
  Access out{call.verb, call.group, call.plural, call.ns, call.name, ""};
  if (!call.subresource.empty()) out.resource += "/" + call.subresource;
  // 050: a Namespace counts as inside itself.
  if (call.plural == "namespaces" && call.group.empty()) out.ns = call.name;
  return out;
}

Failure method_not_allowed() {
  return failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource",
                 Json::object());
}

// 021, 051: a verb that the path does not have.
bool has_verb(const Call& call) {
  const std::string& method = call.request->method;
  if (call.verb.empty() || (method == "POST" && !call.name.empty() && call.subresource.empty())) return false;
  if (call.name.empty() && (call.verb == "update" || call.verb == "patch")) return false;
  if (call.subresource.empty()) return call.resource->allows(call.verb);
  const Subresource* sub = call.resource->subresource(call.subresource);
  return sub != nullptr && std::find(sub->verbs.begin(), sub->verbs.end(), call.verb) != sub->verbs.end();
}

void wait(std::int64_t ms) {
  if (Clock::is_set()) return Clock::set(Clock::now() + Millis(ms));
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

}  // namespace

void RequestLog::add(const HttpRequest& request, int status, bool unknown) {
  ++total_;
  ++by_method_[request.method];
  Json entry = {{"method", request.method}, {"target", request.target}, {"status", status}};
  if (unknown) unknown_.push_back(entry);
  entries_.push_back(std::move(entry));
  if (entries_.size() > kLogLimit) entries_.pop_front();
}

void RequestLog::clear() {
  by_method_.clear();
  entries_.clear();
  unknown_ = Json::array();
  total_ = 0;
}

Json RequestLog::report() const {
  Json out = {
      {"total", total_}, {"by_method", by_method_}, {"unknown", unknown_}, {"requests", Json::array()}};
  for (const Json& entry : entries_) out["requests"].push_back(entry);
  return out;
}

HttpResponse Api::handle(const HttpRequest& request) {
  if (request.path.starts_with("/_kubesim/")) {
    const std::scoped_lock lock(cluster_.mutex, log_mutex_);
    auto response = control(cluster_, request, log_);
    return response ? *response : response_of(page_not_found());
  }
  return faulty(request);
}

HttpResponse Api::faulty(const HttpRequest& request) {
  std::optional<Fault> fault;
  {
    const std::scoped_lock lock(cluster_.mutex);
    const std::size_t mark = request.target.find('?');
    fault = cluster_.script.fault(request.method, request.path,
                                  mark == std::string::npos ? "" : request.target.substr(mark + 1));
  }
  bool unknown = false;
  HttpResponse response;
  if (fault && fault->delay_ms > 0) wait(fault->delay_ms);
  if (fault && fault->hang) {
    // 055: reads get no answer for a minute, then the connection closes.
    wait(60000);
    response.cut = true;
  } else if (fault && fault->cut == Fault::Cut::before) {
    response.cut = true;
  } else if (fault && fault->status != 0) {
    const std::string message = fault->message.empty() ? reason_phrase(fault->status) : fault->message;
    Failure made = failure(fault->status,
                           fault->status == 429   ? "TooManyRequests"
                           : fault->status == 409 ? "Conflict"
                                                  : "InternalError",
                           message);
    // 021: a 500 about the request itself has no reason.
    if (fault->status == 500 && message.starts_with("failed to create typed patch object"))
      made = internal_error(message);
    // 054: priority and fairness answers in plain text.
    if (fault->status == 429 && fault->message.empty()) {
      made.status = nullptr;
      made.plain = "Too many requests, please try again later.\n";
    }
    made.retry_after_seconds = static_cast<int>(fault->retry_after);
    response = response_of(made);
  } else {
    response = dispatch(request, unknown);
    if (fault && fault->cut == Fault::Cut::after) response.cut = true;
    if (fault && fault->silent_ms >= 0 && response.stream) {
      // 055: watches stay silent while the storage hangs, and break when the server stops.
      response.cut_stream = true;
      response.stream = [ms = fault->silent_ms](ChunkWriter& writer) {
        for (std::int64_t left = ms; left > 0 && writer.alive(); left -= 20)
          wait(std::min<std::int64_t>(left, 20));
      };
    }
  }
  const std::scoped_lock lock(log_mutex_);
  log_.add(request, response.cut ? 0 : response.status, unknown);
  return response;
}

HttpResponse Api::dispatch(const HttpRequest& request, bool& unknown) {
  std::unique_lock lock(cluster_.mutex);
  auto user = authenticate(cluster_, request);
  if (!user) return response_of(user.error());
  Call call;
  call.request = &request;
  call.user = *user;
  if (!parse_path(request.path, call)) return non_resource(request, *user, unknown);
  set_verb(call);
  return resource_call(call, unknown);
}

HttpResponse Api::non_resource(const HttpRequest& request, const User& user, bool& unknown) {
  std::string verb = request.method;
  for (char& c : verb) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const Access access{verb, "", "", "", "", request.path};
  if (!allowed(cluster_, user, access)) return response_of(denied(user, access));
  if (request.method != "GET") return response_of(method_not_allowed());
  if (auto response = health(cluster_, request)) return *response;
  if (auto response = discover(cluster_, request)) return *response;
  unknown = true;
  return response_of(
      failure(501, "NotImplemented", "the simulator does not know " + request.method + " " + request.target));
}

HttpResponse Api::resource_call(Call& call, bool& unknown) {
  // 051: HEAD and OPTIONS are not served.
  if (call.verb.empty()) return response_of(method_not_allowed());
  const Access access = access_of(call);
  // 050: without permission it is 403, also for what does not exist.
  if (!allowed(cluster_, call.user, access)) return response_of(denied(call.user, access));
  if (!cluster_.catalog.has_group(call.group)) return response_of(page_not_found());
  call.resource = cluster_.catalog.by_plural(call.group, call.version, call.plural);
  if (call.resource == nullptr || call.resource->namespaced != !call.ns.empty()) {
    const bool across =
        call.resource != nullptr && call.ns.empty() && (call.verb == "list" || call.verb == "watch");
    if (call.resource != nullptr && !call.resource->namespaced && !call.ns.empty())
      return response_of(resource_not_found());
    if (!across) return response_of(resource_not_found());
  }
  if (!call.subresource.empty() && call.resource->subresource(call.subresource) == nullptr)
    return response_of(resource_not_found());
  if (!has_verb(call)) return response_of(method_not_allowed());
  if (!accepts_json(*call.request)) {
    return response_of(
        failure(406, "NotAcceptable",
                "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
                "application/vnd.kubernetes.protobuf",
                Json::object()));
  }
  if (call.request->too_large) {
    return response_of(failure(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"));
  }
  auto finish = [](Outcome<HttpResponse> outcome) {
    return outcome ? std::move(*outcome) : response_of(outcome.error());
  };
  if (auto reviewed = review(cluster_, call)) return finish(std::move(*reviewed));
  const bool plain = call.subresource.empty() || call.subresource == "status";
  if (!plain && call.subresource != "scale" && call.subresource != "eviction") {
    unknown = true;
    return response_of(
        failure(501, "NotImplemented", "the simulator does not know the subresource " + call.subresource));
  }
  if (call.verb == "get") return finish(read_object(cluster_, call));
  if (call.verb == "list") return finish(list_objects(cluster_, call));
  if (call.verb == "watch") return finish(watch_objects(cluster_, call));
  if (call.verb == "create") return finish(post_object(cluster_, call));
  if (call.verb == "update") return finish(put_object(cluster_, call));
  if (call.verb == "patch") return finish(patch_object(cluster_, call));
  if (call.verb == "delete") return finish(remove_object(cluster_, call));
  return finish(remove_collection(cluster_, call));
}

}  // namespace gridseal::kubesim
