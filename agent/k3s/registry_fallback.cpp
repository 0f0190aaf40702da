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
constexpr std::string_view kSwitch = "disable-default-registry-endpoint";

std::optional<bool> truth(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_string()) return std::nullopt;
  return value == "true" || value == "1";
}

// Of k3s' own settings, YAML with the names of the flags; nothing: it is not said there.
Result<std::optional<bool>> said_in_config(const std::string& text) {
  auto documents = manifest::parse_yaml(text);
  if (!documents) return std::move(documents).error();
  std::optional<bool> said;
  for (const Json& one : *documents) {
    const Json* value = one.is_object() ? base::find_member(one, kSwitch) : nullptr;
    if (value == nullptr) continue;
    if (const auto meant = truth(*value)) said = meant;
  }
  return said;
}

// Of a command line or an environment: "--NAME", "--NAME=false".
Result<std::optional<bool>> said_in_unit(const std::string& text) {
  std::optional<bool> said;
  for (size_t at = text.find(kSwitch); at != std::string::npos; at = text.find(kSwitch, at + 1)) {
    const size_t line = text.rfind('\n', at);
    const size_t begin = text.find_first_not_of(" \t", line == std::string::npos ? 0 : line + 1);
    if (text[begin] == '#' || text[begin] == ';') continue;
    const std::string_view rest = std::string_view(text).substr(at + kSwitch.size());
    said = !rest.starts_with("=false") && !rest.starts_with("=0");
  }
  return said;
}

class Search {
 public:
  explicit Search(base::Files& files) : files_(files) {}

  using Reader = Result<std::optional<bool>> (*)(const std::string& text);

  // The later file wins.
  void look(const std::string& path, Reader reader) {
    auto text = base::read_file(files_, path, kMaxConfig);
    if (!text && base::is_not_found(text.error())) return;
    auto said = text ? reader(*text) : Result<std::optional<bool>>(text.error());
    if (!said)
      answer.unreadable = std::move(said).error().with_context(path + " cannot be read");
    else if (*said)
      answer.disabled_by = **said ? path : std::string();
  }

  void look_in(const std::string& directory, std::string_view suffix, Reader reader) {
    auto entries = files_.list(directory);
    if (!entries && !base::is_not_found(entries.error()))
      answer.unreadable = std::move(entries).error().with_context(directory + " cannot be read");
    if (!entries) return;
    for (const base::Entry& entry : *entries)
      if (entry.name.ends_with(suffix)) look(directory + "/" + entry.name, reader);
  }

  Fallback answer;

 private:
  base::Files& files_;
};

}  // namespace

K3sFiles K3sFiles::below(const std::string& root) {
  K3sFiles places;
  for (auto* list : {&places.configs, &places.config_directories, &places.units, &places.unit_directories})
    for (std::string& path : *list) path.insert(0, root);
  return places;
}

Fallback containerd_fallback(base::Files& files, const K3sFiles& places) {
  Search search(files);
  for (const std::string& path : places.configs) search.look(path, said_in_config);
  for (const std::string& path : places.config_directories) search.look_in(path, ".yaml", said_in_config);
  for (const std::string& path : places.units) search.look(path, said_in_unit);
  for (const std::string& path : places.unit_directories) search.look_in(path, ".conf", said_in_unit);
  if (!search.answer.disabled_by.empty()) search.answer.unreadable.reset();
  return std::move(search.answer);
}

Result<void> check_no_fallback(base::Files& files, const K3sFiles& places) {
  const Fallback fallback = containerd_fallback(files, places);
  if (!fallback.disabled_by.empty()) return {};
  if (fallback.unreadable)
    return Error::blocked("k3s.registry_fallback",
                          "what k3s does is not known: " + fallback.unreadable->describe());
  return Error::blocked(
      "k3s.registry_fallback",
      "containerd asks the upstream registry when gridseal-images does not have an image; put "
      "'disable-default-registry-endpoint: true' into " +
          places.configs.front() + " and restart k3s");
}

}  // namespace gridseal::k3s
