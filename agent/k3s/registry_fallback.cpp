// Whether containerd may ask the upstream behind our back.
#include <algorithm>
#include <optional>

#include "k3s/registries.hpp"
#include "manifest/yaml.hpp"

namespace gridseal::k3s {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr uint64_t kMaxConfig = uint64_t{1} << 20U;
constexpr std::string_view kFlag = "disable-default-registry-endpoint";

std::optional<bool> truth(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_string()) return std::nullopt;
  return value == "true" || value == "1";
}

class Search {
 public:
  explicit Search(base::Files& files) : files_(files) {}

  // k3s' own settings, YAML with the names of the flags. The later file wins.
  Result<void> config(const std::string& path) {
    auto text = read(path);
    if (!text) return std::move(text).error();
    auto documents = manifest::parse_yaml(*text);
    if (!documents)
      return Error::blocked(
          "k3s.registry_fallback",
          path + " cannot be read, so what k3s does is not known: " + documents.error().describe());
    for (const Json& one : *documents) {
      const Json* value = one.is_object() ? base::find_member(one, kFlag) : nullptr;
      if (value == nullptr) continue;
      if (const auto said = truth(*value)) disabled_ = *said;
    }
    return {};
  }

  Result<void> unit(const std::string& path) {
    auto text = read(path);
    if (!text) return std::move(text).error();
    const std::string flag = "--" + std::string(kFlag);
    for (size_t at = text->find(flag); at != std::string::npos; at = text->find(flag, at + 1)) {
      const size_t line = text->rfind('\n', at);
      const size_t begin = text->find_first_not_of(" \t", line == std::string::npos ? 0 : line + 1);
      if ((*text)[begin] == '#' || (*text)[begin] == ';') continue;
      const std::string_view rest = std::string_view(*text).substr(at + flag.size());
      disabled_ = !rest.starts_with("=false") && !rest.starts_with("=0");
    }
    return {};
  }

  Result<std::vector<std::string>> in(const std::string& directory, std::string_view suffix) {
    std::vector<std::string> paths;
    auto entries = files_.list(directory);
    if (!entries && base::is_not_found(entries.error())) return paths;
    if (!entries) return std::move(entries).error();
    for (const base::Entry& entry : *entries)
      if (entry.name.ends_with(suffix)) paths.push_back(directory + "/" + entry.name);
    return paths;
  }

  bool disabled() const { return disabled_; }

 private:
  Result<std::string> read(const std::string& path) {
    auto text = base::read_file(files_, path, kMaxConfig);
    if (!text && base::is_not_found(text.error())) return std::string();
    return text;
  }

  base::Files& files_;
  bool disabled_ = false;
};

}  // namespace

Result<void> check_no_fallback(base::Files& files, const K3sFiles& places) {
  Search search(files);
  std::vector<std::string> configs = places.configs;
  std::vector<std::string> units = places.units;
  for (const std::string& directory : places.config_directories) {
    auto more = search.in(directory, ".yaml");
    if (!more) return std::move(more).error();
    configs.insert(configs.end(), more->begin(), more->end());
  }
  for (const std::string& directory : places.unit_directories) {
    auto more = search.in(directory, ".conf");
    if (!more) return std::move(more).error();
    units.insert(units.end(), more->begin(), more->end());
  }
  for (const std::string& path : configs)
    if (auto r = search.config(path); !r) return r;
  for (const std::string& path : units)
    if (auto r = search.unit(path); !r) return r;
  if (search.disabled()) return {};
  return Error::blocked(
      "k3s.registry_fallback",
      "containerd asks the upstream registry when gridseal-images does not have an image; put "
      "'disable-default-registry-endpoint: true' into " +
          places.configs.front() + " and restart k3s");
}

}  // namespace gridseal::k3s
