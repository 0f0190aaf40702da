#include <algorithm>

#include "archive/extract.hpp"
#include "base/encoding.hpp"

namespace gridseal::archive {
namespace {

base::Error path_error(std::string code, std::string_view path, const std::string& why) {
  return base::Error::refused(std::move(code),
                              "the archive holds the path \"" + base::printable(path) + "\", which " + why);
}

bool has_control_character(std::string_view path) {
  return std::any_of(path.begin(), path.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

}  // namespace

base::Result<std::string> normalise_path(std::string_view path, const Limits& limits) {
  if (path.empty()) return path_error("archive.path_escape", path, "is empty");
  if (path.size() > limits.max_path_bytes) return path_error("archive.path", path, "is too long");
  if (path.front() == '/') return path_error("archive.path_escape", path, "is absolute");
  if (path.find('\\') != std::string_view::npos)
    return path_error("archive.path_escape", path, "holds a backslash");
  if (has_control_character(path))
    return path_error("archive.path_escape", path, "holds a control character");
  if (!base::is_utf8(path)) return path_error("archive.path", path, "is not UTF-8");
  std::string out;
  size_t depth = 0;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (name.empty() || name == ".") continue;
    if (name == "..") return path_error("archive.path_escape", out + "/..", "leaves the tree");
    if (++depth > limits.max_path_depth) return path_error("archive.path", out, "is too deep");
    if (!out.empty()) out += '/';
    out += name;
  }
  return out;
}

}  // namespace gridseal::archive
