// k3s on this host: its certificates, what it applies by itself, and where its containerd gets images from.
#include <algorithm>
#include <array>
#include <set>

#include "crypto/certificate.hpp"
#include "doctor/checks.hpp"
#include "doctor/k3s_files.hpp"
#include "k3s/registries.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kCertificates = "k3s.certificates";
constexpr const char* kManifests = "k3s.manifests";
constexpr const char* kFallback = "k3s.fallback";
constexpr const char* kRegistries = "k3s.registries";
// k3s renews what ends within 120 days when it starts; older versions within 90 days.
constexpr base::milliseconds kRenewedAtStart = std::chrono::hours(24 * 90);
// The authorities themselves live ten years and are renewed by hand.
constexpr base::milliseconds kRotation = std::chrono::hours(24 * 365);
constexpr size_t kMaxFindings = 10;
constexpr uint64_t kMaxCertificates = 64 * 1024;

Findings no_k3s(const char* id) {
  return {good(id, {}, "k3s keeps nothing in its usual places on this host")};
}

Finding cannot_look(const char* id, const std::string& path, const base::Error& error) {
  return failed(id, path, error, "look at the disk");
}

// --- certificates ---------------------------------------------------------------------------------

std::optional<Finding> judge_certificate(const crypto::Certificate& certificate, const std::string& path,
                                         base::Time now) {
  const std::string whose = path + " (" + certificate.subject_text() + ") ";
  if (certificate.not_before() > now)
    return wrong(
        kCertificates, path,
        whose + "is valid only from " + when(certificate.not_before(), now) +
            ": it was made while the clock was ahead, or the clock is behind now",
        "set the clock; if it is right, 'sudo k3s certificate rotate' and 'sudo systemctl restart k3s'");
  const std::string ends = whose + "ends at " + when(certificate.not_after(), now);
  const bool authority = certificate.is_ca();
  if (certificate.not_after() <= now)
    return wrong(kCertificates, path, ends,
                 authority ? "'sudo k3s certificate rotate-ca', as k3s' manual says"
                           : "'sudo systemctl restart k3s' renews it");
  if (authority && certificate.not_after() <= now + kRotation)
    return warning(kCertificates, path, ends, "plan 'k3s certificate rotate-ca', as k3s' manual says");
  if (!authority && certificate.not_after() <= now + kRenewedAtStart)
    return warning(kCertificates, path, ends,
                   "k3s renews it when it starts: plan 'sudo systemctl restart k3s' before; workloads go on");
  return std::nullopt;
}

}  // namespace

Findings check_k3s_certificates(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  if (!has_k3s(host)) return no_k3s(kCertificates);
  Findings findings;
  size_t count = 0;
  std::optional<base::Time> first;
  const base::Time now = host.clock.now();
  for (const char* folder : {"/server/tls", "/agent"}) {
    const auto listed = files_below(host, host.at(std::string(kK3sData) + folder), ".crt");
    if (!listed) {
      if (!base::is_not_found(listed.error()))
        findings.push_back(cannot_look(kCertificates, std::string(kK3sData) + folder, listed.error()));
      continue;
    }
    for (const std::string& path : *listed) {
      const auto text = base::read_file(host.files, path, kMaxCertificates);
      if (!text) continue;
      const auto chain = crypto::Certificate::from_pem_bundle(*text);
      if (!chain) continue;  // k3s keeps other things under that name too
      ++count;
      first = std::min(first.value_or(chain->front().not_after()), chain->front().not_after());
      if (auto finding = judge_certificate(chain->front(), path, now);
          finding && findings.size() < kMaxFindings)
        findings.push_back(std::move(*finding));
    }
  }
  if (findings.empty() && first)
    findings.push_back(good(kCertificates, {},
                            std::to_string(count) + " certificates; the first of them ends at " +
                                when(*first, now) + ", and k3s renews it at a start before"));
  return findings;
}

// --- what k3s applies by itself -----------------------------------------------------------------

