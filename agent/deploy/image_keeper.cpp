#include "deploy/image_keeper.hpp"

#include <algorithm>
#include <set>

#include "deploy/images.hpp"
#include "oci/store_view.hpp"

namespace gridseal::deploy {
namespace {

using base::Error;
using base::Result;
using images::ImageList;
using images::ListedImage;
using images::ListedRevision;

constexpr base::milliseconds kLongestStep{5 * 60'000};  // of fetching; the watchdog waits for longer
constexpr size_t kBringRequests = 20'000;

std::vector<base::Digest> denied_digests(const Site& site) {
  std::vector<base::Digest> digests;
  for (const auto& denied : site.generation->trust.denials().entries().digests)
    digests.push_back(denied.digest);
  return digests;
}

// Reads the list, lets `change` work on it, and writes it when something came of that.
template <class Change>
Result<void> change_list(const Site& site, const Change& change) {
  if (!site.generation->settings.images.is_on()) return {};
  auto list = images::read_list(site.outside.files, site.state_directory);
  ImageList now;
  if (list) {
    now = *list;
  } else if (list.error().code() == "images.list") {
    site.outside.log.error("the list of images is made anew: " + list.error().describe(),
                           {{"reason", list.error().code()}});
  } else {
    return std::move(list).error();
  }
  change(now);
  now.denied = denied_digests(site);
  if (list && now == *list) return {};
  return images::write_list(site.outside.files, site.state_directory, now);
}

Result<ListedRevision> revision_of(const config::Component& component, const Rendered& rendered,
                                   const ImageReport& report) {
  ListedRevision revision{component.name, rendered.verified().digest(), {}};
  auto named = named_images(rendered);
  if (!named) return std::move(named).error();
  for (const NamedImage& one : *named) {
    auto reference = oci::parse_image(one.image);
    if (!reference) continue;  // said by the check, where one is asked for
    ListedImage image{reference->repository, reference->tag, reference->digest};
    if (!image.digest) {
      const auto checked = std::ranges::find(report.images, one.image, &ImageReport::Checked::image);
      if (checked != report.images.end()) image.digest = checked->digest;
    }
    revision.images.push_back(std::move(image));
  }
  return revision;
}

// Ends a transfer that takes too long, so that the worker gets to other work; what has arrived stays.
class BoundedSink final : public oci::BlobSink {
 public:
  BoundedSink(oci::BlobSink& inner, base::Clock& clock, base::Clock::Monotonic until)
      : inner_(inner), clock_(clock), until_(until) {}
  uint64_t size() const override { return inner_.size(); }
  Result<void> write(std::string_view piece) override {
    if (auto r = inner_.write(piece); !r) return r;
    if (clock_.monotonic() < until_) return {};
    return Error::blocked("image.fetching", "the images of the release are still being fetched");
  }
  Result<void> restart() override { return inner_.restart(); }
  Result<void> finish() override { return inner_.finish(); }

 private:
  oci::BlobSink& inner_;
  base::Clock& clock_;
  base::Clock::Monotonic until_;
};

// The store, and behind it the cache.
class LocalImages final : public oci::ImageSource {
 public:
  explicit LocalImages(const Site& site)
      : store_(*site.store), cache_(site.outside.files, images::cache_directory(site.state_directory)) {}
  Result<oci::ManifestBytes> manifest(const oci::Reference& image, const std::stop_token& stop) override {
    auto stored = oci::StoredImages(store_).manifest(image, stop);
    if (stored || !image.digest || !has_cache_) return stored;
    auto bytes = cache_.read_blob(*image.digest, oci::kMaxManifestBytes);
    if (!bytes) return std::move(bytes).error();
    return oci::ManifestBytes{std::move(*bytes), *image.digest, {}, {}};
  }
  Result<void> blob(const oci::Descriptor& blob, const std::stop_token& /*stop*/) override {
    if (contains(blob)) return {};
    return Error::blocked("store.not_found", "this host does not hold " + blob.digest.short_form());
  }
  bool contains(const oci::Descriptor& blob) const {
    return store_.contains(blob) || (has_cache_ && cache_.contains(blob));
  }

 private:
  oci::Store& store_;
  oci::StoreView cache_;
  bool has_cache_;  // nobody else serves out of it
};

class Bringer {
 public:
  Bringer(const Site& site, const std::stop_token& stop)
      : site_(site), stop_(stop), local_(site), until_(site.now() + kLongestStep) {}

  // A sentence when nobody holds it.
  Result<std::optional<std::string>> bring(const ListedImage& image) {
    if (!image.digest) return std::optional<std::string>();  // what it means is not known here
    const oci::Reference wanted{image.repository, {}, image.digest};
    size_t requests = kBringRequests;
    if (oci::find_image(local_, wanted, platform_, oci::ImageDepth::whole, requests, stop_))
      return std::optional<std::string>();
    const auto places = places_of(site_.generation->settings.registries, image.repository);
    const std::string name = image.repository.to_string() + "@" + image.digest->short_form();
    if (places.empty())
      return std::optional("the image " + name + " is not on this host, and no registry serves " +
                           image.repository.registry);
    std::optional<Error> failure;
    for (const ImagePlace& place : places) {
      auto done = bring_from(place, wanted);
      if (done) return std::optional<std::string>();
      if (!failure || failure->code() == "oci.not_found") failure = std::move(done).error();
      if (stop_.stop_requested() || failure->code() == "image.fetching" ||
          failure->code().starts_with("store."))
        return *failure;
    }
    const bool absent = failure->code() == "oci.not_found" || failure->outcome() == base::Outcome::refused;
    return Error::blocked(absent ? "image.missing" : "image.unreachable",
                          "the image " + name + " cannot be brought to this host: " + failure->describe());
  }

 private:
  Result<void> bring_from(const ImagePlace& place, const oci::Reference& wanted) {
    oci::Registry& registry = *site_.generation->registries.at(place.registry);
    oci::RegistryImages source(registry, place.repository);
    size_t requests = kBringRequests;
    auto found = oci::find_image(source, wanted, platform_, oci::ImageDepth::manifests, requests, stop_);
    if (!found) return std::move(found).error();
    auto manifest = oci::parse_manifest(found->manifest().bytes, found->manifest().media_type);
    if (!manifest) return std::move(manifest).error();
    std::vector<oci::Descriptor> blobs{manifest->config};
    blobs.insert(blobs.end(), manifest->layers.begin(), manifest->layers.end());
    std::erase_if(blobs, [&](const oci::Descriptor& blob) {
      return oci::is_foreign_layer(blob.media_type) || local_.contains(blob);
    });
    if (auto r = reserve(blobs); !r) return r;
    for (const oci::Descriptor& blob : blobs) {
      if (local_.contains(blob)) continue;  // named twice
      auto writer = site_.store->begin_blob(blob);
      if (!writer) return std::move(writer).error();
      BoundedSink sink(**writer, site_.outside.clock, until_);
      if (auto r = registry.get_blob(place.repository, blob, sink, stop_); !r) return r;
    }
    return name_it(wanted, *found);
  }

  Result<void> reserve(const std::vector<oci::Descriptor>& blobs) {
    uint64_t missing = 0;
    for (const oci::Descriptor& blob : blobs)
      missing = blob.size > UINT64_MAX - missing ? UINT64_MAX : missing + blob.size;
    return missing == 0 ? Result<void>() : site_.store->ensure_space(missing);
  }

  // The manifests last: a name stands for something whole.
  Result<void> name_it(const oci::Reference& image, const oci::FoundImage& found) {
    for (const oci::ManifestBytes* one : {&found.manifest(), &found.named}) {
      if (site_.store->contains(one->descriptor())) continue;
      if (auto r = site_.store->put_blob(one->descriptor(), one->bytes); !r) return r;
    }
    return site_.store->set_root(images::root_name(image.repository, found.named.digest),
                                 found.named.descriptor());
  }

  const Site& site_;
  const std::stop_token& stop_;
  LocalImages local_;
  const base::Clock::Monotonic until_;
  const oci::Platform platform_ = oci::host_platform();
};

}  // namespace

Result<std::vector<base::Digest>> artifacts_to_keep(const Site& site) {
  auto components = site.history->components();
  if (!components) return std::move(components).error();
  const auto wanted =
      static_cast<size_t>(std::max<int64_t>(1, site.generation->settings.storage.keep_revisions));
  std::vector<base::Digest> keep;
  for (const auto& component : *components) {
    if (component.desired_digest) keep.push_back(*component.desired_digest);
    std::vector<base::Digest> good;
    if (component.last_good) good.push_back(component.last_good->artifact);
    auto deployments = site.history->deployments(component.name, 200);
    if (!deployments) return std::move(deployments).error();
    for (const auto& deployment : *deployments) {
      if (!deployment.finished) keep.push_back(deployment.artifact);
      if (deployment.outcome != history::DeploymentOutcome::healthy || good.size() >= wanted) continue;
      if (std::ranges::find(good, deployment.artifact) == good.end()) good.push_back(deployment.artifact);
    }
    keep.insert(keep.end(), good.begin(), good.end());
  }
  return keep;
}

Result<void> list_images(const Site& site, const config::Component& component, const Rendered& rendered,
                         const ImageReport& report) {
  if (!site.generation->settings.images.is_on()) return {};
  auto revision = revision_of(component, rendered, report);
  if (!revision) return std::move(revision).error();
  auto kept = artifacts_to_keep(site);
  if (!kept) return std::move(kept).error();
  return change_list(site, [&](ImageList& list) {
    std::erase_if(list.revisions, [&](const ListedRevision& one) {
      return (one.component == revision->component && one.artifact == revision->artifact) ||
             std::ranges::find(*kept, one.artifact) == kept->end();
    });
    list.revisions.push_back(std::move(*revision));
  });
}

Result<void> list_again(const Site& site, const std::string& component, const base::Digest& artifact) {
  return change_list(site, [&](ImageList& list) {
    std::stable_partition(list.revisions.begin(), list.revisions.end(), [&](const ListedRevision& one) {
      return one.component != component || one.artifact != artifact;
    });
  });
}

Result<void> list_denials(const Site& site) {
  return change_list(site, [](ImageList&) {});
}

Result<std::optional<ListedRevision>> listed_revision(const Site& site, const std::string& component,
                                                      const base::Digest& artifact) {
  auto list = images::read_list(site.outside.files, site.state_directory);
  if (!list) return std::move(list).error();
  for (ListedRevision& one : list->revisions)
    if (one.component == component && one.artifact == artifact) return std::optional(std::move(one));
  return std::optional<ListedRevision>();
}

Result<std::vector<std::string>> bring_images(const Site& site, const ListedRevision& revision,
                                              const std::stop_token& stop) {
  std::vector<std::string> absent;
  const config::Images& settings = site.generation->settings.images;
  if (!settings.is_on() || !settings.fetch) return absent;
  Bringer bringer(site, stop);
  for (const ListedImage& image : revision.images) {
    auto done = bringer.bring(image);
    if (!done) return std::move(done).error();
    if (*done) absent.push_back(std::move(**done));
  }
  return absent;
}

Result<std::vector<base::Digest>> images_to_keep(const Site& site) {
  std::vector<base::Digest> keep;
  const config::Images& settings = site.generation->settings.images;
  std::set<base::Digest> listed;
  if (settings.is_on()) {
    auto list = images::read_list(site.outside.files, site.state_directory);
    if (!list) return std::move(list).error();
    for (const ListedRevision& revision : list->revisions)
      for (const ListedImage& image : revision.images)
        if (image.digest) listed.insert(*image.digest);
  }
  const oci::StoreView view(site.outside.files, site.state_directory + "/store");
  for (const oci::Root& root : site.store->roots()) {
    if (!images::is_root_name(root.name)) continue;
    const auto info = view.look_at(root.descriptor.digest);
    // Of a clock that went back, what seems to come from the future is young.
    const bool young = info && site.outside.clock.now() - info->modified < settings.keep_unused;
    if (young || listed.contains(root.descriptor.digest)) keep.push_back(root.descriptor.digest);
  }
  // Also those without a name: they may lie beside an artifact, or be shared.
  keep.insert(keep.end(), listed.begin(), listed.end());
  return keep;
}

}  // namespace gridseal::deploy
