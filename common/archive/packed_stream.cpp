#include "archive/packed_stream.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>

#include "base/encoding.hpp"

namespace gridseal::archive {
namespace {

constexpr size_t kBlock = size_t{64} << 10U;
// Small archives of very regular files may pack well; a bomb is large.
constexpr uint64_t kRatioLookedAtAbove = uint64_t{8} << 20U;

}  // namespace

PackedStream::PackedStream(const ReadFunction& source, const Limits& limits)
    : source_(source), limits_(limits), in_(kBlock, '\0'), out_(kBlock, '\0') {}

PackedStream::~PackedStream() {
  if (raw_ != nullptr) archive_read_free(raw_);
}

base::Error PackedStream::failure(const std::string& what) {
  if (error_) return *error_;
  const char* reason = raw_ == nullptr ? nullptr : archive_error_string(raw_);
  return base::Error::refused("archive.format",
                              what + (reason == nullptr ? "" : ": " + base::printable(reason)));
}

base::Result<size_t> PackedStream::read_source() {
  if (source_ended_) return size_t{0};
  auto count = source_(in_.data(), in_.size());
  if (!count) return count;
  if (*count == 0) source_ended_ = true;
  packed_ += *count;
  if (packed_ > limits_.max_packed_bytes)
    return base::Error::refused("archive.too_large", "the archive as stored is larger than " +
                                                         std::to_string(limits_.max_packed_bytes) + " bytes");
  hash_.update(std::string_view(in_.data(), *count));
  return count;
}

long PackedStream::read_packed(::archive* handle, void* self, const void** block) {
  auto& stream = *static_cast<PackedStream*>(self);
  auto count = stream.read_source();
  if (!count) {
    stream.error_ = std::move(count).error();
    archive_set_error(handle, EIO, "the source failed");
    return ARCHIVE_FATAL;
  }
  *block = stream.in_.data();
  return static_cast<long>(*count);
}

base::Result<void> PackedStream::open() {
  raw_ = archive_read_new();
  if (raw_ == nullptr) return base::Error::blocked("archive.memory", "no memory left to read the archive");
  archive_read_support_filter_gzip(raw_);
  archive_read_support_filter_zstd(raw_);
  archive_read_support_format_raw(raw_);
  archive_read_support_format_empty(raw_);
  if (archive_read_open(raw_, this, nullptr, &PackedStream::read_packed, nullptr) != ARCHIVE_OK)
    return failure("the archive cannot be read");
  archive_entry* entry = nullptr;
  if (archive_read_next_header(raw_, &entry) != ARCHIVE_OK) return failure("the archive is empty or damaged");
  // One compression and the source itself; a gzip inside a gzip is nothing that a build makes.
  if (archive_filter_count(raw_) > 2)
    return base::Error::refused("archive.format", "the archive is compressed more than once");
  return {};
}

base::Result<void> PackedStream::check_end() {
  const auto used = static_cast<uint64_t>(archive_filter_bytes(raw_, -1));
  if (used < packed_) return base::Error::refused("archive.format", "bytes follow the end of the archive");
  auto more = read_source();
  if (!more) return std::move(more).error();
  if (*more != 0) return base::Error::refused("archive.format", "bytes follow the end of the archive");
  return {};
}

base::Result<std::string_view> PackedStream::next() {
  const auto count = archive_read_data(raw_, out_.data(), out_.size());
  if (count < 0) return failure("the archive is damaged or cut");
  if (count == 0) {
    if (auto end = check_end(); !end) return std::move(end).error();
    return std::string_view{};
  }
  unpacked_ += static_cast<uint64_t>(count);
  if (unpacked_ > limits_.max_total_bytes)
    return base::Error::refused("archive.too_large", "the archive unpacks to more than " +
                                                         std::to_string(limits_.max_total_bytes) + " bytes");
  if (unpacked_ > kRatioLookedAtAbove && unpacked_ / limits_.max_ratio > packed_)
    return base::Error::refused("archive.too_large", "the archive unpacks to more than " +
                                                         std::to_string(limits_.max_ratio) +
                                                         " times its size: a compression bomb");
  return std::string_view(out_.data(), static_cast<size_t>(count));
}

base::Result<void> PackedStream::drain() {
  while (true) {
    auto count = read_source();
    if (!count) return std::move(count).error();
    if (*count == 0) return {};
  }
}

}  // namespace gridseal::archive
