#include "media/armour.hpp"

#include <array>
#include <optional>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/sha256.hpp"

namespace gridseal::media {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kBlockBegin = "-----BEGIN GRIDSEAL ";
constexpr std::string_view kBlockEnd = "-----END GRIDSEAL ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kCheckLine = "Check: ";
constexpr size_t kCheckDigits = 16;
constexpr size_t kLine = 64;
constexpr std::array<std::string_view, 4> kWords{"TRUST BUNDLE", "DENIAL", "PERMIT", "APPROVAL"};

std::string check_of(std::string_view content) {
  return crypto::sha256(content).hex().substr(0, kCheckDigits);
}

std::string_view trimmed(std::string_view line) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
  return line;
}

// The next line of `text`, which is taken off.
std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trimmed(line);
}

std::optional<Armoured> kind_of(std::string_view word) {
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (kWords.at(i) == word) return static_cast<Armoured>(i);
  }
  return std::nullopt;
}

// The word between the dashes; empty: another line.
std::string_view word_of(std::string_view line, std::string_view begin) {
  if (!line.starts_with(begin) || !line.ends_with(kDashes) || line.size() <= begin.size() + kDashes.size())
    return {};
  return line.substr(begin.size(), line.size() - begin.size() - kDashes.size());
}

}  // namespace

Result<std::string> armour(std::string_view json) {
  const auto document = base::parse_json(json, {kMaxArmour / 2, 32, 100'000});
  if (!document) return document.error();
  std::string_view word;
  if (document->contains("payloadType")) word = kWords[0];
  if (document->contains("denials") && document->contains("why")) word = kWords[1];
  if (document->contains("component") && document->contains("why")) word = kWords[2];
  if (word.empty())
    return Error::refused("armour.content", "this is neither a trust bundle nor a denial nor a permit");
  std::string text = std::string(kBlockBegin) + std::string(word) + std::string(kDashes) + "\n" +
                     std::string(kCheckLine) + check_of(json) + "\n\n";
  const std::string body = base::encode_base64(json);
  for (size_t at = 0; at < body.size(); at += kLine) text += body.substr(at, kLine) + "\n";
  return text + std::string(kBlockEnd) + std::string(word) + std::string(kDashes) + "\n";
}

Result<ArmouredText> read_armour(std::string_view text) {
  std::string_view word;
  while (!text.empty() && word.empty()) word = word_of(take_line(text), kBlockBegin);
  if (word.empty())
    return Error::refused("armour.none", "there is no line \"-----BEGIN GRIDSEAL …-----\" in the text");
  const auto kind = kind_of(word);
  if (!kind)
    return Error::refused("armour.kind", "\"" + base::printable(word, 40) +
                                             "\" is not taken here: a trust bundle, a denial, a permit or an "
                                             "approval is");
  std::string body;
  std::string check;
  bool ended = false;
  while (!text.empty() && !ended) {
    const std::string_view line = take_line(text);
    ended = word_of(line, kBlockEnd) == word;
    if (ended || line.empty()) continue;
    if (line.starts_with(kCheckLine))
      check = line.substr(kCheckLine.size());
    else
      body += line;
  }
  if (!ended) return Error::refused("armour.cut", "the text ends before its END line; paste all of it");
  auto content = base::decode_base64(body);
  if (!content)
    return Error::refused("armour.form",
                          "the text is not base64; paste it again: " + content.error().message());
  if (check != check_of(*content))
    return Error::refused("armour.check",
                          "the text does not fit its check digits: a character was lost or "
                          "changed on the way; paste it again");
  return ArmouredText{*kind, std::move(*content)};
}

bool is_armour_end(std::string_view line) {
  return !word_of(trimmed(line), kBlockEnd).empty();
}

}  // namespace gridseal::media
