#include "k3s/registries.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/json.hpp"
#include "manifest/yaml.hpp"

namespace gridseal::k3s {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr std::string_view kMark = " # gridseal";
constexpr uint64_t kMaxRegistries = uint64_t{1} << 20U;

Error refused(const std::string& why) {
  return Error::refused("k3s.registries", "registries.yaml cannot be edited safely: " + why +
                                              "; put the entries in by hand (gridseal k3s setup --dry-run "
                                              "says which)");
}

Result<Json> parse(std::string_view text) {
  auto documents = manifest::parse_yaml(text);
  if (!documents) return refused(documents.error().describe());
  if (documents->size() > 1) return refused("it holds more than one document");
  if (documents->empty()) return Json::object();
  if (!documents->front().is_object()) return refused("it is no mapping");
  return std::move(documents->front());
}

// Lines with their ends.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
    line.remove_suffix(1);
  return line;
}

size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool is_blank(std::string_view line) {
  line = trimmed(line);
  return line.size() == indent_of(line) || line[indent_of(line)] == '#';
}

bool is_marked(std::string_view line) {
  return trimmed(line).ends_with(kMark);
}

// `"docker.io":` of our own lines.
std::optional<std::string> marked_key(std::string_view line) {
  line = trimmed(line);
  line.remove_suffix(kMark.size());
  line.remove_prefix(indent_of(line));
  if (!line.ends_with(':')) return std::nullopt;
  auto key = base::parse_json(line.substr(0, line.size() - 1));
  if (!key || !key->is_string()) return std::nullopt;
  return key->get<std::string>();
}

// A section at the top: where its line is, what stands behind the colon.
struct Section {
  size_t line;
  std::string_view rest;
};

std::optional<Section> find_section(const std::vector<std::string>& lines, const std::string& name) {
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& key : {name + ":", "\"" + name + "\":", "'" + name + "':"}) {
      if (lines[i].starts_with(key))
        return Section{i, trimmed(std::string_view(lines[i]).substr(key.size()))};
    }
  }
  return std::nullopt;
}

using Entries = std::map<std::string, Json>;

class Editor {
 public:
  explicit Editor(std::string_view text) : lines_(lines_of(text)) {}

  // What an earlier run put in; returns the keys by section.
  std::map<std::string, std::set<std::string>> take_out() {
    std::map<std::string, std::set<std::string>> gone;
    std::vector<std::string> kept;
    std::string section;
    for (size_t i = 0; i < lines_.size();) {
      const std::string& line = lines_[i];
      const size_t indent = indent_of(line);
      if (!is_blank(line) && indent == 0) {
        section = line.substr(0, line.find(':'));
        std::erase_if(section, [](char c) { return c == '"' || c == '\''; });
      }
      const auto key = is_marked(line) && indent > 0 ? marked_key(line) : std::nullopt;
      ++i;
      if (!key) {
        kept.push_back(line);
        continue;
      }
      gone[section].insert(*key);
      while (i < lines_.size() && !is_blank(lines_[i]) && indent_of(lines_[i]) > indent) ++i;
    }
    lines_ = std::move(kept);
    drop_empty_sections();
    return gone;
  }

