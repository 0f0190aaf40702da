#include "cli/verify_subject.hpp"

#include "cli/commands.hpp"
#include "cli/layout_archive.hpp"
#include "crypto/sha256.hpp"
#include "oci/layout.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Result;

tl::unexpected<NoSubject> stop(Error error, ExitCode code) {
  return tl::unexpected(NoSubject{std::move(error), code});
}

// --- registries ---------------------------------------------------------------------------------

// What is asked for may be wrong, the registry may be silent, or it may hold something broken.
ExitCode code_of_registry(const Error& error) {
  if (error.outcome() != base::Outcome::blocked)
    return error.code() == "oci.settings" || error.code() == "oci.reference" ? ExitCode::usage
                                                                             : ExitCode::refused;
  const bool asked_wrongly = error.code().starts_with("registry.") || error.code() == "oci.ca" ||
                             error.code() == "oci.credentials" || error.code() == "oci.not_found" ||
                             error.code() == "oci.unauthorized" || error.code() == "oci.forbidden" ||
                             error.code().starts_with("files.");
  return asked_wrongly ? ExitCode::usage : ExitCode::unavailable;
}

tl::unexpected<NoSubject> stop_registry(Error error) {
  const ExitCode code = code_of_registry(error);
  return stop(std::move(error), code);
}

config::Registry registry_for(const Context& context, const std::string& host,
                              const deploy::RegistryFlags& flags) {
  if (flags.ca.empty() && flags.credentials.empty() && !flags.plain_http) {
    if (auto loaded = context.settings()) {
      for (const auto& [name, registry] : loaded->settings.registries) {
        const std::string& url = registry.urls.front();
        if (url == "https://" + host || url.starts_with("https://" + host + "/")) return registry;
      }
    }
  }
  return deploy::from_flags(host, flags);
}

Result<oci::ManifestBytes> get_top(oci::Registry& registry, const oci::Reference& reference) {
  if (reference.digest) return registry.get_manifest(reference.repository, *reference.digest, {});
  return registry.get_manifest(reference.repository, reference.tag, {});
}

// The manifest that the reference means: of an index its only one, or the only one for this machine.
Result<oci::ManifestBytes> get_manifest(oci::Registry& registry, const oci::Reference& reference) {
  auto top = get_top(registry, reference);
  if (!top) return top;
  auto document = oci::parse_document(top->bytes, top->media_type);
  if (!document) return std::move(document).error();
  const auto* index = std::get_if<oci::Index>(&*document);
  if (index == nullptr) return top;
  const auto entry = oci::select_manifest(*index, oci::host_architecture());
  if (!entry) return entry.error();
  auto manifest = registry.get_manifest(reference.repository, entry->digest, {});
  if (!manifest) return manifest;
  auto parsed = oci::parse_manifest(manifest->bytes, entry->media_type);
  if (!parsed) return std::move(parsed).error();
  return manifest;
}

// --- layouts ------------------------------------------------------------------------------------

// Whether the blobs that the manifest names are there as it says. They are not what is signed, yet what is
// carried on media should be whole.
class ContentCheck {
 public:
  ContentCheck(base::Files& files, std::string directory, const ArchivedBlobs* archived)
      : files_(files), directory_(std::move(directory)), archived_(archived) {}

  void run(const oci::Manifest& manifest, Subject& subject) {
    std::vector<const oci::Descriptor*> blobs{&manifest.config};
    for (const oci::Descriptor& layer : manifest.layers) blobs.push_back(&layer);
    size_t there = 0;
    for (const oci::Descriptor* blob : blobs) {
      const auto found = look(*blob);
      if (!found) continue;
      ++there;
      if (found->intact && found->size == blob->size) continue;
      subject.error = Error::refused("blob.digest_mismatch", "the blob " + blob->digest.to_string() +
                                                                 " does not have its digest and size");
      return;
    }
    if (there != blobs.size())
      subject.notes.push_back(std::to_string(blobs.size() - there) + " of " + std::to_string(blobs.size()) +
                              " blobs of the artifact are not in the layout; only its manifest is judged");
    else
      subject.checks.push_back(
          {"content", true, {}, std::to_string(there) + " blobs have their digests", {}});
  }

 private:
  std::optional<ArchivedBlob> look(const oci::Descriptor& blob) {
    if (archived_ != nullptr) {
      const auto found = archived_->find(blob.digest);
      return found == archived_->end() ? std::nullopt : std::optional(found->second);
    }
    auto input = files_.open_input(directory_ + "/blobs/sha256/" + blob.digest.hex());
    if (!input) return std::nullopt;
    return ArchivedBlob{(*input)->size(), hash(**input) == blob.digest};
  }

  static std::optional<base::Digest> hash(base::InputFile& input) {
    crypto::Sha256 hash;
    std::string buffer(size_t{128} << 10U, '\0');
    for (uint64_t at = 0;;) {
      const auto got = input.read_at(at, buffer.data(), buffer.size());
      if (!got) return std::nullopt;
      if (*got == 0) return hash.finish();
      hash.update(std::string_view(buffer).substr(0, *got));
      at += *got;
    }
  }

  base::Files& files_;
  std::string directory_;
  const ArchivedBlobs* archived_;
};

// Who signed the index alone looks for it in vain.
std::string of_index(const base::Digest& index) {
  return index.to_string() +
         " is an index; judged is the manifest in it, which must be signed itself (cosign sign --recursive)";
}

