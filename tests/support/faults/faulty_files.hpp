// Files over a Fuse: every write, flush, rename and removal is one effect. When the fuse blows during a
// write, half of the bytes have reached the disk, as with a real cut.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "support/faults/fuse.hpp"

namespace gridseal::test {

class FaultyFiles final : public base::Files {
 public:
  // `code` is what fails with: files.io, files.no_space, ... With `cut_reads` reads fail as well once the
  // fuse is blown (a dead process reads nothing); without, only effects do (a full disk still reads).
  FaultyFiles(base::Files& inner, Fuse& fuse, std::string code = "files.io", bool cut_reads = false)
      : inner_(inner), fuse_(fuse), code_(std::move(code)), cut_reads_(cut_reads) {}

  base::Result<std::unique_ptr<base::OutputFile>> open_output(const std::string& path, base::WriteMode mode,
                                                              uint32_t permissions) override {
    if (!fuse_.burn()) return fault("open " + path);
    auto file = inner_.open_output(path, mode, permissions);
    if (!file) return std::move(file).error();
    return std::make_unique<Output>(std::move(*file), *this, path);
  }
  base::Result<std::unique_ptr<base::InputFile>> open_input(const std::string& path) override {
    if (cut_reads_ && fuse_.blown()) return fault("open " + path);
    return inner_.open_input(path);
  }
  base::Result<void> rename(const std::string& from, const std::string& to) override {
    if (!fuse_.burn()) return fault("rename " + from);
    return inner_.rename(from, to);
  }
  base::Result<void> sync_directory(const std::string& path) override {
    if (!fuse_.burn()) return fault("flush " + path);
    return inner_.sync_directory(path);
  }
  base::Result<void> remove(const std::string& path) override {
    if (!fuse_.burn()) return fault("remove " + path);
    return inner_.remove(path);
  }
  base::Result<void> remove_tree(const std::string& path) override {
    if (!fuse_.burn()) return fault("remove " + path);
    return inner_.remove_tree(path);
  }
  base::Result<void> make_directories(const std::string& path, uint32_t permissions) override {
    if (!fuse_.burn()) return fault("create " + path);
    return inner_.make_directories(path, permissions);
  }
  base::Result<base::FileInfo> stat(const std::string& path) override {
    if (cut_reads_ && fuse_.blown()) return fault("look at " + path);
    return inner_.stat(path);
  }
  base::Result<std::vector<base::Entry>> list(const std::string& path) override {
    if (cut_reads_ && fuse_.blown()) return fault("list " + path);
    return inner_.list(path);
  }
  base::Result<uint64_t> free_bytes(const std::string& path) override { return inner_.free_bytes(path); }

 private:
  class Output final : public base::OutputFile {
   public:
    Output(std::unique_ptr<base::OutputFile> inner, FaultyFiles& files, std::string path)
        : inner_(std::move(inner)), files_(files), path_(std::move(path)) {}
    base::Result<void> write(std::string_view bytes) override {
      if (files_.fuse_.burn(Effect::file_write)) return inner_->write(bytes);
      // Only the write during which the power went leaves a part behind.
      if (files_.fuse_.used() == files_.fuse_.limit() + 1)
        (void)inner_->write(bytes.substr(0, bytes.size() / 2));
      return files_.fault("write " + path_);
    }
    base::Result<void> sync() override {
      if (!files_.fuse_.burn()) return files_.fault("flush " + path_);
      return inner_->sync();
    }

   private:
    std::unique_ptr<base::OutputFile> inner_;
    FaultyFiles& files_;
    std::string path_;
  };

  base::Error fault(const std::string& doing) const {
    return base::Error::blocked(code_, "cannot " + doing + ": injected fault");
  }

  base::Files& inner_;
  Fuse& fuse_;
  std::string code_;
  bool cut_reads_;
};

}  // namespace gridseal::test
