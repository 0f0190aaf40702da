// One OCI image layout on a medium, as files that can only be read: a folder, or a tar file that is read
// where it lies. The medium is hostile: what is looked at is bounded; nothing but regular files under the
// names of a layout is ever opened; links, devices and all other names are left alone and listed.
//
//   oci-layout, index.json, blobs/sha256/<hex>
//   blobs/sha256/<hex>.001, .002, …   what follows in a blob that was too large for one file (FAT32)
//
// Errors: media.no_layout, media.too_many (more files than are looked at), media.tar (no tar file, or a
// damaged one), media.packed (a compressed one): all refused; media.unreadable (blocked: it was pulled, or
// is broken); media.closed (blocked: there may be a layout in a folder that this user may not look into);
// those of Watch.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "media/watch.hpp"

namespace gridseal::media {

inline constexpr size_t kMaxFiles = 20'000;   // of one layout
inline constexpr size_t kMaxListed = 10'000;  // entries of a folder that is only looked through
inline constexpr size_t kMaxForeign = 100;    // that are named; the others are counted
inline constexpr size_t kMaxLayouts = 16;     // on one medium
// What goes home on it (import --receipts-back): a folder that is neither read nor called foreign.
inline constexpr std::string_view kReceiptsFolder = "receipts";

// Names that do not belong to a layout.
struct Foreign {
  std::vector<std::string> names{};
  size_t more = 0;

  void add(std::string name);
};

// Where a layout lies.
struct LayoutPlace {
  std::string path;
  bool is_tar = false;
};

struct LayoutPlaces {
  std::vector<LayoutPlace> layouts;  // never empty
  Foreign foreign;
};

// `path` is a layout, a tar file of one, or a folder with several of both. Errors: as above; files.*.
base::Result<LayoutPlaces> find_layouts(base::Files& files, const std::string& path);

// Thread safe.
class MediumFiles final : public base::Files {
 public:
  static base::Result<std::unique_ptr<MediumFiles>> open(base::Files& files, const LayoutPlace& place,
                                                         const Watch& watch);

  const Foreign& foreign() const { return foreign_; }

  base::Result<std::unique_ptr<base::InputFile>> open_input(const std::string& path) override;
  base::Result<base::FileInfo> stat(const std::string& path) override;
  base::Result<std::vector<base::Entry>> list(const std::string& path) override;

  // A medium is not written to: files.permission (blocked).
  base::Result<std::unique_ptr<base::OutputFile>> open_output(const std::string& path, base::WriteMode mode,
                                                              uint32_t permissions) override;
  base::Result<void> rename(const std::string& from, const std::string& to) override;
  base::Result<void> sync_directory(const std::string& path) override;
  base::Result<void> remove(const std::string& path) override;
  base::Result<void> remove_tree(const std::string& path) override;
  base::Result<void> make_directories(const std::string& path, uint32_t permissions) override;
  base::Result<uint64_t> free_bytes(const std::string& path) override;

 private:
  struct Piece {
    std::string path;
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  struct File {
    std::map<unsigned, Piece> pieces;  // by number, from 0 on
    uint64_t size() const;
  };
  class Input;

  MediumFiles(base::Files& files, std::string root, const Watch& watch)
      : files_(files), root_(std::move(root)), watch_(watch) {}
  base::Result<void> scan_folder();
  base::Result<void> scan_blobs();
  base::Result<void> scan_tar();
  // False: no name of a layout.
  base::Result<bool> add(const std::string& name, Piece piece);
  void drop_gaps();
  const File* find(const std::string& path) const;

  base::Files& files_;
  const std::string root_;
  const Watch& watch_;
  std::map<std::string, File> known_;  // by the name in the layout
  Foreign foreign_;
};

}  // namespace gridseal::media
