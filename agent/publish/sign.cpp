#include "publish/sign.hpp"

#include "crypto/hash.hpp"
#include "oci/media_types.hpp"
#include "publish/layout_writer.hpp"
#include "sigstore/cosign_sign.hpp"

namespace gridseal::publish {
namespace {

constexpr uint64_t kMaxSignatureBlob = uint64_t{1} << 20U;
constexpr std::string_view kEmptyConfig = "{}";

// What the signature calls the repository when nobody said it: the artifact's own name.
std::string reference_of(const SignRequest& request, const oci::Manifest& manifest) {
  if (!request.reference.empty()) return request.reference;
  const auto title = manifest.annotations.find(oci::kAnnotationTitle);
  return title == manifest.annotations.end() ? std::string("unnamed") : title->second;
}

struct BundleReferrer {
  std::string bundle;
  oci::Descriptor bundle_descriptor;
  oci::Manifest manifest;
};

base::Result<BundleReferrer> make_referrer(const crypto::PrivateKey& key, const base::Digest& digest,
                                           uint64_t size, const SignRequest& request) {
  auto bundle = sigstore::make_bundle(key, sigstore::sign_statement(digest, request.annotations));
  if (!bundle) return std::move(bundle).error();
  auto manifest = oci::parse_manifest(sigstore::make_bundle_manifest(*bundle, digest, size));
  if (!manifest) return std::move(manifest).error();
  const auto now = std::chrono::floor<std::chrono::seconds>(request.now);
  manifest->annotations.emplace(oci::kAnnotationCreated, base::format_rfc3339(now));
  oci::Descriptor descriptor = oci::describe(sigstore::kBundleMediaType, *bundle);
  return BundleReferrer{std::move(*bundle), std::move(descriptor), std::move(*manifest)};
}

oci::Descriptor legacy_layer(const sigstore::LegacySignature& signature) {
  oci::Descriptor layer = oci::describe(sigstore::kSimpleSigningMediaType, signature.payload);
  layer.annotations = {signature.annotations.begin(), signature.annotations.end()};
  return layer;
}

// --- in a layout directory -----------------------------------------------------------

struct OpenLayout {
  std::unique_ptr<oci::Layout> layout;
  std::string manifest_bytes;
  oci::Manifest manifest;
};

base::Result<OpenLayout> open_layout(base::Files& files, const std::string& directory,
                                     const base::Digest& digest) {
  auto layout = oci::Layout::open(files, directory);
  if (!layout) return std::move(layout).error();
  auto bytes = (*layout)->read_blob(digest, oci::kMaxManifestBytes);
  if (!bytes) return std::move(bytes).error();
  auto manifest = oci::parse_manifest(*bytes);
  if (!manifest) return std::move(manifest).error();
  return OpenLayout{std::move(*layout), std::move(*bytes), std::move(*manifest)};
}

// The signatures that lie under the `.sig` tag already; their content is kept as it is.
base::Result<std::vector<sigstore::LegacySignature>> known_signatures(oci::Layout& layout,
                                                                      const base::Digest& digest) {
  std::vector<sigstore::LegacySignature> known;
  const auto entry = layout.find_tag(oci::digest_tag(digest, ".sig"));
  if (!entry) return known;
  auto bytes = layout.read_blob(entry->digest, oci::kMaxManifestBytes);
  if (!bytes) return std::move(bytes).error();
  auto manifest = oci::parse_manifest(*bytes);
  if (!manifest) return std::move(manifest).error();
  for (const oci::Descriptor& layer : manifest->layers) {
    auto payload = layout.read_blob(layer.digest, kMaxSignatureBlob);
    if (!payload) return std::move(payload).error();
    known.push_back({std::move(*payload), {layer.annotations.begin(), layer.annotations.end()}});
  }
  return known;
}

base::Result<base::Digest> add_legacy(LayoutWriter& writer, OpenLayout& open, const base::Digest& digest,
                                      const crypto::PrivateKey& key, const SignRequest& request) {
  auto signatures = known_signatures(*open.layout, digest);
  if (!signatures) return std::move(signatures).error();
  auto made =
      sigstore::make_legacy_signature(key, reference_of(request, open.manifest), digest, request.annotations);
  if (!made) return std::move(made).error();
  signatures->push_back(std::move(*made));
  const sigstore::SignatureImage image = sigstore::make_legacy_manifest(*signatures);
  const std::string& payload = signatures->back().payload;
  const oci::Descriptor descriptor = oci::describe(oci::kOciManifest, image.manifest);
  for (const std::string_view blob :
       {std::string_view(payload), std::string_view(image.config), std::string_view(image.manifest)}) {
    if (auto r = writer.put_blob(crypto::sha256(blob), blob); !r) return std::move(r).error();
  }
  if (auto r = writer.set_reference(oci::digest_tag(digest, ".sig"), descriptor); !r)
    return std::move(r).error();
  return descriptor.digest;
}

base::Result<base::Digest> add_bundle(LayoutWriter& writer, const OpenLayout& open,
                                      const base::Digest& digest, const crypto::PrivateKey& key,
                                      const SignRequest& request) {
  auto referrer = make_referrer(key, digest, open.manifest_bytes.size(), request);
  if (!referrer) return std::move(referrer).error();
  const std::string bytes = oci::serialize(referrer->manifest);
  for (const std::string_view blob :
       {kEmptyConfig, std::string_view(referrer->bundle), std::string_view(bytes)}) {
    if (auto r = writer.put_blob(crypto::sha256(blob), blob); !r) return std::move(r).error();
  }
  oci::Descriptor descriptor = oci::describe(oci::kOciManifest, bytes);
  descriptor.artifact_type = referrer->manifest.artifact_type;
  if (auto r = writer.set_reference("", descriptor); !r) return std::move(r).error();
  return descriptor.digest;
}

// --- in a registry -------------------------------------------------------------------

base::Result<base::Digest> push_legacy(oci::Publisher& publisher, const oci::Repository& repository,
                                       const base::Digest& digest, const crypto::PrivateKey& key,
                                       const SignRequest& request, const std::stop_token& stop) {
  const std::string reference = request.reference.empty() ? repository.to_string() : request.reference;
  auto made = sigstore::make_legacy_signature(key, reference, digest, request.annotations);
  if (!made) return std::move(made).error();
  const oci::Descriptor layer = legacy_layer(*made);
  if (auto r = publisher.push_blob(repository, layer, made->payload, stop); !r) return std::move(r).error();
  auto pushed = publisher.append_signature(repository, digest, layer, stop);
  if (!pushed) return std::move(pushed).error();
  return pushed->digest;
}

base::Result<base::Digest> push_bundle(oci::Publisher& publisher, const oci::Repository& repository,
                                       const oci::ManifestBytes& artifact, const crypto::PrivateKey& key,
                                       const SignRequest& request, const std::stop_token& stop) {
  auto referrer = make_referrer(key, artifact.digest, artifact.bytes.size(), request);
  if (!referrer) return std::move(referrer).error();
  if (auto r =
          publisher.push_blob(repository, oci::describe(oci::kOciEmpty, kEmptyConfig), kEmptyConfig, stop);
      !r)
    return std::move(r).error();
  if (auto r = publisher.push_blob(repository, referrer->bundle_descriptor, referrer->bundle, stop); !r)
    return std::move(r).error();
  auto pushed = publisher.push_referrer(repository, referrer->manifest, stop);
  if (!pushed) return std::move(pushed).error();
  return pushed->digest;
}

}  // namespace

base::Result<base::Digest> sign_layout(base::Files& files, const std::string& directory,
                                       const base::Digest& digest, const crypto::PrivateKey& key,
                                       const SignRequest& request) {
  auto open = open_layout(files, directory, digest);
  if (!open) return std::move(open).error();
  auto writer = LayoutWriter::open(files, directory);
  if (!writer) return std::move(writer).error();
  return request.form == Form::bundle ? add_bundle(*writer, *open, digest, key, request)
                                      : add_legacy(*writer, *open, digest, key, request);
}

base::Result<base::Digest> sign_in_registry(oci::Registry& registry, oci::Publisher& publisher,
                                            const oci::Repository& repository, const base::Digest& digest,
                                            const crypto::PrivateKey& key, const SignRequest& request,
                                            const std::stop_token& stop) {
  // What is not there is not signed.
  auto artifact = registry.get_manifest(repository, digest, stop);
  if (!artifact) return std::move(artifact).error();
  return request.form == Form::bundle ? push_bundle(publisher, repository, *artifact, key, request, stop)
                                      : push_legacy(publisher, repository, digest, key, request, stop);
}

}  // namespace gridseal::publish
