// Who may read the secrets, who may change the settings, and whether the agent may read what it needs.
#include "doctor/checks.hpp"
#include "doctor/users.hpp"
#include "kube/kubeconfig.hpp"

namespace gridseal::doctor {
namespace {

struct SecretFile {
  std::string path;
  std::string what;
  bool of_agent_alone = false;  // nobody else needs to read it
};

std::vector<SecretFile> secret_files(const Case& subject) {
  const Host& host = subject.host;
  std::vector<SecretFile> list{{host.state_directory + "/host.key", "the host's key", true}};
  if (subject.settings == nullptr) return list;
  const std::string& kubeconfig = subject.settings->kubernetes.kubeconfig;
  list.push_back({kubeconfig, "the kubeconfig", false});
  if (const auto loaded = kube::load_kubeconfig(host.files, kubeconfig);
      loaded && !loaded->token_file.empty())
    list.push_back({loaded->token_file, "the token for the cluster", true});
  for (const auto& [name, registry] : subject.settings->registries) {
    if (registry.credentials.kind == config::SecretSource::Kind::file)
      list.push_back({registry.credentials.name, "the password of registry." + name, false});
    if (!registry.client_key.empty())
      list.push_back({registry.client_key, "the key of registry." + name, false});
  }
  return list;
}

// Readable files that only the settings name.
std::vector<std::string> needed_files(const Case& subject) {
  std::vector<std::string> list;
  for (const SecretFile& file : secret_files(subject)) list.push_back(file.path);
  if (subject.read)
    for (const config::SourceFile& file : subject.read->sources)
      list.push_back(file.name.starts_with("/") ? file.name
                                                : subject.host.config_directory + "/" + file.name);
  if (subject.settings == nullptr) return list;
  for (const auto& [name, registry] : subject.settings->registries) {
    if (!registry.ca.empty()) list.push_back(registry.ca);
    if (!registry.client_certificate.empty()) list.push_back(registry.client_certificate);
  }
  const std::string keys = subject.settings->trust.keys_directory();
  if (const auto entries = subject.host.files.list(keys))
    for (const base::Entry& entry : *entries) list.push_back(keys + "/" + entry.name);
  return list;
}

std::vector<std::string> settings_paths(const Case& subject) {
  const std::string& folder = subject.host.config_directory;
  std::vector<std::string> list{folder, folder + "/agent.toml", folder + "/conf.d"};
  if (const auto entries = subject.host.files.list(folder + "/conf.d"))
    for (const base::Entry& entry : *entries) list.push_back(folder + "/conf.d/" + entry.name);
  return list;
}

}  // namespace

Findings check_secret_files(const Case& subject, const std::stop_token& /*stop*/) {
  constexpr const char* kId = "files.secret";
  Findings findings;
  size_t seen = 0;
  for (const SecretFile& file : secret_files(subject)) {
    const auto info = subject.host.files.stat(file.path);
    if (!info && base::is_not_found(info.error())) continue;  // said where it is used
    if (!info) {
      findings.push_back(failed(kId, file.path, info.error(), "look at the disk"));
      continue;
    }
    ++seen;
    if (info->kind == base::EntryKind::symlink) continue;
    const std::string who = file.what + " (" + file.path + ") can be ";
    if ((info->mode & 0004U) != 0)
      findings.push_back(
          wrong(kId, file.path, who + "read by everybody on this host",
                "sudo chmod o-rwx " + file.path + "; whoever was on this host may know it, so renew it"));
    else if ((info->mode & 0022U) != 0)
      findings.push_back(
          wrong(kId, file.path, who + "written by others than its owner", "sudo chmod go-w " + file.path));
    else if (file.of_agent_alone && (info->mode & 0040U) != 0)
      findings.push_back(warning(kId, file.path, who + "read by its group", "sudo chmod 0600 " + file.path));
  }
  if (findings.empty() && seen > 0)
    findings.push_back(good(kId, {},
                            seen == 1 ? "1 file with a secret is closed to others"
                                      : std::to_string(seen) + " files with secrets are closed to others"));
  return findings;
}

Findings check_writable_settings(const Case& subject, const std::stop_token& /*stop*/) {
  Findings findings;
  for (const std::string& path : settings_paths(subject)) {
    const auto info = subject.host.files.stat(path);
    if (!info || info->kind == base::EntryKind::symlink || (info->mode & 0022U) == 0) continue;
    findings.push_back(wrong("files.settings", path,
                             path + " can be written by others than its owner, and whoever can write the "
                                    "settings decides what runs here",
                             "sudo chmod go-w " + path));
  }
  return findings;
}

Findings check_agent_can_read(const Case& subject, const std::stop_token& /*stop*/) {
  constexpr const char* kId = "files.readable";
  const auto user = agent_user(subject.host);
  if (!user || user->id == 0) return {};
  Findings findings;
  for (const std::string& path : needed_files(subject)) {
    const std::string in_the_way = obstacle(subject.host, *user, path);
    if (in_the_way.empty()) continue;
    const bool itself = in_the_way == path;
    const bool secret = path.ends_with("/host.key") || path.ends_with("/kube/token");
    const std::string cure = !itself ? "sudo chmod o+x " + in_the_way
                             : secret
                                 ? "sudo chown " + user->name + " " + path
                                 : "sudo chgrp " + user->name + " " + path + " && sudo chmod g+r " + path;
    findings.push_back(wrong(kId, path,
                             "gridseald runs as " + user->name + " and may not read " + path +
                                 (itself ? "" : ", because it may not enter " + in_the_way),
                             cure));
  }
  if (findings.empty())
    findings.push_back(
        good(kId, user->name, user->name + ", as whom gridseald runs, may read what it needs"));
  return findings;
}

}  // namespace gridseal::doctor
