#include "trust/simple_signing.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/encoding.hpp"
#include "trust/candidate.hpp"
#include "trust/cosign_sign.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr size_t kMaxPayload = size_t{1} << 20U;
constexpr base::JsonLimits kLimits{kMaxPayload, 32, 20'000};
constexpr std::string_view kType = "cosign container image signature";
constexpr std::string_view kCertificateAnnotation = "dev.sigstore.cosign/certificate";
constexpr std::string_view kRekorAnnotation = "dev.sigstore.cosign/bundle";
constexpr std::string_view kTimestampAnnotation = "dev.sigstore.cosign/rfc3161timestamp";

Error bad_payload(const std::string& why) {
  return Error::refused("simplesigning.payload", "the signed payload is not simple signing: " + why);
}

// An object with no other members than these.
bool has_only(const Json& object, std::initializer_list<std::string_view> names) {
  if (!object.is_object()) return false;
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::count(names, name) == 0) return false;
  }
  return true;
}

const std::string* annotation(const Content& layer, std::string_view name) {
  const auto found = layer.annotations.find(std::string(name));
  return found == layer.annotations.end() ? nullptr : &found->second;
}

// cosign signs with SHA-256 whatever the curve, and pure with Ed25519.
crypto::Scheme legacy_scheme(const crypto::PublicKey& key) {
  return key.kind() == crypto::KeyKind::ed25519 ? crypto::Scheme::ed25519 : crypto::Scheme::sha256;
}

Error no_key_fits(const Question& question, const Content& layer, const std::optional<Error>& malformed) {
  if (annotation(layer, kCertificateAnnotation) != nullptr) {
    return Error::refused(
        "key.expected_key_got_cert",
        "signed with a certificate, not with a pinned key of policy " + question.policy.name());
  }
  if (malformed) return *malformed;
  return Error::refused("key.wrong", "not a signature by any key of policy " + question.policy.name() + " (" +
                                         key_names(question.policy) + ") over this payload");
}

// The pinned key that made the signature.
tl::expected<const PinnedKey*, Error> find_signer(const Question& question, const Candidate& candidate,
                                                  std::string_view signature) {
  std::optional<Error> malformed;
  bool well_formed = false;
  for (const PinnedKey& pinned : question.policy.keys()) {
    auto verified = pinned.key.verify(legacy_scheme(pinned.key), candidate.blob, signature);
    if (verified) return &pinned;
    if (verified.error().code() == "sig.malformed")
      malformed = std::move(verified).error();
    else
      well_formed = true;
  }
  if (well_formed) malformed.reset();
  return tl::unexpected<Error>(no_key_fits(question, candidate.layer, malformed));
}

Result<void> check_claims(const Question& question, const SimpleSigning& claims,
                          SignatureEvidence& evidence) {
  if (claims.type != kType)
    return Error::refused("simplesigning.type",
                          "the signed payload is of type '" + base::printable(claims.type, 60) + "'");
  if (claims.digest != question.evidence.digest.to_string()) {
    return Error::refused("simplesigning.digest", "the signature is about " +
                                                      base::printable(claims.digest, 80) +
                                                      ", not about this artifact: it was moved here");
  }
  evidence.checks.push_back({"claims", "the signed payload names this artifact's digest"});
  evidence.reference = claims.reference;
  evidence.annotations = claims.annotations;
  return check_annotations(question.policy, evidence, "simplesigning.annotation");
}

}  // namespace

Result<SimpleSigning> parse_simple_signing(std::string_view payload) {
  const auto json = base::parse_json(payload, kLimits);
  if (!json) return json.error();
  if (!has_only(*json, {"critical", "optional"})) return bad_payload("unknown members");
  const Json* critical = base::find_object(*json, "critical");
  if (critical == nullptr || !has_only(*critical, {"identity", "image", "type"}))
    return bad_payload("'critical' is missing or has unknown members");
  const Json* identity = base::find_object(*critical, "identity");
  const Json* image = base::find_object(*critical, "image");
  const std::string* type = base::find_string(*critical, "type");
  if (identity == nullptr || image == nullptr || type == nullptr)
    return bad_payload("'critical' is not complete");
  if (!has_only(*identity, {"docker-reference"}) || !has_only(*image, {"docker-manifest-digest"}))
    return bad_payload("unknown members in 'critical'");
  const std::string* reference = base::find_string(*identity, "docker-reference");
  const std::string* digest = base::find_string(*image, "docker-manifest-digest");
  if (reference == nullptr || digest == nullptr) return bad_payload("reference or digest are missing");
  SimpleSigning claims{*reference, *digest, *type, {}};
  const Json* optional = base::find_member(*json, "optional");
  if (optional == nullptr) return claims;
  if (!optional->is_object()) return bad_payload("'optional' is not an object");
  for (const auto& [name, value] : optional->items()) {
    if (value.is_string()) claims.annotations.emplace(name, value.get_ref<const std::string&>());
  }
  return claims;
}

Judgement judge_simple_signing(const Question& question, const Candidate& candidate) {
  const std::string* encoded = annotation(candidate.layer, kSignatureAnnotation);
  if (encoded == nullptr || encoded->empty()) {
    return refuse(Stage::parsed,
                  Error::refused("registry.manifest", "the layer carries no signature annotation"));
  }
  if (candidate.blob.size() > kMaxPayload)
    return refuse(Stage::parsed, Error::refused("parse.limit", "a simple signing payload larger than 1 MiB"));
  const auto signature = base::decode_base64(*encoded);
  if (!signature) return refuse(Stage::parsed, signature.error());
  const auto signer = find_signer(question, candidate, *signature);
  if (!signer) return refuse(Stage::formed, signer.error());
  SignatureEvidence evidence = begin_evidence(question, candidate, "cosign-simplesigning");
  record_key(evidence, **signer, legacy_scheme((*signer)->key));
  const auto claims = parse_simple_signing(candidate.blob);
  if (!claims) return refuse(Stage::signed_by, claims.error());
  if (auto checked = check_claims(question, *claims, evidence); !checked)
    return refuse(Stage::signed_by, std::move(checked).error());
  evidence.log_entries = annotation(candidate.layer, kRekorAnnotation) != nullptr;
  evidence.timestamps = annotation(candidate.layer, kTimestampAnnotation) != nullptr;
  return evidence;
}

}  // namespace gridseal::trust
