#include "config/last_valid.hpp"

#include "base/json.hpp"

namespace gridseal::config {

using base::Json;
using base::Result;

namespace {

constexpr uint64_t kMaxCopyBytes = uint64_t{256} << 20U;

std::string copy_path(const std::string& state_directory) {
  return state_directory + "/config/last-valid.json";
}

std::string copy_text(const std::string& directory, const std::vector<SourceFile>& sources) {
  Json files = Json::array();
  for (const auto& source : sources) files.push_back({{"name", source.name}, {"text", source.text}});
  return base::dump_json_pretty({{"directory", directory}, {"files", files}}) + "\n";
}

struct Copy {
  std::string directory;
  std::vector<SourceFile> sources;
};

std::optional<Copy> read_copy(base::Files& files, const std::string& state_directory) {
  auto text = base::read_file(files, copy_path(state_directory), kMaxCopyBytes);
  if (!text) return std::nullopt;
  base::JsonLimits limits;
  limits.max_bytes = kMaxCopyBytes;
  auto copy = base::parse_json(*text, limits);
  if (!copy) return std::nullopt;
  const auto* directory = base::find_string(*copy, "directory");
  const auto* list = base::find_array(*copy, "files");
  if (directory == nullptr || list == nullptr) return std::nullopt;
  Copy out{*directory, {}};
  for (const auto& file : *list) {
    const auto* name = base::find_string(file, "name");
    const auto* content = base::find_string(file, "text");
    if (name == nullptr || content == nullptr) return std::nullopt;
    out.sources.push_back({*name, *content});
  }
  return out;
}

// A host that follows nothing; every other setting has its default.
LoadResult<Started> idle(const std::string& directory, Problems blank) {
  auto settings = parse({{"agent.toml", "[site]\nname = \"not-set-up\"\n"}}, directory);
  if (!settings) return tl::unexpected(std::move(settings).error());
  return Started{std::move(*settings), std::move(blank), std::nullopt};
}

}  // namespace

Result<void> keep_last_valid(base::Files& files, const std::string& settings_directory,
                             const std::string& state_directory, const Loaded& loaded) {
  const std::string path = copy_path(state_directory);
  const std::string text = copy_text(settings_directory, loaded.sources);
  if (auto kept = base::read_file(files, path, kMaxCopyBytes); kept && *kept == text) return {};
  if (auto made = files.make_directories(base::parent_directory(path), 0750); !made) return made;
  return base::write_file(files, path, text, 0640);
}

LoadResult<Started> look_at_settings(base::Files& files, const std::string& settings_directory,
                                     const std::string& state_directory) {
  auto loaded = load(files, settings_directory);
  if (loaded) return Started{std::move(*loaded), std::nullopt, std::nullopt};
  auto copy = read_copy(files, state_directory);
  auto last_valid =
      copy ? parse(copy->sources, copy->directory) : LoadResult<Loaded>(tl::unexpected(Problems{}));
  if (!last_valid && loaded.error().blank) return idle(settings_directory, std::move(loaded).error());
  if (!last_valid) return tl::unexpected(std::move(loaded).error());
  return Started{std::move(*last_valid), std::move(loaded).error(), std::nullopt};
}

LoadResult<Started> load_or_last_valid(base::Files& files, const std::string& settings_directory,
                                       const std::string& state_directory) {
  auto started = look_at_settings(files, settings_directory, state_directory);
  if (!started || started->held) return started;
  if (auto kept = keep_last_valid(files, settings_directory, state_directory, started->loaded); !kept)
    started->not_kept = std::move(kept).error();
  return started;
}

}  // namespace gridseal::config
