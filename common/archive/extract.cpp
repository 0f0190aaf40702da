#include "archive/extract.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

#include "archive/packed_stream.hpp"
#include "base/encoding.hpp"

namespace gridseal::archive {
namespace {

constexpr uint64_t kTarBlock = 512;

base::Error refused(const char* code, const std::string& message) {
  return base::Error::refused(code, message);
}

std::string in_quotes(std::string_view path) {
  return "\"" + base::printable(path) + "\"";
}

// Where a symbolic link points, seen from the folder it lies in: inside the tree or not.
bool stays_inside(std::string_view link, std::string_view target) {
  if (target.empty() || target.front() == '/' || target.find('\\') != std::string_view::npos) return false;
  auto depth = std::count(link.begin(), link.end(), '/');
  while (!target.empty()) {
    const size_t slash = target.find('/');
    const std::string_view name = target.substr(0, slash);
    target = slash == std::string_view::npos ? std::string_view{} : target.substr(slash + 1);
    if (name == "..") {
      if (--depth < 0) return false;
    } else if (!name.empty() && name != ".") {
      ++depth;
    }
  }
  return true;
}

class Extraction {
 public:
  Extraction(PackedStream& packed, Visitor& visitor, const Limits& limits)
      : packed_(packed), visitor_(visitor), limits_(limits), tar_(archive_read_new(), &archive_read_free) {}

  base::Result<void> run();
  Extracted take(const base::Digest& digest) {
    return {digest, packed_.packed_bytes(), unpacked_, files_, std::move(links_)};
  }

 private:
  static long read_unpacked(::archive* handle, void* self, const void** block);
  base::Error failure(const std::string& what);
  base::Result<void> take_entry(archive_entry* entry);
  base::Result<void> take_file(archive_entry* entry, const std::string& path);
  base::Result<void> take_link(archive_entry* entry, const std::string& path);
  base::Result<void> claim(const std::string& path, bool directory);
  base::Result<void> copy_content(const std::string& path, uint64_t size);
  base::Result<void> check_end();
  uint64_t position() { return static_cast<uint64_t>(archive_filter_bytes(tar_.get(), -1)); }

  PackedStream& packed_;
  Visitor& visitor_;
  const Limits& limits_;
  std::unique_ptr<::archive, int (*)(::archive*)> tar_;
  std::optional<base::Error> error_;           // of the stream below, kept while libarchive is in between
  std::set<std::string, std::less<>> leaves_;  // files and links
  std::set<std::string, std::less<>> directories_;  // named, or above a named leaf
  std::vector<std::string> links_;
  std::string chunk_ = std::string(size_t{64} << 10U, '\0');
  uint64_t entries_ = 0;
  uint64_t files_ = 0;
  uint64_t unpacked_ = 0;
  uint64_t delivered_ = 0;     // bytes of tar handed to libarchive
  uint64_t last_nonzero_ = 0;  // offset after the last of them that is not zero
  uint64_t entry_end_ = 0;     // offset after the last entry with its padding
};

long Extraction::read_unpacked(::archive* handle, void* self, const void** block) {
  auto& extraction = *static_cast<Extraction*>(self);
  auto bytes = extraction.packed_.next();
  if (!bytes) {
    extraction.error_ = std::move(bytes).error();
    archive_set_error(handle, EIO, "the stream failed");
    return ARCHIVE_FATAL;
  }
  const size_t last = bytes->find_last_not_of('\0');
  if (last != std::string_view::npos) extraction.last_nonzero_ = extraction.delivered_ + last + 1;
  extraction.delivered_ += bytes->size();
  *block = bytes->data();
  return static_cast<long>(bytes->size());
}

base::Error Extraction::failure(const std::string& what) {
  if (error_) return *error_;
  const char* reason = archive_error_string(tar_.get());
  return refused("archive.format", what + (reason == nullptr ? "" : ": " + base::printable(reason)));
}

base::Result<void> Extraction::run() {
  if (tar_ == nullptr) return base::Error::blocked("archive.memory", "no memory left to read the archive");
  archive_read_support_format_tar(tar_.get());
  if (archive_read_open(tar_.get(), this, nullptr, &Extraction::read_unpacked, nullptr) != ARCHIVE_OK)
    return failure("this is not a tar archive");
  while (true) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(tar_.get(), &entry);
    if (status == ARCHIVE_EOF) return check_end();
    // A warning speaks of attributes or of a path that the locale cannot show; both are looked at below.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return failure("the archive is damaged or cut");
    if (++entries_ > limits_.max_entries)
      return refused("archive.too_many_entries",
                     "the archive holds more than " + std::to_string(limits_.max_entries) + " entries");
    if (auto taken = take_entry(entry); !taken) return taken;
    if (archive_read_data_skip(tar_.get()) != ARCHIVE_OK) return failure("the archive is damaged or cut");
    entry_end_ = position();
  }
}

// libarchive takes a stream that ends between two entries for a whole one; here the end mark must be there
// (POSIX.1 pax, "ustar Interchange Format": two blocks of zeros), and only zeros after it.
base::Result<void> Extraction::check_end() {
  while (true) {
    const void* block = nullptr;
    const long count = read_unpacked(tar_.get(), this, &block);
    if (count < 0) return failure("the archive is damaged or cut");
    if (count == 0) break;
  }
  if (last_nonzero_ > entry_end_) return refused("archive.format", "bytes follow the end of the archive");
  if (delivered_ < entry_end_ + 2 * kTarBlock) return refused("archive.format", "the archive is cut");
  return {};
}

base::Result<void> Extraction::take_entry(archive_entry* entry) {
  const char* raw = archive_entry_pathname_utf8(entry);
  if (raw == nullptr) raw = archive_entry_pathname(entry);
  if (raw == nullptr) return refused("archive.path", "the archive holds a path that is not UTF-8");
  auto path = normalise_path(raw, limits_);
  if (!path) return std::move(path).error();
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_hardlink_utf8(entry) != nullptr)
    return refused("archive.link", "the archive holds a hard link, " + in_quotes(*path));
  const auto type = archive_entry_filetype(entry);
  if (type == AE_IFDIR) return path->empty() ? base::Result<void>{} : claim(*path, true);
  if (path->empty()) return refused("archive.path_escape", "the archive holds a file without a name");
  if (type == AE_IFLNK) return take_link(entry, *path);
  if (type == AE_IFREG) return take_file(entry, *path);
  return refused("archive.device", "the archive holds a device, FIFO or socket, " + in_quotes(*path));
}

