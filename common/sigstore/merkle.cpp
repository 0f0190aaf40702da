#include "sigstore/merkle.hpp"

#include <bit>

#include "crypto/hash.hpp"

namespace gridseal::sigstore {
namespace {

constexpr size_t kMerkleHashSize = 32;

base::Error bad_proof(const std::string& why) {
  return base::Error::refused("tlog.proof_invalid", "the log entry's inclusion proof " + why);
}

}  // namespace

std::string merkle_leaf_hash(std::string_view entry) {
  std::string input(1, '\0');
  input.append(entry);
  return crypto::hash_of(crypto::Hash::sha256, input);
}

std::string merkle_node_hash(std::string_view left, std::string_view right) {
  std::string input(1, '\1');
  input.append(left).append(right);
  return crypto::hash_of(crypto::Hash::sha256, input);
}

base::Result<std::string> merkle_root(std::string_view leaf_hash, int64_t index, int64_t size,
                                      const std::vector<std::string>& path) {
  if (index < 0 || index >= size) return bad_proof("is for an index outside of the tree");
  const auto leaf = static_cast<uint64_t>(index);
  // Up to here the path has a hash on each level; above, only where the leaf's side has a left neighbour.
  const auto inner = static_cast<unsigned>(std::bit_width(leaf ^ static_cast<uint64_t>(size - 1)));
  const auto border = static_cast<unsigned>(std::popcount(leaf >> inner));
  if (path.size() != inner + border)
    return bad_proof("has " + std::to_string(path.size()) + " hashes where the tree asks for " +
                     std::to_string(inner + border));
  std::string hash(leaf_hash);
  for (unsigned level = 0; level < path.size(); ++level) {
    const std::string& other = path[level];
    if (other.size() != kMerkleHashSize) return bad_proof("has a hash that is not 32 bytes long");
    const bool left = level < inner && ((leaf >> level) & 1U) == 0;
    hash = left ? merkle_node_hash(hash, other) : merkle_node_hash(other, hash);
  }
  return hash;
}

}  // namespace gridseal::sigstore
