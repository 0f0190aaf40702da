#include "images/service.hpp"

#include <algorithm>

#include "oci/header_fields.hpp"
#include "oci/media_types.hpp"

namespace gridseal::images {

using base::Error;
using base::Json;
using base::Result;

namespace {

// What a client does not need to know the codes of this program for.
std::string_view code_of(const Error& error) {
  if (error.code().find('.') == std::string::npos) return error.code();
  return error.code() == "images.busy" ? "TOOMANYREQUESTS" : "UNAVAILABLE";
}

int status_of(std::string_view code) {
  if (code == "NAME_INVALID" || code == "DIGEST_INVALID") return 400;
  if (code == "DENIED") return 403;
  if (code == "UNSUPPORTED") return 405;
  if (code == "RANGE_INVALID") return 416;
  if (code == "TOOMANYREQUESTS" || code == "UNAVAILABLE") return 503;
  return 404;
}

http::ServerResponse failure(const Error& error) {
  const std::string_view code = code_of(error);
  http::ServerResponse response;
  response.status = status_of(code);
  const Json one{{"code", code}, {"message", error.describe()}, {"detail", Json::object()}};
  response.body = base::dump_json({{"errors", Json::array({one})}});
  if (response.status == 503) response.headers.set("Retry-After", "5");
  if (response.status == 405) response.headers.set("Allow", "GET, HEAD");
  return response;
}

http::ServerResponse json(const Json& value, std::string_view type = "application/json") {
  http::ServerResponse response;
  response.body = base::dump_json(value);
  response.content_type = type;
  return response;
}

Error denied() {
  return Error::refused("DENIED", "this is denied on this host, by its operator or by a trust bundle");
}

Result<base::Digest> digest_of(const std::string& reference) {
  auto digest = base::Digest::parse(reference);
  if (digest) return *digest;
  return Error::refused("DIGEST_INVALID", "only sha256 digests are understood");
}

// What people do with an artifact of this agent is not what a node does with an image.
bool is_component_artifact(const oci::Document& document) {
  const auto* manifest = std::get_if<oci::Manifest>(&document);
  if (manifest == nullptr) return false;
  if (manifest->config.media_type == oci::kFluxConfig) return true;
  for (const oci::Descriptor& layer : manifest->layers)
    if (layer.media_type == oci::kFluxContent) return true;
  return false;
}

}  // namespace

Service::Service(const ServiceOutside& outside, ServiceSettings settings)
    : outside_(outside),
      settings_(std::move(settings)),
      store_(outside.files, settings_.state_directory + "/store"),
      cached_(outside.files, cache_directory(settings_.state_directory)),
      catalog_(outside.files, settings_.state_directory, {&store_, &cached_}) {}

// What is still being pulled uses the rest.
Service::~Service() {
  pulls_.reset();
}

std::unique_ptr<Service> Service::open(const ServiceOutside& outside, ServiceSettings settings) {
  std::unique_ptr<Service> service(new Service(outside, std::move(settings)));
  const std::string directory = cache_directory(service->settings_.state_directory);
  auto cache = oci::Store::open(outside.files, outside.log, {directory, service->settings_.watermark});
  if (cache) {
    service->cache_ = std::move(*cache);
    service->pulls_ =
        std::make_unique<Pulls>(outside.files, *service->cache_, directory, service->settings_.pulls);
  } else {
    outside.log.error("nothing is pulled through: " + cache.error().describe(),
                      {{"reason", cache.error().code()}});
  }
  service->check_list();
  return service;
}

void Service::use(std::shared_ptr<const Upstream> upstream) {
  const std::lock_guard lock(mutex_);
  upstream_ = cache_ ? std::move(upstream) : nullptr;
  troubled_.clear();
}

void Service::check_list() {
  auto changed = catalog_.refresh();
  if (!changed)
    outside_.log.error("the old list of images goes on: " + changed.error().describe(),
                       {{"reason", changed.error().code()}});
  if (changed && *changed) untidy_ = true;
}

void Service::tidy() {
  check_list();
  if (!untidy_ || !cache_ || pulls_->under_way() > 0) return;
  complete_cache();
  std::vector<base::Digest> keep = catalog_.roots();
  for (const ListedImage& open : catalog_.open_tags()) {
    if (const auto root = cache_->find_root(tag_root_name(open.repository, open.tag)))
      keep.push_back(root->digest);
  }
  auto collected = cache_->collect(keep);
  if (!collected) {
    if (collected.error().code() != "store.busy")
      outside_.log.warning("the cache of images could not be tidied: " + collected.error().describe(),
                           {{"reason", collected.error().code()}});
    return;
  }
  untidy_ = false;
  if (collected->removed > 0)
    outside_.log.info("took " + std::to_string(collected->removed) + " files (" +
                      std::to_string(collected->freed) + " bytes) out of the cache: no component names them");
}

// An image may be here in two parts, its manifests in the store and layers in the cache. These are kept by
// the manifests that name them, so the cache has them too.
void Service::complete_cache() {
  for (const Catalog::Parts& image : catalog_.images()) {
    const bool is_cached =
        std::ranges::any_of(image.blobs, [&](const oci::Descriptor& blob) { return cache_->contains(blob); });
    if (!is_cached) continue;
    for (const base::Digest& digest : image.manifests) {
      if (cache_->contains(digest)) continue;
      const auto bytes = store_.read_blob(digest, oci::kMaxManifestBytes);
      if (!bytes) continue;
      if (auto r = cache_->put_blob({{}, digest, bytes->size(), {}, {}, {}}, *bytes); !r)
        outside_.log.warning("a manifest cannot be kept: " + r.error().describe(),
                             {{"digest", digest.to_string()}, {"reason", r.error().code()}});
    }
  }
}

std::string Service::summary() {
  const size_t images = catalog_.size();
  std::string text = std::to_string(images) + (images == 1 ? " image" : " images");
  if (const size_t pulls = pulls_ ? pulls_->under_way() : 0; pulls > 0)
    text += "; " + std::to_string(pulls) + (pulls == 1 ? " blob" : " blobs") + " on the way";
  return text;
}

http::ServerResponse Service::handle(const http::ServerRequest& request) {
  auto response = answer(request);
  if (!response) response = failure(response.error());
  response->headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  return std::move(*response);
}

Result<http::ServerResponse> Service::answer(const http::ServerRequest& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return Error::refused("UNSUPPORTED", "images can only be pulled from this registry");
  auto route = parse_route(request.path, request.query);
  if (!route) return std::move(route).error();
  check_list();
  switch (route->kind) {
    case Route::Kind::base:
      return json(Json::object());
    case Route::Kind::manifest:
      return manifest(*route, request.stop);
    case Route::Kind::blob:
      return blob(*route, request);
    case Route::Kind::tags:
      return tags(*route, request);
    case Route::Kind::referrers:
      return referrers(*route, request);
  }
  return Error::refused("NOT_FOUND", "this registry has no such path");
}

Result<base::Digest> Service::resolve(const Route& route, const std::stop_token& stop) {
  if (route.reference.find(':') != std::string::npos) return digest_of(route.reference);
  if (!oci::is_tag(route.reference))
    return Error::refused("MANIFEST_UNKNOWN", "this is neither a tag nor a digest");
  const auto tagged = catalog_.find_tag(route.repository, route.reference);
  if (!tagged)
    return Error::refused("MANIFEST_UNKNOWN", "no component of this host names an image with this tag");
  if (tagged->digest) return *tagged->digest;
  return resolve_above(tagged->repository, route.reference, stop);
}

Result<http::ServerResponse> Service::manifest(const Route& route, const std::stop_token& stop) {
  auto digest = resolve(route, stop);
  if (!digest) return std::move(digest).error();
  if (catalog_.is_denied(*digest)) return denied();
  const auto part = catalog_.find(route.repository, *digest);
  if (!part || !part->is_manifest)
    return Error::refused("MANIFEST_UNKNOWN", "no component of this host names this image");
  auto found = manifest_bytes(*part, *digest, stop);
  if (!found) return std::move(found).error();
  auto document = oci::parse_document(found->bytes, found->media_type);
  if (!document)
    return Error::refused("MANIFEST_UNKNOWN", "it is no image manifest: " + document.error().describe());
  if (!part->is_signature && is_component_artifact(*document))
    return Error::refused("DENIED", "this is an artifact with manifests, and no image");
  catalog_.learn(*digest, *document);
  http::ServerResponse response;
  response.content_type = std::visit([](const auto& one) { return one.media_type; }, *document);
  response.body = std::move(found->bytes);
  response.headers.set("Docker-Content-Digest", digest->to_string());
  response.headers.set("ETag", "\"" + digest->to_string() + "\"");
  return response;
}

Result<http::ServerResponse> Service::blob(const Route& route, const http::ServerRequest& request) {
  auto digest = digest_of(route.reference);
  if (!digest) return std::move(digest).error();
  if (catalog_.is_denied(*digest)) return denied();
  const auto part = catalog_.find(route.repository, *digest);
  if (!part || part->is_manifest)
    return Error::refused("BLOB_UNKNOWN", "no image that a component of this host names holds this blob");
  auto range = parse_range(request.headers.get("Range"), part->descriptor.size);
  if (!range) {
    auto response = failure(range.error());
    response.headers.set("Content-Range", "bytes */" + std::to_string(part->descriptor.size));
    return response;
  }
  auto local = open_local(part->descriptor);
  // A part of it, or nothing but its size, is only given out of what is known to be whole.
  const bool whole = !*range && request.method == "GET";
  for (int places = 2; local && !whole && !is_proven(*digest, *local); --places) {
    if (prove(part->descriptor, *local, request.stop)) break;
    local = places > 1 ? open_local(part->descriptor) : std::nullopt;
  }
  auto response = [&]() -> Result<http::ServerResponse> {
    if (local) return send_local(part->descriptor, *range, std::move(*local));
    if (request.method == "GET") return send_pulled(*part, *range, request.stop);
    if (auto r = is_above(*part, request.stop); !r) return std::move(r).error();
    http::ServerResponse head;
    head.stream = [](const http::ServerResponse::Write& /*write*/) {};
    return head;
  }();
  if (!response) return response;
  const uint64_t size = part->descriptor.size;
  response->length = *range ? (*range)->end - (*range)->first : size;
  response->content_type = "application/octet-stream";
  response->headers.set("Docker-Content-Digest", digest->to_string());
  response->headers.set("ETag", "\"" + digest->to_string() + "\"");
  response->headers.set("Accept-Ranges", "bytes");
  if (*range) {
    response->status = 206;
    response->headers.set("Content-Range", "bytes " + std::to_string((*range)->first) + "-" +
                                               std::to_string((*range)->end - 1) + "/" +
                                               std::to_string(size));
  }
  return response;
}

// Pagination of the spec: `n` at most, those behind `last`.
Result<http::ServerResponse> Service::tags(const Route& route, const http::ServerRequest& request) {
  auto tags = catalog_.tags(route.repository);
  if (!tags) return Error::refused("NAME_UNKNOWN", "no component of this host names an image of this name");
  if (const auto last = request.query.find("last"); last != request.query.end())
    std::erase_if(*tags, [&](const std::string& tag) { return tag <= last->second; });
  std::string link;
  if (const auto n = request.query.find("n"); n != request.query.end()) {
    const auto most = oci::parse_number(n->second);
    if (most && *most < tags->size()) {
      tags->resize(*most);
      if (*most > 0)
        link = "</v2/" + route.repository.path + "/tags/list?n=" + std::to_string(*most) +
               "&last=" + tags->back() +
               (route.repository.host.empty() ? "" : "&ns=" + route.repository.host) + ">; rel=\"next\"";
    }
  }
  auto response = json({{"name", route.repository.path}, {"tags", *tags}});
  if (!link.empty()) response.headers.set("Link", link);
  return response;
}

Result<http::ServerResponse> Service::referrers(const Route& route, const http::ServerRequest& request) {
  auto subject = digest_of(route.reference);
  if (!subject) return std::move(subject).error();
  const auto wanted = request.query.find("artifactType");
  Json manifests = Json::array();
  for (const oci::Descriptor& one : catalog_.referrers(route.repository, *subject)) {
    if (catalog_.is_denied(one.digest)) continue;
    const auto part = catalog_.find(route.repository, one.digest);
    auto bytes = part ? manifest_bytes(*part, one.digest, request.stop)
                      : Result<Bytes>(Error::refused("MANIFEST_UNKNOWN", "it is gone"));
    auto document = bytes ? oci::parse_document(bytes->bytes) : Result<oci::Document>(bytes.error());
    if (!document) continue;
    oci::Descriptor listed{{}, one.digest, bytes->bytes.size(), {}, {}, {}};
    if (const auto* manifest = std::get_if<oci::Manifest>(&*document)) {
      listed.media_type = manifest->media_type;
      listed.artifact_type = manifest->kind();
      listed.annotations = manifest->annotations;
    } else {
      const auto& index = std::get<oci::Index>(*document);
      listed.media_type = index.media_type;
      listed.artifact_type = index.artifact_type;
      listed.annotations = index.annotations;
    }
    if (wanted != request.query.end() && listed.artifact_type != wanted->second) continue;
    manifests.push_back(oci::to_json(listed));
  }
  auto response =
      json({{"schemaVersion", 2}, {"mediaType", oci::kOciIndex}, {"manifests", std::move(manifests)}},
           oci::kOciIndex);
  if (wanted != request.query.end()) response.headers.set("OCI-Filters-Applied", "artifactType");
  return response;
}

}  // namespace gridseal::images
