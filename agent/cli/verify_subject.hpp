// What `gridseal verify` judges: an artifact of a registry, or of a layout in a directory or a tar file, with
// everything that speaks for it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/scratch.hpp"
#include "cli/verify_report.hpp"
#include "deploy/registry_access.hpp"
#include "oci/artifact.hpp"
#include "trust/evidence.hpp"

namespace gridseal::cli {

struct Subject {
  base::Digest digest;
  std::string tag;         // of a registry; the name inside a layout is its writer's own
  std::string repository;  // "host/repository"; empty: a layout
  oci::Signatures signatures;
  std::string manifest;                      // the bytes
  std::vector<CheckLine> checks{};           // of the content
  std::vector<std::string> notes{};          // what was not looked at
  std::optional<base::Error> error{};        // the content is wrong
  std::shared_ptr<const Scratch> scratch{};  // where signatures lie that were fetched or unpacked
};

// What is needed to judge cannot be had, or it is wrong before any signature is looked at.
struct NoSubject {
  base::Error error;
  // usage: it is not there or cannot be read; unavailable: the registry gives no answer; refused: it is
  // judged, and wrong.
  ExitCode code;
};

template <class T>
using SubjectResult = tl::expected<T, NoSubject>;

// "oci-layout:DIR|FILE[:tag][@digest]" or "host/repository[:tag][@digest]".
SubjectResult<Subject> read_subject(Context& context, const std::string& target,
                                    const deploy::RegistryFlags& flags);

// "host/repository"; empty for a layout or what is no reference.
std::string repository_of(const std::string& target);

// A registry at its host, with what is known of it: by the flags, else by the settings of this host.
class RemoteArtifact {
 public:
  static SubjectResult<RemoteArtifact> resolve(Context& context, const std::string& target,
                                               const deploy::RegistryFlags& flags);
  // With all that speaks for it.
  SubjectResult<Subject> subject(Context& context);
  // All that the registry lists beside it, of whatever kind.
  SubjectResult<oci::ReferrerList> referrers();

  const oci::Reference& reference() const { return reference_; }
  const base::Digest& digest() const { return digest_; }

 private:
  RemoteArtifact(oci::Reference reference, std::unique_ptr<oci::Registry> registry,
                 const base::Digest& digest, std::string manifest)
      : reference_(std::move(reference)),
        registry_(std::move(registry)),
        digest_(digest),
        manifest_(std::move(manifest)) {}

  oci::Reference reference_;
  std::unique_ptr<oci::Registry> registry_;
  base::Digest digest_;
  std::string manifest_;
};

trust::Evidence evidence_of(const Subject& subject);

}  // namespace gridseal::cli
