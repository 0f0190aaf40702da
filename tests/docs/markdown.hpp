// Commands out of the documents. A fenced block "sh" is run; what stands in a comment before it says how it
// may end, and a block "text" right after it what it prints:
//   <!-- test: exit 1 -->         it ends with 1
//   <!-- test: any exit -->       it depends on the machine
//   <!-- test: not run: WHY -->
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gridseal::test {

struct Block {
  size_t line = 0;  // in the document, of its first command
  std::string text;
  std::optional<int> exit = 0;  // nothing: any
  std::string not_run;          // why
  std::vector<std::string> expected;
};

std::vector<Block> blocks_of(std::string_view document);

// Whether one line of `output` has all of `expected` in it: "…" stands for anything, "a|b" within a word for
// either, white space for any amount of it.
bool prints(const std::string& output, const std::string& expected);

// "gridseal verify TARGET --policy release" out of prose and examples, line ends joined, without what follows
// in a pipe.
std::vector<std::string> gridseal_commands(std::string_view document);

}  // namespace gridseal::test