base::Result<void> Extraction::claim(const std::string& path, bool directory) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (leaves_.count(parent) != 0)
      return refused("archive.duplicate",
                     in_quotes(path) + " lies below " + in_quotes(parent) + ", which is a file or a link");
    directories_.insert(parent);
  }
  const bool taken = leaves_.count(path) != 0 || (!directory && directories_.count(path) != 0);
  if (taken) return refused("archive.duplicate", "the archive holds " + in_quotes(path) + " twice");
  (directory ? directories_ : leaves_).insert(path);
  return {};
}

base::Result<void> Extraction::take_link(archive_entry* entry, const std::string& path) {
  const char* target = archive_entry_symlink_utf8(entry);
  if (target == nullptr) target = archive_entry_symlink(entry);
  if (target == nullptr || !stays_inside(path, target))
    return refused("archive.link", "the symbolic link " + in_quotes(path) + " leaves the tree");
  if (auto claimed = claim(path, false); !claimed) return claimed;
  links_.push_back(path);
  return {};
}

base::Result<void> Extraction::take_file(archive_entry* entry, const std::string& path) {
  if (auto claimed = claim(path, false); !claimed) return claimed;
  const auto size = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : -1;
  if (size < 0) return refused("archive.format", in_quotes(path) + " has no size");
  const auto bytes = static_cast<uint64_t>(size);
  if (bytes > limits_.max_file_bytes)
    return refused("archive.too_large",
                   in_quotes(path) + " is larger than " + std::to_string(limits_.max_file_bytes) + " bytes");
  // Sparse files unpack to more than the tar stream holds.
  if (bytes > limits_.max_total_bytes - unpacked_)
    return refused("archive.too_large",
                   "the archive unpacks to more than " + std::to_string(limits_.max_total_bytes) + " bytes");
  unpacked_ += bytes;
  ++files_;
  auto wanted = visitor_.begin_file(path, bytes);
  if (!wanted) return std::move(wanted).error();
  return *wanted ? copy_content(path, bytes) : base::Result<void>{};
}

base::Result<void> Extraction::copy_content(const std::string& path, uint64_t size) {
  uint64_t copied = 0;
  while (true) {
    const auto count = archive_read_data(tar_.get(), chunk_.data(), chunk_.size());
    if (count < 0) return failure("the archive is damaged or cut");
    if (count == 0) break;
    copied += static_cast<uint64_t>(count);
    if (copied > size) break;
    auto given = visitor_.content(std::string_view(chunk_.data(), static_cast<size_t>(count)));
    if (!given) return given;
  }
  if (copied != size)
    return refused("archive.format", in_quotes(path) + " is not as long as its header says");
  return visitor_.end_file();
}

}  // namespace

ReadFunction read_from(std::string_view bytes) {
  return [rest = bytes](char* buffer, size_t size) mutable -> base::Result<size_t> {
    const size_t count = std::min(size, rest.size());
    std::memcpy(buffer, rest.data(), count);
    rest.remove_prefix(count);
    return count;
  };
}

ReadFunction read_from(base::InputFile& file) {
  return [&file, offset = uint64_t{0}](char* buffer, size_t size) mutable -> base::Result<size_t> {
    auto count = file.read_at(offset, buffer, size);
    if (count) offset += *count;
    return count;
  };
}

base::Result<Extracted> extract(const ReadFunction& source, Visitor& visitor, const Limits& limits,
                                const std::optional<base::Digest>& expected) {
  PackedStream packed(source, limits);
  Extraction extraction(packed, visitor, limits);
  auto done = packed.open();
  if (done) done = extraction.run();
  if (!done && (!expected || done.error().outcome() != base::Outcome::refused))
    return std::move(done).error();
  if (auto drained = packed.drain(); !drained) return std::move(drained).error();
  const base::Digest digest = packed.digest();
  if (expected && digest != *expected)
    return refused("archive.digest_mismatch",
                   "the archive is " + digest.to_string() + ", expected " + expected->to_string());
  if (!done) return std::move(done).error();
  return extraction.take(digest);
}

}  // namespace gridseal::archive
