#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/config/sources.hpp"

namespace gridseal::config {
namespace {

struct Case {
  std::string name;
  std::string text;
  std::string expected;  // all problems
};

const std::string kAt = "/etc/gridseal/agent.toml:";

std::string with(const std::string& line) {
  return kLeast + line + "\n";
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"unknown_key", with("intervall = \"1m\""),
       kAt + "10:1: component.pump.intervall: unknown key; did you mean \"interval\"?\n"},
      {"unknown_key_far", with("xyzzy = 1"), kAt + "10:1: component.pump.xyzzy: unknown key\n"},
      {"unknown_section", with("[sotrage]"), kAt + "10:2: sotrage: unknown key; did you mean \"storage\"?\n"},
      {"unknown_nested", with("[component.pump.ceilling]"),
       kAt + "10:17: component.pump.ceilling: unknown key; did you mean \"ceiling\"?\n"},
      {"swapped_letters", with("[log]\nlevle = \"info\""),
       kAt + "11:1: log.levle: unknown key; did you mean \"level\"?\n"},
      {"wrong_type", with("prune = \"yes\""),
       kAt + "10:1: component.pump.prune: must be true or false, not a string\n"},
      {"wrong_type_of_text", with("path = 7"),
       kAt + "10:1: component.pump.path: must be a string, not an integer\n"},
      {"duration_without_unit", with("timeout = 300"),
       kAt + "10:1: component.pump.timeout: must be a duration such as \"5m\", not an integer\n"},
      {"bad_duration", with("timeout = \"5 minutes\""),
       kAt + "10:1: component.pump.timeout: \"5 minutes\" is not a duration such as \"30s\", \"5m\" or "
             "\"1h30m\"\n"},
      {"short_interval", with("interval = \"10ms\""),
       kAt + "10:1: component.pump.interval: must be from 1s to 1d\n"},
      {"bad_size", with("[storage]\nfree_space_min = \"lots\""),
       kAt + "11:1: storage.free_space_min: \"lots\" is not a size such as \"256MiB\"\n"},
      {"out_of_range", with("[storage]\nkeep_revisions = 0"),
       kAt + "11:1: storage.keep_revisions: must be from 1 to 1000\n"},
      {"bad_word", with("on_first_failure = \"retry\""),
       kAt + "10:1: component.pump.on_first_failure: \"retry\" is not one of \"remove\", \"leave\"\n"},
      {"section_is_no_table", "log = 3\n" + kLeast, kAt + "1:1: log: must be a table, not an integer\n"},
      {"component_is_no_table", "component.x = true\n" + kLeast.substr(0, kLeast.find("[component")),
       kAt + "1:11: component.x: must be a table, not true or false\n"},
      {"bad_component_name", with("[component.Pump_2]\nrepository = \"a\"\ntag = \"b\""),
       kAt + "10:12: component.Pump_2: the name must be 1 to 63 lower-case letters, digits and '-', with a "
             "letter "
             "or digit at both ends\n"},
      {"missing", least_with("repository = \"water/pump\"\n", ""),
       kAt + "7:12: component.pump.repository: is missing\n"},
      {"missing_site", kLeast.substr(kLeast.find("[registry")),
       "/etc/gridseal/agent.toml: site.name: is missing\n"},
      {"tracks_nothing", least_with("tag = \"stable\"\n", ""),
       kAt + "7:12: component.pump: one of tag, semver and digest must be set\n"},
      {"tracks_two", with("semver = \"1.x\""),
       kAt + "7:12: component.pump: only one of tag, semver and digest may be set\n"},
      {"filter_without_semver", with("tag_filter = \"^v\""),
       kAt + "10:1: component.pump.tag_filter: is for semver only\n"},
      {"bad_digest", least_with("tag = \"stable\"", "digest = \"sha256:12\""),
       kAt + "9:1: component.pump.digest: \"sha256:12\" must be \"sha256:\" and 64 lower-case hexadecimal "
             "digits\n"},
      {"unknown_registry", with("registry = \"miror\""),
       kAt + "10:1: component.pump.registry: there is no registry \"miror\"; did you mean \"mirror\"?\n"},
      {"unknown_policy", with("policy = \"x\""),
       kAt + "10:1: component.pump.policy: there is no policy \"x\"\n"},
      {"ambiguous_registry", with("[registry.other]\nurl = \"https://other.example\""),
       kAt + "7:12: component.pump.registry: is missing, and there is more than one registry\n"},
      {"no_policy", least_with("[trust.policy.release]\nkeys = [\"release.pub\"]\n", ""),
       kAt + "5:12: component.pump.policy: is missing, and no policy is defined\n"},
      {"no_keys", least_with("[\"release.pub\"]", "[]"),
       kAt + "6:1: trust.policy.release.keys: must not be empty\n"},
      {"key_outside", least_with("release.pub", "../x.pub"),
       kAt + "6:1: trust.policy.release.keys: \"../x.pub\" must be the name of a file in the 'keys' folder "
             "of the "
             "trust directory\n"},
      {"plain_http", least_with("https://", "http://"),
       kAt + "4:1: registry.mirror.url: http:// needs plain_http = true\n"},
      {"plain_http_elsewhere",
       least_with("\"https://mirror.example\"", "\"http://127.mirror.example\"\nplain_http = true"),
       kAt + "4:1: registry.mirror.url: http:// is for a registry on this host only\n"},
      {"secret_in_url", least_with("https://", "https://user:hunter2@"),
       kAt + "4:1: registry.mirror.url: must not hold a user or password: use 'credentials'\n"},
      {"secret_in_place", least_with("[trust", "credentials = \"user:hunter2\"\n[trust"),
       kAt + "5:1: registry.mirror.credentials: must be a file or \"credential:NAME\", not the secret "
             "itself\n"},
      {"half_a_certificate", least_with("[trust", "client_key = \"/k\"\n[trust"),
       kAt + "3:11: registry.mirror.client_certificate: is missing: a client certificate needs both files\n"},
      {"path_escape", with("path = \"a/../../b\""),
       kAt + "10:1: component.pump.path: \"a/../../b\" must not leave the artifact by '..'\n"},
      {"absolute_path", with("path = \"/etc\""),
       kAt +
           "10:1: component.pump.path: \"/etc\" must be a path inside the artifact, such as \"./deploy\"\n"},
      {"bad_namespace", with("[component.pump.ceiling]\nnamespaces = [\"ok\", \"Not_ok\"]"),
       kAt + "11:1: component.pump.ceiling.namespaces: \"Not_ok\" must be 1 to 63 lower-case letters, digits "
             "and "
             "'-', with a letter or digit at both ends\n"},
      {"bad_variable", least_with("[registry", "variables = { \"a-b\" = \"1\" }\n[registry"),
       kAt + "3:1: site.variables: \"a-b\" must be a name of letters, digits and '_', not beginning with a "
             "digit\n"},
      {"mixed_list", least_with("[\"release.pub\"]", "[\"release.pub\", 3]"),
       kAt + "6:1: trust.policy.release.keys: must be a string, not an integer\n"},
      {"two_mistakes", with("prnue = true\nsoak = true"),
       kAt + "10:1: component.pump.prnue: unknown key; did you mean \"prune\"?\n" + kAt +
           "11:1: component.pump.soak: must be a duration such as \"5m\", not true or false\n"},
  };
  return all;
}

