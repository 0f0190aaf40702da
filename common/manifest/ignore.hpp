// Files of an artifact that are no manifests: patterns of .gitignore (gitignore(5)), from files named
// .sourceignore and from settings, with the meaning that Flux gives them:
// - the last pattern that matches a file, or a folder above it, decides: "!" brings back, also from a folder
//   that an earlier pattern left out;
// - a pattern with '/' at its start or inside counts from the folder of its file, one without matches at any
//   depth below it; '/' at the end matches folders only; "**" stands for any number of folders;
// - the files of deeper folders win over those of folders above, and what is added last wins over all.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gridseal::manifest {

inline constexpr std::string_view kSourceIgnore = ".sourceignore";
inline constexpr uint64_t kMaxSourceIgnoreBytes = uint64_t{64} << 10U;

// Not thread safe.
class IgnoreRules {
 public:
  // The lines of a .sourceignore that lies in `folder` ("" or "apps/web/").
  // Errors (refused): manifest.limit (more than 1,000 patterns, one longer than 512 bytes).
  base::Result<void> add_lines(std::string_view text, std::string_view folder = {});
  base::Result<void> add(std::string_view pattern, std::string_view folder = {});

  // Whether the file at `path` ("apps/web/a.yaml") is left out. Errors (refused): manifest.limit (the
  // patterns take too much work).
  base::Result<bool> ignores(std::string_view path);
  // Whether everything below the folder ("apps/web") is left out.
  base::Result<bool> ignores_folder(std::string_view path);

  bool empty() const { return patterns_.empty(); }

 private:
  struct Pattern {
    std::string folder;
    std::vector<std::string> names;  // between slashes
    bool anchored = false;
    bool negated = false;
    bool folders_only = false;
  };
  bool matches(const Pattern& pattern, std::string_view path, bool is_folder);
  base::Result<bool> decide(std::string_view path, bool is_folder);

  std::vector<Pattern> patterns_;
  bool has_negated_ = false;
  uint64_t work_ = 0;
};

// Collects the .sourceignore files of an artifact (its three functions match archive::Visitor). A file may
// come after others that it is about, so an archive is read once with this before it is read for its
// manifests.
class SourceIgnoreFiles {
 public:
  // False for all other files. Errors (refused): manifest.limit (a file is larger than 64 KiB, there are more
  // than 1,000, they hold more than 1 MiB).
  base::Result<bool> begin_file(const std::string& path, uint64_t size);
  base::Result<void> content(std::string_view chunk);
  base::Result<void> end_file() { return {}; }

  // `last`: patterns from the root of the artifact that win over those of the files.
  base::Result<IgnoreRules> rules(const std::vector<std::string>& last) const;

 private:
  std::map<std::string, std::string> files_;  // by folder
  uint64_t total_ = 0;
  std::string* current_ = nullptr;
};

}  // namespace gridseal::manifest
