#include <algorithm>
#include <array>

#include "cli/commands.hpp"
#include "cli/verify_judge.hpp"

namespace gridseal::cli {
namespace {

// Readable, understood, and not to be trusted.
bool is_refused_trust(std::string_view code) {
  constexpr std::array<std::string_view, 4> kCodes{"notary.policy", "notary.store", "sig.alg_unsupported",
                                                   "parse.duplicate_key"};
  return code.starts_with("root.") || std::ranges::find(kCodes, code) != kCodes.end();
}

struct VerifyOptions {
  std::string target;
  TrustOptions trust;
  deploy::RegistryFlags registry;
};

ExitCode run_verify(Context& context, const VerifyOptions& options) {
  auto judge = make_judge(context, options.trust, repository_of(options.target));
  if (!judge) return no_judge(context, options.target, judge.error());
  auto subject = read_subject(context, options.target, options.registry);
  if (subject) return print_report(context, judge_subject(*judge, *subject, options.target));
  if (subject.error().code != ExitCode::refused)
    return not_judged(context, subject.error().error, subject.error().code);
  Report report{options.target, {}};
  report.fail(std::move(subject.error().error));
  return print_report(context, report);
}

}  // namespace

ExitCode print_report(const Context& context, const Report& report) {
  if (context.as_json())
    context.print_json(report_json(report));
  else
    context.print(report_text(report, context.out));
  return exit_code_of(report);
}

ExitCode not_judged(const Context& context, const base::Error& error, ExitCode code) {
  (void)context.fail(error);
  return code;
}

ExitCode no_judge(const Context& context, const std::string& target, const base::Error& error) {
  if (!is_refused_trust(error.code())) return not_judged(context, error, ExitCode::usage);
  Report report{target, {}};
  report.fail(error);
  return print_report(context, report);
}

void add_verify(const Command& program, Context& context) {
  const Command command =
      program.subcommand("verify", "Judges an artifact as gridseald would, and says each check");
  auto options = std::make_shared<VerifyOptions>();
  add_verify_bundle(command, context, [options]() -> std::optional<std::string> {
    // VerifyOptions of the outer command may stand behind the inner one, but not these.
    const TrustOptions& outer = options->trust;
    const bool clean = options->target.empty() && outer.policy.empty() && outer.directory.empty() &&
                       outer.component.empty() && outer.scope.empty() && outer.environment.empty() &&
                       outer.annotations.empty() && outer.revocation_lists.empty() && !outer.names_notation();
    if (clean) return std::nullopt;
    return "'verify bundle' takes one artifact, and either --key or --certificate-identity";
  });
  command.text("target", options->target,
               "HOST/REPOSITORY(:TAG|@DIGEST) or oci-layout:DIR_OR_TAR[:TAG][@DIGEST]");
  add_trust_options(command, options->trust);
  add_registry_flags(command, options->registry);
  command.check([options]() -> std::optional<std::string> {
    if (options->target.empty())
      return "what is to be verified? 'gridseal verify --help' says how to name it";
    return options->trust.wrong();
  });
  command.footer(
      "A trusted root is never taken from this host by itself: name it, or use a policy of the settings.\n"
      "Exit code: 0 verified, 1 refused or pending, 2 could not be judged, 3 the registry gives no answer.");
  command.action([&context, options] { return run_verify(context, *options); });
}

}  // namespace gridseal::cli