class Refused : public ::testing::TestWithParam<Case> {};

// GS-CONFIG-010: every error names file, line, column and key, and unknown keys the nearest known one.
TEST_P(Refused, SaysExactlyWhereAndWhy) {
  auto loaded = parse_text(GetParam().text);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().to_string(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Settings, Refused, ::testing::ValuesIn(cases()),
                         [](const auto& instance) { return instance.param.name; });

// GS-CONFIG-011: a secret that was written into a setting is not repeated by the error.
TEST(Problems, NeverRepeatASecret) {
  for (const auto& text : {least_with("https://", "https://user:hunter2@"),
                           least_with("[trust", "credentials = \"user:hunter2\"\n[trust")}) {
    auto loaded = parse_text(text);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().to_string().find("hunter2"), std::string::npos);
  }
}

// GS-CONFIG-012: a text that is not TOML is one problem with its place.
TEST(Problems, NotToml) {
  auto loaded = parse_text("[site]\nname = \n");
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().list.size(), 1U);
  EXPECT_EQ(loaded.error().list[0].place.line, 2U);
  EXPECT_EQ(loaded.error().list[0].message.find("not valid TOML: "), 0U);
  EXPECT_EQ(loaded.error().to_error().code(), "config.invalid");
}

// GS-CONFIG-013: the same value in two files names both places.
TEST(Problems, SetTwice) {
  auto loaded =
      parse({{"agent.toml", kLeast}, {"conf.d/x.toml", "[site]\nname = \"s8\"\n"}}, "/etc/gridseal");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().to_string(),
            "/etc/gridseal/conf.d/x.toml:2:1: site.name: is set twice: it is set at "
            "/etc/gridseal/agent.toml:2:1 already\n");
}

// GS-CONFIG-014: problems are collected, up to 20, and the rest is counted.
TEST(Problems, AtMostTwenty) {
  std::string text = kLeast;
  for (int i = 0; i < 25; ++i) text += "wrong_" + std::to_string(i) + " = 1\n";
  auto loaded = parse_text(text);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().list.size(), kMaxProblems);
  EXPECT_EQ(loaded.error().left_out, 5U);
  EXPECT_NE(loaded.error().to_error().message().find("(and 24 more)"), std::string::npos);
}

// GS-CONFIG-015: hostile texts (depth, size, escapes) end as a problem, never otherwise.
TEST(Problems, HostileTexts) {
  EXPECT_FALSE(parse_text("a = " + std::string(100000, '[')));
  EXPECT_FALSE(parse_text(std::string(kMaxFileBytes + 1, '#')));
  EXPECT_FALSE(parse_text(std::string("\0\xff\xfe", 3)));
  for (const auto* text : {"[:registry.x]", "[[:x]]", "[", "[[", "[.a]", "[a.]", "[a.:]", "a.:=1", "a={:=1}",
                           "=", "[a", "\xc3\xa9 = 1",
                           "\xef\xba\xbe"
                           "a = ["}) {
    auto refused = parse_text(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().list.front().message.find("not valid TOML: "), 0U) << text;
  }
  auto escapes = parse_text(kLeast + "\"a\\u001b[31m\" = 1\n");
  ASSERT_FALSE(escapes);
  EXPECT_EQ(escapes.error().to_string().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace gridseal::config
