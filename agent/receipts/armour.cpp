#include "receipts/armour.hpp"

#include <optional>

#include "archive/gzip.hpp"
#include "base/encoding.hpp"
#include "receipts/receipt.hpp"

namespace gridseal::receipts {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kBegin = "-----BEGIN GRIDSEAL ";
constexpr std::string_view kEnd = "-----END GRIDSEAL ";
constexpr std::string_view kDashes = "-----";
constexpr size_t kLine = 76;
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

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r";
  const size_t begin = line.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kSpace) - begin + 1);
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

// Header lines have a colon, which base64 has not.
bool is_header(std::string_view line) {
  return line.empty() || line.find(':') != std::string_view::npos;
}

}  // namespace

Result<std::string> armour(std::string_view text) {
  auto envelope = parse_envelope(text);
  if (!envelope) return std::move(envelope).error();
  auto statement = parse_statement(envelope->statement);
  if (!statement) return std::move(statement).error();
  auto packed = archive::gzip(packed_text(*envelope));
  if (!packed) return packed;
  const std::string label = std::string(label_of(statement->kind)) + std::string(kDashes) + "\n";
  std::string out = std::string(kBegin) + label;
  out += "Site: " + base::printable(statement->site) + "\n";
  out += "Number: " + std::to_string(statement->sequence) + "\n";
  out += "Issued: " + base::format_rfc3339(statement->issued) + "\n\n";
  const std::string base64 = base::encode_base64(*packed);
  for (size_t at = 0; at < base64.size(); at += kLine) out += base64.substr(at, kLine) + "\n";
  return out + std::string(kEnd) + label;
}

Result<std::vector<std::string>> read_armour(std::string_view text) {
  std::vector<std::string> envelopes;
  std::optional<std::string> block;
  size_t number = 0;
  size_t begin = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.starts_with(kBegin)) {
      if (block) return damaged(begin, "it does not end");
      if (envelopes.size() == kMaxBlocks)
        return Error::refused("parse.limit",
                              "more than " + std::to_string(kMaxBlocks) + " blocks in one text");
      block.emplace();
      begin = number;
    } else if (block && line.starts_with(kEnd)) {
      auto envelope = unpack(*block, begin);
      if (!envelope) return std::move(envelope).error();
      envelopes.push_back(std::move(*envelope));
      block.reset();
    } else if (block && !is_header(line)) {
      if (block->size() + line.size() > 2 * kMaxEnvelope) return damaged(begin, "it is too long");
      block->append(line);
    }
  }
  if (block) return damaged(begin, "it does not end");
  return envelopes;
}

}  // namespace gridseal::receipts
