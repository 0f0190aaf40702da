// What the shell sees. Documented in docs/cli.md; numbers never change their meaning.
#pragma once

namespace gridseal::cli {

enum class ExitCode : int {
  ok = 0,           // done; for status: every component is healthy
  refused = 1,      // judged and found wrong: not verified, not healthy, settings with errors
  usage = 2,        // could not be judged: wrong arguments, unreadable input
  unavailable = 3,  // the agent, the registry or the state cannot be reached
  forbidden = 4,    // this user may look but not act
};

}  // namespace gridseal::cli
