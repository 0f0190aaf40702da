#include "doctor/k3s_files.hpp"

#include <algorithm>

#include "manifest/yaml.hpp"

namespace gridseal::doctor {
namespace {

using base::Json;
using base::Result;

constexpr uint64_t kMaxBytes = uint64_t{1} << 20U;
constexpr size_t kMaxFiles = 500;
constexpr int kDepth = 3;
constexpr const char* kSwitch = "disable-default-registry-endpoint";

void collect(const Host& host, const std::string& folder, std::string_view ending, int depth,
             std::vector<std::string>& out) {
  const auto entries = host.files.list(folder);
  if (!entries) return;
  for (const base::Entry& entry : *entries) {
    if (out.size() >= kMaxFiles) return;
    const std::string path = folder + "/" + entry.name;
    if (entry.kind == base::EntryKind::directory && depth > 1) collect(host, path, ending, depth - 1, out);
    const bool file = entry.kind == base::EntryKind::file || entry.kind == base::EntryKind::symlink;
    if (file && entry.name.ends_with(ending)) out.push_back(path);
  }
}

// The first document, or null.
Result<Json> read_yaml(const Host& host, const std::string& path) {
  auto text = base::read_file(host.files, path, kMaxBytes);
  if (!text) return std::move(text).error();
  manifest::YamlLimits limits;
  limits.max_bytes = kMaxBytes;
  auto documents = manifest::parse_yaml(*text, limits, {path});
  if (!documents) return std::move(documents).error();
  return documents->empty() ? Json() : std::move(documents->front());
}

// Of YAML; nothing: it is not said there.
std::optional<bool> switched(const Json& document) {
  const Json* value = document.is_object() ? base::find_member(document, kSwitch) : nullptr;
  if (value == nullptr) return std::nullopt;
  return *value == true || *value == "true";
}

// Of a command line or an environment: "--NAME", "--NAME=true".
bool switched_on(std::string_view text) {
  for (size_t at = text.find(kSwitch); at != std::string_view::npos; at = text.find(kSwitch, at + 1)) {
    const std::string_view rest = text.substr(at + std::string_view(kSwitch).size());
    if (!rest.starts_with("=") || rest.starts_with("=true")) return true;
  }
  return false;
}

std::vector<std::string> unit_files(const Host& host) {
  const std::string units = host.at("/etc/systemd/system");
  std::vector<std::string> files;
  for (const char* name : {"k3s", "k3s-agent"}) {
    files.push_back(units + "/" + name + ".service");
    files.push_back(units + "/" + name + ".service.env");
    if (auto parts = files_below(host, units + "/" + name + ".service.d", ".conf"))
      files.insert(files.end(), parts->begin(), parts->end());
  }
  return files;
}

bool is_secret(const Json& config) {
  const Json* auth = base::find_object(config, "auth");
  return auth != nullptr && !auth->empty();
}

void add_mirrors(const Json& document, K3sRegistries& out) {
  const Json* mirrors = base::find_object(document, "mirrors");
  if (mirrors == nullptr) return;
  for (const auto& [name, mirror] : mirrors->items()) {
    const Json* endpoints = base::find_array(mirror, "endpoint");
    if (endpoints != nullptr && !endpoints->empty()) out.hosts.insert(name);
  }
}

void add_configs(const Json& document, K3sRegistries& out) {
  const Json* configs = base::find_object(document, "configs");
  if (configs == nullptr) return;
  for (const auto& [name, config] : configs->items()) {
    out.has_secrets = out.has_secrets || is_secret(config);
    const Json* tls = base::find_object(config, "tls");
    if (tls == nullptr) continue;
    for (const char* key : {"ca_file", "cert_file", "key_file"})
      if (const std::string* file = base::find_string(*tls, key)) out.files.push_back(*file);
  }
}

}  // namespace

bool has_k3s(const Host& host) {
  return host.files.stat(host.at(std::string(kK3sConfig))).has_value() ||
         host.files.stat(host.at(std::string(kK3sData))).has_value();
}

Result<std::vector<std::string>> files_below(const Host& host, const std::string& folder,
                                             std::string_view ending) {
  if (auto entries = host.files.list(folder); !entries) return std::move(entries).error();
  std::vector<std::string> out;
  collect(host, folder, ending, kDepth, out);
  return out;
}

Fallback containerd_fallback(const Host& host) {
  Fallback answer;
  const std::string config = host.at(std::string(kK3sConfig));
  std::vector<std::string> files{config + "/config.yaml"};
  if (auto parts = files_below(host, config + "/config.yaml.d", ".yaml"))
    files.insert(files.end(), parts->begin(), parts->end());
  // The last file that says it counts.
  for (const std::string& path : files) {
    const auto document = read_yaml(host, path);
    if (!document) {
      if (!base::is_not_found(document.error())) answer.unreadable = document.error();
      continue;
    }
    if (const auto said = switched(*document)) answer.disabled_by = *said ? path : std::string();
  }
  for (const std::string& path : unit_files(host)) {
    const auto text = base::read_file(host.files, path, kMaxBytes);
    if (text && switched_on(*text)) answer.disabled_by = path;
  }
  if (!answer.disabled_by.empty()) answer.unreadable.reset();
  return answer;
}

Result<K3sRegistries> read_registries(const Host& host, const std::string& path) {
  auto document = read_yaml(host, path);
  if (!document) return std::move(document).error();
  K3sRegistries out;
  if (document->is_null()) return out;
  if (!document->is_object())
    return base::Error::refused("doctor.registries", path + " is not of the form that k3s reads");
  add_mirrors(*document, out);
  add_configs(*document, out);
  return out;
}

}  // namespace gridseal::doctor
