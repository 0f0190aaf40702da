// Memory that is given back.
#include "daemon/memory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace gridseal::daemon {
namespace {

// Pages of files that are mapped and in memory (proc(5), statm).
long pages_of_files() {
  long size = 0;
  long resident = 0;
  long shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared;
}

// GS-DAEMON-001: What was only read of programs and libraries is unmapped, and comes back when it is needed.
TEST(Memory, GivesBackWhatWasOnlyRead) {
  const long before = pages_of_files();
  give_back_memory();
  const long after = pages_of_files();
  EXPECT_GT(before, 0);
  EXPECT_LT(after, before);
  EXPECT_EQ(std::stoi("42"), 42);
  give_back_memory();
}

}  // namespace
}  // namespace gridseal::daemon
