// Power cuts at every effect, and at every effect of the recovery from each of them, and so on.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/sim_host/sim_host.hpp"

namespace gridseal::test {

// What a host is about to do when the power goes, and what may have come of it.
struct Scenario {
  std::string name;
  size_t in_flight = 1;  // requests to the API server at the same time
  // Leaves the engine stopped and the next revision promoted.
  std::function<void(SimHost&)> prepare;
  // Whether the host has come to rest.
  std::function<bool(SimHost&)> rests;
  // What is wrong with it then, beside what Cuts itself looks at; empty: nothing.
  std::function<std::string(SimHost&)> flaws;
};

struct Tally {
  uint64_t cuts = 0;               // places at which the power may go
  uint64_t runs = 0;               // starts of the engine
  std::map<int, uint64_t> states;  // different states that were found, by the least number of cuts
  bool complete = false;           // no further cut leads to a state that was not seen

  std::string to_string() const;
};

class Cuts {
 public:
  Cuts(const Scenario& scenario, std::string name);

  // Cuts before every effect, or before every one that makes a difference, and starts again.
  Tally singles(bool every_effect);

  // Follows each state that a cut can leave, with cuts during the recovery from it, up to `depth` cuts in a
  // row. A state that was seen already (SimHost::fingerprint) is not followed again.
  Tally explore(int depth);

 private:
  struct Left {
    SimHost::Moment moment;
    int cuts = 0;
    std::string trace;
  };
  // Runs from the moment until the host rests, and compares; returns the effects on the way.
  std::vector<Effect> finish(const SimHost::Moment& moment, const std::string& trace, Fuse& fuse);
  // Runs from the moment until effect `at` fails, and keeps what is left. The dead engine is still there.
  SimHost::Moment cut(const SimHost::Moment& moment, uint64_t at);
  void note(const Left& from, uint64_t at);
  std::string wrong();

  const Scenario& scenario_;
  std::unique_ptr<Fuse> fuse_;  // of the last cut: the dead engine still holds it
  SimHost host_;
  SimHost::Moment start_;
  std::vector<Effect> effects_;
  Snapshot expected_;
  std::set<std::string> seen_;
  std::deque<Left> open_;
  Tally tally_;
};

// The effects before which a cut leaves something else than the cut before.
std::vector<uint64_t> telling_cuts(const std::vector<Effect>& effects);

}  // namespace gridseal::test
