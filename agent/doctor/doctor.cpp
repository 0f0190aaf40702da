#include "doctor/doctor.hpp"

#include <algorithm>
#include <array>

#include "config/last_valid.hpp"
#include "doctor/checks.hpp"

namespace gridseal::doctor {
namespace {

struct Check {
  std::string_view group;
  Findings (*run)(const Case& subject, const std::stop_token& stop);
};

// What a later check needs stands before it, so that the first wrong line is the one to begin with.
constexpr std::array kChecks{
    Check{"settings", check_settings},    Check{"trust", check_trust_files},
    Check{"trust", check_policies},       Check{"clock", check_clock},
    Check{"disk", check_state_directory}, Check{"disk", check_space},
    Check{"files", check_secret_files},   Check{"files", check_writable_settings},
    Check{"files", check_agent_can_read}, Check{"history", check_history},
    Check{"history", check_host_key},     Check{"registry", check_registries},
    Check{"cluster", check_kubeconfig},   Check{"cluster", check_api},
    Check{"k3s", check_k3s_certificates}, Check{"k3s", check_k3s_manifests},
    Check{"k3s", check_k3s_fallback},     Check{"k3s", check_k3s_registries},
    Check{"service", check_unit},         Check{"service", check_agent},
};

bool has_level(const Findings& findings, Level level) {
  return std::ranges::find(findings, level, &Finding::level) != findings.end();
}

}  // namespace

std::string when(base::Time time, base::Time now) {
  const std::string text = base::format_rfc3339(time);
  return time > now ? text + ", in " + base::format_duration(time - now)
                    : text + ", " + base::format_duration(now - time) + " ago";
}

std::vector<std::string> groups() {
  std::vector<std::string> names;
  for (const Check& check : kChecks)
    if (names.empty() || names.back() != check.group) names.emplace_back(check.group);
  return names;
}

void examine(const Host& host, const std::string& only, const std::function<void(const Finding&)>& found,
             const std::stop_token& stop) {
  const auto read = config::load(host.files, host.config_directory);
  std::optional<config::Settings> in_force;
  if (read) {
    in_force = read->settings;
  } else if (auto kept =
                 config::load_or_last_valid(host.files, host.config_directory, host.state_directory)) {
    in_force = std::move(kept->loaded.settings);  // nothing is written: the settings are wrong
  }
  const Case subject{host, read, in_force ? &*in_force : nullptr};
  for (const Check& check : kChecks) {
    if (stop.stop_requested()) return;
    if (!only.empty() && check.group != only) continue;
    for (const Finding& finding : check.run(subject, stop)) found(finding);
  }
}

Verdict verdict(const Findings& findings) {
  if (has_level(findings, Level::wrong)) return Verdict::not_ready;
  return has_level(findings, Level::unseen) ? Verdict::unseen : Verdict::ready;
}

base::Json to_json(const Findings& findings) {
  base::Json checks = base::Json::array();
  for (const Finding& finding : findings)
    checks.push_back({{"id", finding.id},
                      {"about", finding.about.empty() ? base::Json() : base::Json(finding.about)},
                      {"level", to_string(finding.level)},
                      {"found", finding.found},
                      {"cure", finding.cure.empty() ? base::Json() : base::Json(finding.cure)}});
  base::Json ready;
  if (verdict(findings) != Verdict::unseen) ready = verdict(findings) == Verdict::ready;
  return {{"ready", std::move(ready)}, {"checks", std::move(checks)}};
}

}  // namespace gridseal::doctor
