#include "oci/push.hpp"

#include <algorithm>
#include <functional>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "oci/media_types.hpp"
#include "oci/registry_parts.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

// Gives out the bytes of a blob piece by piece.
using PieceReader = std::function<Result<std::string>(uint64_t offset, uint64_t length)>;

Result<std::string> read_piece(base::InputFile& file, uint64_t offset, uint64_t length) {
  std::string bytes(length, '\0');
  size_t have = 0;
  while (have < length) {
    auto n = file.read_at(offset + have, bytes.data() + have, length - have);
    if (!n) return std::move(n).error();
    if (*n == 0) return Error::blocked("oci.push", "the file to push became shorter");
    have += *n;
  }
  return bytes;
}

std::string signature_config(const Manifest& manifest) {
  base::Json digests = base::Json::array();
  for (const Descriptor& layer : manifest.layers) digests.push_back(layer.digest.to_string());
  return base::dump_json({{"architecture", ""},
                          {"config", base::Json::object()},
                          {"created", "0001-01-01T00:00:00Z"},
                          {"history", base::Json::array()},
                          {"os", ""},
                          {"rootfs", {{"type", "layers"}, {"diff_ids", std::move(digests)}}}});
}

}  // namespace

struct Publisher::Parts {
  PushSettings settings;
  Surroundings outside;
  std::unique_ptr<MirrorClient> target;

  template <class T, class Try>
  Result<T> again(std::string doing, const std::stop_token& stop, Try&& attempt_once) {
    Walk walk(settings.retry, outside, std::move(doing), 1);
    do {
      if (stop.stop_requested()) break;
      Attempt<T> attempt = attempt_once();
      if (attempt) {
        if constexpr (std::is_void_v<T>) {
          return {};
        } else {
          return std::move(*attempt);
        }
      }
      if (!walk.record(0, target->name(), std::move(attempt).error())) return walk.error();
    } while (walk.next_round(stop));
    return stop.stop_requested() ? to_failure(Error::blocked("http.cancelled", "")).error : walk.error();
  }

  Call call(std::string method, const Repository& repository, const std::string& rest) const {
    Call call;
    call.method = std::move(method);
    call.target = target->api(repository.path, rest);
    call.repository = repository.path;
    call.push = true;
    return call;
  }

  Attempt<http::Response> send(const Call& call, const std::stop_token& stop) const {
    auto response = target->send(call, stop);
    if (!response) return to_failure(std::move(response).error());
    return std::move(*response);
  }

  Failure refusal(const http::Response& response, const std::string& doing) const {
    Failure failure = to_failure(response, doing + " to " + target->name(), outside.clock.now());
    if (failure.error.code() == "oci.protocol")
      failure.error = Error::blocked("oci.push", failure.error.message());
    return failure;
  }

  Attempt<std::string> begin_upload(const Repository& repository, const std::stop_token& stop) const;
  Attempt<std::string> next_location(const http::Response& response, const std::string& from) const;
  Attempt<void> upload(const Repository& repository, const Descriptor& blob, const PieceReader& read,
                       const std::stop_token& stop) const;
  Attempt<std::optional<ManifestBytes>> existing(const Repository& repository, const std::string& tag,
                                                 const std::stop_token& stop) const;
  Attempt<http::Response> put_manifest(const Repository& repository, const std::string& name,
                                       std::string_view bytes, std::string_view media_type,
                                       const std::stop_token& stop) const;
};

