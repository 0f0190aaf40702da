// Verification with pinned keys, from bytes alone: no clock, no file, no network.
// cosign simple signing (containers/image, "simple signing" payload) and Sigstore bundles 0.1, 0.2, 0.3
// (sigstore protobuf-specs, sigstore_bundle.proto) with DSSE (in-toto Statement) or a message signature.
#pragma once

#include <string_view>

#include "trust/verified.hpp"

namespace gridseal::trust {

// Is there one good signature by a key of `policy` over exactly this artifact? Junk beside it does not
// matter. When none counts, the error names the candidate that got furthest; its causes name the others.
// Errors, pending: registry.no_signature (nothing, or only attestations and kinds that are not judged),
//   registry.blob_missing (a signature is listed whose content the caller did not have).
// Errors, refused: artifact.digest_mismatch (the manifest is not the one that was resolved),
//   blob.digest_mismatch, registry.media_type, registry.manifest, registry.subject_mismatch, parse.json,
//   parse.duplicate_key, parse.base64, parse.limit, sig.malformed, sig.invalid, key.wrong,
//   key.expected_key_got_cert, bundle.media_type, bundle.version_rule, bundle.oneof, bundle.field,
//   dsse.payload_type, dsse.signature_count, intoto.type, intoto.no_subject, intoto.subject_mismatch,
//   simplesigning.payload, simplesigning.digest, simplesigning.type, simplesigning.annotation.
base::Result<SignatureEvidence> verify_signatures(const TrustState& state, const Policy& policy,
                                                  const Evidence& evidence);

// The same, and the signed manifest says that it is the component asked for. The manifest must carry
// annotations org.opencontainers.image.title or dev.gridseal.component (the latter wins), .version and
// .created. Further errors, refused: artifact.manifest (not an OCI image manifest), identity.component,
//   identity.environment, identity.annotation, identity.version, identity.created.
base::Result<Verified> verify(const TrustState& state, const Policy& policy, const Identity& identity,
                              const Evidence& evidence);

// A tag that is itself a version must equal the signed version (one leading "v" and build metadata aside);
// a channel such as "stable" agrees with every version. Error (refused): identity.tag_version.
base::Result<void> check_tag(const Verified& verified, std::string_view tag);

}  // namespace gridseal::trust
