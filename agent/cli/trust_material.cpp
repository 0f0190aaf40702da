#include "cli/trust_material.hpp"

#include <array>
#include <set>

namespace gridseal::cli {
namespace {

using base::Error;
using base::Result;

constexpr uint64_t kMaxKey = uint64_t{64} << 10U;
constexpr uint64_t kMaxDocument = uint64_t{4} << 20U;

bool is_directory(base::Files& files, const std::string& path) {
  // With a dot at the end a link counts as what it names.
  return files.list(path + "/.").has_value();
}

// The first of the paths that is there; empty when none is.
Result<std::string> first_of(base::Files& files, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const auto there = files.stat(path);
    if (there) return path;
    if (!base::is_not_found(there.error())) return there.error();
  }
  return std::string();
}

class MaterialReader {
 public:
  MaterialReader(base::Files& files, const std::string& directory, const config::TrustPolicy& policy)
      : files_(files), directory_(directory), policy_(policy) {}

  Result<trust::TrustContent> run() {
    for (const auto& step : {&MaterialReader::keys, &MaterialReader::roots, &MaterialReader::notation}) {
      if (auto done = (this->*step)(); !done) return std::move(done).error();
    }
    return std::move(content_);
  }

 private:
  Result<void> keys() {
    std::set<std::string> names(policy_.keys.begin(), policy_.keys.end());
    for (const auto& authority : policy_.authorities)
      names.insert(authority.keys.begin(), authority.keys.end());
    for (const std::string& name : names) {
      const auto path = first_of(files_, {directory_ + "/keys/" + name, directory_ + "/" + name});
      if (!path) return path.error();
      if (path->empty()) continue;
      auto key = read_key(files_, *path, name);
      if (!key) return std::move(key).error();
      content_.keys.push_back(std::move(*key));
    }
    return {};
  }

  Result<void> roots() {
    std::set<std::string> names;
    for (const auto& authority : policy_.authorities) {
      const bool judges = !authority.identities.empty() || authority.log.value_or(false) ||
                          authority.timestamp.value_or(false);
      if (!authority.trusted_root.empty())
        names.insert(authority.trusted_root);
      else if (judges)
        return all_roots();
    }
    for (const std::string& name : names) {
      const std::string file = "/" + name + ".json";
      if (auto read = root(first_of(files_, {directory_ + "/sigstore" + file, directory_ + file}), name);
          !read)
        return read;
    }
    return {};
  }

  // A policy that does not name its root means the only one.
  Result<void> all_roots() {
    const std::string folder = directory_ + "/sigstore";
    const auto entries = files_.list(folder);
    if (!entries && !base::is_not_found(entries.error())) return entries.error();
    if (!entries) return root(first_of(files_, {directory_ + "/trusted_root.json"}), "trusted_root");
    for (const base::Entry& entry : *entries) {
      if (!entry.name.ends_with(".json")) continue;
      if (auto read = root(folder + "/" + entry.name, entry.name.substr(0, entry.name.size() - 5)); !read)
        return read;
    }
    return {};
  }

  Result<void> root(const Result<std::string>& path, const std::string& name) {
    if (!path) return path.error();
    if (path->empty()) return {};
    auto text = base::read_file(files_, *path, kMaxDocument);
    if (!text) return std::move(text).error();
    content_.sigstore_roots.push_back({name, std::move(*text)});
    return {};
  }

  Result<void> notation() {
    for (const std::string& folder : {directory_ + "/notation", directory_}) {
      const std::string policy = folder + "/trustpolicy.json";
      const auto there = files_.stat(policy);
      if (!there && base::is_not_found(there.error())) continue;
      return read_notation(files_, policy, folder, content_);
    }
    return {};
  }

  base::Files& files_;
  const std::string& directory_;
  const config::TrustPolicy& policy_;
  trust::TrustContent content_;
};

Result<void> read_store(base::Files& files, const std::string& folder, const std::string& name,
                        trust::TrustContent& content) {
  const auto entries = files.list(folder);
  if (!entries) return entries.error();
  for (const base::Entry& entry : *entries) {
    const bool certificate =
        entry.name.ends_with(".crt") || entry.name.ends_with(".pem") || entry.name.ends_with(".cer");
    if (!certificate || entry.kind == base::EntryKind::directory) continue;
    auto text = base::read_file(files, folder + "/" + entry.name, kMaxDocument);
    if (!text) return std::move(text).error();
    content.notation_stores.push_back({name, std::move(*text)});
  }
  return {};
}

}  // namespace

Result<trust::PinnedKey> read_key(base::Files& files, const std::string& path, const std::string& name) {
  const auto text = base::read_file(files, path, kMaxKey);
  if (!text) return text.error();
  auto key = crypto::PublicKey::from_pem(*text);
  if (!key && key.error().code() == "sig.alg_unsupported")
    return std::move(key).error().with_context("the key " + path);
  if (!key)
    return Error::refused("trust.key_file", path + " is no public key that can be used: " +
                                                key.error().describe() + " [" + key.error().code() + "]");
  return trust::PinnedKey{name, std::move(*key)};
}

Result<trust::TrustContent> read_material(base::Files& files, const std::string& directory,
                                          const config::TrustPolicy& policy) {
  return MaterialReader(files, directory, policy).run();
}

Result<void> read_notation(base::Files& files, const std::string& policy, const std::string& stores,
                           trust::TrustContent& content) {
  auto text = base::read_file(files, policy, kMaxKey);
  if (!text) return std::move(text).error();
  content.notation_policy = std::move(*text);
  std::string root;
  for (const std::string& candidate : {stores + "/truststore/x509", stores + "/x509", stores}) {
    if (!is_directory(files, candidate)) continue;
    root = candidate;
    break;
  }
  size_t found = 0;
  for (const char* type : {"ca", "signingAuthority", "tsa"}) {
    const std::string folder = root + "/" + type;
    if (root.empty() || !is_directory(files, folder)) continue;
    const auto entries = files.list(folder);
    if (!entries) return entries.error();
    for (const base::Entry& entry : *entries) {
      if (!is_directory(files, folder + "/" + entry.name)) continue;
      ++found;
      if (auto read =
              read_store(files, folder + "/" + entry.name, std::string(type) + ":" + entry.name, content);
          !read)
        return read;
    }
  }
  if (found == 0)
    return Error::refused("trust.store_missing",
                          "there is no trust store below " + stores +
                              "; notation keeps certificates as x509/ca/NAME/FILE.crt, signingAuthority and "
                              "tsa likewise");
  return {};
}

}  // namespace gridseal::cli
