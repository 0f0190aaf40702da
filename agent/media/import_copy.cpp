#include "media/import_copy.hpp"

#include "crypto/sha256.hpp"
#include "oci/media_types.hpp"

namespace gridseal::media {

using base::Error;
using base::Result;

namespace {

constexpr size_t kCopyPiece = size_t{256} * 1024;
constexpr uint64_t kMaxSignatureConfig = uint64_t{1} << 20U;
constexpr size_t kMaxImageManifests = 200;
constexpr int kMaxNesting = 3;

uint64_t sum(uint64_t a, uint64_t b) {
  return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

bool is_mismatch(const Error& error) {
  return error.code() == "oci.digest_mismatch" || error.code() == "oci.size_mismatch";
}

Result<void> fill(CopyWork& work, base::InputFile& from, oci::BlobSink& sink) {
  std::vector<char> buffer(kCopyPiece);
  for (;;) {
    if (auto r = work.watch.check(); !r) return r;
    auto n = from.read_at(sink.size(), buffer.data(), buffer.size());
    if (!n) return std::move(n).error();
    if (*n == 0) return {};
    if (auto r = sink.write({buffer.data(), *n}); !r) return r;
    work.progress.add(*n);
    work.copied += *n;
  }
}

Result<void> copy_blob(CopyWork& work, Medium& medium, const oci::Descriptor& blob) {
  auto from = medium.open_blob(blob);
  if (!from) return std::move(from).error();
  auto sink = work.store.begin_blob(blob);
  if (!sink) return std::move(sink).error();
  // What an earlier try left may be what is wrong.
  bool mixed = (*sink)->size() > 0;
  work.progress.add((*sink)->size());
  for (;;) {
    if (auto r = fill(work, **from, **sink); !r) return r;
    auto finished = (*sink)->finish();
    if (finished || !is_mismatch(finished.error())) return finished;
    if (auto r = (*sink)->restart(); !r) return r;
    if (!mixed)
      return Error::refused("media.damaged", "blob " + blob.digest.short_form() +
                                                 " of the medium is not what its name says: " +
                                                 finished.error().message() + "; copy it again");
    mixed = false;
  }
}

Result<void> put(oci::Store& store, const oci::Descriptor& blob, std::string_view bytes) {
  return store.contains(blob) ? Result<void>() : store.put_blob(blob, bytes);
}

Result<void> put_layer(oci::Store& store, const oci::Descriptor& layer, const base::Blob& blob) {
  if (store.contains(layer)) return {};
  auto sink = store.begin_blob(layer);
  if (!sink) return std::move(sink).error();
  if (auto r = (*sink)->restart(); !r) return r;
  Result<void> written;
  auto read = blob.read([&](std::string_view piece) {
    written = (*sink)->write(piece);
    return written.has_value();
  });
  if (!read) return read;
  if (!written) return written;
  return (*sink)->finish();
}

// Other tools expect a whole image; what is not there is not missed.
Result<void> put_config(oci::Store& store, Medium& medium, const oci::Manifest& manifest) {
  if (manifest.config.size > kMaxSignatureConfig || !medium.holds(manifest.config.digest)) return {};
  auto config = medium.layout().read_blob(manifest.config.digest, kMaxSignatureConfig);
  if (!config) return is_about_content(config.error()) ? Result<void>() : std::move(config).error();
  if (config->size() != manifest.config.size) return {};
  return put(store, manifest.config, *config);
}

class ImagePlanner {
 public:
  ImagePlanner(Medium& medium, CopyPlan& plan) : medium_(medium), plan_(plan) {}

  Result<ImageParts> run(const Image& image) {
    if (auto r = take(image.descriptor, 0); !r) return std::move(r).error();
    return std::move(parts_);
  }

 private:
  Result<void> take(const oci::Descriptor& named, int depth) {
    if (depth > kMaxNesting || parts_.manifests.size() >= kMaxImageManifests)
      return Error::refused("media.image", "the image nests deeper, or holds more platforms, than images do");
    auto bytes = medium_.layout().read_blob(named.digest, oci::kMaxManifestBytes);
    if (!bytes) return std::move(bytes).error();
    auto document = oci::parse_document(*bytes, named.media_type);
    if (!document) return std::move(document).error();
    oci::Descriptor descriptor = named;
    descriptor.size = bytes->size();
    if (const auto* index = std::get_if<oci::Index>(&*document)) {
      descriptor.media_type = index->media_type;
      if (auto r = take_all(*index, depth); !r) return r;
    } else {
      const auto& manifest = std::get<oci::Manifest>(*document);
      descriptor.media_type = manifest.media_type;
      plan_.add(medium_, manifest.config);
      for (const oci::Descriptor& layer : manifest.layers) plan_.add(medium_, layer);
    }
    parts_.manifests.push_back({std::move(descriptor), std::move(*bytes)});
    return {};
  }

  // A medium may carry some platforms only.
  Result<void> take_all(const oci::Index& index, int depth) {
    size_t there = 0;
    for (const oci::Descriptor& one : index.manifests) {
      if (!medium_.holds(one.digest)) continue;
      ++there;
      if (auto r = take(one, depth + 1); !r) return r;
    }
    if (there > 0) return {};
    return Error::refused("media.missing", "the medium holds no platform of the image");
  }

  Medium& medium_;
  CopyPlan& plan_;
  ImageParts parts_;
};

}  // namespace

void CopyPlan::add(Medium& medium, const oci::Descriptor& blob) {
  if (!seen_.insert(blob.digest).second || store_->contains(blob)) return;
  bytes_ = sum(bytes_, blob.size);
  items_.push_back({&medium, blob});
}

Result<void> copy(CopyWork& work, const CopyPlan& plan) {
  // Nothing is begun that the medium does not hold whole.
  for (const CopyPlan::Item& item : plan.items()) {
    if (auto file = item.medium->open_blob(item.blob); !file) return std::move(file).error();
  }
  if (plan.bytes() > 0) {
    if (auto r = work.store.ensure_space(plan.bytes()); !r) return r;
  }
  work.progress.expect(plan.bytes());
  for (const CopyPlan::Item& item : plan.items()) {
    if (auto r = copy_blob(work, *item.medium, item.blob); !r) return r;
  }
  return {};
}

Result<void> put_manifests(oci::Store& store, Medium& medium, const oci::FetchedArtifact& artifact) {
  if (auto r = put(store, artifact.descriptor(), artifact.manifest_bytes); !r) return r;
  if (!artifact.index) return {};
  auto index = medium.layout().read_blob(*artifact.index, oci::kMaxManifestBytes);
  if (!index) return std::move(index).error();
  return put(store, {std::string(oci::kOciIndex), *artifact.index, index->size(), {}, {}, {}}, *index);
}

Result<void> put_signatures(oci::Store& store, Medium& medium, const base::Digest& subject,
                            const oci::Signatures& signatures) {
  std::vector<oci::SignatureEntry> entries;
  for (const oci::SignatureManifest& signature : signatures.manifests) {
    const auto bytes = signature.bytes.whole(oci::kMaxManifestBytes);
    if (!bytes) return bytes.error();
    const auto manifest = oci::parse_manifest(*bytes);
    if (!manifest) continue;
    for (const oci::Descriptor& layer : manifest->layers) {
      const auto blob = signature.blobs.find(layer.digest);
      if (blob == signature.blobs.end() || blob->second.size() != layer.size) continue;
      if (auto r = put_layer(store, layer, blob->second); !r) return r;
    }
    if (auto r = put_config(store, medium, *manifest); !r) return r;
    const oci::Descriptor descriptor{manifest->media_type, crypto::sha256(*bytes), bytes->size(), {}, {}, {}};
    if (auto r = put(store, descriptor, *bytes); !r) return r;
    entries.push_back({signature.place, descriptor});
    if (signature.place == oci::Place::legacy_tag) {
      const bool attests =
          !manifest->layers.empty() && manifest->layers.front().media_type == oci::kDsseEnvelope;
      entries.back().descriptor.annotations.emplace(oci::kAnnotationRefName,
                                                    oci::digest_tag(subject, attests ? ".att" : ".sig"));
    }
  }
  return store.add_signatures(subject, entries);
}

Result<ImageParts> plan_image(Medium& medium, const Image& image, CopyPlan& plan) {
  return ImagePlanner(medium, plan).run(image);
}

Result<void> finish_image(oci::Store& store, Medium& medium, const ImageParts& parts,
                          const std::vector<std::string>& names) {
  for (const ImageParts::Part& part : parts.manifests) {
    if (auto r = put(store, part.descriptor, part.bytes); !r) return r;
    auto signatures = oci::read_signatures(medium.layout(), part.descriptor.digest);
    if (!signatures && !is_about_content(signatures.error())) return std::move(signatures).error();
    if (!signatures) continue;
    if (auto r = put_signatures(store, medium, part.descriptor.digest, *signatures); !r) return r;
  }
  const oci::Descriptor& top = parts.manifests.back().descriptor;
  for (const std::string& name : names) {
    if (auto r = store.set_root("image/" + name + "@" + top.digest.to_string(), top); !r) return r;
  }
  return {};
}

}  // namespace gridseal::media
