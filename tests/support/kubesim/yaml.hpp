// Apply bodies are YAML, also those that look like JSON (020, 026).
#pragma once

#include <string>
#include <vector>

#include "kubesim/failure.hpp"

namespace gridseal::kubesim {

struct ParsedYaml {
  Json value;
  std::vector<std::string> duplicates;  // `line 7: key "a" already set in map`
};

// Reads the first document; a second one is ignored (020). Escapes that Go's reader refuses are refused
// (026).
Outcome<ParsedYaml> parse_yaml(const std::string& body);

}  // namespace gridseal::kubesim
