// Verification from bytes alone: no clock, no file, no network. cosign simple signing, Sigstore bundles 0.1,
// 0.2 and 0.3, bare DSSE attestations and Notary Project signatures are searched for those that satisfy one
// policy.
#pragma once

#include <string_view>

#include "trust/verified.hpp"

namespace gridseal::trust {

// Have as many different authorities of `policy` as its threshold says signed exactly this artifact, each by
// another signer, and are all its attestations there? A signature is simple signing, a statement with
// cosign's sign predicate, a message signature or a Notary Project signature; every other statement is an
// attestation. Junk beside good ones does not matter. Whoever shares a key or an identity is one signer.
// What is wanting: where nothing lies in its place the answer is pending, where something wrong does it is
// refused with that failure; a good signature of a stranger is neither, unless it is all there is. The others
// are named behind it.
// Errors, pending: registry.no_signature (nothing, or only what is no signature), registry.blob_missing (a
//   signature is listed whose content the caller did not have), policy.threshold (some have signed, not
//   enough), attestation.missing.
// Error, blocked: time.in_future (signed later than now and the tolerance).
// Errors, refused: artifact.digest_mismatch (the manifest is not the one that was resolved),
//   policy.not_for_repository, policy.not_for_environment, trust.denied_digest, trust.denied_key,
//   trust.retired_key, attestation.condition, attestation.authority (by an authority that this attestation
//   is not asked of), blob.digest_mismatch, registry.media_type, registry.manifest,
//   registry.subject_mismatch, simplesigning.annotation, intoto.annotation, identity.*, those of
//   sigstore/verify_bundle.hpp, sigstore/verify_legacy.hpp and notation/verify.hpp.
base::Result<Satisfied> verify_signatures(const TrustState& state, const Policy& policy,
                                          const Evidence& evidence, const Circumstances& circumstances = {});

// The same, and the signed manifest says that it is the component asked for. The manifest must carry
// annotations org.opencontainers.image.title or dev.gridseal.component (the latter wins), .version and
// .created. Further errors, refused: artifact.manifest (not an OCI image manifest), identity.component,
//   identity.environment, identity.annotation, identity.version, identity.created.
base::Result<Verified> verify(const TrustState& state, const Policy& policy, const Identity& identity,
                              const Evidence& evidence, const Circumstances& circumstances = {});

// At admission only: not older, since its signed creation, than the policy allows. Error (refused):
// policy.too_old.
base::Result<void> check_age(const Policy& policy, const Verified& verified, base::Time now);

// A tag that is itself a version must equal the signed version (one leading "v" and build metadata aside);
// a channel such as "stable" agrees with every version. Error (refused): identity.tag_version.
base::Result<void> check_tag(const Verified& verified, std::string_view tag);

}  // namespace gridseal::trust
