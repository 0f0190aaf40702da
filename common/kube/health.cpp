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
  return text + own + "; " + cause;
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
    default:
      return "";
  }
}

// Faults that pass judgement on what was applied. A Job counts the crashes of its pods by itself
// (backoffLimit).
bool condemns(const PodFinding& finding, const Reading& reading) {
  if (finding.of_old_revision) return false;
  switch (finding.fault) {
    case Fault::image:
    case Fault::config:
    case Fault::unschedulable:
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
  }
  return "waiting";
}

void HealthCheck::trouble(const std::string& id, base::milliseconds limit, std::string reason,
                          std::string message, base::Clock::Monotonic now) {
  const auto [it, is_new] = troubles_.try_emplace(id);
  if (is_new) it->second.since = now;
  it->second.seen = now;
  it->second.limit = limit;
  it->second.reason = std::move(reason);
  it->second.message = std::move(message);
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
    if (!condemns(finding, reading)) continue;
    const bool unschedulable = finding.fault == Fault::unschedulable;
    trouble(id + "|" + fault_name(finding.fault), unschedulable ? settings_.unschedulable : settings_.grace,
            finding.reason, sentence(reading), survey.now);
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
  if (reading.readiness.state == State::failed)
    trouble(id, settings_.grace, reading.readiness.reason, sentence(reading), survey.now);
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
  forget_cured(now);
  HealthReport report = decide(survey, now);
  report.current = survey.current;
  report.total = survey.total;
  return report;
}

HealthReport HealthCheck::decide(const Survey& survey, base::Clock::Monotonic now) {
  HealthReport report;
  const auto condemned = std::find_if(troubles_.begin(), troubles_.end(), [](const auto& entry) {
    return entry.second.seen - entry.second.since >= entry.second.limit;
  });
  if (condemned != troubles_.end())
    return {Verdict::failed, condemned->second.reason, condemned->second.message, 0, 0, now};
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
  report.verdict = survey.node_not_ready ? Verdict::blocked : Verdict::failed;
  report.reason = survey.node_not_ready ? "NodeNotReady" : "Timeout";
  return report;
}

}  // namespace gridseal::kube
