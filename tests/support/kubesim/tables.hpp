// The tables of tables/, compiled in.
#pragma once

#include <string_view>

namespace gridseal::kubesim {

// 011: one line for each resource: group/version plural singular Kind scope verbs short-names categories
// subresources.
std::string_view resource_table();
// Types of the built-in kinds; schema.hpp has the notation.
std::string_view schema_table();

}  // namespace gridseal::kubesim
