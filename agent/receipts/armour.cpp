#include "receipts/armour.hpp"

#include "archive/gzip.hpp"
#include "base/armour.hpp"
#include "base/encoding.hpp"
#include "receipts/receipt.hpp"

namespace gridseal::receipts {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxBlocks = 10'000;

std::string_view label_of(history::ReceiptKind kind) {
  return kind == history::ReceiptKind::report ? "SITE REPORT" : "RECEIPT";
}

// Key, signature and statement: the statement itself packs better than its base64 in the envelope.
std::string packed_text(const Envelope& envelope) {
  return envelope.key_id + " " + base::encode_base64(envelope.signature) + "\n" + envelope.statement;
}

Result<std::string> envelope_of(std::string_view text) {
  const size_t end = text.find('\n');
  const size_t space = text.find(' ');
  if (end == std::string_view::npos || space > end)
    return Error::refused("receipt.armour", "there is no signature in it");
  auto signature = base::decode_base64(text.substr(space + 1, end - space - 1));
  if (!signature) return std::move(signature).error();
  return to_json(
      Envelope{std::string(text.substr(end + 1)), std::string(text.substr(0, space)), std::move(*signature)});
}

Error damaged(size_t line, const std::string& why) {
  return Error::refused("receipt.armour", "the block that begins in line " + std::to_string(line) +
                                              " cannot be read: " + why +
                                              "; copy it again, from BEGIN to END");
}

Result<std::string> unpack(const std::string& base64, size_t line) {
  auto packed = base::decode_base64(base64);
  if (!packed) return damaged(line, "a letter is missing or wrong");
  auto text = archive::gunzip(*packed, kMaxEnvelope);
  if (!text) return damaged(line, text.error().message());
  auto envelope = envelope_of(*text);
  if (!envelope) return damaged(line, envelope.error().message());
  return envelope;
}

}  // namespace

Result<std::string> armour(std::string_view text) {
  auto envelope = parse_envelope(text);
  if (!envelope) return std::move(envelope).error();
  auto statement = parse_statement(envelope->statement);
  if (!statement) return std::move(statement).error();
  auto packed = archive::gzip(packed_text(*envelope));
  if (!packed) return packed;
  return base::armour_block(label_of(statement->kind),
                            {{"Site", base::printable(statement->site)},
                             {"Number", std::to_string(statement->sequence)},
                             {"Issued", base::format_rfc3339(statement->issued)}},
                            *packed);
}

Result<std::vector<std::string>> read_armour(std::string_view text) {
  auto blocks = base::read_armour_blocks(text, {kMaxBlocks + 1, 2 * kMaxEnvelope});
  if (!blocks) return Error::refused("receipt.armour", blocks.error().message());
  if (blocks->size() > kMaxBlocks)
    return Error::refused("parse.limit", "more than " + std::to_string(kMaxBlocks) + " blocks in one text");
  std::vector<std::string> envelopes;
  for (const base::ArmourBlock& block : *blocks) {
    auto envelope = unpack(block.base64, block.line);
    if (!envelope) return std::move(envelope).error();
    envelopes.push_back(std::move(*envelope));
  }
  return envelopes;
}

}  // namespace gridseal::receipts
