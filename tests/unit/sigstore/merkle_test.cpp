#include "sigstore/merkle.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "base/encoding.hpp"
#include "support/keyless/log_maker.hpp"

namespace gridseal::sigstore {
namespace {

std::vector<std::string> some_entries(size_t count) {
  std::vector<std::string> entries;
  for (size_t i = 0; i < count; ++i) entries.push_back("entry " + std::to_string(i));
  return entries;
}

void expect_refused(const base::Result<std::string>& root) {
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code(), "tlog.proof_invalid");
  EXPECT_EQ(root.error().outcome(), base::Outcome::refused);
}

// GS-SIGSTORE-101: the audit path of every leaf of every small tree leads to the root as RFC 6962 defines it.
TEST(Merkle, EveryPathOfEverySmallTree) {
  for (size_t size = 1; size <= 40; ++size) {
    const auto entries = some_entries(size);
    const std::string root = test::reference_root(entries);
    for (size_t index = 0; index < size; ++index) {
      const auto found = merkle_root(merkle_leaf_hash(entries[index]), static_cast<int64_t>(index),
                                     static_cast<int64_t>(size), test::reference_path(index, entries));
      ASSERT_TRUE(found);
      EXPECT_EQ(*found, root) << index << " of " << size;
    }
  }
}

// GS-SIGSTORE-102: leaves and nodes are hashed apart, as RFC 6962 section 2.1 says.
TEST(Merkle, KnownHashes) {
  EXPECT_EQ(base::encode_hex(merkle_leaf_hash("")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(base::encode_hex(merkle_node_hash(merkle_leaf_hash(""), merkle_leaf_hash(std::string(1, '\0')))),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

// GS-SIGSTORE-103: another index, another size or another number of hashes never leads to the root.
TEST(Merkle, OtherPlacesDoNotFit) {
  const auto entries = some_entries(13);
  const std::string root = test::reference_root(entries);
  const std::string leaf = merkle_leaf_hash(entries[6]);
  const auto path = test::reference_path(6, entries);
  for (int64_t size = 0; size <= 40; ++size) {
    for (int64_t index = -1; index <= 40; ++index) {
      if (index == 6 && size == 13) continue;
      // Trees of 13 to 16 leaves have the same path to leaf 6: the size is bound by the checkpoint.
      if (index == 6 && size > 8 && size <= 16) continue;
      const auto found = merkle_root(leaf, index, size, path);
      if (found) {
        EXPECT_NE(*found, root) << index << " of " << size;
      }
    }
  }
  for (size_t count = 0; count < path.size(); ++count)
    expect_refused(
        merkle_root(leaf, 6, 13, {path.begin(), path.begin() + static_cast<std::ptrdiff_t>(count)}));
  auto longer = path;
  longer.push_back(path.front());
  expect_refused(merkle_root(leaf, 6, 13, longer));
}

// GS-SIGSTORE-104: an index outside of the tree, a tree without leaves and hashes of another length are
// refused.
TEST(Merkle, ImpossibleProofs) {
  const std::string leaf = merkle_leaf_hash("entry");
  expect_refused(merkle_root(leaf, 0, 0, {}));
  expect_refused(merkle_root(leaf, -1, 1, {}));
  expect_refused(merkle_root(leaf, 1, 1, {}));
  expect_refused(merkle_root(leaf, 0, -1, {}));
  expect_refused(merkle_root(leaf, 0, 2, {leaf.substr(1)}));
  expect_refused(merkle_root(leaf, 0, 2, {leaf + "x"}));
}

// GS-SIGSTORE-105: trees of the largest size that the format can name are computed.
TEST(Merkle, LargestTree) {
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  const std::string leaf = merkle_leaf_hash("entry");
  EXPECT_TRUE(merkle_root(leaf, 0, kLargest, std::vector<std::string>(63, leaf)));
  EXPECT_TRUE(merkle_root(leaf, kLargest - 1, kLargest, std::vector<std::string>(62, leaf)));
  expect_refused(merkle_root(leaf, kLargest, kLargest, std::vector<std::string>(63, leaf)));
}

// GS-SIGSTORE-106: every changed bit of a proof's hashes changes the root.
TEST(Merkle, EveryBitCounts) {
  const auto entries = some_entries(13);
  const std::string root = test::reference_root(entries);
  const auto path = test::reference_path(6, entries);
  for (size_t at = 0; at < path.size(); ++at) {
    for (size_t bit = 0; bit < path[at].size() * 8; ++bit) {
      auto changed = path;
      changed[at] = test::flipped(changed[at], bit);
      EXPECT_NE(*merkle_root(merkle_leaf_hash(entries[6]), 6, 13, changed), root);
    }
  }
}

}  // namespace
}  // namespace gridseal::sigstore
