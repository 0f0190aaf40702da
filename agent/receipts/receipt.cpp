#include "receipts/receipt.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "sigstore/statement.hpp"

namespace gridseal::receipts {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr base::JsonLimits kLimits{kMaxEnvelope, 16, 50'000};

Error not_a_receipt(const std::string& why) {
  return Error::refused("receipt.form", "this is no receipt: " + why);
}

const Json& object_in(const Json& json, std::string_view name) {
  static const Json none = Json::object();
  const Json* found = base::find_object(json, name);
  return found == nullptr ? none : *found;
}

std::string plain_text_in(const Json& json, std::string_view name) {
  const std::string* text = base::find_string(json, name);
  return text == nullptr ? std::string() : *text;
}

bool is_hash(const std::string& text) {
  return base::Digest::parse("sha256:" + text).has_value();
}

Result<history::ReceiptKind> kind_of(const std::string& predicate_type) {
  if (predicate_type == kReceiptType) return history::ReceiptKind::receipt;
  if (predicate_type == kReportType) return history::ReceiptKind::report;
  return not_a_receipt("it is a statement of the type '" + base::printable(predicate_type, 80) + "'");
}

}  // namespace

Result<Statement> parse_statement(std::string_view bytes) {
  auto frame = sigstore::parse_statement(bytes);
  if (!frame) return not_a_receipt(frame.error().message());
  auto kind = kind_of(frame->predicate_type);
  if (!kind) return std::move(kind).error();
  if (frame->subjects.size() != 1) return not_a_receipt("it is not about exactly one thing");
  auto subject = base::Digest::from_hex(frame->subjects.front().sha256);
  auto json = base::parse_json(bytes, kLimits);
  if (!json || !subject) return not_a_receipt("its subject has no SHA-256 digest, or it is too large");
  const Json& predicate = object_in(*json, "predicate");
  const Json& site = object_in(predicate, "site");
  const Json& audit = object_in(predicate, "audit");

  auto key = base::Digest::parse(plain_text_in(predicate, "key"));
  auto issued = base::parse_rfc3339(plain_text_in(predicate, "issued"));
  const auto sequence = base::find_integer(predicate, "sequence");
  const auto audit_sequence = base::find_integer(audit, "sequence");
  if (!key || !issued) return not_a_receipt("key or time are missing");
  if (!sequence || *sequence < 1 || !audit_sequence || *audit_sequence < 0)
    return not_a_receipt("its place in the chain is missing");
  Statement out{*kind, crypto::sha256(bytes), *subject, *key, plain_text_in(site, "name")};
  out.environment = plain_text_in(site, "environment");
  out.sequence = *sequence;
  out.issued = *issued;
  out.audit = {*audit_sequence, plain_text_in(audit, "hash")};
  if (out.site.empty() || out.site.size() > 253 || !is_hash(out.audit.hash))
    return not_a_receipt("its site or its audit checkpoint is missing");
  if (const std::string previous = plain_text_in(predicate, "previous"); !previous.empty()) {
    auto digest = base::Digest::parse(previous);
    if (!digest) return not_a_receipt("the receipt before it is not named by a digest");
    out.previous = *digest;
  }
  if (out.previous.has_value() == (out.sequence == 1))
    return not_a_receipt("only the first follows none, and it follows none");
  out.predicate = predicate;
  return out;
}

Result<Statement> open_receipt(std::string_view text, const std::vector<crypto::PublicKey>& keys) {
  auto envelope = parse_envelope(text);
  if (!envelope) return std::move(envelope).error();
  auto statement = parse_statement(envelope->statement);
  if (!statement) return statement;
  const auto named = std::ranges::find_if(
      keys, [&](const crypto::PublicKey& key) { return key.fingerprint() == statement->key; });
  if (named == keys.end())
    return Error::refused("receipt.unknown_key",
                          "receipt " + std::to_string(statement->sequence) + " of '" +
                              base::printable(statement->site, 80) +
                              "' is signed with a key that nobody enrolled: " + statement->key.to_string());
  if (auto good = check_signature(*envelope, *named); !good)
    return std::move(good).error().with_context("receipt " + std::to_string(statement->sequence) + " of '" +
                                                base::printable(statement->site, 80) +
                                                "' was changed, or another one signed it");
  return statement;
}

}  // namespace gridseal::receipts
