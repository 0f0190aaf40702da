// A Notary Project signature envelope taken apart (notaryproject/specifications, signature-specification.md).
// Nothing here is verified: parsing checks form and the rules between headers, verify() does the rest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"

namespace gridseal::notation {

inline constexpr std::string_view kJwsMediaType = "application/jose+json";
inline constexpr std::string_view kCoseMediaType = "application/cose";
inline constexpr std::string_view kPayloadMediaType = "application/vnd.cncf.notary.payload.v1+json";

inline constexpr size_t kMaxEnvelopeBytes = size_t{512} << 10U;
inline constexpr size_t kMaxChainLength = 10;

enum class SigningScheme { x509, signing_authority };
enum class Algorithm { es256, es384, es512, ps256, ps384, ps512 };

std::string_view to_string(SigningScheme scheme);  // "notary.x509"
std::string_view to_string(Algorithm algorithm);   // "ES256"

struct Envelope {
  SigningScheme scheme = SigningScheme::x509;
  std::optional<base::Time> signing_time;  // scheme x509: what the signer's clock said; never judged
  std::optional<base::Time> authentic_signing_time;  // scheme signing_authority
  std::optional<base::Time> expiry;
  Algorithm algorithm = Algorithm::es256;      // as the header says it
  std::vector<std::string> critical;           // names of crit, all known
  std::vector<std::string> certificate_chain;  // DER, leaf first; 1 to kMaxChainLength
  std::string payload;
  std::string signature;
  std::string signed_bytes;              // what the signature is over
  std::optional<std::string> timestamp;  // RFC 3161 TimeStampToken, DER; not signed
  std::string signing_agent;             // not signed; shown only
};

// `media_type` is that of the layer the envelope lay in; it decides which form is read.
// Errors (refused): notary.envelope (form, media type, content type, header types and combinations),
//   notary.crit (crit incomplete, naming what is absent or not understood, among it verification plugins),
//   notary.alg (an algorithm that is not one of the six); of the JSON and CBOR below: parse.json, parse.cbor,
//   parse.duplicate_key, parse.base64, parse.limit.
base::Result<Envelope> parse_envelope(std::string_view media_type, std::string_view bytes);

}  // namespace gridseal::notation
