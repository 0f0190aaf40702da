#include "manifest/substitution.hpp"

#include <gtest/gtest.h>

#include "manifest/yaml.hpp"

namespace gridseal::manifest {
namespace {

const Variables kVariables = {
    {"n", "3"},      {"yes", "true"},   {"name", "pump"},    {"empty", ""},
    {"hex", "0x10"}, {"half", "0.5"},   {"map", "{a: b}"},   {"lines", "a: 1\n---\nb: 2"},
    {"list", "- a"}, {"note", "3 # x"}, {"quoted", "\"3\""}, {"inf", ".inf"}};

base::Result<Json> substitute(std::string_view yaml, const Variables& variables = kVariables) {
  auto documents = parse_yaml(yaml, {}, {"a.yaml"}, PlainReferences::marked);
  if (!documents) return std::move(documents).error();
  Substitution substitution(variables);
  Json out = std::move(documents->at(0));
  if (auto done = substitution.apply(out, {"a.yaml", 2}); !done) return std::move(done).error();
  return out;
}

std::string value_of(const std::string& yaml) {
  auto out = substitute("v: " + yaml);
  return out ? base::dump_json((*out)["v"]) : "!" + out.error().code();
}

// GS-MANIFEST-111: a plain scalar gets the type of the resulting text; everything quoted stays a string.
TEST(Substitution, TypesPlainScalars) {
  const std::vector<std::pair<const char*, const char*>> cases = {{"${n}", "3"},
                                                                  {"\"${n}\"", "\"3\""},
                                                                  {"'${n}'", "\"3\""},
                                                                  {"|-\n  ${n}", "\"3\""},
                                                                  {"!!str ${n}", "\"3\""},
                                                                  {"${yes}", "true"},
                                                                  {"\"${yes}\"", "\"true\""},
                                                                  {"1${n}", "13"},
                                                                  {"1.${n}e2", "130"},
                                                                  {"${hex}", "16"},
                                                                  {"${half}", "0.5"},
                                                                  {"${empty}", "null"},
                                                                  {"\"${empty}\"", "\"\""},
                                                                  {"${no:=5}", "5"},
                                                                  {"${n}m", "\"3m\""},
                                                                  {"$${n}", "\"${n}\""},
                                                                  {"$n", "\"$n\""},
                                                                  {"[\"${n}\", a]", "[\"3\",\"a\"]"},
                                                                  {"\n  - ${n}\n  - x", "[3,\"x\"]"}};
  for (const auto& [yaml, expected] : cases) EXPECT_EQ(value_of(yaml), expected) << yaml;
}

// GS-MANIFEST-112: a value is never YAML: no map, list, comment, quote or document comes of it.
TEST(Substitution, ValuesAreNotYaml) {
  EXPECT_EQ(value_of("${map}"), "\"{a: b}\"");
  EXPECT_EQ(value_of("${lines}"), "\"a: 1\\n---\\nb: 2\"");
  EXPECT_EQ(value_of("${list}"), "\"- a\"");
  EXPECT_EQ(value_of("${note}"), "\"3 # x\"");
  EXPECT_EQ(value_of("${quoted}"), "\"\\\"3\\\"\"");
  EXPECT_EQ(value_of("${inf}"), "!manifest.substitution");
}

// GS-MANIFEST-113: keys are never substituted, anchors and merges are where they are used.
TEST(Substitution, KeysAndAliases) {
  auto out =
      substitute("base: &b {\"${n}\": x, v: \"${n}\"}\np: &p ${n}\nq: *p\nm:\n  <<: *b\n  k: ${name}\n");
  ASSERT_TRUE(out) << out.error().describe();
  EXPECT_EQ(base::dump_json(*out),
            R"json({"base":{"${n}":"x","v":"3"},"m":{"${n}":"x","k":"pump","v":"3"},"p":3,"q":3})json");
}

// GS-MANIFEST-114: objects that say so, by label or annotation, are left alone; the other items of a list
// are not.
TEST(Substitution, CanBeDisabled) {
  const std::string mark = "{kustomize.toolkit.fluxcd.io/substitute: disabled}";
  for (const std::string map : {"labels", "annotations"}) {
    auto out = substitute("metadata:\n  " + map + ": " + mark + "\nv: ${n}\nw: $${n}\nx: \"${no}\"\n");
    ASSERT_TRUE(out) << out.error().describe();
    EXPECT_EQ((*out)["v"], "${n}");
    EXPECT_EQ((*out)["w"], "$${n}");
    EXPECT_EQ((*out)["x"], "${no}");
  }
  auto list = substitute(
      "kind: List\nitems:\n- metadata:\n    labels: " + mark +
      "\n  v: ${n}\n- metadata:\n    labels: {kustomize.toolkit.fluxcd.io/substitute: enabled}\n  v: ${n}\n");
  ASSERT_TRUE(list) << list.error().describe();
  EXPECT_EQ((*list)["items"][0]["v"], "${n}");
  EXPECT_EQ((*list)["items"][1]["v"], 3);
}

// GS-MANIFEST-115: a refusal names object, field and file; of a Secret nothing of the text.
TEST(Substitution, NamesThePlace) {
  const auto refusal =
      substitute("kind: Deployment\nmetadata: {name: web}\nspec:\n  list:\n  - a\n  - k: \"${no}\"\n");
  ASSERT_FALSE(refusal);
  EXPECT_EQ(refusal.error().code(), "manifest.substitution");
  EXPECT_EQ(refusal.error().outcome(), base::Outcome::refused);
  for (const char* part : {"Deployment web", "a.yaml, document 2", "spec.list[1].k", "\"no\" is not set"})
    EXPECT_NE(refusal.error().message().find(part), std::string::npos) << refusal.error().message();
  const auto secret = substitute("kind: Secret\nmetadata: {name: web}\nstringData: {p: \"pa${sword}\"}\n");
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().describe().find("sword"), std::string::npos) << secret.error().describe();
  EXPECT_NE(secret.error().message().find("stringData.p"), std::string::npos) << secret.error().message();
}

// GS-MANIFEST-116: names, labels and kinds may come of variables; a label of a number is no label.
TEST(Substitution, ComesBeforeTheObject) {
  auto out = substitute("apiVersion: v1\nkind: Config${rest:=Map}\nmetadata:\n  name: web-${name}\n");
  ASSERT_TRUE(out) << out.error().describe();
  auto object = Object::from_json(std::move(*out), {"a.yaml", 1});
  ASSERT_TRUE(object) << object.error().describe();
  EXPECT_EQ(object->key.describe(), "ConfigMap web-pump");
  auto label =
      substitute("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  labels:\n    n: ${n}\n");
  ASSERT_TRUE(label);
  EXPECT_EQ(Object::from_json(std::move(*label), {"a.yaml", 1}).error().code(), "manifest.not_an_object");
}

}  // namespace
}  // namespace gridseal::manifest
