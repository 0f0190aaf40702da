// What is wrong with a policy only in the light of what is pinned: told at start, with file, line and key.
#include "mixed.hpp"

namespace gridseal::trust::mixed {
namespace {

class Mistakes : public MixedTest {
 protected:
  // "code | place and key", empty when the policy can be used. The settings themselves accept it.
  std::string made(const std::string& text) {
    const auto settings = config::parse_policy(text, "/etc/p.toml");
    if (!settings) return "settings: " + settings.error().to_string();
    const auto state = TrustState::make(content_);
    const auto policy = make_policy(*state, *settings);
    if (policy) return "";
    EXPECT_EQ(policy.error().outcome(), base::Outcome::refused);
    said_ = policy.error().describe();
    return policy.error().code() + " | " + said_.substr(0, said_.find(": trust policy p "));
  }
};

// GS-TRUST-084: each mistake has its code and names file, line, column and key.
TEST_F(Mistakes, Places) {
  EXPECT_EQ(made("\nkeys = [\"cosign.pub\", \"gone.pub\"]\n"), "trust.key_unknown | /etc/p.toml:2:1: keys");
  EXPECT_TRUE(says("'gone.pub'")) << said_;
  EXPECT_TRUE(says("pinned are: cosign.pub, p384.pub, second.pub")) << said_;
  EXPECT_EQ(made("[authority.ci]\nlog = true\nkeys = [\"gone.pub\"]\n"),
            "trust.key_unknown | /etc/p.toml:3:1: authority.ci.keys");
  EXPECT_EQ(made("[authority.ci]\ntrusted_root = \"public\"\n[[authority.ci.identity]]\nissuer = \"i\"\n"
                 "subject = \"s\"\n"),
            "trust.root_unknown | /etc/p.toml:2:1: authority.ci.trusted_root");
  EXPECT_TRUE(says("local, mock")) << said_;
  // Not written: the section that it is missing in.
  EXPECT_EQ(made("[authority.ci]\nkeys = [\"cosign.pub\"]\nlog = true\n"),
            "trust.root_unknown | /etc/p.toml:1:12: authority.ci.trusted_root");
  EXPECT_EQ(made("[authority.n]\nnotation = \"q\"\n"),
            "trust.notation_unknown | /etc/p.toml:2:1: authority.n.notation");
  EXPECT_EQ(made("[authority.n]\nnotation = \"p\"\nnotation_store = \"ca:other\"\n"),
            "trust.notation_unknown | /etc/p.toml:3:1: authority.n.notation_store");
  EXPECT_TRUE(says("it uses: ca:acme")) << said_;
  EXPECT_EQ(made("[authority.ci]\ntrusted_root = \"local\"\n[[authority.ci.identity]]\nissuer = \"i\"\n"
                 "subject_regexp = \"(\"\n"),
            "identity.pattern | /etc/p.toml:1:12: authority.ci.identity");
}

// GS-TRUST-085: so have those of attestations and their conditions.
TEST_F(Mistakes, PlacesOfAttestations) {
  const std::string keys = "keys = [\"cosign.pub\"]\n";
  const std::string good = "[[attestation]]\nname = \"a\"\ntype = \"vuln\"\n";
  EXPECT_EQ(made(keys + good), "");
  EXPECT_EQ(made(keys + good + "[[attestation]]\nname = \"b\"\ntype = \"scan\"\n"),
            "trust.policy_attestation | /etc/p.toml:7:1: attestation[2].type");
  EXPECT_EQ(made(keys + good + "[[attestation.condition]]\nfield = \"x\"\npresent = true\n"),
            "trust.policy_condition | /etc/p.toml:5:1: attestation[1].condition[1]");
  EXPECT_EQ(made(keys + good + "[[attestation.condition]]\nfield = \"/x\"\nmatches = \"[\"\n"),
            "trust.policy_condition | /etc/p.toml:5:1: attestation[1].condition[1]");
  // What no JSON number can be is no value either.
  for (const char* key : {"at_most", "equals"})
    EXPECT_EQ(made(keys + good + "[[attestation.condition]]\nfield = \"/x\"\n" + key + " = nan\n"),
              "settings: /etc/p.toml:7:1: attestation[1].condition[1]." + std::string(key) +
                  ": must be a number\n");
}

// GS-TRUST-086: a policy that no file holds has no place, and the same codes.
TEST_F(Mistakes, WithoutAFile) {
  const auto state = TrustState::make(content_);
  PolicySettings settings{"release", {"gone.pub"}, {}};
  EXPECT_EQ(make_policy(*state, settings).error().message().find("trust policy release "), 0U);
  settings.keys = {};
  EXPECT_EQ(make_policy(*state, settings).error().code(), "trust.policy_empty");
  settings.authorities = {{.name = "a", .keys = {"cosign.pub"}}, {.name = "b", .keys = {"p384.pub"}}};
  EXPECT_EQ(make_policy(*state, settings).error().code(), "trust.policy_threshold");
  for (const int64_t wrong : {-1, 3}) {
    settings.threshold = wrong;
    EXPECT_EQ(make_policy(*state, settings).error().code(), "trust.policy_threshold");
  }
  settings.threshold = 2;
  EXPECT_TRUE(make_policy(*state, settings));
  settings.authorities[1].name = "a";
  EXPECT_EQ(make_policy(*state, settings).error().code(), "trust.policy_authority");
  settings.authorities[1] = {.name = "b", .keys = {"p384.pub"}, .notation = "p"};
  EXPECT_EQ(make_policy(*state, settings).error().code(), "trust.policy_authority");
  settings.authorities[1] = {.name = "b"};
  EXPECT_EQ(make_policy(*state, settings).error().code(), "trust.policy_empty");
  settings.authorities[1] = {.name = "b", .keys = {"p384.pub"}, .sct = true};
  EXPECT_EQ(make_policy(*state, settings).error().code(), "trust.policy_authority");
  settings.keys = {"cosign.pub"};
  EXPECT_EQ(make_policy(*state, settings).error().code(), "trust.policy_authority");
}

// GS-TRUST-087: patterns of repositories: '*' stays within one step of the path, '**' does not, everything
// else is itself.
TEST(Patterns, Match) {
  for (const auto& [pattern, text] :
       std::vector<std::pair<std::string, std::string>>{{"water/*", "water/pumps"},
                                                        {"water/**", "water/a/b"},
                                                        {"**", "a/b/c"},
                                                        {"*", "x"},
                                                        {"", ""},
                                                        {"*/x", "water/x"},
                                                        {"w*r/x", "water/x"},
                                                        {"**/x", "a/b/x"},
                                                        {"a**", "a"},
                                                        {"a.b", "a.b"}})
    EXPECT_TRUE(matches_pattern(pattern, text)) << pattern << " " << text;
  for (const auto& [pattern, text] :
       std::vector<std::pair<std::string, std::string>>{{"water/*", "water/a/b"},
                                                        {"water/*", "waters/a"},
                                                        {"*", "a/b"},
                                                        {"", "x"},
                                                        {"x", ""},
                                                        {"a.b", "aXb"},
                                                        {"water", "water/"},
                                                        {"[a]", "a"},
                                                        {"w?ter", "water"},
                                                        {"**/x", "x"}})
    EXPECT_FALSE(matches_pattern(pattern, text)) << pattern << " " << text;
  // Linear, whatever the pattern.
  EXPECT_FALSE(matches_pattern("*a*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace gridseal::trust::mixed
