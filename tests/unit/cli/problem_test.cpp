#include "cli/problem.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace gridseal::cli {
namespace {

using base::Error;

// GS-CLI-007: The exit code says whether something was found wrong, could not be judged, could not be reached
// or is not allowed.
TEST(Problem, ExitCodes) {
  EXPECT_EQ(exit_code_of(Error::refused("key.password", "")), ExitCode::usage);
  EXPECT_EQ(exit_code_of(Error::refused("manifest.yaml", "")), ExitCode::refused);
  EXPECT_EQ(exit_code_of(Error::blocked("config.invalid", "")), ExitCode::refused);
  EXPECT_EQ(exit_code_of(Error::refused("oci.reference", "")), ExitCode::usage);
  EXPECT_EQ(exit_code_of(Error::blocked("files.not_found", "")), ExitCode::usage);
  EXPECT_EQ(exit_code_of(Error::blocked("agent.not_running", "")), ExitCode::unavailable);
  EXPECT_EQ(exit_code_of(Error::blocked("oci.unreachable", "")), ExitCode::unavailable);
  EXPECT_EQ(exit_code_of(Error::refused("control.forbidden", "")), ExitCode::forbidden);
}

// GS-CLI-008: An error is one sentence with its code, and what to do next.
TEST(Problem, SentenceAndAdvice) {
  const std::string text =
      problem_text(Error::blocked("agent.not_running", "gridseald is not running"), false);
  EXPECT_EQ(text.find("gridseal: gridseald is not running (agent.not_running)\n"), 0U);
  EXPECT_NE(text.find("systemctl start gridseald"), std::string::npos);
  EXPECT_EQ(problem_text(Error::blocked("x.y", "bad\x1b[2J"), false).find('\x1b'), std::string::npos);
}

// GS-CLI-009: Scripts get the error as JSON.
TEST(Problem, AsJson) {
  auto value = base::parse_json(problem_text(Error::refused("oci.reference", "no \"tag\""), true));
  ASSERT_TRUE(value);
  EXPECT_EQ((*value)["error"]["code"], "oci.reference");
  EXPECT_EQ((*value)["error"]["outcome"], "refused");
}

}  // namespace
}  // namespace gridseal::cli
