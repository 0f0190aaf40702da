#include "publish/folder.hpp"

namespace gridseal::publish {
namespace {

constexpr size_t kMaxFiles = 10'000;  // what an agent unpacks
constexpr int kMaxDepth = 31;
constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20U;

struct Walk {
  base::Files& files;
  const std::string& root;
  std::vector<archive::PackFile> found;

  base::Result<void> enter(const std::string& inside, int depth);
  base::Result<void> take(const std::string& path, base::EntryKind kind, int depth);
};

base::Result<void> Walk::take(const std::string& path, base::EntryKind kind, int depth) {
  if (kind == base::EntryKind::directory) return enter(path + "/", depth + 1);
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

base::Result<void> Walk::enter(const std::string& inside, int depth) {
  if (depth > kMaxDepth)
    return base::Error::refused("publish.request", "'" + inside + "' is nested too deeply for an agent");
  auto entries = files.list(inside.empty() ? root : root + "/" + inside);
  if (!entries) return std::move(entries).error();
  for (const base::Entry& entry : *entries) {
    if (entry.name.starts_with(".")) continue;
    if (auto r = take(inside + entry.name, entry.kind, depth); !r) return r;
  }
  return {};
}

}  // namespace

base::Result<std::vector<archive::PackFile>> read_folder(base::Files& files, const std::string& directory) {
  Walk walk{files, directory, {}};
  if (auto r = walk.enter("", 0); !r) return std::move(r).error();
  return std::move(walk.found);
}

}  // namespace gridseal::publish
