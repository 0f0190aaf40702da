#include "media/pieced_files.hpp"

#include <algorithm>

namespace gridseal::media {

using base::Error;
using base::Result;

namespace {

std::string piece_path(const std::string& path, unsigned number) {
  return number == 0 ? path : path + piece_suffix(number);
}

bool is_piece_name(const std::string& name) {
  if (name.size() < 5 || name[name.size() - 4] != '.') return false;
  const std::string_view number = std::string_view(name).substr(name.size() - 3);
  return number != "000" && std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string piece_suffix(unsigned number) {
  std::string digits = std::to_string(number);
  return "." + std::string(3 - std::min<size_t>(3, digits.size()), '0') + digits;
}

class PiecedFiles::Output final : public base::OutputFile {
 public:
  Output(PiecedFiles& files, std::string path, uint32_t permissions)
      : files_(files), path_(std::move(path)), permissions_(permissions) {}

  Result<void> open(base::WriteMode mode, unsigned number, uint64_t size) {
    auto file = files_.inner_.open_output(piece_path(path_, number), mode, permissions_);
    if (!file) return std::move(file).error();
    file_ = std::move(*file);
    number_ = number;
    size_ = size;
    return {};
  }

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      if (files_.piece_ != 0 && size_ >= files_.piece_) {
        if (auto r = next(); !r) return r;
      }
      const uint64_t room = files_.piece_ == 0 ? bytes.size() : files_.piece_ - size_;
      const std::string_view now = bytes.substr(0, std::min<uint64_t>(room, bytes.size()));
      if (auto r = file_->write(now); !r) return r;
      size_ += now.size();
      files_.written_(now.size());
      bytes.remove_prefix(now.size());
    }
    return {};
  }

  Result<void> sync() override { return file_->sync(); }
  void start_sync() override { file_->start_sync(); }

 private:
  Result<void> next() {
    if (number_ >= kMaxPieces)
      return Error::refused("media.chunk_size", path_ + " would need more pieces than a blob may have");
    if (auto r = file_->sync(); !r) return r;
    return open(base::WriteMode::truncate, number_ + 1, 0);
  }

  PiecedFiles& files_;
  const std::string path_;
  const uint32_t permissions_;
  std::unique_ptr<base::OutputFile> file_;
  unsigned number_ = 0;
  uint64_t size_ = 0;  // of the piece
};

class PiecedFiles::Input final : public base::InputFile {
 public:
  Input(base::Files& files, std::string path, std::vector<uint64_t> sizes)
      : files_(files), path_(std::move(path)), sizes_(std::move(sizes)) {
    for (const uint64_t size : sizes_) size_ += size;
  }

  uint64_t size() const override { return size_; }

  Result<size_t> read_at(uint64_t offset, char* buffer, size_t buffer_size) override {
    for (unsigned number = 0; number < sizes_.size(); ++number) {
      if (offset >= sizes_[number]) {
        offset -= sizes_[number];
        continue;
      }
      if (!open_ || number_ != number) {
        auto file = files_.open_input(piece_path(path_, number));
        if (!file) return std::move(file).error();
        open_ = std::move(*file);
        number_ = number;
      }
      const auto wanted = std::min<uint64_t>(buffer_size, sizes_[number] - offset);
      return open_->read_at(offset, buffer, static_cast<size_t>(wanted));
    }
    return size_t{0};
  }

 private:
  base::Files& files_;
  const std::string path_;
  const std::vector<uint64_t> sizes_;
  uint64_t size_ = 0;
  std::unique_ptr<base::InputFile> open_;
  unsigned number_ = 0;
};

Result<std::vector<uint64_t>> PiecedFiles::pieces(const std::string& path) {
  std::vector<uint64_t> sizes;
  for (unsigned number = 0; number <= kMaxPieces; ++number) {
    auto info = inner_.stat(piece_path(path, number));
    if (!info && number > 0 && base::is_not_found(info.error())) break;
    if (!info) return std::move(info).error();
    if (info->kind != base::EntryKind::file) break;
    sizes.push_back(info->size);
  }
  return sizes;
}

Result<void> PiecedFiles::remove_following(const std::string& path, unsigned first) {
  for (unsigned number = first; number <= kMaxPieces; ++number) {
    auto removed = inner_.remove(piece_path(path, number));
    if (!removed && base::is_not_found(removed.error())) return {};
    if (!removed) return removed;
  }
  return {};
}

Result<std::unique_ptr<base::OutputFile>> PiecedFiles::open_output(const std::string& path,
                                                                   base::WriteMode mode,
                                                                   uint32_t permissions) {
  auto output = std::make_unique<Output>(*this, path, permissions | 0444U);
  unsigned number = 0;
  uint64_t size = 0;
  if (mode == base::WriteMode::append) {
    auto sizes = pieces(path);
    if (!sizes && !base::is_not_found(sizes.error())) return std::move(sizes).error();
    if (sizes && !sizes->empty()) {
      number = static_cast<unsigned>(sizes->size()) - 1;
      size = sizes->back();
    }
  } else if (auto r = remove_following(path, 1); !r) {
    return std::move(r).error();
  }
  if (auto r = output->open(mode, number, size); !r) return std::move(r).error();
  return std::unique_ptr<base::OutputFile>(std::move(output));
}

Result<std::unique_ptr<base::InputFile>> PiecedFiles::open_input(const std::string& path) {
  auto sizes = pieces(path);
  if (!sizes) return std::move(sizes).error();
  if (sizes->size() <= 1) return inner_.open_input(path);
  return std::unique_ptr<base::InputFile>(std::make_unique<Input>(inner_, path, std::move(*sizes)));
}

Result<void> PiecedFiles::rename(const std::string& from, const std::string& to) {
  auto sizes = pieces(from);
  if (!sizes) return std::move(sizes).error();
  for (auto number = static_cast<unsigned>(sizes->size()); number-- > 1;) {
    if (auto r = inner_.rename(piece_path(from, number), piece_path(to, number)); !r) return r;
  }
  return inner_.rename(from, to);
}

Result<void> PiecedFiles::remove(const std::string& path) {
  if (auto r = inner_.remove(path); !r) return r;
  return remove_following(path, 1);
}

Result<void> PiecedFiles::remove_tree(const std::string& path) {
  if (auto r = inner_.remove_tree(path); !r) return r;
  return remove_following(path, 1);
}

Result<base::FileInfo> PiecedFiles::stat(const std::string& path) {
  auto info = inner_.stat(path);
  if (!info || info->kind != base::EntryKind::file) return info;
  auto sizes = pieces(path);
  if (!sizes) return std::move(sizes).error();
  info->size = 0;
  for (const uint64_t size : *sizes) info->size += size;
  return info;
}

Result<std::vector<base::Entry>> PiecedFiles::list(const std::string& path) {
  auto entries = inner_.list(path);
  if (entries) std::erase_if(*entries, [](const base::Entry& entry) { return is_piece_name(entry.name); });
  return entries;
}

}  // namespace gridseal::media
