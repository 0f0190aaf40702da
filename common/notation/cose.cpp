#include "notation/cose.hpp"

#include "base/encoding.hpp"
#include "notation/cbor.hpp"
#include "notation/headers.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Result;
using cbor::Kind;
using cbor::Value;

constexpr uint64_t kSign1Tag = 18;
constexpr uint64_t kEpochTimeTag = 1;
constexpr uint64_t kLastTime = 253402300799;  // the last second of the year 9999

// Header labels: RFC 9052 section 3.1, RFC 9360.
constexpr int64_t kLabelAlgorithm = 1;
constexpr int64_t kLabelCritical = 2;
constexpr int64_t kLabelContentType = 3;
constexpr int64_t kLabelX5chain = 33;

Error cbor_error(const Error& error, const std::string& where) {
  if (error.code() == "parse.cbor") return envelope_error(where + ": " + error.message());
  return Error(error).with_context(where);
}

Result<std::string> text_of(const Value& map, std::string_view name, const Value* value) {
  if (value == nullptr || !value->is(Kind::text))
    return envelope_error(std::string(name) + (map.items.empty() ? " is absent" : " is absent or no text"));
  return std::string(value->content);
}

// RFC 8949 section 3.4.2, whole seconds from 1970 on.
Result<std::optional<base::Time>> time_of(const Value& header, std::string_view name) {
  const Value* value = cbor::find(header, name);
  if (value == nullptr) return std::optional<base::Time>();
  const bool time = value->is(Kind::tag) && value->number == kEpochTimeTag &&
                    value->items.front().is(Kind::unsigned_integer) &&
                    value->items.front().number <= kLastTime;
  if (!time) return envelope_error(std::string(name) + " is not a time in whole seconds (tag 1)");
  return std::optional<base::Time>(
      base::Time(base::seconds(static_cast<int64_t>(value->items.front().number))));
}

// RFC 9053 sections 2.1, RFC 8230 section 2.
Result<Algorithm> algorithm_of(const Value& header) {
  const Value* value = cbor::find(header, kLabelAlgorithm);
  if (value != nullptr && value->is(Kind::negative_integer)) {
    switch (value->number) {  // of -1 - number
      case 6:
        return Algorithm::es256;
      case 34:
        return Algorithm::es384;
      case 35:
        return Algorithm::es512;
      case 36:
        return Algorithm::ps256;
      case 37:
        return Algorithm::ps384;
      case 38:
        return Algorithm::ps512;
      default:
        break;
    }
  }
  return Error::refused("notary.alg",
                        "the signature's algorithm is not one of ES256 (-7), ES384 (-35), ES512 (-36), "
                        "PS256 (-37), PS384 (-38), PS512 (-39)");
}

Result<std::vector<std::string>> critical_of(const Value& header) {
  const Value* list = cbor::find(header, kLabelCritical);
  if (list == nullptr || !list->is(Kind::array) || list->items.empty())
    return Error::refused("notary.crit", "the signature lists no critical headers");
  std::vector<std::string> names;
  for (const Value& name : list->items) {
    if (!name.is(Kind::text))
      return Error::refused("notary.crit", "crit names a header label that is not understood");
    names.emplace_back(name.content);
  }
  return names;
}

Result<void> read_protected(const Value& header, Envelope& envelope) {
  const auto algorithm = algorithm_of(header);
  if (!algorithm) return algorithm.error();
  envelope.algorithm = *algorithm;
  ProtectedHeader judged;
  for (size_t i = 0; i < header.items.size(); i += 2)
    if (header.items[i].is(Kind::text)) judged.names.emplace_back(header.items[i].content);
  auto critical = critical_of(header);
  if (!critical) return std::move(critical).error();
  judged.critical = std::move(*critical);
  auto content_type = text_of(header, "the content type", cbor::find(header, kLabelContentType));
  if (!content_type) return std::move(content_type).error();
  judged.content_type = std::move(*content_type);
  auto scheme = text_of(header, header::kSigningScheme, cbor::find(header, header::kSigningScheme));
  if (!scheme) return std::move(scheme).error();
  judged.scheme = std::move(*scheme);
  for (const auto& [name, field] : {std::pair(header::kSigningTime, &judged.signing_time),
                                    std::pair(header::kAuthenticSigningTime, &judged.authentic_signing_time),
                                    std::pair(header::kExpiry, &judged.expiry)}) {
    const auto value = time_of(header, name);
    if (!value) return value.error();
    *field = *value;
  }
  return apply_header(std::move(judged), envelope);
}

