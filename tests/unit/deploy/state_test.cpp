#include "deploy/state.hpp"

#include <gtest/gtest.h>

#include <set>

#include "deploy/gate.hpp"

namespace gridseal::deploy {
namespace {

// GS-DEPLOY-020: A state and an event lead to one state only, and no final state is left again.
TEST(StateTable, IsAFunctionAndEnds) {
  std::set<std::pair<State, Event>> seen;
  for (const auto& row : transitions()) {
    EXPECT_TRUE(seen.emplace(row.from, row.event).second)
        << to_string(row.from) << " on " << to_string(row.event);
    EXPECT_FALSE(is_final(row.from)) << to_string(row.from);
    EXPECT_FALSE(row.written_first.empty()) << to_string(row.to);
  }
}

// GS-DEPLOY-021: Every state can be reached from the first one, and from every state an end can be reached.
TEST(StateTable, HasNoDeadEnds) {
  std::set<State> reached{State::planned};
  std::set<State> ending;
  for (size_t round = 0; round < transitions().size(); ++round) {
    for (const auto& row : transitions()) {
      if (reached.contains(row.from)) reached.insert(row.to);
      if (is_final(row.to) || ending.contains(row.to)) ending.insert(row.from);
    }
  }
  for (const auto& row : transitions()) {
    EXPECT_TRUE(reached.contains(row.from)) << to_string(row.from);
    EXPECT_TRUE(ending.contains(row.from)) << to_string(row.from);
  }
}

// GS-DEPLOY-022: States keep their names in the journal.
TEST(StateTable, NamesAreReadBack) {
  for (const auto& row : transitions()) {
    EXPECT_EQ(parse_state(to_string(row.from)), row.from);
    EXPECT_EQ(parse_state(to_string(row.to)), row.to);
  }
  EXPECT_FALSE(parse_state("sleeping"));
}

// GS-DEPLOY-023: No gate stands in the way of finishing what is under way, and each stops a change.
TEST(GateTable, StopsChangesNeverTheWayBack) {
  for (const Gate gate : {Gate::suspended, Gate::held, Gate::remembered, Gate::trust_damaged, Gate::untrusted,
                          Gate::settling_time, Gate::dependency, Gate::disk_low}) {
    EXPECT_FALSE(is_open(gate, Act::change));
    EXPECT_TRUE(is_open(gate, Act::roll_back));
    EXPECT_TRUE(is_open(gate, Act::verify));
  }
}

// GS-DRIFT-300: What runs is put back also while a newer release waits or failed, but not while somebody
// suspended it, settings are wrong, or trust is in doubt.
TEST(GateTable, SaysWhenDriftIsCorrected) {
  for (const Gate gate : {Gate::remembered, Gate::settling_time})
    EXPECT_TRUE(is_open(gate, Act::correct_drift));
  for (const Gate gate : {Gate::suspended, Gate::held, Gate::trust_damaged, Gate::untrusted})
    EXPECT_FALSE(is_open(gate, Act::correct_drift));
}

}  // namespace
}  // namespace gridseal::deploy
