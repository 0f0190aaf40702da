// Memory that a long-running process holds without need.
#pragma once

namespace gridseal::daemon {

// Gives back what was freed on the heap, and unmaps the pages of programs and libraries that were only read:
// start and the last deployment touched most of them, a poll needs few. Those come back from the page cache
// when they are touched. Any thread, at any time.
void give_back_memory();

}  // namespace gridseal::daemon
