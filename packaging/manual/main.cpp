// gridseal-manual: makes man pages and shell completions. Used by the build alone, not installed.
//   gridseal-manual commands FILE.json SECTION DATE DIRECTORY
//   gridseal-manual completions FILE.json DIRECTORY
//   gridseal-manual page FILE.md NAME SECTION WHAT DATE DIRECTORY
#include <iostream>

#include "base/files.hpp"
#include "manual/pages.hpp"

namespace gridseal::manual {
namespace {

constexpr uint64_t kMostBytes = uint64_t{4} << 20U;
using Words = std::vector<std::string>;

base::Result<void> write(const std::string& directory, const std::string& name, const std::string& text) {
  return base::write_file(base::system_files(), directory + "/" + name, text, 0644);
}

base::Result<void> run(const Words& words) {
  const std::string what = words.empty() ? "" : words[0];
  const size_t wanted = what == "commands" ? 5 : what == "completions" ? 3 : what == "page" ? 7 : 0;
  if (wanted == 0 || words.size() != wanted)
    return base::Error::refused("manual.usage", "see the first lines of packaging/manual/main.cpp");
  auto text = base::read_file(base::system_files(), words[1], kMostBytes);
  if (!text) return std::move(text).error();
  if (what == "page")
    return write(words[6], words[2] + "." + words[3],
                 markdown_page(*text, {words[2], words[3], words[4], words[5]}));
  auto document = read_document(*text);
  if (!document) return std::move(document).error();
  if (what == "commands") {
    for (const auto& [name, page] : command_pages(*document, words[2], words[3])) {
      if (auto written = write(words[4], name, page); !written) return written;
    }
    return {};
  }
  const std::string name = document->program.path.front();
  if (auto r = write(words[2], name + ".bash", bash_completion(*document)); !r) return r;
  if (auto r = write(words[2], "_" + name, zsh_completion(*document)); !r) return r;
  return write(words[2], name + ".fish", fish_completion(*document));
}

}  // namespace
}  // namespace gridseal::manual

int main(int argc, char** argv) {
  const auto done = gridseal::manual::run({argv + 1, argv + argc});
  if (done) return 0;
  std::cerr << "gridseal-manual: " << done.error().describe() << "\n";
  return 1;
}
