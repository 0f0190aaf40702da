// The floor of time, one row of the table meta.
#include "history/state.hpp"

namespace gridseal::history {

using base::Json;
using base::Result;

namespace {

constexpr std::string_view kTimeFloor = "time_floor";

Result<std::optional<base::Time>> read_floor(Database& database) {
  auto query = database.prepare("SELECT value FROM meta WHERE name=?");
  if (!query) return std::move(query).error();
  auto row = query->bind(kTimeFloor).step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<base::Time>();
  auto time = base::parse_rfc3339(query->text(0));
  if (!time) return std::move(time).error().with_context("the floor of time in the history is damaged");
  return std::optional(*time);
}

Result<void> write_floor(Database& database, base::Time floor) {
  auto write = database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?,?)");
  if (!write) return std::move(write).error();
  return write->bind(kTimeFloor).bind(base::format_rfc3339(floor)).run();
}

Json detail_of(const std::optional<base::Time>& before, base::Time after) {
  return {{"before", before ? Json(base::format_rfc3339(*before)) : Json()},
          {"after", base::format_rfc3339(after)}};
}

}  // namespace

Result<std::optional<base::Time>> History::time_floor() {
  const std::scoped_lock hold(state_->mutex);
  return read_floor(*state_->database);
}

Result<void> History::raise_time_floor(base::Time floor, std::string_view source) {
  const std::scoped_lock hold(state_->mutex);
  auto before = read_floor(*state_->database);
  if (!before) return std::move(before).error();
  if (*before && **before >= floor) return {};
  return state_->in_transaction([&]() -> Result<void> {
    if (auto done = write_floor(*state_->database, floor); !done) return done;
    Json detail = detail_of(*before, floor);
    detail["source"] = source;
    auto row = state_->audit("gridseald", "time.floor", "clock", detail);
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<void> History::reset_time_floor(base::Time floor, std::string_view actor, std::string_view why) {
  const std::scoped_lock hold(state_->mutex);
  // A damaged floor is no reason not to set a new one.
  const auto before = read_floor(*state_->database);
  return state_->in_transaction([&]() -> Result<void> {
    if (auto done = write_floor(*state_->database, floor); !done) return done;
    Json detail = detail_of(before ? *before : std::nullopt, floor);
    detail["why"] = why;
    auto row = state_->audit(actor, "time.reset", "clock", detail);
    if (!row) return std::move(row).error();
    return {};
  });
}

}  // namespace gridseal::history
