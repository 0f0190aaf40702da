// The man pages and completions as they are installed, read by the programs that will read them.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/program.hpp"

namespace gridseal::test {
namespace {

bool is_there(const std::string& program) {
  return run_program("command -v " + program).code == 0;
}

std::string completed(const std::string& line) {
  const Ran ran =
      run_program("bash -c '. " GRIDSEAL_MANUAL "/completions/gridseal.bash; COMP_WORDS=(" + line +
                  "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _gridseal; echo ${COMPREPLY[*]}'");
  return ran.output;
}

// GS-PACKAGE-010: Every command and every file has a man page, and mandoc finds nothing wrong with any of
// them.
TEST(ManualPages, NothingIsWrongWithThem) {
  for (const char* page :
       {"gridseal.1", "gridseal-status.1", "gridseal-artifact-build.1", "gridseald.8", "gridseal-settings.5",
        "gridseal-trust.7", "gridseal-history.5", "gridseal-store.5"})
    EXPECT_TRUE(std::filesystem::exists(std::string(GRIDSEAL_MANUAL "/man/") + page)) << page;
  if (!is_there("mandoc")) GTEST_SKIP() << "mandoc is not installed";
  const Ran lint = run_program("mandoc -Tlint -W warning " GRIDSEAL_MANUAL "/man/*");
  EXPECT_EQ(lint.code, 0) << lint.output;
  const Ran settings = run_program("mandoc -Tutf8 " GRIDSEAL_MANUAL "/man/gridseal-settings.5 | col -b");
  EXPECT_NE(settings.output.find("on_first_failure"), std::string::npos);
}

// GS-PACKAGE-011: The completions are good bash, zsh and fish, and bash completes commands, options and
// values.
TEST(ManualPages, Completions) {
  EXPECT_EQ(completed("gridseal sta"), "status\n");
  EXPECT_EQ(completed("gridseal -o js"), "json\n");
  EXPECT_EQ(completed("gridseal --config-dir /x artifact bu"), "build\n");
  EXPECT_EQ(completed("gridseal artifact build --comp"), "--component\n");
  if (is_there("zsh")) {
    EXPECT_EQ(run_program("zsh -n " GRIDSEAL_MANUAL "/completions/_gridseal").output, "");
  }
  if (is_there("fish")) {
    EXPECT_EQ(run_program("fish --no-execute " GRIDSEAL_MANUAL "/completions/gridseal.fish").output, "");
  }
}

}  // namespace
}  // namespace gridseal::test
