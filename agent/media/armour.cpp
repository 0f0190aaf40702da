#include "media/armour.hpp"

#include <array>
#include <optional>

#include "base/armour.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/sha256.hpp"

namespace gridseal::media {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kCheck = "Check";
constexpr size_t kCheckDigits = 16;
constexpr std::array<std::string_view, 4> kWords{"TRUST BUNDLE", "DENIAL", "PERMIT", "APPROVAL"};

std::string check_of(std::string_view content) {
  return crypto::sha256(content).hex().substr(0, kCheckDigits);
}

std::optional<Armoured> kind_of(std::string_view word) {
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (kWords.at(i) == word) return static_cast<Armoured>(i);
  }
  return std::nullopt;
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
  return base::armour_block(word, {{std::string(kCheck), check_of(json)}}, json);
}

Result<ArmouredText> read_armour(std::string_view text) {
  auto blocks = base::read_armour_blocks(text, {1, kMaxArmour});
  if (!blocks) return std::move(blocks).error();
  if (blocks->empty())
    return Error::refused("armour.none", "there is no line \"-----BEGIN GRIDSEAL …-----\" in the text");
  const base::ArmourBlock& block = blocks->front();
  const auto kind = kind_of(block.label);
  if (!kind)
    return Error::refused("armour.kind", "\"" + base::printable(block.label, 40) +
                                             "\" is not taken here: a trust bundle, a denial, a permit or an "
                                             "approval is");
  auto content = base::decode_base64(block.base64);
  if (!content)
    return Error::refused("armour.form",
                          "the text is not base64; paste it again: " + content.error().message());
  if (block.header(kCheck) != check_of(*content))
    return Error::refused("armour.check",
                          "the text does not fit its check digits: a character was lost or "
                          "changed on the way; paste it again");
  return ArmouredText{*kind, std::move(*content)};
}

}  // namespace gridseal::media