// RFC 9360: one certificate is a byte string, several are an array; notation writes an array always.
Result<void> read_chain(const Value& header, Envelope& envelope) {
  const Value* chain = cbor::find(header, kLabelX5chain);
  if (chain != nullptr && chain->is(Kind::bytes)) {
    envelope.certificate_chain.emplace_back(chain->content);
    return {};
  }
  if (chain == nullptr || !chain->is(Kind::array) || chain->items.empty() ||
      chain->items.size() > kMaxChainLength)
    return envelope_error("x5chain must list 1 to " + std::to_string(kMaxChainLength) + " certificates");
  for (const Value& certificate : chain->items) {
    if (!certificate.is(Kind::bytes)) return envelope_error("a certificate in x5chain is no byte string");
    envelope.certificate_chain.emplace_back(certificate.content);
  }
  return {};
}

Result<void> read_unprotected(const Value& header, Envelope& envelope) {
  for (const int64_t label : {kLabelAlgorithm, kLabelCritical, kLabelContentType})
    if (cbor::find(header, label) != nullptr)
      return envelope_error("header label " + std::to_string(label) + " is not protected");
  for (const std::string_view name :
       {header::kSigningScheme, header::kSigningTime, header::kAuthenticSigningTime, header::kExpiry,
        header::kVerificationPlugin, header::kVerificationPluginMinVersion}) {
    if (cbor::find(header, name) != nullptr)
      return envelope_error("'" + std::string(name) + "' is not protected");
  }
  if (auto read = read_chain(header, envelope); !read) return read;
  if (const Value* token = cbor::find(header, header::kTimestampSignature)) {
    if (!token->is(Kind::bytes)) return envelope_error("the timestamp is no byte string");
    envelope.timestamp = std::string(token->content);
  }
  const Value* agent = cbor::find(header, header::kSigningAgent);
  if (agent != nullptr && agent->is(Kind::text)) envelope.signing_agent = agent->content;
  return {};
}

// RFC 9052 section 3: a label occurs once in both headers together.
Result<void> check_labels(const Value& protected_header, const Value& unprotected) {
  for (size_t i = 0; i < protected_header.items.size(); i += 2) {
    for (size_t k = 0; k < unprotected.items.size(); k += 2) {
      if (protected_header.items[i].raw == unprotected.items[k].raw)
        return envelope_error("a header is both protected and not");
    }
  }
  return {};
}

}  // namespace

std::string cose_signed_bytes(std::string_view protected_header, std::string_view payload) {
  return cbor::encode_head(Kind::array, 4) + cbor::encode_text("Signature1") +
         cbor::encode_bytes(protected_header) + cbor::encode_bytes("") + cbor::encode_bytes(payload);
}

Result<Envelope> parse_cose(std::string_view bytes) {
  cbor::Limits limits;
  limits.max_bytes = kMaxEnvelopeBytes;
  limits.max_items = 256;
  const auto root = cbor::parse(bytes, limits);
  if (!root) return cbor_error(root.error(), "the signature envelope");
  if (!root->is(Kind::tag) || root->number != kSign1Tag || !root->items.front().is(Kind::array) ||
      root->items.front().items.size() != 4)
    return envelope_error("it is no COSE_Sign1 with tag 18");
  const std::vector<Value>& parts = root->items.front().items;
  if (!parts[0].is(Kind::bytes) || !parts[1].is(Kind::map) || !parts[2].is(Kind::bytes) ||
      !parts[3].is(Kind::bytes))
    return envelope_error(
        "a part of the COSE_Sign1 is of the wrong type; a detached payload is not supported");
  const auto protected_header = cbor::parse(parts[0].content, limits);
  if (!protected_header) return cbor_error(protected_header.error(), "the protected header");
  if (!protected_header->is(Kind::map)) return envelope_error("the protected header is no map");
  if (auto fine = check_labels(*protected_header, parts[1]); !fine) return std::move(fine).error();
  Envelope envelope;
  envelope.payload = parts[2].content;
  envelope.signature = parts[3].content;
  envelope.signed_bytes = cose_signed_bytes(parts[0].content, parts[2].content);
  if (auto read = read_protected(*protected_header, envelope); !read) return std::move(read).error();
  if (auto read = read_unprotected(parts[1], envelope); !read) return std::move(read).error();
  return envelope;
}

}  // namespace gridseal::notation
