#include "notation/envelope.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "notation/cose.hpp"
#include "notation/headers.hpp"
#include "notation/jws.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kX509 = "notary.x509";
constexpr std::string_view kSigningAuthority = "notary.x509.signingAuthority";

Error crit_error(const std::string& what) {
  return Error::refused("notary.crit", "the signature's critical headers are refused: " + what);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string name_in_quotes(std::string_view name) {
  return "'" + base::printable(name, 80) + "'";
}

Result<void> check_critical_name(const ProtectedHeader& header, const std::string& name) {
  if (name == header::kVerificationPlugin || name == header::kVerificationPluginMinVersion)
    return crit_error("the signer demands a verification plugin; there are none here, so sign without one");
  if (name != header::kSigningScheme && name != header::kAuthenticSigningTime && name != header::kExpiry)
    return crit_error(name_in_quotes(name) + " is not understood");
  if (!contains(header.names, name)) return crit_error(name_in_quotes(name) + " is listed but absent");
  if (std::ranges::count(header.critical, name) != 1)
    return crit_error(name_in_quotes(name) + " is listed twice");
  return {};
}

// signature-envelope-jws.md and -cose.md, "crit": what is critical must be listed, and all listed must be
// known.
Result<void> check_critical(const ProtectedHeader& header) {
  for (const std::string& name : header.critical)
    if (auto known = check_critical_name(header, name); !known) return known;
  for (const std::string_view plugin : {header::kVerificationPlugin, header::kVerificationPluginMinVersion})
    if (contains(header.names, plugin)) return check_critical_name(header, std::string(plugin));
  for (const std::string_view name :
       {header::kSigningScheme, header::kAuthenticSigningTime, header::kExpiry}) {
    if (contains(header.names, name) && !contains(header.critical, name))
      return crit_error(name_in_quotes(name) + " must be listed");
  }
  return {};
}

Result<void> check_times(const ProtectedHeader& header, SigningScheme scheme) {
  const bool authority = scheme == SigningScheme::signing_authority;
  const auto& wanted = authority ? header.authentic_signing_time : header.signing_time;
  const auto& other = authority ? header.signing_time : header.authentic_signing_time;
  if (!wanted || other) {
    return envelope_error("signing scheme " + std::string(to_string(scheme)) + " needs " +
                          std::string(authority ? header::kAuthenticSigningTime : header::kSigningTime) +
                          " and no other signing time");
  }
  if (header.expiry && *header.expiry <= *wanted) return envelope_error("it expires before it was signed");
  return {};
}

}  // namespace

std::string_view to_string(SigningScheme scheme) {
  return scheme == SigningScheme::x509 ? kX509 : kSigningAuthority;
}

std::string_view to_string(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
      return "ES256";
    case Algorithm::es384:
      return "ES384";
    case Algorithm::es512:
      return "ES512";
    case Algorithm::ps256:
      return "PS256";
    case Algorithm::ps384:
      return "PS384";
    case Algorithm::ps512:
      break;
  }
  return "PS512";
}

Error envelope_error(const std::string& what) {
  return Error::refused("notary.envelope", "the signature envelope is refused: " + what);
}

Result<void> apply_header(ProtectedHeader header, Envelope& envelope) {
  if (header.content_type != kPayloadMediaType) {
    return envelope_error("its content type is " + name_in_quotes(header.content_type) + ", not " +
                          std::string(kPayloadMediaType));
  }
  if (header.scheme != kX509 && header.scheme != kSigningAuthority)
    return envelope_error("signing scheme " + name_in_quotes(header.scheme) + " is not known");
  envelope.scheme = header.scheme == kX509 ? SigningScheme::x509 : SigningScheme::signing_authority;
  if (auto fine = check_critical(header); !fine) return fine;
  if (auto fine = check_times(header, envelope.scheme); !fine) return fine;
  envelope.signing_time = header.signing_time;
  envelope.authentic_signing_time = header.authentic_signing_time;
  envelope.expiry = header.expiry;
  envelope.critical = std::move(header.critical);
  return {};
}

Result<Envelope> parse_envelope(std::string_view media_type, std::string_view bytes) {
  if (media_type == kJwsMediaType) return parse_jws(bytes);
  if (media_type == kCoseMediaType) return parse_cose(bytes);
  return envelope_error("its media type is " + name_in_quotes(media_type) + "; known are " +
                        std::string(kJwsMediaType) + " and " + std::string(kCoseMediaType));
}

}  // namespace gridseal::notation
