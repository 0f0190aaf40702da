// The payload of cosign's simple signing (containers/image docs, "containers-signature.5"; cosign
// SIGNATURE_SPEC) (internal to trust).
#pragma once

#include <string>
#include <string_view>

#include "trust/verified.hpp"

namespace gridseal::trust {

struct SimpleSigning {
  std::string reference;
  std::string digest;
  std::string type;
  Annotations annotations;  // strings of `optional`
};

// Strict: unknown members outside `optional` are refused. Errors (refused): parse.json, parse.duplicate_key,
// parse.limit, simplesigning.payload.
base::Result<SimpleSigning> parse_simple_signing(std::string_view payload);

}  // namespace gridseal::trust
