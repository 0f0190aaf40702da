#include "docs/markdown.hpp"

#include <regex>
#include <sstream>

namespace gridseal::test {
namespace {

constexpr std::string_view kComment = "<!-- test: ";

std::vector<std::string> lines_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void apply(const std::string& comment, Block& block) {
  const std::string words = comment.substr(kComment.size(), comment.find(" -->") - kComment.size());
  if (words == "any exit")
    block.exit.reset();
  else if (words.starts_with("exit "))
    block.exit = std::stoi(words.substr(5));
  else if (words.starts_with("not run: "))
    block.not_run = words.substr(9);
  else
    block.not_run = "a comment that nobody understands: " + words;
}

std::string squeezed(const std::string& text) {
  static const std::regex spaces("[ \t]+");
  return std::regex_replace(text, spaces, " ");
}

}  // namespace

std::vector<Block> blocks_of(std::string_view document) {
  const auto lines = lines_of(document);
  std::vector<Block> blocks;
  Block next;
  bool after_block = false;  // nothing but blank lines since the last block of commands
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with(kComment)) apply(lines[i], next);
    if (!lines[i].starts_with("```")) {
      after_block = after_block && lines[i].empty();
      continue;
    }
    const bool commands = lines[i] == "```sh";
    const bool output = lines[i] == "```text" && after_block;
    if (commands) {
      next.line = i + 2;
      blocks.push_back(std::move(next));
      next = Block();
    }
    for (++i; i < lines.size() && lines[i] != "```"; ++i) {
      if (commands) blocks.back().text += lines[i] + "\n";
      if (output && !lines[i].empty()) blocks.back().expected.push_back(lines[i]);
    }
    after_block = commands;
  }
  return blocks;
}

bool prints(const std::string& output, const std::string& expected) {
  static const std::regex special(R"([.^$+*?()\[\]{}\\])");
  std::string pattern = std::regex_replace(squeezed(expected), special, R"(\$&)");
  static const std::regex either(R"([^ ]+\|[^ ]+)");
  pattern = std::regex_replace(pattern, either, "($&)");
  for (size_t at = 0; (at = pattern.find("…", at)) != std::string::npos; at += 2)
    pattern.replace(at, std::string("…").size(), ".*");
  const std::regex wanted(pattern);
  for (const std::string& line : lines_of(output))
    if (std::regex_search(squeezed(line), wanted)) return true;
  return false;
}

std::vector<std::string> gridseal_commands(std::string_view document) {
  // In one paragraph code may be broken over two lines.
  std::string text(document);
  static const std::regex continued(R"( \\\n\s*)");
  text = std::regex_replace(text, continued, " ");
  static const std::regex command(
      R"((^|[`'\n$(])(?: {4})?(?:sudo )?(gridseal [a-z][^`'\n|>]*(?:\n(?![\n#|` ])[^`'\n|>]*(?=`))?))");
  std::vector<std::string> commands;
  for (std::sregex_iterator at(text.begin(), text.end(), command), end; at != end; ++at) {
    std::string one = squeezed((*at)[2].str());
    for (char& c : one)
      if (c == '\n') c = ' ';
    commands.push_back(one.substr(0, one.find(" # ")));
  }
  return commands;
}

}  // namespace gridseal::test
