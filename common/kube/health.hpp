// From many readings to one verdict: grace, soak and timeout. Pure: readings and times go in, a verdict comes
// out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "kube/diagnose.hpp"
#include "kube/readiness.hpp"
#include "manifest/object.hpp"

namespace gridseal::kube {

struct HealthSettings {
  base::milliseconds grace{10'000};          // a failure must stand this long
  base::milliseconds soak{30'000};           // everything must stay current this long
  base::milliseconds timeout{300'000};       // from the start until the soak begins
  base::milliseconds unschedulable{60'000};  // a pod may wait for a node this long
};

// One object as it is at this moment.
struct Reading {
  manifest::ObjectKey key;
  Readiness readiness;
  int64_t applied_generation = 0;    // generation that our apply answered; 0: not known
  std::vector<PodFinding> findings;  // what diagnose() saw of its pods; empty for kinds without pods
};

enum class Verdict {
  waiting,
  soaking,
  healthy,
  failed,
  blocked,  // waiting goes on helping: a node is not ready
  cut_off,  // what it needs cannot be had here and now; no fault of its own, but going back helps
};
std::string_view to_string(Verdict verdict);

struct HealthReport {
  Verdict verdict = Verdict::waiting;
  std::string reason;   // machine word of the deciding object
  std::string message;  // "Deployment shop/web: pod web-7f...: container app: ..."; empty when healthy
  size_t current = 0;   // objects that are current
  size_t total = 0;
  base::Clock::Monotonic decided_by{};  // when the verdict changes at the latest without news
};

// Not thread safe. The time of the first feed() is the start.
//  - failed: a failure of the applied generation stood for the grace, or the timeout passed.
//  - cut_off: instead of failed, when the surroundings (a registry that does not answer, a full disk) are
//  what keeps its pods from running; as for a pod without a node that must stand for `unschedulable`.
//  - blocked: the timeout passed and a node that is not ready (or the API) is what stands in the way.
//  - a restart of a container during the soak, or a container that waits in CrashLoopBackOff, is a failure
//  too, even
//    while its Deployment calls itself available.
class HealthCheck {
 public:
  explicit HealthCheck(HealthSettings settings) : settings_(settings) {}

  HealthReport feed(const std::vector<Reading>& readings, base::Clock::Monotonic now);

 private:
  struct Trouble {
    base::Clock::Monotonic since{};
    base::Clock::Monotonic seen{};
    base::milliseconds limit{};
    std::string reason;
    std::string message;
    bool excused = false;  // the surroundings did it
  };
  struct Survey;

  void note(const std::string& id, const Reading& reading, Survey& survey);
  void note_findings(const std::string& id, const Reading& reading, Survey& survey);
  Trouble& trouble(const std::string& id, base::milliseconds limit, std::string reason, std::string message,
                   base::Clock::Monotonic now);
  Fault fault_of(const std::string& id, const PodFinding& finding);
  void forget_cured(base::Clock::Monotonic now);
  HealthReport decide(const Survey& survey, base::Clock::Monotonic now);

  HealthSettings settings_;
  std::optional<base::Clock::Monotonic> started_;
  std::optional<base::Clock::Monotonic> soak_started_;
  bool node_is_away_ = false;
  bool node_was_away_ = false;
  std::map<std::string, Trouble> troubles_;
  std::map<std::string, int64_t> restarts_;
  std::map<std::string, Fault> pulls_;  // by container: why its image was last said not to come
};

}  // namespace gridseal::kube
