// Trust policies in words, for those who did not write them.
#include <gtest/gtest.h>

#include "config/load.hpp"
#include "report/trust.hpp"

namespace gridseal::report {
namespace {

std::vector<std::string> words(const std::string& text) {
  const auto policy = config::parse_policy(text, "/etc/gridseal/trust/policies/release.toml");
  EXPECT_TRUE(policy) << policy.error().to_string();
  return policy ? policy_in_words(*policy) : std::vector<std::string>();
}

std::vector<std::string> warnings(const std::string& text) {
  const auto policy = config::parse_policy(text, "/etc/gridseal/trust/policies/release.toml");
  EXPECT_TRUE(policy) << policy.error().to_string();
  return policy ? policy_warnings(*policy) : std::vector<std::string>();
}

bool any_says(const std::vector<std::string>& lines, const std::string& text) {
  return std::ranges::any_of(lines,
                             [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

// GS-REPORT-022: a policy in words names everybody who may sign, how many of them, and every further demand.
TEST(TrustWords, EveryDemandIsSaid) {
  EXPECT_EQ(words("keys = [\"ci.pub\"]\n"),
            (std::vector<std::string>{"An artifact must be signed by the key ci.pub."}));
  const auto all = words(
      "threshold = 2\nmax_age = \"30d\"\nrepositories = [\"water/*\"]\nenvironments = [\"production\"]\n"
      "[annotations]\nsite = \"oslo\"\n"
      "[authority.ci]\ntrusted_root = \"public\"\n[[authority.ci.identity]]\n"
      "issuer = \"https://issuer.example\"\nsubject = \"https://ci.example/release\"\n"
      "[authority.ci.identity.extensions]\nsource_repository_ref = \"refs/heads/main\"\n"
      "[authority.approver]\nkeys = [\"approver.pub\"]\n"
      "[authority.notary]\nnotation = \"acme\"\n"
      "[[attestation]]\nname = \"provenance\"\ntype = \"slsaprovenance1\"\nauthorities = [\"ci\"]\n"
      "[[attestation.condition]]\nfield = \"/builder/id\"\nequals = \"https://builder.example\"\n");
  for (const char* said :
       {"at least 2 of these 3, each another key or identity", "under the trusted root public",
        "'https://ci.example/release', vouched for by 'https://issuer.example'",
        "source_repository_ref 'refs/heads/main'", "an entry in a transparency log", "the key approver.pub",
        "the Notary Project policy acme", "site=oslo", "https://slsa.dev/provenance/v1", "signed by ci",
        "/builder/id is \"https://builder.example\"", "no longer ago than 30d", "water/*", "production"})
    EXPECT_TRUE(any_says(all, said)) << said;
}

// GS-REPORT-023: expressions that match more than it seems are warned of wherever they stand: not anchored,
// one alternative out of the anchors, dots for any character.
TEST(TrustWords, LooseExpressionsAreWarnedOf) {
  const auto identity = [](const std::string& expression) {
    return warnings(
        "[authority.ci]\n[[authority.ci.identity]]\nissuer = \"https://issuer.example\"\n"
        "subject_regexp = '" +
        expression + "'\n");
  };
  EXPECT_TRUE(identity(R"(^https://ci\.example/release$)").empty());
  EXPECT_TRUE(any_says(identity(R"(https://ci\.example/)"), "not anchored"));
  EXPECT_TRUE(any_says(identity(R"(^https://ci\.example/|release$)"), "not anchored"));
  EXPECT_TRUE(any_says(identity(R"(^release\$)"), "not anchored"));
  EXPECT_TRUE(any_says(identity("^https://ci.example/release$"), "any character"));
  EXPECT_TRUE(any_says(warnings("keys = [\"ci.pub\"]\n[[attestation]]\nname = \"p\"\ntype = \"vuln\"\n"
                                "[[attestation.condition]]\nfield = \"/a\"\nmatches = \"x\"\n"),
                       "not anchored"));
  EXPECT_TRUE(any_says(warnings("[authority.ci]\nsct = false\n[[authority.ci.identity]]\nissuer = "
                                "\"https://issuer.example\"\nsubject = \"x\"\n"),
                       "without the logs"));
}

}  // namespace
}  // namespace gridseal::report
