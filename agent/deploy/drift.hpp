// What runs, held against what its last good revision declares: what somebody changed in the cluster is
// found, and put back or reported as the setting says. And what became unhealthy by itself is seen.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "deploy/revision.hpp"
#include "kube/drift.hpp"

namespace gridseal::deploy {

struct DriftLook {
  // Objects that are not ready for longer than the grace, in words; at most a few of `unready`.
  std::vector<std::string> sentences;
  size_t unready = 0;
  // One is not ready, and its grace is not over; or what it needs was put back a moment ago.
  bool look_again_soon = false;
};

// Of one component; used by the worker alone. What it keeps in memory only spares requests.
class DriftWatch {
 public:
  explicit DriftWatch(Site& site) : site_(site) {}

  // One look: a LIST for each kind and namespace, and a dry run for each object whose part that is ours
  // changed since it was applied. With `correct` what differs is recorded and then applied again; else it is
  // recorded alone. An object that is changed back again and again is left for ever longer pauses. Errors:
  // kube.*, history.*, those of render_from_store; deploy.rendered_otherwise (blocked) when settings changed
  // what the last good revision renders to.
  base::Result<DriftLook> look(const config::Component& component, const history::LastGood& good,
                               bool correct, const std::stop_token& stop);
  // Ends what is recorded as open: nobody looks any more.
  base::Result<void> stop_looking(const std::string& component);
  // Another revision runs.
  void forget();

 private:
  friend class DriftPass;
  // What the last dry run said of an object, for as long as it does not change.
  struct Judged {
    std::string resource_version;  // empty: it was not there
    bool drifted = false;
  };
  struct Fight {
    int times = 0;  // put back, or tried to
    base::Clock::Monotonic last;
    base::Clock::Monotonic until;  // left alone
  };

  Site& site_;
  std::map<history::ObjectKey, Judged> judged_;
  std::map<history::ObjectKey, Fight> fights_;
  std::map<history::ObjectKey, base::Clock::Monotonic> unready_since_;
};

}  // namespace gridseal::deploy
