// Reads one section by its table of keys, collecting problems and where each value comes from.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.hpp"
#include "config/keys.hpp"
#include "config/load.hpp"

namespace gridseal::config {

class Reader {
 public:
  explicit Reader(std::string directory) : directory_(std::move(directory)) {}

  // `table` is null when the section is absent: everything is then its default. `others` are names of tables
  // that are read elsewhere.
  template <class S>
  void section(const std::string& path, const Member* table, std::span<const Key<S>> keys, S& out,
               const std::vector<std::string>& others = {}) {
    std::vector<std::string> known = others;
    for (const auto& key : keys) {
      known.emplace_back(key.name);
      this->key(path, table, key, out);
    }
    refuse_unknown(path, table, known);
  }

  void refuse_unknown(const std::string& path, const Member* table, const std::vector<std::string>& known);
  // The value as a table; a problem and null when it is something else.
  const Member* as_table(const std::string& path, const Member* member);
  // The tables of an array of them, each with its place and the name "<path>[<number from 1>]"; problems and
  // nothing when it is something else.
  std::vector<Member> as_tables(const std::string& path, const Member* member);
  void problem(const Place& place, std::string key, std::string message);
  // "is missing", and what follows these words.
  void missing(const Place& place, std::string key, const std::string& more = {});

  // Fills in a default that depends on other settings.
  void derive(const std::string& section, std::string_view key, const std::string& value);
  // The place of a value, or of the section when the value is a default.
  Place place_of(const std::string& section, std::string_view key, const Member* table) const;

  std::vector<Problem> problems;
  std::vector<Effective> effective;

 private:
  template <class S>
  void key(const std::string& path, const Member* table, const Key<S>& key, S& out) {
    const Member* found = table != nullptr ? table->value.find(key.name) : nullptr;
    const std::string name = (path.empty() ? "" : path + ".") + std::string(key.name);
    if (found == nullptr && key.required) {
      if (table != nullptr) missing(table->place, name);
      return;
    }
    const Value value = found != nullptr ? found->value : default_value(key.fallback);
    if (found == nullptr && key.fallback.empty()) {
      note(path, key.name, nullptr, R"("")");
      return;
    }
    const Rule rule{key.check, key.range, key.required, found == nullptr};
    std::string wrong =
        std::visit([&](const auto& target) { return store(value, rule, target, out); }, key.target);
    if (!wrong.empty()) return problem(found->place, name, std::move(wrong));
    note(path, key.name, found, std::visit([&](const auto& t) { return toml_of(t, out); }, key.target));
  }

  struct Rule {
    Check check = nullptr;
    Range range;
    bool required = false;    // a list is then not empty
    bool is_default = false;  // needs no check: an empty text may say "none"
  };

  static Value default_value(std::string_view toml);
  void note(const std::string& path, std::string_view key, const Member* found, std::string value);
  std::string absolute(const std::string& path) const;

  static std::string read(const Value& value, const Rule& rule, std::string& out);
  static std::string read(const Value& value, const Rule& rule, bool& out);
  static std::string read(const Value& value, const Rule& rule, int64_t& out);
  static std::string read(const Value& value, const Rule& rule, uint64_t& out);
  static std::string read(const Value& value, const Rule& rule, base::milliseconds& out);
  static std::string read(const Value& value, const Rule& rule, TextList& out);
  static std::string read(const Value& value, const Rule& rule, TextMap& out);
  static std::string read(const Value& value, const Rule& rule, FirstFailure& out);
  static std::string read(const Value& value, const Rule& rule, OnUntrusted& out);
  static std::string read(const Value& value, const Rule& rule, Drift& out);
  static std::string read(const Value& value, const Rule& rule, base::Level& out);
  static std::string read(const Value& value, const Rule& rule, std::optional<bool>& out);
  static std::string read(const Value& value, const Rule& rule, std::optional<Scalar>& out);
  static std::string read(const Value& value, const Rule& rule, ScalarList& out);
  std::string read(const Value& value, const Rule& rule, SecretSource& out) const;

  template <class S, class T>
  std::string store(const Value& value, const Rule& rule, T S::*target, S& out) {
    return read(value, rule, out.*target);
  }
  template <class S>
  std::string store(const Value& value, const Rule& rule, Path<S> target, S& out) {
    std::string wrong = read(value, rule, out.*target.member);
    if (wrong.empty()) out.*target.member = absolute(out.*target.member);
    return wrong;
  }

  static std::string toml(const std::string& value);
  static std::string toml(bool value);
  static std::string toml(int64_t value);
  static std::string toml(uint64_t value);
  static std::string toml(base::milliseconds value);
  static std::string toml(const TextList& value);
  static std::string toml(const TextMap& value);
  static std::string toml(const SecretSource& value);
  static std::string toml(FirstFailure value);
  static std::string toml(OnUntrusted value);
  static std::string toml(Drift value);
  static std::string toml(base::Level value);
  static std::string toml(const Scalar& value);
  static std::string toml(const std::optional<bool>& value);
  static std::string toml(const std::optional<Scalar>& value);
  static std::string toml(const ScalarList& value);

  template <class S, class T>
  static std::string toml_of(T S::*target, const S& out) {
    return toml(out.*target);
  }
  template <class S>
  static std::string toml_of(Path<S> target, const S& out) {
    return toml(out.*target.member);
  }

  std::string directory_;
};

}  // namespace gridseal::config
