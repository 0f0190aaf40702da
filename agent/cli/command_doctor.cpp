// gridseal doctor: is this host ready, and if not, what to do.
#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/verify_judge.hpp"
#include "doctor/doctor.hpp"
#include "doctor/system.hpp"
#include "http/client.hpp"

namespace gridseal::cli {
namespace {

using doctor::Finding;
using doctor::Level;

constexpr base::milliseconds kConnectTimeout{5'000};

http::ClientOptions options_at(base::Clock& clock, base::milliseconds ahead) {
  http::ClientOptions options;
  options.user_agent = "gridseal/" GRIDSEAL_VERSION;
  options.connect_timeout = kConnectTimeout;  // somebody is waiting at a terminal
  options.now = [&clock, ahead] { return clock.now() + ahead; };
  return options;
}

deploy::RegistryFlags flags_of(const config::Registry& registry, bool plain_http) {
  using Kind = config::SecretSource::Kind;
  deploy::RegistryFlags flags;
  flags.ca = registry.ca;
  if (registry.credentials.is_set())
    flags.credentials =
        (registry.credentials.kind == Kind::credential ? "credential:" : "") + registry.credentials.name;
  flags.client_certificate = registry.client_certificate;
  flags.client_key = registry.client_key;
  flags.plain_http = plain_http;
  return flags;
}

// As 'gridseal verify --component NAME' does it.
base::Result<std::string> verify(Context& context, const config::Registry& registry,
                                 const config::Component& component, const std::string& reference) {
  auto url = http::Url::parse(registry.urls.front());
  if (!url) return std::move(url).error();
  std::string place = registry.urls.front().substr(registry.urls.front().find("//") + 2);
  while (place.ends_with('/')) place.pop_back();
  const std::string target = place + "/" + reference;
  const deploy::RegistryFlags flags = flags_of(registry, url->origin.scheme == "http");
  TrustOptions options;
  options.component = component.name;
  auto judge = make_judge(context, options, repository_of(target));
  if (!judge) return std::move(judge).error();
  auto subject = read_subject(context, target, flags);
  if (!subject) return base::Error::blocked(subject.error().error.code(), subject.error().error.describe());
  const Report report = judge_subject(*judge, *subject, target);
  if (report.error) return *report.error;
  return reference + " verifies by policy " + component.policy;
}

std::string mark(Level level, const Style& style) {
  switch (level) {
    case Level::good:
      return style.paint(Colour::good, "✓");
    case Level::warning:
      return style.paint(Colour::waiting, "!");
    case Level::wrong:
      return style.paint(Colour::bad, "✗");
    case Level::unseen:
      return style.paint(Colour::dim, "?");
  }
  return "?";
}

std::string group_of(const Finding& finding) {
  return finding.id.substr(0, finding.id.find('.'));
}

constexpr size_t kLongest = 2000;

std::string finding_line(const Finding& finding, const Style& style) {
  std::string text =
      "  " + mark(finding.level, style) + " " + shown(finding.found, kLongest) + " (" + finding.id + ")\n";
  if (!finding.cure.empty()) text += "    → " + shown(finding.cure, kLongest) + "\n";
  return text;
}

// "3 checks are good, 1 warning"; what there is none of is left out.
std::string counts(const doctor::Findings& findings) {
  std::string text;
  const auto add = [&](Level level, const char* one, const char* many) {
    const auto count = std::ranges::count(findings, level, &Finding::level);
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + (count == 1 ? one : many);
  };
  add(Level::good, "check is good", "checks are good");
  add(Level::warning, "warning", "warnings");
  add(Level::wrong, "is wrong", "are wrong");
  add(Level::unseen, "could not be seen", "could not be seen");
  return text.empty() ? "there was nothing to look at" : text;
}

std::string summary(const doctor::Findings& findings, const std::string& only, const Style& style) {
  const std::string rest =
      (only.empty() ? ": " : ", as far as the group '" + only + "' goes: ") + counts(findings) + ".\n";
  switch (doctor::verdict(findings)) {
    case doctor::Verdict::ready:
      return style.paint(Colour::good, "Ready") + rest;
    case doctor::Verdict::not_ready:
      return style.paint(Colour::bad, "Not ready") + rest +
             "Begin with the first ✗; others may follow from it.\n";
    case doctor::Verdict::unseen:
      return style.paint(Colour::waiting, "Nothing wrong was seen, but not everything was") + rest;
  }
  return rest;
}

ExitCode exit_code_of(doctor::Verdict verdict) {
  switch (verdict) {
    case doctor::Verdict::ready:
      return ExitCode::ok;
    case doctor::Verdict::not_ready:
      return ExitCode::refused;
    case doctor::Verdict::unseen:
      return ExitCode::usage;
  }
  return ExitCode::usage;
}

ExitCode run_doctor(Context& context, const std::string& only) {
  base::FlooredClock clock(context.clock, base::parse_rfc3339(GRIDSEAL_RELEASED).value());
  take_floor(context, clock);
  http::ClientConnector now(clock, options_at(clock, {}));
  http::ClientConnector later(clock, options_at(clock, doctor::kSoon));
  doctor::Host host{context.files,
                    clock,
                    context.log,
                    now,
                    later,
                    context.globals.config_directory,
                    context.globals.state_directory,
                    credentials_directory()};
  host.version = GRIDSEAL_VERSION;
  host.released = base::parse_rfc3339(GRIDSEAL_RELEASED).value();
  host.resolve = [&](const std::string& name) { return doctor::resolve_name(clock, name); };
  host.synchronised = doctor::clock_synchronised;
  host.unit = doctor::ask_systemd;
  host.socket = context.socket_path();
  host.ask_agent = [&] { return AgentClient(context.clock, host.socket).get("/v1/status"); };
  host.verify = [&](const config::Registry& registry, const config::Component& component,
                    const std::string& reference) { return verify(context, registry, component, reference); };
  doctor::Findings findings;
  std::string group;
  doctor::examine(host, only,
                  [&](const Finding& finding) {
                    findings.push_back(finding);
                    if (context.as_json()) return;
                    if (group_of(finding) != group) {
                      group = group_of(finding);
                      context.print(context.out.paint(Colour::bold, group) + "\n");
                    }
                    context.print(finding_line(finding, context.out));
                  },
                  {});
  if (context.as_json())
    context.print_json(doctor::to_json(findings));
  else
    context.print("\n" + summary(findings, only, context.out));
  return exit_code_of(doctor::verdict(findings));
}

}  // namespace

void add_doctor(const Command& program, Context& context) {
  const Command command =
      program.subcommand("doctor", "Is this host ready, and if not, what to do; changes nothing");
  auto only = std::make_shared<std::string>();
  command.text("--only", *only, "one group of checks").one_of(doctor::groups());
  command.footer(
      "✓ good, ! works but should be changed, ✗ wrong, ? could not be seen (as root more is).\n"
      "Exit code: 0 ready (there may be warnings), 1 something is wrong, 2 nothing wrong was seen, but not\n"
      "everything could be looked at.");
  command.action([&context, only] { return run_doctor(context, *only); });
}

}  // namespace gridseal::cli
