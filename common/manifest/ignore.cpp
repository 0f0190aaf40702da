#include "manifest/ignore.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gridseal::manifest {
namespace {

constexpr size_t kMaxPatterns = 1000;
constexpr size_t kMaxPatternBytes = 512;
constexpr size_t kMaxFiles = 1000;
constexpr uint64_t kMaxTotalBytes = uint64_t{1} << 20U;
constexpr uint64_t kMaxWork = uint64_t{1} << 28U;

base::Error limit(const std::string& what) {
  return base::Error::refused("manifest.limit", what);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    const size_t slash = text.find('/');
    names.emplace_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return names;
    text.remove_prefix(slash + 1);
  }
}

// A set "[a-z]" at `at`, which is behind the '[': the place behind it, or 0 where it is not closed.
size_t take_set(std::string_view pattern, size_t at, char c, bool& in) {
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  const auto letter = [&] {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    return static_cast<unsigned char>(pattern[at++]);
  };
  for (bool first = true; at < pattern.size(); first = false) {
    if (pattern[at] == ']' && !first) {
      in = found != negated;
      return at + 1;
    }
    const unsigned char low = letter();
    unsigned char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      high = letter();
    }
    const auto byte = static_cast<unsigned char>(c);
    found = found || (low <= byte && byte <= high);
  }
  return 0;
}

// One name against one part of a pattern (fnmatch(3) without '/'). A '*' gives way to the last one only:
// quadratic at most.
bool matches_name(std::string_view pattern, std::string_view name, uint64_t& work) {
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;
  size_t star_name = 0;
  while (true) {
    ++work;
    size_t next = 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_name = n;
      continue;
    }
    if (n == name.size() && p == pattern.size()) return true;
    if (n < name.size() && p < pattern.size()) {
      bool in = true;
      if (pattern[p] == '?') {
        next = p + 1;
      } else if (pattern[p] == '[') {
        next = take_set(pattern, p + 1, name[n], in);
        if (next == 0) return false;
        if (!in) next = 0;
      } else {
        const size_t at = pattern[p] == '\\' && p + 1 < pattern.size() ? p + 1 : p;
        next = pattern[at] == name[n] ? at + 1 : 0;
      }
    }
    if (next != 0) {
      p = next;
      ++n;
      continue;
    }
    if (star == std::string_view::npos || star_name >= name.size()) return false;
    p = star;
    n = ++star_name;
  }
}

// How many of the path's first names the pattern's names match: all counts, as a set.
std::vector<bool> matched_counts(const std::vector<std::string>& pattern,
                                 const std::vector<std::string>& path, uint64_t& work) {
  std::vector<bool> now(path.size() + 1, false);
  now[0] = true;
  for (size_t i = 0; i < pattern.size(); ++i) {
    std::vector<bool> next(now.size(), false);
    const bool last = i + 1 == pattern.size();
    bool reached = false;
    for (size_t at = 0; at < now.size(); ++at) {
      ++work;
      if (pattern[i] == "**") {
        // At the end it stands for what is inside: for one name at least.
        if (!last) reached = reached || now[at];
        next[at] = reached;
        if (last) reached = reached || now[at];
      } else if (at + 1 < now.size() && now[at]) {
        next[at + 1] = matches_name(pattern[i], path[at], work);
      }
    }
    now = std::move(next);
  }
  return now;
}

}  // namespace

base::Result<void> IgnoreRules::add(std::string_view pattern, std::string_view folder) {
  Pattern out;
  out.folder = folder;
  if (pattern.starts_with('!')) {
    out.negated = true;
    pattern.remove_prefix(1);
  }
  while (pattern.ends_with(' ') && !pattern.ends_with("\\ ")) pattern.remove_suffix(1);
  if (pattern.ends_with('/')) {
    out.folders_only = true;
    pattern.remove_suffix(1);
  }
  if (pattern.empty()) return {};
  if (pattern.size() > kMaxPatternBytes)
    return limit("a pattern of files to leave out is longer than " + std::to_string(kMaxPatternBytes) +
                 " bytes");
  if (patterns_.size() >= kMaxPatterns)
    return limit("there are more than " + std::to_string(kMaxPatterns) + " patterns of files to leave out");
  out.anchored = pattern.find('/') != std::string_view::npos;
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  out.names = split(pattern);
  has_negated_ = has_negated_ || out.negated;
  patterns_.push_back(std::move(out));
  return {};
}

base::Result<void> IgnoreRules::add_lines(std::string_view text, std::string_view folder) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('#') || line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (auto added = add(line, folder); !added) return added;
  }
  return {};
}

bool IgnoreRules::matches(const Pattern& pattern, std::string_view path, bool is_folder) {
  if (!path.starts_with(pattern.folder)) return false;
  const auto names = split(path.substr(pattern.folder.size()));
  const auto counts = [&](size_t count) {
    return is_folder || !pattern.folders_only || count < names.size();
  };
  if (!pattern.anchored) {
    for (size_t i = 0; i < names.size(); ++i)
      if (counts(i + 1) && matches_name(pattern.names[0], names[i], work_)) return true;
    return false;
  }
  const auto matched = matched_counts(pattern.names, names, work_);
  for (size_t count = 1; count < matched.size(); ++count)
    if (matched[count] && counts(count)) return true;
  return false;
}

base::Result<bool> IgnoreRules::decide(std::string_view path, bool is_folder) {
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    const bool found = matches(*pattern, path, is_folder);
    if (work_ > kMaxWork) return limit("the patterns of files to leave out take too much work");
    if (found) return !pattern->negated;
  }
  return false;
}

base::Result<bool> IgnoreRules::ignores(std::string_view path) {
  return decide(path, false);
}

base::Result<bool> IgnoreRules::ignores_folder(std::string_view path) {
  if (has_negated_) return false;
  return decide(path, true);
}

base::Result<bool> SourceIgnoreFiles::begin_file(const std::string& path, uint64_t size) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
  if (std::string_view(path).substr(folder.size()) != kSourceIgnore) return false;
  if (size > kMaxSourceIgnoreBytes)
    return limit(base::printable(path) + " is larger than " + std::to_string(kMaxSourceIgnoreBytes) +
                 " bytes");
  if (files_.size() >= kMaxFiles)
    return limit("there are more than " + std::to_string(kMaxFiles) + " files named " +
                 std::string(kSourceIgnore));
  total_ += size;
  if (total_ > kMaxTotalBytes)
    return limit("the files named " + std::string(kSourceIgnore) + " are larger than " +
                 std::to_string(kMaxTotalBytes) + " bytes together");
  current_ = &files_[folder];
  return true;
}

base::Result<void> SourceIgnoreFiles::content(std::string_view chunk) {
  current_->append(chunk);
  return {};
}

// A folder's name is a prefix of what lies in it, so folders come before those inside them.
base::Result<IgnoreRules> SourceIgnoreFiles::rules(const std::vector<std::string>& last) const {
  IgnoreRules rules;
  for (const auto& [folder, text] : files_)
    if (auto added = rules.add_lines(text, folder); !added)
      return std::move(added).error().with_context(folder + std::string(kSourceIgnore));
  for (const auto& pattern : last)
    if (auto added = rules.add(pattern); !added) return std::move(added).error();
  return rules;
}

}  // namespace gridseal::manifest
