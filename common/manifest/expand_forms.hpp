// What the forms of a reference do to a value (internal to Expander).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::manifest::forms {

// All errors are manifest.substitution (refused), without place.

// `form` is one of "^", "^^", ",", ",,". Error: a letter beyond ASCII would have to change.
base::Result<std::string> change_case(std::string_view form, std::string_view value);

// Positions that are no whole numbers leave the value as it is. Error: the length is below zero.
base::Result<std::string> part_of(std::string_view value, std::string_view position,
                                  const std::string* length);

// `form` is one of "/", "//", "/#", "/%". Error: `what` is empty.
base::Result<std::string> replace(std::string_view form, std::string_view value, std::string_view what,
                                  const std::string* by);

// `form` is one of "#", "##", "%", "%%". At least one character goes; a pattern that is none changes nothing.
// `work` counts the steps and is an error beyond `max_work` (manifest.limit).
base::Result<std::string> without_match(std::string_view form, std::string_view value,
                                        std::string_view pattern, uint64_t& work, uint64_t max_work);

}  // namespace gridseal::manifest::forms
