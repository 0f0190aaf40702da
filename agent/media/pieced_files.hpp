// Files for a medium that cannot hold large ones (FAT32: 4 GiB less one byte): a file that grows beyond the
// piece size goes on in FILE.001, FILE.002 and so on, and looks like one to whoever uses this. Counts what is
// written. Everybody may read what it makes: elsewhere somebody else does, and ext4 would tell them apart.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.hpp"

namespace gridseal::media {

inline constexpr unsigned kMaxPieces = 999;  // after the first

// ".001"
std::string piece_suffix(unsigned number);

// Thread safe as far as `inner` is.
class PiecedFiles final : public base::Files {
 public:
  // `piece` bytes; 0: files are never split. `written` is told of each write.
  PiecedFiles(base::Files& inner, uint64_t piece, std::function<void(uint64_t)> written)
      : inner_(inner), piece_(piece), written_(std::move(written)) {}

  base::Result<std::unique_ptr<base::OutputFile>> open_output(const std::string& path, base::WriteMode mode,
                                                              uint32_t permissions) override;
  base::Result<std::unique_ptr<base::InputFile>> open_input(const std::string& path) override;
  // The first piece last: until then nothing of that name is there.
  base::Result<void> rename(const std::string& from, const std::string& to) override;
  base::Result<void> sync_directory(const std::string& path) override { return inner_.sync_directory(path); }
  base::Result<void> remove(const std::string& path) override;
  base::Result<void> remove_tree(const std::string& path) override;
  base::Result<void> make_directories(const std::string& path, uint32_t permissions) override {
    return inner_.make_directories(path, permissions | 0555U);
  }
  base::Result<base::FileInfo> stat(const std::string& path) override;
  base::Result<std::vector<base::Entry>> list(const std::string& path) override;
  base::Result<uint64_t> free_bytes(const std::string& path) override { return inner_.free_bytes(path); }

 private:
  class Output;
  class Input;
  // Sizes of the pieces that are there, the first one too.
  base::Result<std::vector<uint64_t>> pieces(const std::string& path);
  base::Result<void> remove_following(const std::string& path, unsigned first);

  base::Files& inner_;
  const uint64_t piece_;
  const std::function<void(uint64_t)> written_;
};

}  // namespace gridseal::media
