// One [component.NAME] with its tables. References to other sections are checked by the parser.
#pragma once

#include <string>

#include "config/reader.hpp"

namespace gridseal::config {

void read_component(Reader& reader, const std::string& path, const Member& table, Component& component);

}  // namespace gridseal::config
