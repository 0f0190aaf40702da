// Trust policies, as sections of the settings and as files of their own.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/files.hpp"
#include "unit/config/sources.hpp"

namespace gridseal::config {
namespace {

constexpr const char* kPath = "/etc/gridseal/trust/policies/release.toml";

std::string problems_of(const std::string& text) {
  const auto policy = parse_policy(text, kPath);
  return policy ? "" : policy.error().to_string();
}

const std::string kFullPolicy =
    "threshold = 2\n"
    "max_age = \"48h\"\n"
    "repositories = [\"water/**\"]\n"
    "[authority.ci]\n"
    "trusted_root = \"public\"\n"
    "timestamp = true\n"
    "[[authority.ci.identity]]\n"
    "issuer = \"https://issuer.example\"\n"
    "subject_regexp = \"^https://git.example/\"\n"
    "extensions = { build_trigger = \"push\" }\n"
    "[authority.approver]\n"
    "keys = [\"approver.pub\"]\n"
    "[[attestation]]\n"
    "name = \"scan\"\n"
    "type = \"vuln\"\n"
    "authorities = [\"ci\"]\n"
    "[[attestation.condition]]\n"
    "field = \"/summary/score\"\n"
    "at_most = 6.9\n"
    "[[attestation.condition]]\n"
    "field = \"statement:/subject/0/name\"\n"
    "one_of = [\"pumps\", 3, true]\n";

// GS-CONFIG-060: a policy file says all that a section may say, and is called as its file is.
TEST(PolicyFile, Full) {
  const auto policy = parse_policy(kFullPolicy, kPath);
  ASSERT_TRUE(policy) << policy.error().to_string();
  EXPECT_EQ(policy->name, "release");
  EXPECT_EQ(policy->threshold, 2);
  EXPECT_EQ(policy->max_age, base::milliseconds(std::chrono::hours(48)));
  ASSERT_EQ(policy->authorities.size(), 2U);
  const Authority& approver = policy->authorities[0];
  EXPECT_EQ(approver.name, "approver");
  EXPECT_EQ(approver.keys, (std::vector<std::string>{"approver.pub"}));
  EXPECT_FALSE(approver.log.has_value());
  const Authority& ci = policy->authorities[1];
  EXPECT_EQ(ci.timestamp, std::optional<bool>(true));
  ASSERT_EQ(ci.identities.size(), 1U);
  EXPECT_EQ(ci.identities[0].subject_regexp, "^https://git.example/");
  EXPECT_EQ(ci.identities[0].extensions.at("build_trigger"), "push");
  ASSERT_EQ(policy->attestations.size(), 1U);
  const auto& conditions = policy->attestations[0].conditions;
  ASSERT_EQ(conditions.size(), 2U);
  EXPECT_EQ(conditions[0].at_most, std::optional<Scalar>(6.9));
  EXPECT_EQ(conditions[1].one_of, (std::vector<Scalar>{std::string("pumps"), int64_t{3}, true}));
}

// GS-CONFIG-061: every mistake in a policy names line, column and key.
TEST(PolicyFile, Problems) {
  const std::string at = std::string(kPath) + ":";
  EXPECT_EQ(problems_of(""), std::string(kPath) +
                                 ": keys: is missing: a policy has keys = [...], or sections "
                                 "[authority.NAME]\n");
  EXPECT_EQ(problems_of("keys = []\n"), at + "1:1: keys: must not be empty\n");
  EXPECT_EQ(problems_of("keys = [\"a\"]\nthreshold = 2\n"),
            at + "2:1: threshold: is more than there are authorities (1)\n");
  EXPECT_EQ(problems_of("keys = [\"a\"]\n[authority.x]\nkeys = [\"b\"]\n"),
            at + "1:1: keys: is the short form for one authority; with authorities, put the keys into one of "
                 "them\n");
  EXPECT_EQ(problems_of("[authority.x]\nkeys = [\"a\"]\n[authority.y]\nkeys = [\"b\"]\n"),
            std::string(kPath) +
                ": threshold: is missing: say how many of the 2 authorities must have signed; "
                "1: any one of them\n");
  EXPECT_EQ(problems_of("[authority.x]\n"),
            at + "1:12: authority.x: must have one of keys, identity and notation\n");
  EXPECT_EQ(problems_of("[authority.x]\nkeys = [\"a\"]\nnotation = \"n\"\n"),
            at + "1:12: authority.x: may have only one of keys, identity and notation\n");
  EXPECT_EQ(problems_of("[authority.x]\nkeys = [\"a\"]\nsct = true\n"),
            at + "3:1: authority.x.sct: is for certificates only\n");
  EXPECT_EQ(problems_of("[authority.x]\nidentity = []\n"),
            at + "2:1: authority.x.identity: must not be empty\n");
  EXPECT_EQ(problems_of("[authority.x]\n[[authority.x.identity]]\nissuer = \"i\"\n"),
            at + "2:1: authority.x.identity[1]: one must be set of subject, subject_regexp\n");
  EXPECT_EQ(problems_of("keys = [\"a\"]\n[atestation]\n"),
            at + "2:2: atestation: unknown key; did you mean \"attestation\"?\n");
}

// GS-CONFIG-360: what is written stands before what is missing: a misspelt key is told first, with its line.
TEST(PolicyFile, MisspeltBeforeMissing) {
  const std::string at = std::string(kPath) + ":";
  const auto wrong = parse_policy("max_age = \"1h\"\nkeyz = [\"a\"]\n", kPath);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().to_string(), at + "2:1: keyz: unknown key; did you mean \"keys\"?\n" + kPath +
                                           ": keys: is missing: a policy has keys = [...], or sections "
                                           "[authority.NAME]\n");
  EXPECT_EQ(wrong.error().to_error().message(),
            at + "2:1: keyz: unknown key; did you mean \"keys\"? (and 1 more)");
}

// GS-CONFIG-062: conditions have exactly one test, limits are numbers, authorities exist.
TEST(PolicyFile, AttestationProblems) {
  const std::string head = "keys = [\"a\"]\n[[attestation]]\nname = \"x\"\ntype = \"vuln\"\n";
  const auto condition = [&](const std::string& test) {
    return problems_of(head + "[[attestation.condition]]\nfield = \"/a\"\n" + test + "\n");
  };
  EXPECT_EQ(condition("equals = \"\""), "");
  EXPECT_EQ(condition("equals = false"), "");
  EXPECT_NE(condition("").find("one must be set of equals"), std::string::npos);
  EXPECT_NE(condition("equals = 1\nmatches = \"x\"").find("only one may be set"), std::string::npos);
  EXPECT_NE(condition("at_least = \"3\"").find("at_least: must be a number"), std::string::npos);
  EXPECT_NE(condition("equal = 3").find("did you mean \"equals\"?"), std::string::npos);
  EXPECT_NE(condition("one_of = [[1]]").find("each item must be a string"), std::string::npos);
  EXPECT_NE(problems_of(head + "authorities = [\"ci\"]\n").find("there is no authority \"ci\""),
            std::string::npos);
  EXPECT_NE(
      problems_of(head + "[[attestation]]\nname = \"x\"\ntype = \"vuln\"\n").find("another attestation"),
      std::string::npos);
}

// GS-CONFIG-063: policy files beside the settings count like sections, and a name in both is an error.
TEST(PolicyFile, BesideTheSettings) {
  const std::string least = least_with("[trust.policy.release]\nkeys = [\"release.pub\"]\n", "");
  const SourceFile file{"trust/policies/release.toml", kFullPolicy};
  const auto loaded = parse({{"agent.toml", least}, file}, "/etc/gridseal");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->settings.components.at("pump").policy, "release");
  EXPECT_EQ(loaded->settings.trust.policies.at("release").authorities.size(), 2U);
  const auto twice = parse({{"agent.toml", kLeast}, file}, "/etc/gridseal");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().to_string(), std::string(kPath) +
                                           ":1:1: trust.policy.release: is defined twice: it is set at "
                                           "/etc/gridseal/agent.toml:5:15 already\n");
  const auto again = parse_text(show(*loaded));
  ASSERT_TRUE(again) << again.error().to_string() << show(*loaded);
  EXPECT_EQ(again->settings.trust.policies.at("release").attestations.size(), 1U);
}

