// The schema and its versions. Each migration's way back is kept in the database itself, so that an older
// program can step a newer database down to its own version.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "history/database.hpp"

namespace gridseal::history {

struct Migration {
  int64_t version = 0;        // that `forward` leads to
  std::string_view forward;   // SQL without parameters
  std::string_view backward;  // to version - 1; empty: there is no way back
};

// In order, from version 1.
std::span<const Migration> migrations();

// Brings the database to the newest version in `known`, up or down, each version in one transaction.
// Returns the version it was at. Error (blocked): history.schema.
base::Result<int64_t> migrate(Database& database, std::span<const Migration> known, int64_t now_ms);

}  // namespace gridseal::history
