// Texts in the JSON files of this module. Private to it.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace gridseal::deploy {

// Empty where there is none.
inline std::string text_in(const base::Json& value, std::string_view name) {
  const std::string* text = base::find_string(value, name);
  return text == nullptr ? std::string() : *text;
}

}  // namespace gridseal::deploy
