// The judgement behind `gridseal verify` and `gridseal mirror check`.
#pragma once

#include <string>

#include "cli/verify_report.hpp"
#include "cli/verify_subject.hpp"
#include "cli/verify_trust.hpp"

namespace gridseal::cli {

// As gridseald judges at admission; what the signed bytes say of themselves (component, version, environment,
// age) only when a component is expected or the policy limits the age.
Report judge_subject(const Judge& judge, const Subject& subject, const std::string& target);

}  // namespace gridseal::cli
