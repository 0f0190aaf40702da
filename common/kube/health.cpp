#include "kube/health.hpp"

#include <algorithm>
#include <utility>

namespace gridseal::kube {

// What one round of readings adds up to.
struct HealthCheck::Survey {
  base::Clock::Monotonic now{};
  size_t current = 0;
  size_t total = 0;
  bool node_not_ready = false;
  bool cut_off = false;
  std::string unready_reason;  // of the first object that is not current
  std::string unready_message;
  std::string restart_message;  // a container that restarted during the soak
};

namespace {

std::string sentence(const Reading& reading) {
  const std::string cause = worst_cause(reading.findings);
  const std::string& own = reading.readiness.message;
  std::string text = reading.key.describe() + ": ";
  if (reading.readiness.state == State::current || own.empty()) return text + cause;
  if (cause.empty() || own.find(cause) != std::string::npos) return text + own;
  return text + cause + "; " + own;
}

const char* fault_name(Fault fault) {
  switch (fault) {
    case Fault::image:
      return "image";
    case Fault::config:
      return "config";
    case Fault::crash:
      return "crash";
    case Fault::unschedulable:
      return "unschedulable";
    case Fault::surroundings:
      return "surroundings";
    default:
      return "";
  }
}

// Faults that pass judgement on what was applied. A Job counts the crashes of its pods by itself
// (backoffLimit).
bool condemns(const PodFinding& finding, Fault fault, const Reading& reading) {
  if (finding.of_old_revision) return false;
  switch (fault) {
    case Fault::image:
    case Fault::config:
    case Fault::unschedulable:
    case Fault::surroundings:
      return true;
    case Fault::crash:
      return reading.key.kind != "Job";
    default:
      return false;
  }
}

bool is_of_applied_generation(const Reading& reading) {
  const Readiness& readiness = reading.readiness;
  return readiness.observed == 0 || readiness.observed >= reading.applied_generation;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::waiting:
      return "waiting";
    case Verdict::soaking:
      return "soaking";
    case Verdict::healthy:
      return "healthy";
    case Verdict::failed:
      return "failed";
    case Verdict::blocked:
      return "blocked";
    case Verdict::cut_off:
      return "cut off";
  }
  return "waiting";
}

HealthCheck::Trouble& HealthCheck::trouble(const std::string& id, base::milliseconds limit,
                                           std::string reason, std::string message,
                                           base::Clock::Monotonic now) {
  const auto [it, is_new] = troubles_.try_emplace(id);
  if (is_new) it->second.since = now;
  it->second.seen = now;
  it->second.limit = limit;
  it->second.reason = std::move(reason);
  it->second.message = std::move(message);
  return it->second;
}

// Older kubelets say why a pull failed only once, and then that they wait.
Fault HealthCheck::fault_of(const std::string& id, const PodFinding& finding) {
  if (finding.fault != Fault::image && finding.fault != Fault::surroundings) return finding.fault;
  const std::string container = id + "|" + finding.pod + "|" + finding.container;
  if (!finding.vague) return pulls_[container] = finding.fault;
  const auto known = pulls_.find(container);
  return known == pulls_.end() ? finding.fault : known->second;
}

void HealthCheck::note_findings(const std::string& id, const Reading& reading, Survey& survey) {
  for (const PodFinding& finding : reading.findings) {
    if (!finding.container.empty() && reading.key.kind != "Job") {
      const std::string container = id + "|" + finding.pod + "|" + finding.container;
      const auto [it, is_new] = restarts_.try_emplace(container, finding.restarts);
      if (!is_new && finding.restarts > it->second) {
        it->second = finding.restarts;
        const std::string text = "pod " + finding.pod + ": container " + finding.container + ": restarted, " +
                                 std::to_string(finding.restarts) + " times in all";
        trouble(id + "|crash", settings_.grace, "Restarted", reading.key.describe() + ": " + text,
                survey.now);
        if (soak_started_ && !finding.of_old_revision)
          survey.restart_message = reading.key.describe() + ": " + text;
      }
    }
    const Fault fault = fault_of(id, finding);
    if (!condemns(finding, fault, reading)) continue;
    const bool patient = fault == Fault::unschedulable || fault == Fault::surroundings;
    trouble(id + "|" + fault_name(fault), patient ? settings_.unschedulable : settings_.grace, finding.reason,
            sentence(reading), survey.now)
        .excused = fault == Fault::surroundings;
  }
}

void HealthCheck::note(const std::string& id, const Reading& reading, Survey& survey) {
  const bool node =
      std::any_of(reading.findings.begin(), reading.findings.end(),
                  [](const PodFinding& finding) { return finding.fault == Fault::node_not_ready; });
  const bool applied = is_of_applied_generation(reading);
  if (reading.readiness.is_current() && applied) {
    ++survey.current;
  } else if (survey.unready_message.empty()) {
    survey.unready_reason = reading.readiness.reason;
    survey.unready_message = sentence(reading);
  }
  survey.node_not_ready = survey.node_not_ready || node;
  if (node || !applied) return;
  const bool excused =
      std::any_of(reading.findings.begin(), reading.findings.end(), [&](const PodFinding& finding) {
        return !finding.of_old_revision && fault_of(id, finding) == Fault::surroundings;
      });
  survey.cut_off = survey.cut_off || excused;
  // While a node was away nothing could progress.
  const bool overdue = node_was_away_ && reading.readiness.reason == "ProgressDeadlineExceeded";
  if (reading.readiness.state == State::failed && !overdue)
    trouble(id, settings_.grace, reading.readiness.reason, sentence(reading), survey.now).excused = excused;
  note_findings(id, reading, survey);
}

// A trouble that was not seen for the grace is over; until then it may only be between two crashes.
void HealthCheck::forget_cured(base::Clock::Monotonic now) {
  std::erase_if(troubles_, [&](const auto& entry) { return now - entry.second.seen >= settings_.grace; });
}

HealthReport HealthCheck::feed(const std::vector<Reading>& readings, base::Clock::Monotonic now) {
  if (!started_) started_ = now;
  Survey survey;
  survey.now = now;
  survey.total = readings.size();
  for (const Reading& reading : readings) note(reading.key.describe(), reading, survey);
  if (survey.node_not_ready) {
    node_is_away_ = node_was_away_ = true;
  } else if (node_is_away_) {
    // The workload has its whole time from when the node is seen again.
    node_is_away_ = false;
    started_ = now;
  }
  forget_cured(now);
  HealthReport report = decide(survey, now);
  report.current = survey.current;
  report.total = survey.total;
  return report;
}

HealthReport HealthCheck::decide(const Survey& survey, base::Clock::Monotonic now) {
  HealthReport report;
  const auto condemned = [&](bool excused) {
    return std::find_if(troubles_.begin(), troubles_.end(), [&](const auto& entry) {
      const Trouble& trouble = entry.second;
      return trouble.excused == excused && trouble.seen - trouble.since >= trouble.limit;
    });
  };
  for (const bool excused : {false, true}) {
    const auto found = condemned(excused);
    if (found == troubles_.end()) continue;
    return {
        excused ? Verdict::cut_off : Verdict::failed, found->second.reason, found->second.message, 0, 0, now};
  }
  if (!survey.restart_message.empty())
    return {Verdict::failed, "Restarted", survey.restart_message, 0, 0, now};

  const auto deadline = *started_ + settings_.timeout;
  if (survey.current == survey.total && troubles_.empty()) {
    if (!soak_started_) soak_started_ = now;
    report.decided_by = *soak_started_ + settings_.soak;
    report.verdict = now >= report.decided_by ? Verdict::healthy : Verdict::soaking;
    return report;
  }
  soak_started_.reset();
  report.reason = survey.unready_reason;
  report.message = survey.unready_message;
  report.decided_by = deadline;
  for (const auto& [id, trouble] : troubles_) {
    report.decided_by = std::min(report.decided_by, trouble.since + trouble.limit);
    if (report.message.empty()) report.message = trouble.message;
  }
  if (now < deadline) return report;
  report.verdict = survey.node_not_ready ? Verdict::blocked
                   : survey.cut_off      ? Verdict::cut_off
                                         : Verdict::failed;
  report.reason = survey.node_not_ready ? "NodeNotReady" : "Timeout";
  return report;
}

}  // namespace gridseal::kube
