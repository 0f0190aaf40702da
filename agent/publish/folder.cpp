#include "publish/folder.hpp"

#include "manifest/ignore.hpp"

namespace gridseal::publish {
namespace {

constexpr size_t kMaxFiles = 10'000;  // what an agent unpacks
constexpr int kMaxDepth = 31;
constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20U;

struct Walk {
  base::Files& files;
  const std::string& root;
  manifest::IgnoreRules ignore;
  std::vector<archive::PackFile> found;

  base::Result<void> enter(const std::string& inside, int depth);
  base::Result<void> read_ignore(const std::string& inside);
  base::Result<void> take(const std::string& path, base::EntryKind kind, int depth);
};

base::Result<void> Walk::take(const std::string& path, base::EntryKind kind, int depth) {
  const bool is_folder = kind == base::EntryKind::directory;
  auto ignored = is_folder ? ignore.ignores_folder(path) : ignore.ignores(path);
  if (!ignored) return std::move(ignored).error();
  if (*ignored) return {};
  if (is_folder) return enter(path + "/", depth + 1);
  if (kind != base::EntryKind::file)
    return base::Error::refused("publish.link", "'" + path +
                                                    "' is a link or a device; an artifact holds plain files "
                                                    "only: put a copy of the file in its place");
  if (found.size() >= kMaxFiles)
    return base::Error::refused("publish.request", "the folder holds more than " + std::to_string(kMaxFiles) +
                                                       " files, which no agent unpacks");
  found.push_back({path, [&files = files, full = root + "/" + path] {
                     return base::read_file(files, full, kMaxFileBytes);
                   }});
  return {};
}

base::Result<void> Walk::read_ignore(const std::string& inside) {
  const std::string path = inside + std::string(manifest::kSourceIgnore);
  auto text = base::read_file(files, root + "/" + path, manifest::kMaxSourceIgnoreBytes);
  if (!text) return std::move(text).error();
  if (auto r = ignore.add_lines(*text, inside); !r) return std::move(r).error().with_context(path);
  found.push_back({path, [text = std::move(*text)] { return base::Result<std::string>(text); }});
  return {};
}

base::Result<void> Walk::enter(const std::string& inside, int depth) {
  if (depth > kMaxDepth)
    return base::Error::refused("publish.request", "'" + inside + "' is nested too deeply for an agent");
  auto entries = files.list(inside.empty() ? root : root + "/" + inside);
  if (!entries) return std::move(entries).error();
  // Before the files that it is about.
  for (const base::Entry& entry : *entries) {
    if (entry.name != manifest::kSourceIgnore || entry.kind != base::EntryKind::file) continue;
    if (auto r = read_ignore(inside); !r) return r;
  }
  for (const base::Entry& entry : *entries) {
    if (entry.name.starts_with(".")) continue;
    if (auto r = take(inside + entry.name, entry.kind, depth); !r) return r;
  }
  return {};
}

}  // namespace

base::Result<std::vector<archive::PackFile>> read_folder(base::Files& files, const std::string& directory) {
  Walk walk{files, directory, {}, {}};
  if (auto r = walk.enter("", 0); !r) return std::move(r).error();
  return std::move(walk.found);
}

}  // namespace gridseal::publish
