// The documents for operators do what they say: each command in them is run, in order, on a site of real
// programs.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

#include "base/files.hpp"
#include "docs/markdown.hpp"
#include "docs/site.hpp"

namespace gridseal::test {
namespace {

std::string document(const std::string& name) {
  auto text = base::read_file(base::system_files(), std::string(GRIDSEAL_DOCS) + "/" + name);
  EXPECT_TRUE(text) << name;
  return text ? *text : std::string();
}

// Returns whether all went as the document says.
void follow(DocsSite& site, const std::string& name) {
  size_t ran = 0;
  for (const Block& block : blocks_of(document(name))) {
    if (!block.not_run.empty()) continue;
    SCOPED_TRACE(name + ":" + std::to_string(block.line) + "\n" + block.text);
    const Ran result = site.run(block.text);
    ++ran;
    if (block.exit) {
      ASSERT_EQ(result.code, *block.exit) << result.output << "\n--- gridseald:\n" << site.log();
    }
    for (const std::string& line : block.expected)
      ASSERT_TRUE(prints(result.output, line)) << "it does not print '" << line << "' but\n" << result.output;
  }
  EXPECT_GT(ran, 0U) << name;
}

// GS-DOCS-001: The pages on the first deployment, installing, upgrading and files, followed in this order:
// each command does what the page says and prints what it shows, and files have the modes that the page gives
// them.
TEST(Docs, AreFollowed) {
  std::string why;
  const auto site = DocsSite::start(why);
  ASSERT_TRUE(site) << why;
  ASSERT_NO_FATAL_FAILURE(follow(*site, "first-deployment.md"));
  ASSERT_NO_FATAL_FAILURE(follow(*site, "install.md"));
  ASSERT_NO_FATAL_FAILURE(follow(*site, "upgrade.md"));
  const std::string page = document("files.md");
  static const std::regex row(R"(\n\| (`[^|]*`) \| [^|]* \| (0\d\d\d) \|)");
  static const std::regex path("`(/[^`*]*)`");
  size_t looked_at = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), row), end; at != end; ++at) {
    const std::string paths = (*at)[1].str();
    for (std::sregex_iterator one(paths.begin(), paths.end(), path); one != end; ++one) {
      std::string file = (*one)[1].str();
      if (file.ends_with('/')) file.pop_back();
      const auto info = base::system_files().stat(site->path(file));
      // These two depend on whether this machine has a user and a group gridseal.
      if (!info || file == "/etc/gridseal/kubeconfig" || file == "/run/gridseal/control.sock") continue;
      ++looked_at;
      EXPECT_EQ(info->mode, std::stoul((*at)[2].str(), nullptr, 8)) << file;
    }
  }
  EXPECT_GE(looked_at, 8U);
  follow(*site, "files.md");
}

// GS-DOCS-002: A command of gridseal that any document names is one, with options that it has.
TEST(Commands, AreKnown) {
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::directory_iterator(GRIDSEAL_DOCS)) {
    if (entry.path().extension() != ".md" || entry.path().filename() == "requirements.md") continue;
    const std::string name = entry.path().filename();
    for (const std::string& command : gridseal_commands(document(name))) {
      static const std::regex words("^gridseal((?: [a-z][a-z0-9]*)+)");
      std::smatch found;
      if (!std::regex_search(command, found, words) || !seen.insert(command).second) continue;
      const Ran help = run_program("'" GRIDSEAL_PROGRAM "'" + found[1].str() + " --help");
      EXPECT_EQ(help.code, 0) << name << ": " << command << "\n" << help.output;
      static const std::regex option("(?:^| |\\[|\\()(--[a-z][a-z-]*)");
      for (std::sregex_iterator at(command.begin(), command.end(), option), end; at != end; ++at) {
        const std::string one = (*at)[1].str();
        const bool global =
            one == "--output" || one == "--config-dir" || one == "--state-dir" || one == "--socket";
        EXPECT_TRUE(global || help.output.find(one) != std::string::npos)
            << name << ": " << command << ": " << one;
      }
    }
  }
  EXPECT_GT(seen.size(), 40U);
}

// GS-DOCS-003: What a document says is printed is looked for line by line; a comment that is not understood
// is not passed over.
TEST(Markdown, BlocksAndOutput) {
  const auto blocks = blocks_of(
      "text\n<!-- test: exit 1 -->\n```sh\nfalse\n```\n\n```text\na … z\n```\nmore\n```text\nnot meant\n```\n"
      "<!-- test: any exit -->\n```sh\ntrue\n```\n<!-- test: nonsense -->\n```sh\nx\n```\n");
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[0].exit, 1);
  EXPECT_EQ(blocks[0].line, 4U);
  EXPECT_EQ(blocks[0].expected, std::vector<std::string>{"a … z"});
  EXPECT_FALSE(blocks[1].exit);
  EXPECT_NE(blocks[2].not_run.find("nobody understands"), std::string::npos);
  EXPECT_TRUE(prints("b\nx a   (1) z\n", "a … z"));
  EXPECT_FALSE(prints("a\nz\n", "a … z"));
  EXPECT_TRUE(prints("one two", "one|three two"));
}

}  // namespace
}  // namespace gridseal::test