Publisher::Publisher(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Publisher::~Publisher() = default;

Result<std::unique_ptr<Publisher>> Publisher::create(PushSettings settings, Surroundings outside) {
  auto target = MirrorClient::create(
      settings.target,
      {settings.request_timeout, settings.request_timeout, settings.user_agent, settings.limits.redirects},
      outside);
  if (!target) return std::move(target).error();
  std::unique_ptr<Parts> parts(new Parts{std::move(settings), std::move(outside), std::move(*target)});
  return std::unique_ptr<Publisher>(new Publisher(std::move(parts)));
}

Result<bool> Publisher::has_blob(const Repository& repository, const base::Digest& digest,
                                 const std::stop_token& stop) {
  const std::string doing = "cannot look for a blob in " + repository.path;
  return parts_->again<bool>(doing, stop, [&]() -> Attempt<bool> {
    auto response = parts_->send(parts_->call("HEAD", repository, "blobs/" + digest.to_string()), stop);
    if (!response) return std::move(response).error();
    if (response->status == 200 || response->status == 404) return response->status == 200;
    return parts_->refusal(*response, doing);
  });
}

// The registry says where the next piece goes. Proxies often get scheme and port wrong: only its path and
// query are used, and only when it means the same host.
Attempt<std::string> Publisher::Parts::next_location(const http::Response& response,
                                                     const std::string& from) const {
  const std::string location(response.headers.get("Location"));
  if (auto target_here = target->same_origin_target(location, from)) return std::move(*target_here);
  auto url = http::Url::parse(location);
  auto home = http::Url::parse(settings.target.url);
  if (url && home && url->origin.host == home->origin.host) return url->target;
  return Failure{
      Error::blocked("oci.push", "the registry " + target->name() + " wants the upload at " +
                                     base::printable(location, 120) + "; it is not sent to another host"),
      Verdict::next_mirror,
      {}};
}

Attempt<std::string> Publisher::Parts::begin_upload(const Repository& repository,
                                                    const std::stop_token& stop) const {
  Call begin = call("POST", repository, "blobs/uploads/");
  begin.headers.set("Content-Length", "0");
  auto response = send(begin, stop);
  if (!response) return std::move(response).error();
  if (response->status != 202) return refusal(*response, "cannot begin an upload of " + repository.path);
  return next_location(*response, begin.target);
}

Attempt<void> Publisher::Parts::upload(const Repository& repository, const Descriptor& blob,
                                       const PieceReader& read, const std::stop_token& stop) const {
  auto location = begin_upload(repository, stop);
  if (!location) return std::move(location).error();
  const std::string doing = "cannot push blob " + blob.digest.short_form() + " of " + repository.path;
  uint64_t offset = 0;
  while (blob.size - offset > settings.chunk_bytes) {
    auto piece = read(offset, settings.chunk_bytes);
    if (!piece) return Failure{std::move(piece).error(), Verdict::stop, {}};
    Call patch = call("PATCH", repository, "");
    patch.target = *location;
    patch.headers.set("Content-Type", "application/octet-stream");
    patch.headers.set("Content-Range",
                      std::to_string(offset) + "-" + std::to_string(offset + piece->size() - 1));
    offset += piece->size();
    patch.body = std::move(*piece);
    auto response = send(patch, stop);
    if (!response) return std::move(response).error();
    if (response->status != 202) return refusal(*response, doing);
    location = next_location(*response, patch.target);
    if (!location) return std::move(location).error();
  }
  auto rest = read(offset, blob.size - offset);
  if (!rest) return Failure{std::move(rest).error(), Verdict::stop, {}};
  Call put = call("PUT", repository, "");
  put.target = *location + (location->find('?') == std::string::npos ? "?" : "&") +
               "digest=" + percent_encode(blob.digest.to_string());
  put.headers.set("Content-Type", "application/octet-stream");
  if (offset > 0 && !rest->empty())
    put.headers.set("Content-Range", std::to_string(offset) + "-" + std::to_string(blob.size - 1));
  put.body = std::move(*rest);
  auto response = send(put, stop);
  if (!response) return std::move(response).error();
  if (response->status != 201 && response->status != 204) return refusal(*response, doing);
  return {};
}

Result<void> Publisher::push_blob(const Repository& repository, const Descriptor& blob,
                                  std::string_view bytes, const std::stop_token& stop) {
  if (bytes.size() != blob.size || crypto::sha256(bytes) != blob.digest)
    return Error::refused("oci.digest_mismatch",
                          "the bytes to push are not those of " + blob.digest.short_form());
  auto there = has_blob(repository, blob.digest, stop);
  if (!there) return std::move(there).error();
  if (*there) return {};
  const PieceReader read = [&](uint64_t offset, uint64_t length) -> Result<std::string> {
    return std::string(bytes.substr(offset, length));
  };
  return parts_->again<void>("cannot push to " + repository.path, stop,
                             [&] { return parts_->upload(repository, blob, read, stop); });
}

Result<void> Publisher::push_blob(const Repository& repository, const Descriptor& blob, base::InputFile& file,
                                  const std::stop_token& stop) {
  if (file.size() != blob.size)
    return Error::refused("oci.size_mismatch",
                          "the file to push has another size than " + blob.digest.short_form());
  auto there = has_blob(repository, blob.digest, stop);
  if (!there) return std::move(there).error();
  if (*there) return {};
  const PieceReader read = [&](uint64_t offset, uint64_t length) { return read_piece(file, offset, length); };
  return parts_->again<void>("cannot push to " + repository.path, stop,
                             [&] { return parts_->upload(repository, blob, read, stop); });
}

Attempt<http::Response> Publisher::Parts::put_manifest(const Repository& repository, const std::string& name,
                                                       std::string_view bytes, std::string_view media_type,
                                                       const std::stop_token& stop) const {
  Call put = call("PUT", repository, "manifests/" + name);
  put.headers.set("Content-Type", std::string(media_type));
  put.body = bytes;
  auto response = send(put, stop);
  if (!response) return response;
  if (response->status != 201)
    return refusal(*response, "cannot push the manifest " + repository.path + ":" + name);
  const auto announced = response->headers.get("Docker-Content-Digest");
  if (announced.starts_with("sha256:") && announced != crypto::sha256(bytes).to_string())
    return mismatch("oci.digest_mismatch", "the registry " + target->name() + " stored other bytes for " +
                                               repository.path + ":" + name + " than were sent");
  return response;
}

Result<Descriptor> Publisher::push_manifest(const Repository& repository, const std::string& name,
                                            std::string_view bytes, std::string_view media_type,
                                            const std::stop_token& stop) {
  const auto digest = crypto::sha256(bytes);
  if (!name.empty() && !is_tag(name))
    return Error::refused("oci.reference", "\"" + base::printable(name) + "\" is no tag");
  const std::string as = name.empty() ? digest.to_string() : name;
  auto response = parts_->again<http::Response>("cannot push to " + repository.path, stop, [&] {
    return parts_->put_manifest(repository, as, bytes, media_type, stop);
  });
  if (!response) return std::move(response).error();
  return Descriptor{std::string(media_type), digest, bytes.size(), {}, {}, {}};
}

Attempt<std::optional<ManifestBytes>> Publisher::Parts::existing(const Repository& repository,
                                                                 const std::string& tag,
                                                                 const std::stop_token& stop) const {
  Call get = call("GET", repository, "manifests/" + tag);
  get.headers.set("Accept", std::string(kOciIndex) + ", " + std::string(kOciManifest));
  get.max_body = settings.limits.manifest_bytes;
  auto response = send(get, stop);
  if (!response) return std::move(response).error();
  if (response->status == 404) return std::optional<ManifestBytes>();
  if (response->status != 200) return refusal(*response, "cannot read " + repository.path + ":" + tag);
  const auto digest = crypto::sha256(response->body);
  return std::optional(ManifestBytes{std::move(response->body), digest,
                                     essence(response->headers.get("Content-Type")), target->name()});
}

Result<Descriptor> Publisher::push_referrer(const Repository& repository, const Manifest& manifest,
                                            const std::stop_token& stop) {
  if (!manifest.subject) return Error::refused("oci.push", "a referrer must name its subject");
  const std::string bytes = serialize(manifest);
  Descriptor descriptor{manifest.media_type, crypto::sha256(bytes), bytes.size(), {}, {}, {}};
  auto response = parts_->again<http::Response>("cannot push to " + repository.path, stop, [&] {
    return parts_->put_manifest(repository, descriptor.digest.to_string(), bytes, manifest.media_type, stop);
  });
  if (!response) return std::move(response).error();
  if (response->headers.has("OCI-Subject")) return descriptor;

  const std::string tag = digest_tag(manifest.subject->digest);
  auto found = parts_->again<std::optional<ManifestBytes>>(
      "cannot read " + tag, stop, [&] { return parts_->existing(repository, tag, stop); });
  if (!found) return std::move(found).error();
  Index index{std::string(kOciIndex), {}, {}, {}, {}};
  if (*found) {
    auto parsed = parse_index((*found)->bytes, (*found)->media_type);
    if (!parsed) return std::move(parsed).error().with_context("the tag " + tag + " holds something else");
    index = std::move(*parsed);
  }
  const bool known = std::ranges::any_of(
      index.manifests, [&](const Descriptor& entry) { return entry.digest == descriptor.digest; });
  if (known) return descriptor;
  Descriptor entry = descriptor;
  entry.artifact_type = manifest.kind();
  entry.annotations = manifest.annotations;
  index.manifests.push_back(std::move(entry));
  if (auto r = push_manifest(repository, tag, serialize(index), kOciIndex, stop); !r) return r;
  return descriptor;
}

Result<Descriptor> Publisher::append_signature(const Repository& repository, const base::Digest& subject,
                                               const Descriptor& layer, const std::stop_token& stop) {
  const std::string tag = digest_tag(subject, ".sig");
  auto found = parts_->again<std::optional<ManifestBytes>>(
      "cannot read " + tag, stop, [&] { return parts_->existing(repository, tag, stop); });
  if (!found) return std::move(found).error();
  Manifest manifest{
      std::string(kOciManifest), {}, {std::string(kOciConfig), subject, 0, {}, {}, {}}, {}, {}, {}};
  if (*found) {
    auto parsed = parse_manifest((*found)->bytes, (*found)->media_type);
    if (!parsed) return std::move(parsed).error().with_context("the tag " + tag + " holds something else");
    manifest = std::move(*parsed);
    if (std::ranges::find(manifest.layers, layer) != manifest.layers.end()) return (*found)->descriptor();
  }
  manifest.layers.push_back(layer);
  const std::string config = signature_config(manifest);
  manifest.config = {std::string(kOciConfig), crypto::sha256(config), config.size(), {}, {}, {}};
  if (auto r = push_blob(repository, manifest.config, config, stop); !r) return std::move(r).error();
  return push_manifest(repository, tag, serialize(manifest), manifest.media_type, stop);
}

}  // namespace gridseal::oci
