// What hosts are about to do when the power goes.
#pragma once

#include "integration/cuts/cuts.hpp"

namespace gridseal::test {

// With definitions, namespaces, somebody else's object, objects that come, change and go.
Scenario first_deployment();
Scenario upgrade();
Scenario failed_upgrade();
Scenario failed_first_deployment();

// The same with as few objects as show the way: for cuts during the recovery from cuts.
Scenario small_first_deployment();
Scenario small_upgrade();
Scenario small_failed_upgrade();
Scenario small_failed_first_deployment();

}  // namespace gridseal::test
