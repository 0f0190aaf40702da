// The payload of cosign's simple signing (containers/image docs, "containers-signature.5"; cosign
// SIGNATURE_SPEC).
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "sigstore/statement.hpp"

namespace gridseal::sigstore {

inline constexpr size_t kMaxSimpleSigning = size_t{1} << 20U;  // bytes

struct SimpleSigning {
  std::string reference;
  std::string digest;
  std::string type;
  Annotations annotations;  // strings of `optional`
};

// Strict, and at most 256 KiB of what is read of it: unknown members outside `optional` are refused. Errors
// (refused): parse.json, parse.duplicate_key, parse.limit.
base::Result<SimpleSigning> parse_simple_signing(std::string_view payload);

}  // namespace gridseal::sigstore
