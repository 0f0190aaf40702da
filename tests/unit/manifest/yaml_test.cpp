#include "manifest/yaml.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/files.hpp"

namespace gridseal::manifest {
namespace {

Json first_or_null(const std::vector<Json>& documents) {
  return documents.empty() ? Json(nullptr) : documents.front();
}

std::string code_of(std::string_view text, const YamlLimits& limits = {}) {
  auto parsed = parse_yaml(text, limits);
  return parsed ? "" : parsed.error().code();
}

// GS-MANIFEST-001: YAML means here what Kubernetes' strict reader makes of it, in every recorded case.
TEST(Yaml, MeansWhatKubernetesMakesOfIt) {
  auto file = base::read_file(base::system_files(), GRIDSEAL_FIXTURES "/manifest/yaml-cases.json");
  ASSERT_TRUE(file) << file.error().describe();
  const Json cases = Json::parse(*file);
  ASSERT_EQ(cases.size(), 965U);
  for (size_t at = 0; at < cases.size(); ++at) {
    const Json& one = cases[at];
    const std::string text = *base::decode_base64(one["yaml_b64"].get<std::string>());
    auto parsed = parse_yaml(text);
    SCOPED_TRACE("case " + std::to_string(at) + ": " + base::printable(text));
    if (one.contains("strict_json_error")) {
      EXPECT_FALSE(parsed) << base::dump_json(first_or_null(*parsed));
      continue;
    }
    ASSERT_TRUE(parsed) << parsed.error().describe();
    const std::string& expected = one.contains("strict_json") ? one["strict_json"] : one["json"];
    EXPECT_EQ(first_or_null(*parsed), Json::parse(expected)) << base::dump_json(first_or_null(*parsed));
  }
}

// GS-MANIFEST-002: an error of YAML names file, line and column.
TEST(Yaml, ErrorsNameThePlace) {
  auto parsed = parse_yaml("a: 1\n---\nb: 2\nc: [\n", {}, {.file = "apps/web.yaml"});
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code(), "manifest.yaml");
  EXPECT_EQ(parsed.error().message().substr(0, 16), "apps/web.yaml:5:") << parsed.error().message();
  parsed = parse_yaml("a: 1\n---\nb: 2\nb: 3\n", {}, {.file = "x.yaml", .first_line = 11});
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code(), "manifest.duplicate_key");
  EXPECT_EQ(parsed.error().message().substr(0, 12), "x.yaml:14:1:") << parsed.error().message();
}

// GS-MANIFEST-003: no document of a file is lost, however it is separated.
TEST(Yaml, ReadsEveryDocument) {
  const auto documents =
      parse_yaml("# head\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\nc: 3\n--- {d: 4}\n---\n");
  ASSERT_TRUE(documents) << documents.error().describe();
  EXPECT_EQ(Json(*documents), Json::parse(R"([{"a":1},{"b":2},{"c":3},{"d":4}])"));
  const auto carriage_returns = parse_yaml("a: 1\r---\rb: 2\r");
  ASSERT_TRUE(carriage_returns);
  EXPECT_EQ(carriage_returns->size(), 2U);
  const auto block = parse_yaml("a: |\n  ---\n  x\nb: '---'\n");
  ASSERT_TRUE(block);
  EXPECT_EQ(Json(*block), Json::parse(R"([{"a":"---\nx\n","b":"---"}])"));
}

// GS-MANIFEST-004: documents are cut out of a stream the same way, wherever its chunks end.
TEST(Yaml, CutsDocumentsOutOfAStream) {
  const std::string text = "%YAML 1.1\n---\na: 1\r\n---\r\nb: 2\n--- # c\nc: 3\n---x\n---";
  std::vector<std::pair<std::string, size_t>> whole;
  for (size_t step = text.size(); step > 0; --step) {
    std::vector<std::pair<std::string, size_t>> pieces;
    DocumentSplitter splitter("f", 1000, [&](std::string_view piece, size_t line) -> base::Result<void> {
      pieces.emplace_back(piece, line);
      return {};
    });
    for (size_t at = 0; at < text.size(); at += step) ASSERT_TRUE(splitter.feed(text.substr(at, step)));
    ASSERT_TRUE(splitter.finish());
    if (whole.empty()) whole = pieces;
    EXPECT_EQ(pieces, whole) << step;
  }
  ASSERT_EQ(whole.size(), 4U);
  EXPECT_EQ(whole[0], (std::pair<std::string, size_t>("%YAML 1.1\n---\na: 1\r\n", 1)));
  EXPECT_EQ(whole[2], (std::pair<std::string, size_t>("--- # c\nc: 3\n---x\n", 6)));
  EXPECT_EQ(whole[3].second, 9U);
}

