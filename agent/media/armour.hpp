// Small things as text for a serial console: a trust bundle, a denial or a permit between BEGIN and END
// lines, in base64, with the beginning of its digest so that a lost character is found. The text grants
// nothing: a bundle is judged by its signatures, denial and permit need the same rights as the commands of
// those names.
//
//   -----BEGIN GRIDSEAL TRUST BUNDLE-----
//   Check: 0123456789abcdef
//
//   eyJwYXlsb2FkIjoi…
//   -----END GRIDSEAL TRUST BUNDLE-----
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::media {

// What "-----BEGIN GRIDSEAL …-----" may name here.
enum class Armoured { trust_bundle, denial, permit, approval };

inline constexpr size_t kMaxArmour = size_t{4} << 20U;  // of the whole text

struct ArmouredText {
  Armoured kind = Armoured::trust_bundle;
  std::string content;  // JSON
};

// A JSON document: a trust bundle's envelope, {"denials", "why"} or {"component", "version" or "digest",
// "why"}. Error (refused): armour.content.
base::Result<std::string> armour(std::string_view json);

// The first block of the text; what is around it is passed over. Errors (refused): armour.none, those of
// read_armour_blocks, armour.kind, armour.form (no base64), armour.check (something was lost or changed on
// the way).
base::Result<ArmouredText> read_armour(std::string_view text);

}  // namespace gridseal::media
