#include "cli/verify_judge.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Json;
using base::Result;

Json release_json(const trust::Verified& verified) {
  return {{"component", verified.component()},
          {"version", verified.version()},
          {"created", base::format_rfc3339(verified.created())},
          {"revision", verified.revision().empty() ? Json() : Json(verified.revision())},
          {"source", verified.source().empty() ? Json() : Json(verified.source())},
          {"environment", verified.environment() ? Json(*verified.environment()) : Json()}};
}

Result<void> check_environment(const trust::Verified& verified, const std::string& own) {
  if (own.empty() || !verified.environment() || *verified.environment() == own) return {};
  return Error::refused("identity.environment", "the release is signed for the environment '" +
                                                    *verified.environment() + "', this site is '" + own +
                                                    "'");
}

// What must hold of a release beyond its signatures, in the order gridseald asks.
class ReleaseCheck {
 public:
  ReleaseCheck(const Judge& judge, const Subject& subject, Report& report)
      : judge_(judge), subject_(subject), report_(report) {}

  void run() {
    auto verified = trust::verify(judge_.state, judge_.policy, judge_.identity, evidence_of(subject_),
                                  judge_.circumstances);
    if (!verified) return report_.fail(std::move(verified).error());
    report_.more["release"] = release_json(*verified);
    report_.checks.push_back({"identity",
                              true,
                              {},
                              "component " + verified->component() + ", version " + verified->version() +
                                  ", created " + base::format_rfc3339(verified->created()),
                              {}});
    if (verified->environment() && !take(check_environment(*verified, judge_.circumstances.environment),
                                         "environment", "signed for '" + *verified->environment() + "'"))
      return;
    if (!subject_.tag.empty() && !take(trust::check_tag(*verified, subject_.tag), "tag",
                                       "'" + subject_.tag + "' agrees with the signed version"))
      return;
    if (judge_.policy.max_age().count() > 0)
      take(trust::check_age(judge_.policy, *verified, judge_.circumstances.now), "age",
           "not older than " + base::format_duration(judge_.policy.max_age()));
  }

 private:
  bool take(Result<void> checked, std::string check, std::string passed) {
    if (!checked) {
      report_.fail(std::move(checked).error());
      return false;
    }
    report_.checks.push_back({std::move(check), true, {}, std::move(passed), {}});
    return true;
  }

  const Judge& judge_;
  const Subject& subject_;
  Report& report_;
};

}  // namespace

Report judge_subject(const Judge& judge, const Subject& subject, const std::string& target) {
  Report report{target, subject.digest.to_string()};
  report.warnings = judge.warnings;
  report.notes = subject.notes;
  report.checks = subject.checks;
  if (subject.error) {
    report.fail(*subject.error);
    return report;
  }
  const trust::Evidence evidence = evidence_of(subject);
  auto satisfied = trust::verify_signatures(judge.state, judge.policy, evidence, judge.circumstances);
  if (!satisfied) {
    report.fail(std::move(satisfied).error(),
                trust::find_all(judge.state, judge.policy, evidence, judge.circumstances));
    return report;
  }
  report.add(*satisfied);
  for (const std::string& note : subject.signatures.notes) report.notes.push_back("not read: " + note);
  if (!judge.identity.component.empty() || judge.policy.max_age().count() > 0)
    ReleaseCheck(judge, subject, report).run();
  return report;
}

}  // namespace gridseal::cli