// GS-CONFIG-064: load() finds the policies of the trust directory that the settings name.
TEST(PolicyFile, IsFound) {
  std::string root = testing::TempDir() + "gridseal-policy-XXXXXX";
  root = ::mkdtemp(root.data());
  auto& files = base::system_files();
  ASSERT_TRUE(files.make_directories(root + "/etc", 0755));
  ASSERT_TRUE(files.make_directories(root + "/pins/policies", 0755));
  const std::string trust = "[trust]\ndirectory = \"" + root + "/pins\"\n";
  const std::string least = least_with("[trust.policy.release]\nkeys = [\"release.pub\"]\n", "") + trust;
  ASSERT_TRUE(base::write_file(files, root + "/etc/agent.toml", least));
  ASSERT_TRUE(base::write_file(files, root + "/pins/policies/release.toml", "keys = [\"a.pub\"]\n"));
  const auto loaded = load(files, root + "/etc");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->settings.trust.policies.at("release").keys, (std::vector<std::string>{"a.pub"}));
  ASSERT_TRUE(load_policy_file(files, root + "/pins/policies/release.toml"));
  const auto absent = load_policy_file(files, root + "/nowhere.toml");
  ASSERT_FALSE(absent);
  EXPECT_TRUE(absent.error().unreadable);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace gridseal::config
