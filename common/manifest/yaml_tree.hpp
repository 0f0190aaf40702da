// A YAML stream as a tree of nodes: what libyaml's events say, before anything is given a meaning.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/yaml.hpp"

namespace gridseal::manifest {

struct YamlNode {
  enum class Kind { scalar, sequence, mapping, alias };
  Kind kind = Kind::scalar;
  bool plain = false;                // a scalar without quotes and without tag
  bool open = false;                 // a collection that is still being read
  std::string tag;                   // full; empty when none
  std::string value;                 // of a scalar
  std::vector<YamlNode*> children;   // a mapping: key, value, key, value
  const YamlNode* target = nullptr;  // of an alias
  size_t line = 0;                   // from 1
  size_t column = 0;
};

struct YamlTree {
  std::deque<YamlNode> nodes;
  std::vector<const YamlNode*> documents;
};

// "file:line:column: what"
base::Error yaml_error(const Place& place, const char* code, size_t line, size_t column,
                       const std::string& what);

// Errors: as parse_yaml, but no duplicate keys.
base::Result<YamlTree> read_yaml_tree(std::string_view text, const YamlLimits& limits, const Place& place);

}  // namespace gridseal::manifest
