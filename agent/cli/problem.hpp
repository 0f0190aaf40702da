// How an error becomes a sentence on standard error and an exit code.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cli/exit_code.hpp"

namespace gridseal::cli {

ExitCode exit_code_of(const base::Error& error);

// What the user can do about it; empty when the sentence says it already.
std::string_view next_step(std::string_view code);

// "gridseal: <sentence> (<code>)" and, on a line of its own, the next step. As JSON:
// {"error":{"code","message","outcome"}}.
std::string problem_text(const base::Error& error, bool as_json);

}  // namespace gridseal::cli