  Result<void> put(const std::string& name, const Entries& entries) {
    if (entries.empty()) return {};
    auto section = find_section(lines_, name);
    if (!section) {
      if (!lines_.empty() && !lines_.back().ends_with('\n')) lines_.back() += '\n';
      lines_.push_back(name + ":" + std::string(kMark) + "\n");
      section = Section{lines_.size() - 1, kMark};
    }
    const std::string_view rest = section->rest;
    const size_t content = rest.find_first_not_of(' ');
    if (content != std::string_view::npos && rest[content] != '#')
      return refused("\"" + name + "\" is not written as an indented block");
    std::string& head = lines_[section->line];
    if (!head.ends_with('\n')) head += '\n';
    const std::string indent(child_indent(section->line), ' ');
    std::vector<std::string> fresh;
    for (const auto& [key, value] : entries) {
      fresh.push_back(indent + base::dump_json(Json(key)) + ":" + std::string(kMark) + "\n");
      for (const auto& [inner, content_of] : value.items())
        fresh.push_back(indent + "  " + inner + ": " + base::dump_json(content_of) + "\n");
    }
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(section->line) + 1, fresh.begin(),
                  fresh.end());
    return {};
  }

  std::string text() const { return join(lines_); }

 private:
  size_t child_indent(size_t head) const {
    for (size_t i = head + 1; i < lines_.size(); ++i) {
      if (is_blank(lines_[i])) continue;
      return indent_of(lines_[i]) > 0 ? indent_of(lines_[i]) : 2;
    }
    return 2;
  }
  bool has_children(size_t head) const {
    for (size_t i = head + 1; i < lines_.size(); ++i)
      if (!is_blank(lines_[i])) return indent_of(lines_[i]) > 0;
    return false;
  }
  void drop_empty_sections() {
    for (size_t i = 0; i < lines_.size();) {
      const bool ours = indent_of(lines_[i]) == 0 && is_marked(lines_[i]) && !is_blank(lines_[i]);
      if (ours && !has_children(i))
        lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(i));
      else
        ++i;
    }
  }

  std::vector<std::string> lines_;
};

// An empty section means the same as none.
Json without_empty(Json value) {
  for (const char* name : {"mirrors", "configs"}) {
    if (value.contains(name) && (value[name].is_null() || value[name].empty())) value.erase(name);
  }
  return value;
}

const Json* member(const Json& json, std::string_view section, std::string_view key) {
  const Json* found = base::find_object(json, section);
  return found == nullptr ? nullptr : base::find_member(*found, key);
}

// Whether it is asked, and before anybody else.
bool comes_first(const Json& entry, const std::string& endpoint) {
  const Json* list = base::find_array(entry, "endpoint");
  return list != nullptr && !list->empty() && list->front() == endpoint;
}

std::string without_scheme(const std::string& url) {
  const size_t scheme = url.find("://");
  return scheme == std::string::npos ? url : url.substr(scheme + 3);
}

std::string host_of(const std::string& url) {
  const std::string rest = without_scheme(url);
  return rest.substr(0, rest.find('/'));
}

Result<std::string> read(base::Files& files, const std::string& path) {
  auto text = base::read_file(files, path, kMaxRegistries);
  if (!text && base::is_not_found(text.error())) return std::string();
  return text;
}

}  // namespace

MirrorEntries mirror_entries(const config::Settings& settings, const images::ImageList& list) {
  MirrorEntries entries{{}, settings.images.url(), settings.images.ca};
  if (settings.images.kind() != config::ImageMode::registry) return entries;
  std::set<std::string> hosts(settings.images.hosts.begin(), settings.images.hosts.end());
  for (const auto& [name, registry] : settings.registries) {
    hosts.insert(registry.serves.begin(), registry.serves.end());
    for (const std::string& url : registry.urls) hosts.insert(host_of(url));
  }
  for (const images::ListedRevision& revision : list.revisions)
    for (const images::ListedImage& image : revision.images) hosts.insert(image.repository.registry);
  // A registry that is its own mirror would be asked for what it is asked for.
  hosts.erase(host_of(entries.endpoint));
  entries.hosts.assign(hosts.begin(), hosts.end());
  return entries;
}

