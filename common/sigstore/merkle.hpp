// Merkle trees of transparency logs (RFC 6962 section 2.1, RFC 9162 section 2.1.3.2), SHA-256.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gridseal::sigstore {

std::string merkle_leaf_hash(std::string_view entry);
std::string merkle_node_hash(std::string_view left, std::string_view right);

// The root that `path` leads to from the leaf at `index` of a tree of `size` leaves. Error (refused):
// tlog.proof_invalid when index and size do not fit together, or the path has not exactly the hashes that
// such a tree asks for.
base::Result<std::string> merkle_root(std::string_view leaf_hash, int64_t index, int64_t size,
                                      const std::vector<std::string>& path);

}  // namespace gridseal::sigstore
