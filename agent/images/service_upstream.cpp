// What is not on this host yet: asked of the site's mirrors, and kept.
#include "images/service.hpp"
#include "images/turn.hpp"

namespace gridseal::images {

using base::Error;
using base::Result;

namespace {

bool is_missing(const Error& error) {
  return error.code() == "store.not_found" || error.code() == "store.corrupt";
}

// It says something of the content, not of the way to it.
bool is_answer(const Error& error) {
  return error.code() == "oci.not_found" || error.outcome() == base::Outcome::refused;
}

}  // namespace

Result<void> Service::ask_above(const oci::Repository& image,
                                const std::function<Result<void>(const Place&)>& ask) {
  std::shared_ptr<const Upstream> upstream;
  {
    const std::lock_guard lock(mutex_);
    upstream = upstream_;
  }
  std::optional<Error> failure;
  bool any = false;
  for (const Place& place : upstream ? upstream->places(image) : std::vector<Place>()) {
    any = true;
    {
      const std::lock_guard lock(mutex_);
      const auto troubled = troubled_.find(place.name);
      if (troubled != troubled_.end() && outside_.clock.monotonic() < troubled->second) continue;
    }
    auto done = ask(place);
    if (done) return {};
    // One that does not answer may hold it: that is said before the absence elsewhere.
    if (!failure || !is_answer(done.error())) failure = done.error();
    note_trouble(place, done.error());
  }
  if (failure) return *failure;
  if (any)
    return Error::blocked(
        "images.unreachable",
        "this is not on this host, and the mirrors that may have it gave no answer just now");
  return Error::refused("MANIFEST_UNKNOWN",
                        "this is not on this host, and no registry of its settings serves " + image.registry);
}

void Service::note_trouble(const Place& place, const Error& error) {
  if (!error.code().starts_with("http.") && error.code() != "oci.unavailable") return;
  const std::lock_guard lock(mutex_);
  troubled_[place.name] = outside_.clock.monotonic() + settings_.mirror_pause;
}

Result<oci::ManifestBytes> Service::pull_manifest(const oci::Repository& image, const base::Digest& digest,
                                                  const std::stop_token& stop) {
  const Turn turn(*this);
  if (!turn.granted())
    return Error::blocked("images.busy", "so many requests wait for a mirror that another one has to wait");
  std::optional<oci::ManifestBytes> found;
  auto asked = ask_above(image, [&](const Place& place) -> Result<void> {
    auto manifest = place.registry->get_manifest(place.repository, digest, stop);
    if (!manifest) return std::move(manifest).error();
    found = std::move(*manifest);
    return {};
  });
  if (asked) return std::move(*found);
  if (asked.error().code() == "oci.not_found")
    return Error::refused("MANIFEST_UNKNOWN", asked.error().describe());
  return std::move(asked).error();
}

Result<Service::Bytes> Service::manifest_bytes(const Part& part, const base::Digest& digest,
                                               const std::stop_token& stop) {
  for (oci::StoreView* place : {&store_, &cached_}) {
    auto bytes = place->read_blob(digest, oci::kMaxManifestBytes);
    if (bytes) return Bytes{std::move(*bytes), {}};
    if (!is_missing(bytes.error())) return std::move(bytes).error();
  }
  auto pulled = pull_manifest(part.repository, digest, stop);
  if (!pulled) return std::move(pulled).error();
  keep_manifest(part, *pulled);
  return Bytes{std::move(pulled->bytes), std::move(pulled->media_type)};
}

// What cannot be kept is served all the same.
void Service::keep_manifest(const Part& part, const oci::ManifestBytes& manifest) {
  auto kept = cache_->put_blob(manifest.descriptor(), manifest.bytes);
  if (kept && part.is_root)
    kept = cache_->set_root(root_name(part.repository, manifest.digest), manifest.descriptor());
  if (kept || kept.error().code() == "store.busy") return;
  outside_.log.warning("a manifest cannot be kept: " + kept.error().describe(),
                       {{"digest", manifest.digest.to_string()}, {"reason", kept.error().code()}});
}

// A tag that is on the list without a digest: what it means now, or meant when it could last be asked.
Result<base::Digest> Service::resolve_above(const oci::Repository& image, const std::string& tag,
                                            const std::stop_token& stop) {
  const std::string name = tag_root_name(image, tag);
  const Turn turn(*this);
  std::optional<oci::ManifestBytes> found;
  auto asked = !turn.granted() ? Result<void>(Error::blocked("images.busy", "too many requests wait"))
                               : ask_above(image, [&](const Place& place) -> Result<void> {
                                   auto manifest = place.registry->get_manifest(place.repository, tag, stop);
                                   if (!manifest) return std::move(manifest).error();
                                   found = std::move(*manifest);
                                   return {};
                                 });
  if (asked) {
    keep_manifest({image, found->descriptor(), true, false, false}, *found);
    if (auto r = cache_->set_root(name, found->descriptor()); !r)
      outside_.log.warning(r.error().describe(), {{"reason", r.error().code()}});
    catalog_.add_image(image, found->digest);
    return found->digest;
  }
  if (!cache_) return Error::refused("MANIFEST_UNKNOWN", asked.error().describe());
  if (const auto before = cache_->find_root(name); before && asked.error().code() != "oci.not_found") {
    catalog_.add_image(image, before->digest);
    return before->digest;
  }
  return Error::refused("MANIFEST_UNKNOWN", asked.error().describe());
}

Result<void> Service::is_above(const Part& part, const std::stop_token& stop) {
  const Turn turn(*this);
  if (!turn.granted())
    return Error::blocked("images.busy", "so many requests wait for a mirror that another one has to wait");
  auto asked = ask_above(part.repository, [&](const Place& place) {
    return place.registry->head_blob(place.repository, part.descriptor, stop);
  });
  if (asked || (asked.error().code() != "oci.not_found" && asked.error().code() != "MANIFEST_UNKNOWN"))
    return asked;
  return Error::refused("BLOB_UNKNOWN", asked.error().describe());
}

}  // namespace gridseal::images