namespace {

bool is_packaged(const std::string& name) {
  // Of k3s itself: docs.k3s.io, "Packaged Components".
  constexpr std::array<std::string_view, 7> kPackaged{
      "ccm.yaml",          "coredns.yaml",  "local-storage.yaml", "metrics-server/",
      "rolebindings.yaml", "runtimes.yaml", "traefik.yaml"};
  return std::ranges::any_of(kPackaged, [&](std::string_view packaged) {
    return packaged.ends_with('/') ? name.starts_with(packaged) : name == packaged;
  });
}

bool is_manifest(const std::string& name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

}  // namespace

Findings check_k3s_manifests(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  if (!has_k3s(host)) return {};
  Findings findings;
  bool seen = false;
  for (const char* folder : {"/server/manifests", "/agent/pod-manifests"}) {
    const std::string path = host.at(std::string(kK3sData) + folder);
    const auto listed = files_below(host, path, {});
    if (!listed) {
      if (!base::is_not_found(listed.error()))
        findings.push_back(cannot_look(kManifests, path, listed.error()));
      continue;
    }
    seen = true;
    for (const std::string& file : *listed) {
      const std::string name = file.substr(path.size() + 1);
      if (!is_manifest(name) || is_packaged(name) || findings.size() >= kMaxFindings) continue;
      findings.push_back(
          warning(kManifests, file,
                  "k3s itself applies " + file +
                      ", whoever wrote it: no signature and no "
                      "ceiling stands before it",
                  "release it as a component, signed, then remove the file (removing it deletes "
                  "nothing in the cluster)"));
    }
  }
  if (findings.empty() && seen)
    findings.push_back(good(kManifests, {}, "k3s applies nothing of its own but its packaged components"));
  return findings;
}

// --- images ---------------------------------------------------------------------------------------

Findings check_k3s_fallback(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  if (!has_k3s(host)) return {};
  const k3s::Fallback fallback = k3s::containerd_fallback(host.files, k3s::K3sFiles::below(host.root));
  if (fallback.unreadable)
    return {cannot_look(kFallback, std::string(kK3sConfig) + "/config.yaml", *fallback.unreadable)};
  if (fallback.disabled_by.empty())
    return {
        warning(kFallback, {},
                "when a mirror has not got an image, containerd asks the registry upstream that the image "
                "names",
                "add 'disable-default-registry-endpoint: true' to " + std::string(kK3sConfig) +
                    "/config.yaml, then 'sudo systemctl restart k3s'")};
  return {good(kFallback, {}, "containerd asks mirrors alone (" + fallback.disabled_by + ")")};
}

Findings check_k3s_registries(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  if (!has_k3s(host)) return {};
  const std::string path = host.at(std::string(kK3sConfig) + "/registries.yaml");
  const auto registries = read_registries(host, path);
  if (!registries && !base::is_not_found(registries.error()))
    return {failed(kRegistries, path, registries.error(), "correct it: k3s does not start with it")};
  Findings findings;
  if (registries && registries->has_secrets) {
    if (const auto info = host.files.stat(path); info && (info->mode & 0004U) != 0)
      findings.push_back(wrong(kRegistries, path, path + " holds passwords and can be read by everybody",
                               "sudo chmod o-rwx " + path));
  }
  if (registries)
    for (const std::string& file : registries->files)
      if (const auto info = host.files.stat(host.at(file)); !info && base::is_not_found(info.error()))
        findings.push_back(wrong(kRegistries, file, path + " names " + file + ", which is not there",
                                 "put the file there, then 'sudo systemctl restart k3s'"));
  if (subject.settings == nullptr) return findings;
  std::set<std::string> hosts;
  for (const auto& [name, registry] : subject.settings->registries)
    hosts.insert(registry.serves.begin(), registry.serves.end());
  for (const std::string& image_host : hosts) {
    const bool mirrored = registries && registries->mirrors(image_host);
    if (mirrored)
      findings.push_back(good(kRegistries, image_host, path + " has a mirror for images of " + image_host));
    else
      findings.push_back(warning(kRegistries, image_host,
                                 path + " has no mirror for images of " + image_host +
                                     ", which the settings say a registry here serves: containerd asks " +
                                     image_host + " itself",
                                 "add the mirror to " + path + ", then 'sudo systemctl restart k3s'"));
  }
  return findings;
}

}  // namespace gridseal::doctor
