// What one pod shows.
#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.hpp"
#include "kube/diagnose.hpp"
#include "kube/fields.hpp"

namespace gridseal::kube {
namespace {

using base::Json;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Waiting reasons of the kubelet (pkg/kubelet/images, pkg/kubelet/kuberuntime).
Fault fault_of_waiting(std::string_view reason) {
  if (is_one_of(reason, {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
                         "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}))
    return Fault::image;
  if (is_one_of(reason, {"CreateContainerConfigError", "CreateContainerError", "PreCreateHookError"}))
    return Fault::config;
  if (is_one_of(reason, {"CrashLoopBackOff", "RunContainerError", "PostStartHookError", "PreStartHookError"}))
    return Fault::crash;
  return Fault::unready;
}

std::string image_of(const Json& pod, const std::string& container) {
  for (const char* list : {"containers", "initContainers"}) {
    const Json* containers = field_at(pod, {"spec", list});
    if (containers == nullptr || !containers->is_array()) continue;
    for (const Json& entry : *containers)
      if (text_at(entry, {"name"}) == container) return base::printable(text_at(entry, {"image"}), 300);
  }
  return {};
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

// Why an image is not there, by what containerd and the kubelet say; they have no codes for it.
void explain_pull(PodFinding& finding, const std::string& image, const std::string& detail) {
  std::string words = "image cannot be pulled: ";
  // Without a cause of its own a back-off says nothing new.
  finding.vague = finding.reason == "ImagePullBackOff" && detail.find("ErrImagePull") == std::string::npos &&
                  detail.find(": ") == std::string::npos;
  if (finding.reason == "InvalidImageName") {
    words = "image name is not valid: ";
  } else if (finding.reason == "ErrImageNeverPull") {
    words = "image is not on the node, and imagePullPolicy Never forbids to pull it: ";
  } else if (finding.reason == "SignatureValidationFailed") {
    words = "image signature is not accepted by the node: ";
  } else if (contains_any(detail, {"no space left on device", "disk quota exceeded"})) {
    words = "the node has no space left for image ";
    finding.fault = Fault::surroundings;
  } else if (finding.reason == "RegistryUnavailable" ||
             contains_any(detail, {"no such host", "connection refused", "connection reset", "i/o timeout",
                                   "no route to host", "network is unreachable", "server misbehaving",
                                   "x509: ", "TLS handshake timeout", "context deadline exceeded",
                                   "toomanyrequests", "Too Many Requests", "Bad Gateway",
                                   "Service Unavailable", "Gateway Timeout", "Internal Server Error"})) {
    words = "the registry cannot be reached for image ";
    finding.fault = Fault::surroundings;
  } else if (contains_any(detail, {"no match for platform"})) {
    words = "image is not made for the node's processor: ";
  } else if (contains_any(detail, {"not found", "manifest unknown", "name unknown", "MANIFEST_UNKNOWN",
                                   "NAME_UNKNOWN"})) {
    words = "image not found: ";
  } else if (contains_any(detail, {"nauthorized", "UNAUTHORIZED", "denied", "DENIED", "orbidden",
                                   "authentication required", "no basic auth credentials"})) {
    words = "no permission to pull image ";
  }
  finding.message = words + image + " (" + finding.reason + ")";
}

std::string exit_words(const Json& terminated) {
  const std::string reason = text_at(terminated, {"reason"});
  std::string words = "exits with code " + std::to_string(number_at(terminated, {"exitCode"}));
  if (!reason.empty() && reason != "Error") words += " (" + base::printable(reason, 80) + ")";
  // A command that cannot be started has its cause here; output of the program itself would not be ours to
  // repeat.
  if (is_one_of(reason, {"StartError", "ContainerCannotRun"}))
    words = "cannot be started: " + base::printable(text_at(terminated, {"message"}), 300);
  return words;
}

std::string crash_words(const Json& status, const std::string& reason) {
  const Json* last = field_at(status, {"lastState", "terminated"});
  std::string words = last == nullptr ? "fails again and again" : exit_words(*last);
  if (reason == "RunContainerError" && last == nullptr)
    words = "cannot be started: " + base::printable(text_at(status, {"state", "waiting", "message"}), 300);
  const int64_t restarts = number_at(status, {"restartCount"});
  if (restarts > 0) words += ", " + std::to_string(restarts) + (restarts == 1 ? " restart" : " restarts");
  return words + " (" + reason + ")";
}

void judge_waiting(const Json& pod, const Json& status, PodFinding& finding) {
  finding.reason = base::printable(text_at(status, {"state", "waiting", "reason"}), 80);
  finding.fault = fault_of_waiting(finding.reason);
  const std::string detail = base::printable(text_at(status, {"state", "waiting", "message"}), 300);
  switch (finding.fault) {
    case Fault::image:
      explain_pull(finding, image_of(pod, finding.container),
                   text_at(status, {"state", "waiting", "message"}));
      break;
    case Fault::config:
      finding.message = "cannot be created: " + (detail.empty() ? finding.reason : detail);
      break;
    case Fault::crash:
      finding.message = crash_words(status, finding.reason);
      break;
    default:
      finding.message = finding.reason == "PodInitializing" ? "waits for the init containers"
                                                            : "is being created (" + finding.reason + ")";
  }
}

// What has run to its end as it should is no finding: init containers, and pods of Jobs.
PodFinding examine_container(const Json& pod, const Json& status) {
  PodFinding finding;
  finding.pod = text_at(pod, {"metadata", "name"});
  finding.container = base::printable(text_at(status, {"name"}), 80);
  finding.restarts = number_at(status, {"restartCount"});
  if (field_at(status, {"state", "waiting"}) != nullptr) {
    judge_waiting(pod, status, finding);
  } else if (const Json* ended = field_at(status, {"state", "terminated"}); ended != nullptr) {
    if (number_at(*ended, {"exitCode"}) == 0) return finding;
    finding.fault = Fault::crash;
    finding.reason = base::printable(text_at(*ended, {"reason"}), 80);
    finding.message = exit_words(*ended);
  } else if (!true_at(status, {"ready"})) {
    finding.fault = Fault::unready;
    finding.reason = "NotReady";
    finding.message = "runs, but is not ready: its readiness probe does not succeed";
  }
  return finding;
}

// An init container that still runs is not "not ready".
void forgive_running(PodFinding& finding, const Json& status) {
  if (finding.fault == Fault::unready && field_at(status, {"state", "running"}) != nullptr) {
    finding.reason = "Initializing";
    finding.message = "is an init container that has not finished";
  }
}

PodFinding of_pod(const Json& pod, Fault fault, std::string reason, std::string message) {
  PodFinding finding;
  finding.pod = text_at(pod, {"metadata", "name"});
  finding.fault = fault;
  finding.reason = std::move(reason);
  finding.message = std::move(message);
  return finding;
}

// Lower is told first.
int rank(const PodFinding& finding) {
  static constexpr std::array<Fault, 9> kOrder = {
      Fault::node_not_ready, Fault::surroundings, Fault::image,         Fault::config, Fault::crash,
      Fault::not_created,    Fault::pod_failed,   Fault::unschedulable, Fault::unready};
  const auto* const it = std::find(kOrder.begin(), kOrder.end(), finding.fault);
  const int position = static_cast<int>(it - kOrder.begin());
  return finding.of_old_revision ? position + 100 : position;
}

}  // namespace

std::vector<PodFinding> examine_pod(const Json& pod) {
  std::vector<PodFinding> findings;
  if (text_at(pod, {"status", "phase"}) == "Failed") {
    const std::string reason = base::printable(text_at(pod, {"status", "reason"}), 80);
    const std::string message = base::printable(text_at(pod, {"status", "message"}), 300);
    if (!reason.empty()) findings.push_back(of_pod(pod, Fault::pod_failed, reason, "failed: " + message));
  }
  const Condition scheduled = condition_of(pod, "PodScheduled");
  if (scheduled.is_false())
    findings.push_back(
        of_pod(pod, Fault::unschedulable, scheduled.reason, "no node takes it: " + scheduled.message));
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    const Json* statuses = field_at(pod, {"status", list});
    if (statuses == nullptr || !statuses->is_array()) continue;
    for (const Json& status : *statuses) {
      findings.push_back(examine_container(pod, status));
      if (std::string_view(list) == "initContainerStatuses") forgive_running(findings.back(), status);
    }
  }
  return findings;
}

std::string worst_cause(const std::vector<PodFinding>& findings) {
  const PodFinding* worst = nullptr;
  for (const PodFinding& finding : findings) {
    if (finding.fault == Fault::none) continue;
    if (worst == nullptr || rank(finding) < rank(*worst)) worst = &finding;
  }
  if (worst == nullptr) return {};
  std::string text;
  if (!worst->pod.empty()) text += "pod " + worst->pod + ": ";
  if (!worst->container.empty()) text += "container " + worst->container + ": ";
  return text + worst->message;
}

}  // namespace gridseal::kube
