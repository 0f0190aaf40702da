#include "crypto/pem.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxText = size_t{1} << 20U;
constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

Error bad_pem(const std::string& why) {
  return Error::refused("parse.pem", "malformed PEM: " + why);
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

// The next line without its line end, taken off `text`.
std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The label of an encapsulation boundary, empty when the line is none.
std::string_view boundary_label(std::string_view line, std::string_view prefix) {
  if (!line.starts_with(prefix) || !line.ends_with(kDashes) || line.size() <= prefix.size() + kDashes.size())
    return {};
  const std::string_view label = line.substr(prefix.size(), line.size() - prefix.size() - kDashes.size());
  const auto allowed = [](char c) { return c >= 0x20 && c < 0x7F && c != '-'; };
  return std::ranges::all_of(label, allowed) ? label : std::string_view{};
}

Result<PemBlock> take_block(std::string_view& text, std::string_view label) {
  std::string body;
  for (;;) {
    if (text.empty()) return bad_pem("the block has no END line");
    const std::string_view line = take_line(text);
    if (line.starts_with(kDashes)) {
      if (boundary_label(line, kEnd) != label) return bad_pem("the END line does not match the BEGIN line");
      break;
    }
    if (line.empty()) return bad_pem("an empty line inside a block");
    body += line;
  }
  if (body.empty()) return bad_pem("the block is empty");
  auto bytes = base::decode_base64(body);
  if (!bytes) return std::move(bytes).error();
  return PemBlock{std::string(label), std::move(*bytes)};
}

}  // namespace

Result<std::vector<PemBlock>> parse_pem(std::string_view text, size_t max_blocks) {
  if (text.size() > kMaxText) return Error::refused("parse.limit", "PEM text larger than 1 MiB");
  std::vector<PemBlock> blocks;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (is_blank(line)) continue;
    const std::string_view label = boundary_label(line, kBegin);
    if (label.empty()) return bad_pem("text outside of a block, where '-----BEGIN ...-----' should stand");
    if (blocks.size() == max_blocks)
      return Error::refused("parse.limit", "more than " + std::to_string(max_blocks) + " PEM block(s)");
    auto block = take_block(text, label);
    if (!block) return std::move(block).error();
    blocks.push_back(std::move(*block));
  }
  if (blocks.empty()) return bad_pem("there is no block in it");
  return blocks;
}

Result<std::string> parse_single_pem(std::string_view text, std::string_view label) {
  auto blocks = parse_pem(text, 1);
  if (!blocks) return std::move(blocks).error();
  if (blocks->front().label != label) {
    return bad_pem("a block '" + base::printable(blocks->front().label, 40) + "' where '" +
                   std::string(label) + "' is expected");
  }
  return std::move(blocks->front().bytes);
}

std::string encode_pem(std::string_view label, std::string_view bytes) {
  constexpr size_t kLine = 64;
  const std::string name(label);
  const std::string body = base::encode_base64(bytes);
  std::string text = "-----BEGIN " + name + "-----\n";
  for (size_t at = 0; at < body.size(); at += kLine) text += body.substr(at, kLine) + "\n";
  return text + "-----END " + name + "-----\n";
}

}  // namespace gridseal::crypto
