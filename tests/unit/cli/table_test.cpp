#include "cli/table.hpp"

#include <gtest/gtest.h>

namespace gridseal::cli {
namespace {

// GS-CLI-001: Columns line up, also with letters beyond ASCII and with colours.
TEST(Table, ColumnsLineUp) {
  Table table({"A", "B"});
  table.add({"Pumpe Süd", "1"});
  table.add({"\x1b[32mhealthy\x1b[0m", "2"});
  EXPECT_EQ(table.to_string(0), "A          B\nPumpe Süd  1\n\x1b[32mhealthy\x1b[0m    2\n");
}

// GS-CLI-002: Only the last column is cut, and only to a terminal's width.
TEST(Table, LastColumnIsCut) {
  Table table({"A", "B"});
  table.add({"x", std::string(100, 'y')});
  EXPECT_EQ(table.to_string(20), "A  B\nx  " + std::string(16, 'y') + "…\n");
  EXPECT_EQ(table.to_string(0), "A  B\nx  " + std::string(100, 'y') + "\n");
}

}  // namespace
}  // namespace gridseal::cli
