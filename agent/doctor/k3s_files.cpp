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
