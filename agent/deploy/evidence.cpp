#include "deploy/evidence.hpp"

namespace gridseal::deploy {
namespace {

trust::Place trust_place(oci::Place place) {
  switch (place) {
    case oci::Place::legacy_tag:
      return trust::Place::legacy_tag;
    case oci::Place::referrer:
      return trust::Place::referrer;
    case oci::Place::referrer_tag:
      return trust::Place::referrer_tag;
  }
  return trust::Place::legacy_tag;
}

}  // namespace

trust::Evidence evidence_of(const base::Digest& digest, const std::string& manifest,
                            const oci::Signatures& signatures) {
  trust::Evidence evidence(digest);
  evidence.manifest = manifest;
  for (const auto& signature : signatures.manifests)
    evidence.signatures.push_back(
        {trust_place(signature.place), signature.digest, signature.bytes, signature.blobs});
  evidence.not_tried = signatures.not_tried;
  evidence.notes = signatures.notes;
  return evidence;
}

}  // namespace gridseal::deploy
