#include "config/load.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "config/document.hpp"

namespace gridseal::config {

using base::Error;

namespace {

Problems single(std::string file, std::string message) {
  return {{Problem{{std::move(file), 0, 0}, "", std::move(message)}}, 0};
}

// False, with `problems` filled in, when the file cannot be had.
bool read_into(base::Files& files, const std::string& directory, const std::string& name,
               std::vector<SourceFile>& sources, Problems& problems) {
  auto text = base::read_file(files, directory + "/" + name, kMaxFileBytes);
  if (text) {
    sources.push_back({name, std::move(*text)});
    return true;
  }
  problems = single(directory + "/" + name, "cannot be read: " + text.error().describe());
  problems.unreadable = true;
  return false;
}

bool is_settings_file(const base::Entry& entry) {
  return entry.kind != base::EntryKind::directory && entry.name.ends_with(".toml") &&
         !entry.name.starts_with('.');
}

// Where the settings say that trust is, relative to their directory unless absolute. Files that do not parse
// are told of later.
std::string trust_directory(const std::vector<SourceFile>& sources) {
  for (const auto& source : sources) {
    const auto document = parse_document(source.text, source.name);
    const Member* trust = document ? document->find("trust") : nullptr;
    const Member* found = trust != nullptr ? trust->value.find("directory") : nullptr;
    if (found != nullptr && found->value.kind == Value::Kind::string && !found->value.text.empty())
      return found->value.text;
  }
  return "trust";
}

bool read_policies(base::Files& files, const std::string& directory, std::vector<SourceFile>& sources,
                   Problems& problems) {
  const std::string folder = trust_directory(sources) + "/policies";
  const std::string path = folder.starts_with('/') ? folder : directory + "/" + folder;
  const auto entries = files.list(path);
  if (!entries) {
    if (base::is_not_found(entries.error())) return true;
    problems = single(path, "cannot be read: " + entries.error().describe());
    problems.unreadable = true;
    return false;
  }
  for (const auto& entry : *entries) {
    if (!is_settings_file(entry)) continue;
    if (sources.size() >= kMaxFiles) {
      problems = single(path, "there are more than 200 settings files");
      return false;
    }
    const std::string name = folder + "/" + entry.name;
    auto text = base::read_file(files, path + "/" + entry.name, kMaxFileBytes);
    if (!text) {
      problems = single(path + "/" + entry.name, "cannot be read: " + text.error().describe());
      problems.unreadable = true;
      return false;
    }
    sources.push_back({name, std::move(*text)});
  }
  return true;
}

bool says_nothing(const SourceFile& source) {
  const auto document = parse_document(source.text, source.name);
  return document && document->members.empty();
}

}  // namespace

std::string Place::to_string() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Problem::to_string() const {
  std::string text = place.to_string();
  if (!key.empty()) text.append(": ").append(key);
  return text.append(": ").append(message);
}

std::string Problems::to_string() const {
  std::string text;
  for (const auto& problem : list) text.append(problem.to_string()).append("\n");
  if (left_out > 0) text.append("and ").append(std::to_string(left_out)).append(" more\n");
  return text;
}

Error Problems::to_error() const {
  const size_t others = list.size() + left_out - 1;
  std::string message = list.empty() ? "the settings are wrong" : list.front().to_string();
  if (!list.empty() && others > 0) message.append(" (and ").append(std::to_string(others)).append(" more)");
  return Error::blocked(unreadable ? "config.unreadable" : "config.invalid", std::move(message));
}

LoadResult<Loaded> load(base::Files& files, const std::string& directory) {
  std::vector<SourceFile> sources;
  Problems problems;
  if (!read_into(files, directory, "agent.toml", sources, problems)) return tl::unexpected(problems);
  const std::string folder = directory + "/conf.d";
  auto entries = files.list(folder);
  if (!entries && !base::is_not_found(entries.error())) {
    problems = single(folder, "cannot be read: " + entries.error().describe());
    problems.unreadable = true;
    return tl::unexpected(problems);
  }
  if (entries) {
    for (const auto& entry : *entries) {
      if (!is_settings_file(entry)) continue;
      if (sources.size() >= kMaxFiles) return tl::unexpected(single(folder, "holds more than 200 files"));
      if (!read_into(files, directory, "conf.d/" + entry.name, sources, problems))
        return tl::unexpected(problems);
    }
  }
  if (!read_policies(files, directory, sources, problems)) return tl::unexpected(problems);
  if (std::ranges::all_of(sources, says_nothing)) {
    problems =
        single(directory + "/agent.toml",
               "nothing is set up yet; say here what this host follows and whom it trusts, then reload "
               "gridseald");
    problems.blank = true;
    return tl::unexpected(problems);
  }
  return parse(sources, directory);
}

LoadResult<TrustPolicy> load_policy_file(base::Files& files, const std::string& path) {
  auto text = base::read_file(files, path, kMaxFileBytes);
  if (text) return parse_policy(*text, path);
  Problems problems = single(path, "cannot be read: " + text.error().describe());
  problems.unreadable = true;
  return tl::unexpected(std::move(problems));
}

const Effective* find_effective(const Loaded& loaded, std::string_view section, std::string_view key) {
  for (const auto& entry : loaded.effective) {
    if (entry.section == section && entry.key == key) return &entry;
  }
  return nullptr;
}

base::Result<uint64_t> parse_size(std::string_view text) {
  struct Unit {
    std::string_view name;
    uint64_t bytes;
  };
  static constexpr std::array<Unit, 10> kUnits{{{"", 1},
                                                {"B", 1},
                                                {"KiB", 1ULL << 10U},
                                                {"MiB", 1ULL << 20U},
                                                {"GiB", 1ULL << 30U},
                                                {"TiB", 1ULL << 40U},
                                                {"kB", 1000},
                                                {"MB", 1000000},
                                                {"GB", 1000000000},
                                                {"TB", 1000000000000}}};
  uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  const std::string_view unit(parsed.ptr, static_cast<size_t>(end - parsed.ptr));
  for (const auto& known : kUnits) {
    if (parsed.ec != std::errc() || known.name != unit) continue;
    if (number > std::numeric_limits<uint64_t>::max() / known.bytes) break;
    return number * known.bytes;
  }
  return Error::refused("config.size", "not a size such as 256MiB");
}

std::string SecretSource::path(std::string_view credentials_directory) const {
  switch (kind) {
    case Kind::none:
      return {};
    case Kind::file:
      return name;
    case Kind::credential:
      return credentials_directory.empty() ? std::string()
                                           : std::string(credentials_directory).append("/").append(name);
  }
  return {};
}

}  // namespace gridseal::config
