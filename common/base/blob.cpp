#include "base/blob.hpp"

#include <algorithm>

namespace gridseal::base {
namespace {

constexpr size_t kBlobPiece = size_t{32} << 10U;

Error too_large(uint64_t limit) {
  return Error::refused("files.too_large", "more than " + std::to_string(limit) + " bytes");
}

}  // namespace

Blob::Blob(std::string bytes)
    : held_(std::make_shared<const std::string>(std::move(bytes))), size_(held_->size()) {}

Result<Blob> Blob::open(Files& files, std::string path, uint64_t limit) {
  auto file = files.open_input(path);
  if (!file) return std::move(file).error();
  Blob blob;
  blob.files_ = &files;
  blob.path_ = std::move(path);
  blob.size_ = (*file)->size();
  if (blob.size_ > limit) return too_large(limit);
  return blob;
}

Result<void> Blob::read(const std::function<bool(std::string_view)>& take) const {
  if (files_ == nullptr) {
    if (!held_) return {};
    for (std::string_view left = *held_; !left.empty(); left.remove_prefix(std::min(kBlobPiece, left.size())))
      if (!take(left.substr(0, kBlobPiece))) return {};
    return {};
  }
  auto input = files_->open_input(path_);
  if (!input) return std::move(input).error();
  std::string piece(kBlobPiece, '\0');
  for (uint64_t at = 0;;) {
    const auto got = (*input)->read_at(at, piece.data(), piece.size());
    if (!got) return got.error();
    if (*got == 0 || !take(std::string_view(piece).substr(0, *got))) return {};
    at += *got;
  }
}

Result<std::string> Blob::whole(uint64_t limit) const {
  std::string bytes;
  bool fits = size_ <= limit;
  if (fits) bytes.reserve(size_);
  auto r = !fits ? Result<void>() : read([&](std::string_view piece) {
    fits = piece.size() <= limit - bytes.size();
    if (fits) bytes += piece;
    return fits;
  });
  if (!r) return std::move(r).error();
  if (fits) return bytes;
  return too_large(limit);
}

}  // namespace gridseal::base