SubjectResult<Subject> from_directory(base::Files& files, const oci::LayoutReference& reference,
                                      const ArchivedBlobs* archived) {
  auto layout = oci::Layout::open(files, reference.directory);
  if (!layout) return stop(std::move(layout).error(), ExitCode::usage);
  const auto digest = (*layout)->resolve(reference);
  if (!digest) return stop(digest.error(), ExitCode::usage);
  auto artifact = oci::read_artifact(**layout, *digest);
  if (!artifact) {
    Error error = std::move(artifact).error();
    if (error.code() == "blob.digest_mismatch")
      return stop(Error::refused("artifact.digest_mismatch", error.describe()), ExitCode::refused);
    const bool judged = error.outcome() == base::Outcome::refused;
    return stop(std::move(error), judged ? ExitCode::refused : ExitCode::usage);
  }
  Subject subject{
      artifact->digest, {}, {}, std::move(artifact->signatures), std::move(artifact->manifest_bytes)};
  if (artifact->index) subject.notes.push_back(of_index(*artifact->index));
  ContentCheck(files, reference.directory, archived).run(artifact->manifest, subject);
  return subject;
}

SubjectResult<Subject> from_layout(Context& context, const std::string& target) {
  auto reference = oci::LayoutReference::parse(target);
  if (!reference) return stop(std::move(reference).error(), ExitCode::usage);
  // A link counts as what it names.
  const bool directory = context.files.list(reference->directory + "/.").has_value();
  const auto there = context.files.stat(reference->directory);
  if (directory || !there) return from_directory(context.files, *reference, nullptr);
  auto scratch = Scratch::make(context.files, temporary_directory());
  if (!scratch) return stop(scratch.error(), ExitCode::usage);
  const auto blobs = unpack_layout(context.files, reference->directory, scratch->path());
  if (!blobs) return stop(blobs.error(), ExitCode::usage);
  oci::LayoutReference unpacked = *reference;
  unpacked.directory = scratch->path();
  auto subject = from_directory(context.files, unpacked, &*blobs);
  if (subject) subject->scratch = std::make_shared<const Scratch>(std::move(*scratch));
  return subject;
}

trust::Place trust_place(oci::Place place) {
  switch (place) {
    case oci::Place::referrer:
      return trust::Place::referrer;
    case oci::Place::referrer_tag:
      return trust::Place::referrer_tag;
    case oci::Place::legacy_tag:
      break;
  }
  return trust::Place::legacy_tag;
}

}  // namespace

SubjectResult<RemoteArtifact> RemoteArtifact::resolve(Context& context, const std::string& target,
                                                      const deploy::RegistryFlags& flags) {
  auto reference = oci::Reference::parse(target);
  if (!reference) return stop(std::move(reference).error(), ExitCode::usage);
  auto registry = deploy::make_registry(registry_for(context, reference->repository.registry, flags),
                                        context.files, context.surroundings(), credentials_directory());
  if (!registry) return stop_registry(std::move(registry).error());
  auto manifest = get_manifest(**registry, *reference);
  if (!manifest) return stop_registry(std::move(manifest).error());
  return RemoteArtifact(std::move(*reference), std::move(*registry), manifest->digest,
                        std::move(manifest->bytes));
}

SubjectResult<Subject> RemoteArtifact::subject(Context& context) {
  auto scratch = Scratch::make(context.files, temporary_directory());
  if (!scratch) return stop(scratch.error(), ExitCode::usage);
  auto store = oci::Store::open(context.files, context.log, {scratch->path() + "/store", 0});
  if (!store) return stop(std::move(store).error(), ExitCode::usage);
  auto signatures = oci::fetch_signatures(*registry_, **store, reference_.repository, digest_, {});
  if (!signatures) return stop_registry(std::move(signatures).error());
  Subject subject{digest_, reference_.tag, reference_.repository.to_string(), std::move(*signatures),
                  manifest_};
  subject.scratch = std::make_shared<const Scratch>(std::move(*scratch));
  return subject;
}

SubjectResult<oci::ReferrerList> RemoteArtifact::referrers() {
  auto list = registry_->referrers(reference_.repository, digest_, {});
  if (!list) return stop_registry(std::move(list).error());
  return std::move(*list);
}

SubjectResult<Subject> read_subject(Context& context, const std::string& target,
                                    const deploy::RegistryFlags& flags) {
  if (target.starts_with("oci-layout:")) return from_layout(context, target);
  auto remote = RemoteArtifact::resolve(context, target, flags);
  if (!remote) return tl::unexpected(std::move(remote).error());
  return remote->subject(context);
}

std::string repository_of(const std::string& target) {
  if (target.starts_with("oci-layout:")) return {};
  const auto reference = oci::Reference::parse(target);
  return reference ? reference->repository.to_string() : std::string();
}

trust::Evidence evidence_of(const Subject& subject) {
  trust::Evidence evidence(subject.digest);
  evidence.manifest = subject.manifest;
  for (const auto& signature : subject.signatures.manifests)
    evidence.signatures.push_back(
        {trust_place(signature.place), signature.digest, signature.bytes, signature.blobs});
  evidence.not_tried = subject.signatures.not_tried;
  evidence.notes = subject.signatures.notes;
  return evidence;
}

}  // namespace gridseal::cli
