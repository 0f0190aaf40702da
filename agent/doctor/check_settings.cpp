#include "deploy/settings_check.hpp"
#include "doctor/checks.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kSettingsRead = "settings.read";

Findings wrong_settings(const Case& subject) {
  Findings findings;
  const config::Problems& problems = subject.read.error();
  const std::string then = subject.settings == nullptr
                               ? "; gridseald does not start without them"
                               : "; until then gridseald goes on, or starts held, with the last valid ones";
  for (const config::Problem& problem : problems.list) {
    if (problems.unreadable && problem.message.find("Permission denied") != std::string::npos)
      findings.push_back(unseen(kSettingsRead, problem.place.file, problem.to_string(), "run this as root"));
    else
      findings.push_back(wrong(kSettingsRead, problem.place.to_string(), problem.to_string(),
                               "correct it, then 'gridseal config check'" + then));
  }
  return findings;
}

}  // namespace

Findings check_settings(const Case& subject, const std::stop_token& /*stop*/) {
  if (!subject.read) return wrong_settings(subject);
  Findings findings;
  for (const config::Problem& problem : deploy::check_components(*subject.read))
    findings.push_back(wrong("settings.component", problem.place.to_string(), problem.to_string(),
                             "correct it, then 'gridseal config check'"));
  const size_t components = subject.settings->components.size();
  if (components == 0)
    findings.push_back(
        warning("settings.component", {}, "no component is configured: there is nothing to do",
                "add a section [component.NAME] to " + subject.host.config_directory +
                    "/agent.toml; 'man gridseal-settings' and docs/settings.md have every key"));
  findings.push_back(good(kSettingsRead, subject.host.config_directory,
                          counted(subject.read->sources.size(), "file") + ", " +
                              counted(components, "component") + ", " +
                              (subject.settings->registries.size() == 1
                                   ? std::string("1 registry")
                                   : std::to_string(subject.settings->registries.size()) + " registries")));
  return findings;
}

}  // namespace gridseal::doctor
