// Settings given as texts.
#pragma once

#include <string>
#include <utility>

#include "config/load.hpp"

namespace gridseal::config {

// The least that is needed.
inline const std::string kLeast =
    "[site]\n"
    "name = \"s7\"\n"
    "[registry.mirror]\n"
    "url = \"https://mirror.example\"\n"
    "[trust.policy.release]\n"
    "keys = [\"release.pub\"]\n"
    "[component.pump]\n"
    "repository = \"water/pump\"\n"
    "tag = \"stable\"\n";

inline LoadResult<Loaded> parse_text(const std::string& agent) {
  return parse({{"agent.toml", agent}}, "/etc/gridseal");
}

// kLeast with one text replaced by another.
inline std::string least_with(const std::string& old_text, const std::string& new_text) {
  std::string text = kLeast;
  const auto at = text.find(old_text);
  return text.replace(at, old_text.size(), new_text);
}

}  // namespace gridseal::config
