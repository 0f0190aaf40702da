#include "manifest/ignore.hpp"

#include <gtest/gtest.h>

namespace gridseal::manifest {
namespace {

bool ignored(std::string_view lines, std::string_view path, std::string_view folder = {}) {
  IgnoreRules rules;
  EXPECT_TRUE(rules.add_lines(lines, folder));
  auto result = rules.ignores(path);
  EXPECT_TRUE(result) << result.error().describe();
  return result && *result;
}

// GS-MANIFEST-120: patterns mean what they mean in .gitignore, as Flux reads them.
TEST(Ignore, Patterns) {
  struct Case {
    const char* lines;
    const char* path;
    bool expected;
  };
  const std::vector<Case> cases = {{"a.yaml", "a.yaml", true},
                                   {"a.yaml", "deep/er/a.yaml", true},
                                   {"a.yaml", "b.yaml", false},
                                   {"/a.yaml", "a.yaml", true},
                                   {"/a.yaml", "deep/a.yaml", false},
                                   {"test", "test/a.yaml", true},
                                   {"test/", "test/a.yaml", true},
                                   {"test/", "x/test/a.yaml", true},
                                   {"test/", "x/test", false},
                                   {"/test/", "x/test/a.yaml", false},
                                   {"x/test", "x/test/a.yaml", true},
                                   {"x/test", "y/x/test/a.yaml", false},
                                   {"**/x/test", "y/x/test/a.yaml", true},
                                   {"**/x/test", "x/y/x/test", true},
                                   {"x/**", "x/a/b.yaml", true},
                                   {"x/**", "x", false},
                                   {"x/**/b.yaml", "x/b.yaml", true},
                                   {"x/**/b.yaml", "x/1/2/b.yaml", true},
                                   {"x/**/b.yaml", "x/1/2/c.yaml", false},
                                   {"*.yaml", "x/a.yaml", true},
                                   {"*.yaml", "a.yml", false},
                                   {"x/*.yaml", "x/y/a.yaml", false},
                                   {"?.yaml", "a.yaml", true},
                                   {"?.yaml", "ab.yaml", false},
                                   {"[a-c].yaml", "b.yaml", true},
                                   {"[!a-c].yaml", "b.yaml", false},
                                   {"[^a-c].yaml", "d.yaml", true},
                                   {"[]x].yaml", "].yaml", true},
                                   {"[a", "[a", false},
                                   {"a*b*c", "aXbYbZc", true},
                                   {"a*b*c", "aXbYbZ", false},
                                   {"# a.yaml", "a.yaml", false},
                                   {"\\#a", "#a", true},
                                   {"\\!a", "!a", true},
                                   {"a.yaml   ", "a.yaml", true},
                                   {"a.yaml\r\n\r\n", "a.yaml", true},
                                   {"\n \n", "a.yaml", false},
                                   {"/", "a.yaml", false},
                                   {"!", "a.yaml", false},
                                   {"*\n!a.yaml", "a.yaml", false},
                                   {"!a.yaml\n*", "a.yaml", true},
                                   {"/*\n!/deploy", "deploy/a.yaml", false},
                                   {"/*\n!/deploy", "docs/a.yaml", true},
                                   {"/*\n!/deploy\n*.json", "deploy/a.json", true},
                                   {"apps/\n!apps/keep.yaml", "apps/keep.yaml", false}};
  for (const auto& c : cases) EXPECT_EQ(ignored(c.lines, c.path), c.expected) << c.lines << " for " << c.path;
}

// GS-MANIFEST-121: patterns of a folder's file count below it and win over those above; settings win over
// all.
TEST(Ignore, Folders) {
  EXPECT_TRUE(ignored("/a.yaml", "x/a.yaml", "x/"));
  EXPECT_FALSE(ignored("/a.yaml", "a.yaml", "x/"));
  SourceIgnoreFiles files;
  const auto feed = [&](const std::string& path, std::string_view text) {
    auto wanted = files.begin_file(path, text.size());
    ASSERT_TRUE(wanted && *wanted) << path;
    ASSERT_TRUE(files.content(text.substr(0, 2)));
    ASSERT_TRUE(files.content(text.substr(2)));
    ASSERT_TRUE(files.end_file());
  };
  feed("x/.sourceignore", "!b.yaml\nc.yaml\n");
  feed(".sourceignore", "b.yaml\n");
  EXPECT_FALSE(*files.begin_file("x/a.sourceignore", 1));
  auto rules = files.rules({"!x/c.yaml", "d.yaml"});
  ASSERT_TRUE(rules);
  EXPECT_TRUE(*rules->ignores("b.yaml"));
  EXPECT_FALSE(*rules->ignores("x/b.yaml"));
  EXPECT_FALSE(*rules->ignores("x/c.yaml"));
  EXPECT_TRUE(*rules->ignores("x/y/c.yaml"));
  EXPECT_TRUE(*rules->ignores("y/d.yaml"));
}

// GS-MANIFEST-122: whole folders are skipped only where nothing in them can come back.
TEST(Ignore, WholeFolders) {
  IgnoreRules rules;
  ASSERT_TRUE(rules.add("node_modules/"));
  EXPECT_TRUE(*rules.ignores_folder("x/node_modules"));
  EXPECT_FALSE(*rules.ignores_folder("x"));
  ASSERT_TRUE(rules.add("!keep.yaml"));
  EXPECT_FALSE(*rules.ignores_folder("x/node_modules"));
}

// GS-MANIFEST-123: files, patterns and their work are bounded.
TEST(Ignore, IsBounded) {
  SourceIgnoreFiles files;
  EXPECT_EQ(files.begin_file(".sourceignore", (64U << 10U) + 1).error().code(), "manifest.limit");
  for (int i = 0; i < 16; ++i)
    ASSERT_TRUE(files.begin_file("f" + std::to_string(i) + "/.sourceignore", 64U << 10U));
  EXPECT_EQ(files.begin_file(".sourceignore", 1).error().code(), "manifest.limit");
  IgnoreRules rules;
  EXPECT_EQ(rules.add(std::string(513, 'x')).error().code(), "manifest.limit");
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "x\n";
  EXPECT_EQ(rules.add_lines(many).error().code(), "manifest.limit");
  IgnoreRules slow;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(slow.add("*a*a*a*a*a*ab"));
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i) {
    auto result = slow.ignores(std::string(1000, 'a'));
    refused = !result && result.error().code() == "manifest.limit";
  }
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace gridseal::manifest
