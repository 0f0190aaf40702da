#include <algorithm>

#include "cli/commands.hpp"
#include "cli/mirror_inventory.hpp"
#include "cli/table.hpp"
#include "cli/verify_judge.hpp"

namespace gridseal::cli {
namespace {

struct MirrorOptions {
  std::string target;
  std::string source;
  TrustOptions trust;
  deploy::RegistryFlags registry;
  deploy::RegistryFlags source_registry;
};

// One side.
struct Side {
  Subject subject;
  std::vector<Held> held;
};

SubjectResult<Side> look(Context& context, const std::string& target, const deploy::RegistryFlags& flags) {
  auto remote = RemoteArtifact::resolve(context, target, flags);
  if (!remote) return tl::unexpected(std::move(remote).error());
  auto subject = remote->subject(context);
  if (!subject) return tl::unexpected(std::move(subject).error());
  auto others = remote->referrers();
  if (!others) return tl::unexpected(std::move(others).error());
  auto held = inventory(subject->signatures, *others);
  return Side{std::move(*subject), std::move(held)};
}

// What the policy asks for and the mirror does not give, in words.
std::vector<std::string> missing(const Judge& judge, const Subject& subject) {
  const auto findings = trust::find_all(judge.state, judge.policy, evidence_of(subject), judge.circumstances);
  const auto is_there = [&](auto fits) {
    return std::ranges::any_of(findings, [&](const auto& one) { return one.evidence && fits(one); });
  };
  std::vector<std::string> list;
  const auto& authorities = judge.policy.authorities();
  for (const trust::Authority& authority : authorities) {
    if (!is_there([&](const auto& one) { return !one.attestation && one.authority == authority.name; }))
      list.push_back("a signature of " + authority.name + " (" + describe(authority) + ")");
  }
  if (authorities.size() - list.size() >= judge.policy.threshold()) list.clear();
  for (const trust::AttestationRule& rule : judge.policy.attestations()) {
    if (!is_there([&](const auto& one) { return one.attestation && one.rule == rule.name; }))
      list.push_back("the attestation " + rule.name + " (" + rule.type + ")");
  }
  return list;
}

// The whole answer.
struct MirrorReport {
  Report report;
  std::vector<Held> held;
  std::vector<std::string> missing;
  std::vector<Held> lost;
  std::vector<std::string> hints;
};

std::string held_table(const std::vector<Held>& held, const std::string& title) {
  if (held.empty()) return {};
  Table table({"  FORM", "PLACE", "MANIFEST"});
  for (const Held& one : held) {
    const auto digest = base::Digest::parse(one.digest);
    table.add({"  " + shown(one.form, 100), shown(one.place), digest ? digest->short_form() : "-"});
  }
  return title + "\n" + table.to_string(terminal_width());
}

std::string mirror_text(const MirrorReport& mirror, const Style& style) {
  std::string text = mirror.held.empty() ? "The mirror holds nothing beside it.\n"
                                         : held_table(mirror.held, "The mirror holds beside it:");
  text += held_table(mirror.lost, "The copy has lost:");
  for (const std::string& one : mirror.missing) text += "Missing: " + shown(one) + "\n";
  for (const std::string& hint : mirror.hints) text += "Hint: " + shown(hint) + "\n";
  return text + report_text(mirror.report, style);
}

void compare(Context& context, const MirrorOptions& options, const Side& mirror, MirrorReport& answer) {
  auto source = look(context, options.source, options.source_registry);
  if (!source) {
    answer.report.warnings.push_back("the source cannot be compared: " + source.error().error.describe());
    return;
  }
  if (source->subject.digest != mirror.subject.digest) {
    answer.report.warnings.push_back("the source's artifact is another one, " +
                                     source->subject.digest.to_string() +
                                     ": the mirror is behind, or was changed");
    return;
  }
  answer.lost = lost(source->held, mirror.held);
  if (!answer.lost.empty()) answer.hints = hints(mirror.subject.digest, answer.lost);
}

ExitCode print(const Context& context, MirrorReport answer) {
  if (!context.as_json()) {
    context.print(mirror_text(answer, context.out));
    return exit_code_of(answer.report);
  }
  answer.report.more["found"] = to_json(answer.held);
  answer.report.more["missing"] = answer.missing;
  answer.report.more["lost"] = to_json(answer.lost);
  answer.report.more["hints"] = answer.hints;
  return print_report(context, answer.report);
}

ExitCode run_mirror(Context& context, const MirrorOptions& options) {
  auto judge = make_judge(context, options.trust, repository_of(options.target));
  if (!judge) return no_judge(context, options.target, judge.error());
  auto mirror = look(context, options.target, options.registry);
  if (!mirror) {
    if (mirror.error().code != ExitCode::refused)
      return not_judged(context, mirror.error().error, mirror.error().code);
    MirrorReport broken{Report{options.target, {}}, {}, {}, {}, {}};
    broken.report.fail(std::move(mirror.error().error));
    return print(context, std::move(broken));
  }
  MirrorReport answer{judge_subject(*judge, mirror->subject, options.target), mirror->held, {}, {}, {}};
  if (answer.report.error) {
    answer.missing = missing(*judge, mirror->subject);
    if (answer.report.error->outcome() == base::Outcome::pending)
      answer.hints = hints(mirror->subject.digest, {});
  }
  if (!options.source.empty()) compare(context, options, *mirror, answer);
  return print(context, std::move(answer));
}

}  // namespace

void add_mirror(const Command& program, Context& context) {
  const Command mirror = program.subcommand("mirror", "The connected side: what a mirror holds");
  const Command command =
      mirror.subcommand("check", "Would what a mirror holds verify at a site, and what has a copy lost?");
  auto options = std::make_shared<MirrorOptions>();
  command.text("target", options->target, "HOST/REPOSITORY(:TAG|@DIGEST) of the mirror").required();
  command.text("--source", options->source, "the same artifact where it was signed, to compare")
      .value_name("REF");
  add_trust_options(command, options->trust);
  add_registry_flags(command, options->registry);
  command.text("--source-ca", options->source_registry.ca, "PEM file with the CA of the source");
  command.text("--source-credentials", options->source_registry.credentials,
               "file with one line user:password for the source");
  command.flag("--source-plain-http", options->source_registry.plain_http,
               "speak http with the source; loopback addresses only");
  command.check([options] { return options->trust.wrong(); });
  command.footer(
      "Exit code: 0 it would verify, 1 it would not, 2 could not be judged, 3 the mirror gives no answer.");
  command.action([&context, options] { return run_mirror(context, *options); });
}

}  // namespace gridseal::cli
