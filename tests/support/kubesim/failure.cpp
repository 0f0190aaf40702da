#include "kubesim/failure.hpp"

#include "kubesim/catalog.hpp"

namespace gridseal::kubesim {

namespace {

std::string qualified(const Resource& resource) {
  return resource.group.empty() ? resource.plural : resource.plural + "." + resource.group;
}

Json details_of(const Resource& resource, std::string_view name) {
  Json details = {{"kind", resource.plural}};
  if (!name.empty()) details["name"] = name;
  if (!resource.group.empty()) details["group"] = resource.group;
  return details;
}

}  // namespace

Failure failure(int code, std::string_view reason, std::string message, Json details) {
  Failure out;
  out.code = code;
  out.status = {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", Json::object()},
                {"status", "Failure"}, {"code", code},       {"message", std::move(message)}};
  if (!reason.empty()) out.status["reason"] = reason;
  if (!details.is_null()) out.status["details"] = std::move(details);
  return out;
}

Failure internal_error(std::string message) {
  return failure(500, "", std::move(message));
}
Failure bad_request(std::string message) {
  return failure(400, "BadRequest", std::move(message));
}

Failure not_found(const Resource& resource, std::string_view name) {
  return failure(404, "NotFound", qualified(resource) + " \"" + std::string(name) + "\" not found",
                 details_of(resource, name));
}

Failure already_exists(const Resource& resource, std::string_view name) {
  return failure(409, "AlreadyExists", qualified(resource) + " \"" + std::string(name) + "\" already exists",
                 details_of(resource, name));
}

Failure conflict(const Resource& resource, std::string_view name, std::string_view what) {
  return failure(409, "Conflict",
                 "Operation cannot be fulfilled on " + qualified(resource) + " \"" + std::string(name) +
                     "\": " + std::string(what),
                 details_of(resource, name));
}

Failure modified(const Resource& resource, std::string_view name) {
  return conflict(
      resource, name,
      "the object has been modified; please apply your changes to the latest version and try again");
}

Failure forbidden(const Resource& resource, std::string_view name, std::string_view what) {
  std::string message = qualified(resource);
  if (!name.empty()) message += " \"" + std::string(name) + "\"";
  return failure(403, "Forbidden", message + " is forbidden: " + std::string(what),
                 details_of(resource, name));
}

Failure invalid(const std::string& group, const std::string& kind, std::string_view name,
                const std::vector<Cause>& causes) {
  std::string joined;
  Json list = Json::array();
  for (const Cause& cause : causes) {
    std::string line = cause.field + ": " + cause.message;
    // 021: the same text twice is told once.
    if (joined.find(line) == std::string::npos) joined += (joined.empty() ? "" : ", ") + line;
    list.push_back({{"reason", cause.reason}, {"message", cause.message}, {"field", cause.field}});
  }
  if (joined.find(", ") != std::string::npos && causes.size() > 1 &&
      joined != causes.front().field + ": " + causes.front().message) {
    joined = "[" + joined + "]";
  }
  Json details = {{"kind", kind}, {"causes", std::move(list)}};
  if (!group.empty()) details["group"] = group;
  if (!name.empty()) details["name"] = name;
  const std::string what = group.empty() ? kind : kind + "." + group;
  return failure(422, "Invalid", what + " \"" + std::string(name) + "\" is invalid: " + joined,
                 std::move(details));
}

Failure invalid(const Resource& resource, std::string_view name, const std::vector<Cause>& causes) {
  return invalid(resource.group, resource.kind, name, causes);
}

Failure page_not_found() {
  Failure out;
  out.code = 404;
  out.plain = "404 page not found\n";
  return out;
}

Failure resource_not_found() {
  return failure(404, "NotFound", "the server could not find the requested resource", Json::object());
}

}  // namespace gridseal::kubesim
