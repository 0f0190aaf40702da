#include <algorithm>
#include <functional>

#include "trust/candidate.hpp"

namespace gridseal::trust {
namespace {

// Proofs of one signer get one number.
std::vector<size_t> number_signers(const std::vector<Proof>& proofs) {
  std::vector<size_t> number(proofs.size());
  for (size_t i = 0; i < proofs.size(); ++i) {
    number[i] = i;
    for (size_t k = 0; k < i; ++k) {
      const bool same = std::ranges::any_of(proofs[i].signer, [&](const std::string& id) {
        return std::ranges::find(proofs[k].signer, id) != proofs[k].signer.end();
      });
      if (!same) continue;
      const size_t from = number[i];
      std::ranges::replace(number, from, number[k]);
    }
  }
  return number;
}

}  // namespace

std::vector<std::optional<size_t>> match_authorities(size_t authorities, const std::vector<Proof>& proofs) {
  const std::vector<size_t> signer = number_signers(proofs);
  std::vector<std::optional<size_t>> counted(authorities);  // proof
  std::vector<std::optional<size_t>> taken(proofs.size());  // signer → authority
  std::function<bool(size_t, std::vector<bool>&)> augment = [&](size_t authority, std::vector<bool>& seen) {
    for (size_t i = 0; i < proofs.size(); ++i) {
      const auto& can = proofs[i].authorities;
      if (seen[signer[i]] || std::ranges::find(can, authority) == can.end()) continue;
      seen[signer[i]] = true;
      if (taken[signer[i]] && !augment(*taken[signer[i]], seen)) continue;
      taken[signer[i]] = authority;
      counted[authority] = i;
      return true;
    }
    return false;
  };
  for (size_t authority = 0; authority < authorities; ++authority) {
    std::vector<bool> seen(proofs.size());
    augment(authority, seen);
  }
  return counted;
}

}  // namespace gridseal::trust
