// The signed payload (signature-specification.md, "Payload"; internal to notation).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::notation {

struct TargetArtifact {
  std::string media_type;
  std::string digest;  // as written
  uint64_t size = 0;
  std::map<std::string, std::string> annotations;
};

// Errors (refused): notary.payload; parse.json, parse.duplicate_key, parse.limit.
base::Result<TargetArtifact> parse_payload(std::string_view payload);

}  // namespace gridseal::notation
