// The words in the database for each enumerator, in order; the schema's CHECKs list the same.
#pragma once

#include <array>
#include <string_view>

#include "history/records.hpp"

namespace gridseal::history {

inline constexpr std::array<std::string_view, 3> kVerificationOutcomes{"verified", "pending", "refused"};
inline constexpr std::array<std::string_view, 4> kDeploymentKinds{"deploy", "rollback",
                                                                  "first_failure_removal", "drift"};
inline constexpr std::array<std::string_view, 7> kDeploymentOutcomes{
    "healthy", "rolled_back", "removed", "left", "refused", "blocked", "cancelled"};
inline constexpr std::array<std::string_view, 3> kSides{"last_good", "attempt", "leftover"};
inline constexpr std::array<std::string_view, 3> kDriftActions{"corrected", "reported", "failed"};
inline constexpr std::array<std::string_view, 2> kReceiptKinds{"receipt", "report"};

template <size_t N, class Enum>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<size_t>(value);
  return index < N ? names.at(index) : std::string_view();
}

// The last enumerator when the word is unknown; the schema's CHECKs keep that from happening.
template <class Enum, size_t N>
Enum value_in(const std::array<std::string_view, N>& names, std::string_view word) {
  size_t index = 0;
  while (index + 1 < N && names.at(index) != word) ++index;
  return static_cast<Enum>(index);
}

}  // namespace gridseal::history