Result<RegistriesEdit> edit_registries(std::string_view text, const MirrorEntries& entries) {
  if (entries.hosts.empty() && text.find(kMark) == std::string_view::npos)
    return RegistriesEdit{std::string(text), {}, {}, {}, false};
  auto before = parse(text);
  if (!before) return std::move(before).error();
  for (const char* section : {"mirrors", "configs"}) {
    const auto found = before->find(section);
    if (found != before->end() && !found->is_object() && !found->is_null())
      return refused(std::string(section) + " is no mapping");
  }
  Editor editor(text);
  const auto gone = editor.take_out();
  // What is left must be what was there without ours.
  Json left = *before;
  for (const auto& [section, keys] : gone) {
    for (const std::string& key : keys) {
      if (!left.contains(section) || !left[section].is_object() || !left[section].contains(key))
        return refused("an entry that is marked as ours is none");
      left[section].erase(key);
    }
  }
  auto stripped = parse(editor.text());
  if (!stripped) return std::move(stripped).error();
  if (without_empty(*stripped) != without_empty(left))
    return refused("our entries cannot be told from those of others");

  RegistriesEdit edit;
  Entries mirrors;
  for (const std::string& host : entries.hosts) {
    const Json* theirs = member(*stripped, "mirrors", host);
    if (theirs == nullptr) {
      mirrors[host] = Json{{"endpoint", Json::array({entries.endpoint})}};
    } else if (!comes_first(*theirs, entries.endpoint)) {
      edit.remarks.push_back("registries.yaml has an entry for " + host +
                             " already, which is left as it is: put " + entries.endpoint +
                             " first among its endpoints");
    }
  }
  Entries configs;
  const std::string address = without_scheme(entries.endpoint);
  if (!entries.ca.empty() && !entries.hosts.empty() && member(*stripped, "configs", address) == nullptr)
    configs[address] = Json{{"tls", {{"ca_file", entries.ca}}}};
  if (auto r = editor.put("configs", configs); !r) return std::move(r).error();
  if (auto r = editor.put("mirrors", mirrors); !r) return std::move(r).error();

  Json wanted = without_empty(*stripped);
  for (const auto& [host, value] : mirrors) wanted["mirrors"][host] = value;
  for (const auto& [host, value] : configs) wanted["configs"][host] = value;
  edit.text = editor.text();
  auto after = parse(edit.text);
  if (!after) return std::move(after).error();
  if (without_empty(*after) != wanted) return refused("the edited file would not mean what it should");
  const auto ours = gone.find("mirrors");
  const std::set<std::string> had = ours == gone.end() ? std::set<std::string>() : ours->second;
  for (const auto& [host, value] : mirrors)
    if (!had.contains(host)) edit.added.push_back(host);
  for (const std::string& host : had)
    if (!mirrors.contains(host)) edit.removed.push_back(host);
  edit.changed = edit.text != text;
  return edit;
}

Result<RegistriesEdit> plan_registries(base::Files& files, const std::string& path,
                                       const MirrorEntries& entries) {
  auto text = read(files, path);
  // Where nothing is to be put in, a file that may not be read stays as it is.
  if (!text && entries.hosts.empty()) return RegistriesEdit();
  if (!text) return std::move(text).error();
  return edit_registries(*text, entries);
}

Result<void> write_registries(base::Files& files, const std::string& path, const RegistriesEdit& edit) {
  if (!edit.changed) return {};
  const auto info = files.stat(path);
  if (auto r = files.make_directories(base::parent_directory(path), 0755); !r) return r;
  return base::write_file(files, path, edit.text, info ? info->mode : 0600);
}

Result<void> check_registries(base::Files& files, const std::string& path, const MirrorEntries& entries) {
  auto text = read(files, path);
  if (!text) return std::move(text).error();
  auto json = parse(*text);
  if (!json) return std::move(json).error();
  std::string missing;
  for (const std::string& host : entries.hosts) {
    const Json* entry = member(*json, "mirrors", host);
    if (entry != nullptr && comes_first(*entry, entries.endpoint)) continue;
    missing += (missing.empty() ? "" : ", ") + host;
  }
  if (missing.empty()) return {};
  return Error::blocked("k3s.registries", path + " does not send the node to " + entries.endpoint + " for " +
                                              missing + ": run 'sudo gridseal k3s setup', then restart k3s");
}

}  // namespace gridseal::k3s