std::string nested(size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

// GS-MANIFEST-005: depth, size, number of values and of documents are bounded.
TEST(Yaml, IsBounded) {
  EXPECT_EQ(code_of(nested(100)), "");
  EXPECT_EQ(code_of(nested(102)), "manifest.limit");
  EXPECT_EQ(code_of(nested(200'000)), "manifest.limit");
  EXPECT_EQ(code_of("a: " + std::string(2000, 'x'), {.max_bytes = 1000}), "manifest.limit");
  EXPECT_EQ(code_of("a\n\n\n" + std::string(2000, '\n'), {.max_bytes = 1000}), "manifest.limit");
  EXPECT_EQ(code_of("[1, 2, 3, 4, 5]", {.max_nodes = 5}), "manifest.limit");
  EXPECT_EQ(code_of("a\n---\nb\n---\nc\n", {.max_documents = 2}), "manifest.limit");
  EXPECT_EQ(code_of("a\n...\nb\n...\nc\n", {.max_documents = 2}), "manifest.limit");
}

// GS-MANIFEST-006: aliases cannot make a small document large, wide or deep, nor in merges.
TEST(Yaml, AliasBombsAreRefused) {
  std::string wide = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  std::string deep = "a0: &a0 [x]\n";
  std::string merged = "a0: &a0 {k: [x,x,x,x,x,x,x,x,x,x]}\n";
  for (int level = 1; level < 120; ++level) {
    const std::string last = "*a" + std::to_string(level - 1);
    const std::string name = "a" + std::to_string(level);
    if (level < 9) {
      wide += name + ": &" + name + " [";
      for (int i = 0; i < 9; ++i) wide += last + ",";
      wide += last + "]\n";
      merged += name + ": &" + name + " {";
      for (int i = 0; i < 10; ++i) merged += "k" + std::to_string(i) + ": {<<: " + last + "},";
      merged += "}\n";
    }
    deep += name + ": &" + name + " [" + last + "]\n";
  }
  EXPECT_EQ(code_of(wide), "manifest.limit");
  EXPECT_EQ(code_of(deep), "manifest.limit");
  EXPECT_EQ(code_of(merged), "manifest.limit");
}

// GS-MANIFEST-007: a merge that would set a key twice is refused, others are honoured.
TEST(Yaml, MergesAreStrict) {
  EXPECT_EQ(code_of("b: &b {x: 1}\na: {<<: *b, x: 2}\n"), "manifest.duplicate_key");
  const auto merged = parse_yaml("b: &b {x: 1}\nc: &c {<<: *b, w: 2}\na: {<<: [*c], z: 3}\n");
  ASSERT_TRUE(merged) << merged.error().describe();
  EXPECT_EQ(base::dump_json(merged->front()["a"]), R"({"w":2,"x":1,"z":3})");
}

// GS-MANIFEST-008: a document cut at any byte is read or refused, never more.
TEST(Yaml, SurvivesEveryCut) {
  const std::string text = "a: &x {b: \"\\u00e9\\/\", c: [1, !!binary aGk=, ! 2]}\nd: *x\ne: >-\n  x\n  y\n";
  size_t refused = 0;
  for (size_t length = 0; length <= text.size(); ++length)
    if (!parse_yaml(text.substr(0, length))) ++refused;
  EXPECT_GT(refused, 10U);
}

}  // namespace
}  // namespace gridseal::manifest
