// Man pages and completions out of help texts and Markdown.
#include <gtest/gtest.h>

#include "manual/pages.hpp"
#include "manual/roff.hpp"

namespace gridseal::manual {
namespace {

constexpr const char* kHelp = R"({
  "name": "tool", "help": "Does things", "version": "tool 1.0", "needs_command": true,
  "footer": "Exit codes: 0 done,\n1 not done.",
  "options": [{"names": ["-o", "--output"], "help": "how to print", "value": "TEXT", "default": "table",
               "choices": ["table", "json"], "required": false, "repeated": false}],
  "arguments": [],
  "commands": [{"name": "build", "help": "Packs a folder", "needs_command": false,
    "footer": "Says why.\n  tool build --path .\nExit code: 0 packed.",
    "options": [{"names": ["--path"], "help": "it's the folder", "value": "DIR", "choices": [], "default": "",
                 "required": true, "repeated": true}],
    "arguments": [{"names": [], "name": "target", "help": "where to", "value": "TEXT", "choices": [], "default": "",
                   "required": true, "repeated": false}],
    "commands": []}]})";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// GS-PACKAGE-001: Nothing of a text is taken for a command of roff.
TEST(Manual, TextIsEscaped) {
  EXPECT_EQ(escape(".dot\n'quote \\back --dash"), "\\&.dot\n\\&\\(aqquote \\eback \\-\\-dash");
  EXPECT_EQ(macro_argument("say \"x\""), "\"say \\(dqx\\(dq\"");
}

// GS-PACKAGE-002: Every command has a page with its arguments, options, what they default to, and exit codes.
TEST(Manual, PageForEveryCommand) {
  const auto document = read_document(kHelp);
  ASSERT_TRUE(document);
  const auto pages = command_pages(*document, "1", "2026-01-05");
  ASSERT_EQ(pages.size(), 2U);
  const std::string& outer = pages.at("tool.1");
  EXPECT_TRUE(has(outer, ".TH \"TOOL\" 1 \"2026-01-05\" \"tool 1.0\"")) << outer;
  EXPECT_TRUE(has(outer, "tool \\- Does things\n"));
  EXPECT_TRUE(has(outer, ".SH \"EXIT STATUS\"\nExit codes: 0 done, 1 not done.\n")) << outer;
  EXPECT_TRUE(has(outer, "\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fBtable\\fR|\\fBjson\\fR\n")) << outer;
  EXPECT_TRUE(has(outer, "Default: \\fBtable\\fR")) << outer;
  EXPECT_TRUE(has(outer, "\\fBbuild\\fR\nPacks a folder; see \\fBtool\\-build\\fR(1)\n")) << outer;
  const std::string& inner = pages.at("tool-build.1");
  EXPECT_TRUE(has(inner, "\\fItarget\\fR\n")) << inner;
  EXPECT_TRUE(has(inner, "it\\(aqs the folder (required) (may be repeated)\n")) << inner;
  EXPECT_TRUE(has(inner, ".nf\n  tool build \\-\\-path .\n.fi\n")) << inner;
  EXPECT_FALSE(read_document("[]"));
  EXPECT_FALSE(read_document("{}"));
}

// GS-PACKAGE-003: Headings, lists, tables, code and links of the project's Markdown become a page.
TEST(Manual, PageOfMarkdown) {
  const std::string page = markdown_page(
      "# Title\n\nSome `code-x` and **bold**,\n[a link](other.md).\n\n## Part one\n\n- first\n  goes on\n- "
      "second\n\n"
      "| key | type | meaning |\n|---|---|---|\n| `a` | text | `x\\|y` it is |\n\n```toml\n[site]\n.x = "
      "1\n```\n\n"
      "    ls -l\n",
      {"tool-settings", "5", "settings", "2026-01-05"});
  EXPECT_TRUE(has(page, ".SH \"DESCRIPTION\"\nSome \\fBcode\\-x\\fR and \\fBbold\\fR, a link.\n")) << page;
  EXPECT_TRUE(has(page, ".SH \"PART ONE\"\n.IP \\(bu 3\nfirst goes on\n.IP \\(bu 3\nsecond\n")) << page;
  EXPECT_TRUE(has(page, ".TP\n\\fBa\\fR\ntype: text\n.br\n\\fBx|y\\fR it is\n")) << page;
  EXPECT_TRUE(has(page, ".nf\n[site]\n\\&.x = 1\n.fi\n")) << page;
  EXPECT_TRUE(has(page, ".nf\nls \\-l\n.fi\n")) << page;
  EXPECT_FALSE(has(page, "Title"));
}

// GS-PACKAGE-004: The completions name commands, options and values.
TEST(Manual, Completions) {
  const auto document = read_document(kHelp);
  ASSERT_TRUE(document);
  const std::string bash = bash_completion(*document);
  EXPECT_TRUE(has(bash, "\"tool\") commands=\"build\" ;;")) << bash;
  EXPECT_TRUE(has(bash, "\"tool --output\") values=\"table json\"; return 0 ;;")) << bash;
  EXPECT_FALSE(has(bash, "NAME"));
  const std::string zsh = zsh_completion(*document);
  EXPECT_TRUE(has(zsh, "'*--path[it'\\''s the folder]:DIR:_files'")) << zsh;
  EXPECT_TRUE(has(zsh, "'--output[how to print]:TEXT:(table json)'")) << zsh;
  EXPECT_TRUE(has(fish_completion(*document), "-l path -r -d 'it\\'s the folder'"));
}

}  // namespace
}  // namespace gridseal::manual
