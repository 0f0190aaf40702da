// Reading of agent.toml and conf.d/*.toml (TOML 1.0) into Settings. All problems are collected, each with its
// file, line, column and key. Pure but for base::Files; no thread rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "config/settings.hpp"

namespace gridseal::config {

inline constexpr std::string_view kDefaultDirectory = "/etc/gridseal";
inline constexpr size_t kMaxProblems = 20;
inline constexpr uint64_t kMaxFileBytes = uint64_t{1} << 20U;
inline constexpr size_t kMaxFiles = 200;

struct Place {
  std::string file;
  uint32_t line = 0;  // from 1; 0: the file as a whole
  uint32_t column = 0;

  std::string to_string() const;  // "/etc/gridseal/agent.toml:12:3"
};

struct Problem {
  Place place;
  std::string key;  // "component.pump-control.interval"; may be empty
  std::string message;
  bool missing = false;  // about what is not there

  std::string to_string() const;  // "<place>: <key>: <message>"
};

// Never empty when it is an error; in the order of the files, and in each of them first what is written there
// and then what is missing, which may only be misspelt; at most kMaxProblems.
struct Problems {
  std::vector<Problem> list{};
  size_t left_out = 0;      // found beyond kMaxProblems
  bool unreadable = false;  // a file could not be read
  bool blank = false;       // the files are there and say nothing at all: this host is not set up yet

  std::string to_string() const;  // one a line
  // blocked, config.invalid (config.unreadable when a file could not be read); names the first one and how
  // many follow.
  base::Error to_error() const;
};

// A settings file as it was read. `name` is relative to the settings directory: "agent.toml",
// "conf.d/10-pumps.toml"; every other name is that of a policy file, "trust/policies/release.toml", absolute
// when the trust directory lies elsewhere.
struct SourceFile {
  std::string name;
  std::string text;
};

// Where an effective value comes from.
struct Effective {
  std::string section;         // "component.pump-control"
  std::string key;             // "interval"
  std::string value;           // as TOML
  std::optional<Place> place;  // empty: the default
};

struct Loaded {
  Settings settings;
  std::vector<Effective> effective;  // every setting, sections in order
  std::vector<SourceFile> sources;
};

template <class T>
using LoadResult = tl::expected<T, Problems>;

// `directory` is where relative paths start and what places are printed with. Files are merged in the given
// order; the same value in two files is a problem. Never throws, whatever the text.
LoadResult<Loaded> parse(const std::vector<SourceFile>& files, const std::string& directory);

// Reads <directory>/agent.toml (must exist), <directory>/conf.d/*.toml (sorted by name) and
// <trust directory>/policies/*.toml, then parse(). Files without any key, as a package brings them, are one
// problem of their own (`blank`).
LoadResult<Loaded> load(base::Files& files, const std::string& directory);

// One policy file, which need not lie in the trust directory; its name is the file's without ".toml".
LoadResult<TrustPolicy> parse_policy(std::string_view text, const std::string& path);
LoadResult<TrustPolicy> load_policy_file(base::Files& files, const std::string& path);

// Null when there is no such setting. For modules that check their part further and name its place.
const Effective* find_effective(const Loaded& loaded, std::string_view section, std::string_view key);

// The effective settings as TOML; each line says "# default" or "# agent.toml:12". Holds no secrets.
std::string show(const Loaded& loaded);

// docs/settings.md, generated from the same table that parsing uses.
std::string reference_markdown();

// "256MiB", "2GiB", "64KiB", "1000000", "10MB"; bytes. Error (refused): config.size.
base::Result<uint64_t> parse_size(std::string_view text);

}  // namespace gridseal::config
