// GRIDSEAL_CUTS=long: a real cut at every effect, and all sequences of cuts of the large scenarios as well;
// takes an hour.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "integration/cuts/scenarios.hpp"

namespace gridseal::test {
namespace {

// More cuts in a row than lead to anything new.
constexpr int kMany = 12;

bool is_long() {
  const char* value = std::getenv("GRIDSEAL_CUTS");
  return value != nullptr && std::string(value) == "long";
}

class CutsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Cuts> cuts_of(const Scenario& scenario) {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    return std::make_unique<Cuts>(scenario, std::string("cuts-") + test->name());
  }
  static void report(const Scenario& scenario, const Tally& tally) {
    std::cout << "[  CUTS    ] " << scenario.name << ": " << tally.to_string() << std::endl;
    EXPECT_GT(tally.cuts, 20U);
  }

  // A large scenario: one cut anywhere.
  void cut_once(const Scenario& scenario) {
    auto cuts = cuts_of(scenario);
    ASSERT_FALSE(HasFailure());
    report(scenario, cuts->explore(is_long() ? kMany : 1));
    if (is_long()) report(scenario, cuts->singles(true));
  }
  // A small one: cuts until no sequence of them leads to a state that was not seen.
  void cut_always(const Scenario& scenario) {
    auto cuts = cuts_of(scenario);
    ASSERT_FALSE(HasFailure());
    report(scenario, cuts->singles(is_long()));
    const Tally tally = cuts->explore(kMany);
    report(scenario, tally);
    EXPECT_TRUE(tally.complete);
  }
};

// GS-CRASH-010: Cut at any effect (a step of the journal, a statement, a write to a file, a request) of a
// first deployment with definitions, namespaces and an adopted object, the host ends on it; the cluster is
// field by field what it is without the cut, nothing is orphaned, the history is whole.
TEST_F(CutsTest, FirstDeployment) {
  cut_once(first_deployment());
}

// GS-CRASH-011: The same of an upgrade in stages with objects that come, change, are adopted and are pruned.
TEST_F(CutsTest, Upgrade) {
  cut_once(upgrade());
}

// GS-CRASH-012: The same of an upgrade that fails: the host ends on the old revision, and what was adopted is
// its owner's again.
TEST_F(CutsTest, FailedUpgrade) {
  cut_once(failed_upgrade());
}

// GS-CRASH-013: The same of a first deployment that fails: what it made is gone.
TEST_F(CutsTest, FailedFirstDeployment) {
  cut_once(failed_first_deployment());
}

// GS-CRASH-014: The same of a small first deployment when the power goes again and again, at any effect of
// each recovery.
TEST_F(CutsTest, FirstDeploymentAgainAndAgain) {
  cut_always(small_first_deployment());
}

// GS-CRASH-015: The same of a small upgrade.
TEST_F(CutsTest, UpgradeAgainAndAgain) {
  cut_always(small_upgrade());
}

// GS-CRASH-016: The same of a small upgrade that fails.
TEST_F(CutsTest, FailedUpgradeAgainAndAgain) {
  cut_always(small_failed_upgrade());
}

// GS-CRASH-017: The same of a small first deployment that fails.
TEST_F(CutsTest, FailedFirstDeploymentAgainAndAgain) {
  cut_always(small_failed_first_deployment());
}

// GS-CRASH-018: The same of these deployments and of what fails in them when several requests are under way
// at the moment of the cut.
TEST_F(CutsTest, SeveralAtOnce) {
  for (Scenario scenario : {first_deployment(), upgrade(), failed_upgrade(), failed_first_deployment()}) {
    scenario.in_flight = 4;
    scenario.name += ", four at once";
    cut_once(scenario);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace gridseal::test
