#include "notation/jws.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "notation/headers.hpp"

namespace gridseal::notation {
namespace {

using base::Base64;
using base::Error;
using base::Json;
using base::Result;

constexpr size_t kMaxValues = 1'000;  // of an envelope, and of its protected header

constexpr std::string_view kX5c = "x5c";

// RFC 7797: a payload that is not encoded would be other bytes under the signature.
constexpr std::string_view kB64 = "b64";

Result<std::string> text_of(const Json& object, std::string_view name) {
  const std::string* text = base::find_string(object, name);
  if (text == nullptr) return envelope_error("'" + std::string(name) + "' is absent or no text");
  return *text;
}

Result<std::string> decoded(const Json& object, std::string_view name) {
  auto text = text_of(object, name);
  if (!text) return text;
  auto bytes = base::decode_base64(*text, Base64::url);
  if (!bytes) return std::move(bytes).error().with_context("the envelope's '" + std::string(name) + "'");
  return bytes;
}

Result<std::optional<base::Time>> time_of(const Json& header, std::string_view name) {
  if (!header.contains(name)) return std::optional<base::Time>();
  const std::string* text = base::find_string(header, name);
  if (text == nullptr) return envelope_error(std::string(name) + " is no text");
  const auto time = base::parse_rfc3339(*text);
  if (!time || text->find('.') != std::string::npos)
    return envelope_error(std::string(name) + " is not a time of RFC 3339 in whole seconds");
  return std::optional<base::Time>(*time);
}

Result<std::vector<std::string>> critical_of(const Json& header) {
  const Json* list = base::find_array(header, "crit");
  if (list == nullptr || list->empty())
    return Error::refused("notary.crit", "the signature lists no critical headers");
  std::vector<std::string> names;
  for (const Json& name : *list) {
    if (!name.is_string()) return Error::refused("notary.crit", "a name in crit is no text");
    names.push_back(name.get<std::string>());
  }
  return names;
}

Result<Algorithm> algorithm_of(const Json& header) {
  const std::string* name = base::find_string(header, "alg");
  constexpr std::array kAll = {Algorithm::es256, Algorithm::es384, Algorithm::es512,
                               Algorithm::ps256, Algorithm::ps384, Algorithm::ps512};
  if (name != nullptr) {
    for (const Algorithm algorithm : kAll)
      if (*name == to_string(algorithm)) return algorithm;
  }
  return Error::refused("notary.alg", "the signature's algorithm '" +
                                          (name == nullptr ? std::string() : base::printable(*name, 40)) +
                                          "' is not one of ES256, ES384, ES512, PS256, PS384, PS512");
}

Result<void> read_protected(std::string_view text, const Json& unprotected, Envelope& envelope) {
  auto header = base::parse_json(text, {kMaxEnvelopeBytes, 16, kMaxValues});
  if (!header) return std::move(header).error().with_context("the envelope's protected header");
  if (!header->is_object()) return envelope_error("the protected header is no object");
  ProtectedHeader judged;
  for (const auto& [name, value] : header->items()) {
    if (unprotected.contains(name))
      return envelope_error("'" + base::printable(name, 80) + "' is both protected and not");
    judged.names.push_back(name);
  }
  const auto algorithm = algorithm_of(*header);
  if (!algorithm) return algorithm.error();
  envelope.algorithm = *algorithm;
  auto critical = critical_of(*header);
  if (!critical) return std::move(critical).error();
  judged.critical = std::move(*critical);
  for (const auto& [name, field] : {std::pair(std::string_view("cty"), &judged.content_type),
                                    std::pair(header::kSigningScheme, &judged.scheme)}) {
    auto value = text_of(*header, name);
    if (!value) return std::move(value).error();
    *field = std::move(*value);
  }
  for (const auto& [name, field] : {std::pair(header::kSigningTime, &judged.signing_time),
                                    std::pair(header::kAuthenticSigningTime, &judged.authentic_signing_time),
                                    std::pair(header::kExpiry, &judged.expiry)}) {
    const auto value = time_of(*header, name);
    if (!value) return value.error();
    *field = *value;
  }
  if (auto fine = apply_header(std::move(judged), envelope); !fine) return fine;
  if (header->contains(kB64)) return envelope_error("'b64' is not supported");
  return {};
}

Result<void> read_chain(const Json& header, Envelope& envelope) {
  const Json* chain = base::find_array(header, kX5c);
  if (chain == nullptr || chain->empty() || chain->size() > kMaxChainLength)
    return envelope_error("x5c must list 1 to " + std::to_string(kMaxChainLength) + " certificates");
  for (const Json& certificate : *chain) {
    if (!certificate.is_string()) return envelope_error("a certificate in x5c is no text");
    auto der = base::decode_base64(certificate.get_ref<const std::string&>());
    if (!der) return std::move(der).error().with_context("a certificate in the envelope's x5c");
    envelope.certificate_chain.push_back(std::move(*der));
  }
  return {};
}

// RFC 7515 section 7.2.1: header names live in one place only, and `crit` in the protected one.
Result<void> read_unprotected(const Json& header, Envelope& envelope) {
  for (const std::string_view name :
       {std::string_view("crit"), std::string_view("alg"), std::string_view("cty"), kB64,
        header::kSigningScheme, header::kSigningTime, header::kAuthenticSigningTime, header::kExpiry,
        header::kVerificationPlugin, header::kVerificationPluginMinVersion}) {
    if (header.contains(name)) return envelope_error("'" + std::string(name) + "' is not protected");
  }
  if (auto read = read_chain(header, envelope); !read) return read;
  if (header.contains(header::kTimestampSignature)) {
    const auto text = text_of(header, header::kTimestampSignature);
    if (!text) return text.error();
    auto token = base::decode_base64(*text);
    if (!token) return std::move(token).error().with_context("the envelope's timestamp");
    envelope.timestamp = std::move(*token);
  }
  if (const std::string* agent = base::find_string(header, header::kSigningAgent))
    envelope.signing_agent = *agent;
  return {};
}

}  // namespace

Result<Envelope> parse_jws(std::string_view text) {
  const auto root = base::parse_json(text, {kMaxEnvelopeBytes, 8, kMaxValues});
  if (!root) return Error(root.error()).with_context("the signature envelope is not usable JSON");
  if (!root->is_object()) return envelope_error("it is no object");
  for (const auto& [name, value] : root->items()) {
    if (name != "payload" && name != "protected" && name != "header" && name != "signature")
      return envelope_error("'" + base::printable(name, 80) +
                            "' has no place in the flattened JSON serialization");
  }
  const Json* header = base::find_object(*root, "header");
  if (header == nullptr) return envelope_error("'header' is absent");
  auto protected_header = decoded(*root, "protected");
  auto payload = decoded(*root, "payload");
  auto signature = decoded(*root, "signature");
  for (auto* part : {&protected_header, &payload, &signature})
    if (!*part) return std::move(*part).error();
  Envelope envelope;
  envelope.payload = std::move(*payload);
  envelope.signature = std::move(*signature);
  envelope.signed_bytes = *base::find_string(*root, "protected") + "." + *base::find_string(*root, "payload");
  if (auto read = read_protected(*protected_header, *header, envelope); !read) return std::move(read).error();
  if (auto read = read_unprotected(*header, envelope); !read) return std::move(read).error();
  return envelope;
}

}  // namespace gridseal::notation
