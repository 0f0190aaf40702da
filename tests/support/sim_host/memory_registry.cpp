#include "support/sim_host/memory_registry.hpp"

#include "base/json.hpp"
#include "crypto/sha256.hpp"

namespace gridseal::test {
namespace {

http::Response plain(int status) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Length", "0");
  return response;
}

http::Response with_body(std::string body, const std::string& type, const std::string& digest) {
  http::Response response = plain(200);
  response.headers.set("Content-Type", type);
  response.headers.set("Content-Length", std::to_string(body.size()));
  if (!digest.empty()) response.headers.set("Docker-Content-Digest", digest);
  response.body = std::move(body);
  return response;
}

std::string after(const std::string& text, const std::string& mark) {
  const size_t at = text.find(mark);
  return at == std::string::npos ? std::string() : text.substr(at + mark.size());
}

}  // namespace

http::Response MemoryRegistry::answer(const http::Request& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (path.find("/blobs/uploads/") != std::string::npos) return upload(request);
  if (const std::string name = after(path, "/manifests/"); !name.empty()) return manifest(request, name);
  if (const std::string digest = after(path, "/blobs/"); !digest.empty()) return blob(digest);
  if (path.ends_with("/tags/list")) {
    base::Json tags = base::Json::array();
    for (const auto& [tag, digest] : tags_) tags.push_back(tag);
    return with_body(base::dump_json({{"name", "team/shop"}, {"tags", tags}}), "application/json", {});
  }
  return plain(404);
}

http::Response MemoryRegistry::manifest(const http::Request& request, const std::string& name) {
  if (request.method == "PUT") {
    const std::string digest = crypto::sha256(request.body).to_string();
    manifests_[digest] = {std::string(request.headers.get("Content-Type")), request.body};
    if (name != digest) tags_[name] = digest;
    http::Response response = plain(201);
    response.headers.set("Docker-Content-Digest", digest);
    return response;
  }
  const auto tag = tags_.find(name);
  const auto found = manifests_.find(tag == tags_.end() ? name : tag->second);
  if (found == manifests_.end()) return plain(404);
  return with_body(found->second.bytes, found->second.type, found->first);
}

http::Response MemoryRegistry::blob(const std::string& digest) {
  const auto found = blobs_.find(digest);
  return found == blobs_.end() ? plain(404) : with_body(found->second, "application/octet-stream", digest);
}

http::Response MemoryRegistry::upload(const http::Request& request) {
  if (request.method == "POST") {
    http::Response response = plain(202);
    response.headers.set("Location", request.target + "one");
    return response;
  }
  if (request.method != "PUT") return plain(405);
  blobs_[crypto::sha256(request.body).to_string()] = request.body;
  return plain(201);
}

}  // namespace gridseal::test
