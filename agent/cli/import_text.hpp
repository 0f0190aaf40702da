// gridseal import -: what somebody pastes on a terminal.
#pragma once

#include <cstdio>

#include "cli/context.hpp"

namespace gridseal::cli {

// Reads `input` up to the END line, at most media::kMaxArmour bytes, and asks gridseald to take what it
// holds.
ExitCode import_text(Context& context, std::FILE* input);

}  // namespace gridseal::cli
