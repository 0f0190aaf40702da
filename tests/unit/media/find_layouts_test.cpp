#include <gtest/gtest.h>

#include "media/medium_files.hpp"

namespace gridseal::media {
namespace {

// A medium with folders: of each it is known whether it has a layout, or that nobody may look into it.
class Folders final : public base::Files {
 public:
  enum class Inside { nothing, layout, closed };
  std::map<std::string, Inside> folders;

  base::Result<base::FileInfo> stat(const std::string& path) override {
    if (path == "/medium") return is_a(base::EntryKind::directory);
    for (const auto& [name, inside] : folders) {
      if (path != "/medium/" + name + "/oci-layout") continue;
      if (inside == Inside::closed) return base::Error::blocked("files.permission", "no");
      if (inside == Inside::layout) return is_a(base::EntryKind::file);
    }
    return base::Error::blocked("files.not_found", "no");
  }
  base::Result<std::vector<base::Entry>> list(const std::string&) override {
    std::vector<base::Entry> entries;
    for (const auto& [name, inside] : folders) entries.push_back({name, base::EntryKind::directory});
    return entries;
  }
  base::Result<std::unique_ptr<base::InputFile>> open_input(const std::string&) override { return unused(); }
  base::Result<std::unique_ptr<base::OutputFile>> open_output(const std::string&, base::WriteMode,
                                                              uint32_t) override {
    return unused();
  }
  base::Result<void> rename(const std::string&, const std::string&) override { return unused(); }
  base::Result<void> sync_directory(const std::string&) override { return unused(); }
  base::Result<void> remove(const std::string&) override { return unused(); }
  base::Result<void> remove_tree(const std::string&) override { return unused(); }
  base::Result<void> make_directories(const std::string&, uint32_t) override { return unused(); }
  base::Result<uint64_t> free_bytes(const std::string&) override { return unused(); }

 private:
  static base::FileInfo is_a(base::EntryKind kind) {
    base::FileInfo info{};
    info.kind = kind;
    return info;
  }
  static base::Error unused() { return base::Error::blocked("files.io", "a search does not do this"); }
};

// GS-MEDIA-067: A folder that may not be looked into, such as ext4's lost+found, does not hide the layout
// beside it; alone it is named.
TEST(FindLayouts, AClosedFolderHidesNothing) {
  Folders medium;
  medium.folders = {{"lost+found", Folders::Inside::closed}, {"stick", Folders::Inside::layout}};
  const auto found = find_layouts(medium, "/medium");
  ASSERT_TRUE(found) << found.error().describe();
  ASSERT_EQ(found->layouts.size(), 1U);
  EXPECT_EQ(found->layouts[0].path, "/medium/stick");
  EXPECT_EQ(found->foreign.names, std::vector<std::string>{"lost+found (a folder)"});
  medium.folders["stick"] = Folders::Inside::nothing;
  EXPECT_EQ(find_layouts(medium, "/medium").error().code(), "media.closed");
}

}  // namespace
}  // namespace gridseal::media
