#include "oci/image.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

#include "oci/manifest.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

constexpr int kMaxNesting = 3;  // of indexes in indexes

int variant_number(std::string_view variant, int otherwise) {
  if (variant.size() != 2 || variant.front() != 'v' || variant[1] < '1' || variant[1] > '9') return otherwise;
  return variant[1] - '0';
}

std::string describe(const Platform& platform) {
  return platform.os + "/" + platform.architecture + (platform.variant.empty() ? "" : "/" + platform.variant);
}

std::optional<int> arm_rank(const Platform& offered, const Platform& host) {
  const int own = variant_number(host.variant, 7);
  const int wanted = variant_number(offered.variant, 7);  // "arm" alone is v7
  if (wanted > own || wanted < 5) return std::nullopt;
  return own - wanted;
}

std::optional<Descriptor> best_of(const Index& index, const Platform& host) {
  const Descriptor* best = nullptr;
  int best_rank = 0;
  for (const Descriptor& entry : index.manifests) {
    // An entry that does not say may be for everything.
    const auto rank = entry.platform ? platform_rank(*entry.platform, host) : std::optional(1000);
    if (!rank || (!is_manifest_type(entry.media_type) && !is_index_type(entry.media_type))) continue;
    if (best != nullptr && *rank >= best_rank) continue;
    best = &entry;
    best_rank = *rank;
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

class Finder {
 public:
  Finder(ImageSource& source, const Platform& host, size_t& requests, const std::stop_token& stop)
      : source_(source), host_(host), requests_(requests), stop_(stop) {}

  Result<FoundImage> find(const Reference& image, ImageDepth depth) {
    auto named = manifest(image);
    if (!named) return std::move(named).error();
    FoundImage found{std::move(*named), std::nullopt};
    auto document = parse_document(found.named.bytes, found.named.media_type);
    for (int nesting = 0; document && std::holds_alternative<Index>(*document); ++nesting) {
      if (nesting == kMaxNesting)
        return Error::refused("oci.manifest", "the image is an index of indexes, nested too deeply");
      auto inner = for_host(std::get<Index>(*document), image);
      if (!inner) return std::move(inner).error();
      document = parse_document(inner->bytes, inner->media_type);
      found.of_platform = std::move(*inner);
    }
    if (!document) return std::move(document).error();
    if (depth == ImageDepth::whole) {
      if (auto r = check_content(std::get<Manifest>(*document)); !r) return std::move(r).error();
    }
    return found;
  }

 private:
  Result<void> take_request() {
    if (requests_ == 0)
      return Error::refused("oci.limit", "the images have more parts than are looked for in one go");
    --requests_;
    return {};
  }

  Result<ManifestBytes> manifest(const Reference& image) {
    if (auto r = take_request(); !r) return std::move(r).error();
    return source_.manifest(image, stop_);
  }

  Result<ManifestBytes> for_host(const Index& index, const Reference& image) {
    const auto entry = best_of(index, host_);
    if (!entry)
      return Error::refused(
          "oci.platform", "the image has no manifest for " + describe(host_) + ", the platform of this host");
    return manifest(Reference{image.repository, {}, entry->digest});
  }

  Result<void> check_content(const Manifest& manifest) {
    std::vector<const Descriptor*> blobs{&manifest.config};
    for (const Descriptor& layer : manifest.layers) blobs.push_back(&layer);
    for (const Descriptor* blob : blobs) {
      if (is_foreign_layer(blob->media_type)) continue;
      if (auto r = take_request(); !r) return r;
      if (auto r = source_.blob(*blob, stop_); !r) return r;
    }
    return {};
  }

  ImageSource& source_;
  const Platform& host_;
  size_t& requests_;
  const std::stop_token& stop_;
};

}  // namespace

bool is_foreign_layer(std::string_view media_type) {
  return media_type.find(".nondistributable.") != std::string_view::npos ||
         media_type.find(".foreign.") != std::string_view::npos;
}

Platform host_platform() {
  Platform platform{"linux", std::string(host_architecture()), {}};
  struct utsname name {};
  if (::uname(&name) != 0) return platform;
  const std::string_view machine = name.machine;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kGo = {
      {{"x86_64", "amd64"},
       {"aarch64", "arm64"},
       {"i686", "386"},
       {"riscv64", "riscv64"},
       {"ppc64le", "ppc64le"},
       {"s390x", "s390x"}}};
  const auto known = std::ranges::find(kGo, machine, &std::pair<std::string_view, std::string_view>::first);
  if (known != kGo.end()) platform.architecture = known->second;
  if (machine.starts_with("armv") && machine.size() > 4)
    platform = {"linux", "arm", "v" + std::string(machine.substr(4, 1))};
  // An arm64 kernel under a 32-bit k3s would pull for arm: what this program was built for decides.
  if (machine == "aarch64" && host_architecture() == "arm") platform = {"linux", "arm", "v7"};
  return platform;
}

std::optional<int> platform_rank(const Platform& offered, const Platform& host) {
  constexpr int kOther = 100;  // another architecture that the host's kernel also runs
  if (offered.os != host.os) return std::nullopt;
  if (offered.architecture == "arm") {
    if (host.architecture == "arm") return arm_rank(offered, host);
    if (host.architecture != "arm64") return std::nullopt;
    const auto rank = arm_rank(offered, {host.os, "arm", "v8"});
    return rank ? std::optional(kOther + *rank) : std::nullopt;
  }
  if (offered.architecture == "386" && host.architecture == "amd64") return kOther;
  if (offered.architecture != host.architecture) return std::nullopt;
  return offered.variant.empty() ? 0 : variant_number(offered.variant, 1);
}

Result<ManifestBytes> RegistryImages::manifest(const Reference& image, const std::stop_token& stop) {
  if (image.digest) return registry_.get_manifest(repository_, *image.digest, stop);
  return registry_.get_manifest(repository_, image.tag, stop);
}

Result<void> RegistryImages::blob(const Descriptor& blob, const std::stop_token& stop) {
  if (there_.contains(blob.digest)) return {};
  if (auto r = registry_.head_blob(repository_, blob, stop); !r) return r;
  there_.insert(blob.digest);
  return {};
}

Result<ManifestBytes> StoredImages::manifest(const Reference& image, const std::stop_token& /*stop*/) {
  if (!image.digest) return Error::blocked("store.not_found", "the store knows images by digest only");
  auto bytes = store_.read_blob(*image.digest, kMaxManifestBytes);
  if (!bytes) return std::move(bytes).error();
  return ManifestBytes{std::move(*bytes), *image.digest, {}, {}};
}

Result<void> StoredImages::blob(const Descriptor& blob, const std::stop_token& /*stop*/) {
  if (store_.contains(blob)) return {};
  return Error::blocked("store.not_found", "the store does not hold " + blob.digest.short_form());
}

Result<FoundImage> find_image(ImageSource& source, const Reference& image, const Platform& host,
                              ImageDepth depth, size_t& requests, const std::stop_token& stop) {
  return Finder(source, host, requests, stop).find(image, depth);
}

}  // namespace gridseal::oci
