// Between C++ values and SQLite's columns.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "history/database.hpp"

namespace gridseal::history {

inline base::Time time_of(int64_t milliseconds) {
  return base::Time(base::milliseconds(milliseconds));
}
inline int64_t number_of(base::Time time) {
  return time.time_since_epoch().count();
}

inline std::optional<base::Time> optional_time(const std::optional<int64_t>& milliseconds) {
  if (!milliseconds) return std::nullopt;
  return time_of(*milliseconds);
}
inline std::optional<int64_t> optional_number(const std::optional<base::Time>& time) {
  if (!time) return std::nullopt;
  return number_of(*time);
}

inline std::optional<std::string> optional_text(const std::optional<base::Digest>& digest) {
  if (!digest) return std::nullopt;
  return digest->to_string();
}

inline std::optional<base::Digest> optional_digest(const Statement& row, int column) {
  const auto text = row.optional_text(column);
  if (!text) return std::nullopt;
  auto digest = base::Digest::parse(*text);
  if (!digest) return std::nullopt;
  return *digest;
}

// A column that is written from a Digest only. Zeros, which nothing hashes to, when somebody else wrote it.
inline base::Digest digest_of(const Statement& row, int column) {
  return optional_digest(row, column).value_or(base::Digest(base::Digest::Raw{}));
}

// All rows of a query, each made a T by `make`.
template <class T, class Make>
base::Result<std::vector<T>> collect(Statement& query, Make make) {
  std::vector<T> all;
  for (;;) {
    auto more = query.step();
    if (!more) return std::move(more).error();
    if (!*more) return all;
    all.push_back(make(query));
  }
}

// The first row, if there is one.
template <class T, class Make>
base::Result<std::optional<T>> first(Statement& query, Make make) {
  auto more = query.step();
  if (!more) return std::move(more).error();
  if (!*more) return std::optional<T>();
  return std::optional<T>(make(query));
}

}  // namespace gridseal::history
