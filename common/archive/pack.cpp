#include "archive/pack.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>

#include <algorithm>
#include <memory>
#include <optional>

#include "archive/extract.hpp"
#include "base/encoding.hpp"
#include "crypto/sha256.hpp"

namespace gridseal::archive {
namespace {

using Handle = std::unique_ptr<::archive, int (*)(::archive*)>;

// Bytes on their way out of libarchive: hashed, counted, handed on.
struct Outlet {
  std::function<base::Result<void>(std::string_view)> sink;
  crypto::Sha256 hash;
  uint64_t bytes = 0;
  std::optional<base::Error> error;

  static long write(::archive* handle, void* self, const void* data, size_t size) {
    auto& outlet = *static_cast<Outlet*>(self);
    const std::string_view bytes(static_cast<const char*>(data), size);
    outlet.hash.update(bytes);
    outlet.bytes += size;
    if (auto written = outlet.sink(bytes); !written) {
      outlet.error = std::move(written).error();
      archive_set_error(handle, EIO, "the sink failed");
      return ARCHIVE_FATAL;
    }
    return static_cast<long>(size);
  }
};

base::Error write_error(::archive* handle, const Outlet& outlet) {
  if (outlet.error) return *outlet.error;
  const char* reason = archive_error_string(handle);
  return base::Error::blocked("archive.write", std::string("the archive cannot be written: ") +
                                                   (reason == nullptr ? "unknown" : reason));
}

base::Result<void> open_outlet(::archive* handle, Outlet& outlet) {
  archive_write_set_bytes_per_block(handle, 0);
  archive_write_set_bytes_in_last_block(handle, 1);
  if (archive_write_open(handle, &outlet, nullptr, &Outlet::write, nullptr) != ARCHIVE_OK)
    return write_error(handle, outlet);
  return {};
}

// The gzip stream around the tar: libarchive's own raw format with its gzip filter.
base::Result<void> open_gzip(::archive* handle, Outlet& outlet, int level) {
  archive_write_set_format_raw(handle);
  archive_write_add_filter_gzip(handle);
  const std::string options =
      "gzip:!timestamp,gzip:compression-level=" + std::to_string(std::clamp(level, 1, 9));
  if (archive_write_set_options(handle, options.c_str()) != ARCHIVE_OK) return write_error(handle, outlet);
  if (auto opened = open_outlet(handle, outlet); !opened) return opened;
  std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  if (archive_write_header(handle, entry.get()) != ARCHIVE_OK) return write_error(handle, outlet);
  return {};
}

base::Result<void> write_file(::archive* tar, const Outlet& outlet, const std::string& path,
                              std::string_view content, base::Time modified) {
  std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname_utf8(entry.get(), path.c_str());
  archive_entry_copy_pathname(entry.get(), path.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<int64_t>(content.size()));
  const int64_t time = std::chrono::floor<base::seconds>(modified).time_since_epoch().count();
  if (time != static_cast<time_t>(time))
    return base::Error::refused("archive.time",
                                base::format_rfc3339(modified) + " is later than libarchive knows here");
  archive_entry_set_mtime(entry.get(), static_cast<time_t>(time), 0);
  if (archive_write_header(tar, entry.get()) != ARCHIVE_OK) return write_error(tar, outlet);
  while (!content.empty()) {
    const auto count = archive_write_data(tar, content.data(), content.size());
    if (count <= 0) return write_error(tar, outlet);
    content.remove_prefix(static_cast<size_t>(count));
  }
  if (archive_write_finish_entry(tar) != ARCHIVE_OK) return write_error(tar, outlet);
  return {};
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

base::Result<void> sort_and_check(std::vector<PackFile>& files) {
  for (auto& file : files) {
    auto path = normalise_path(file.path);
    if (!path) return std::move(path).error();
    if (path->empty())
      return base::Error::refused("archive.path_escape", "a file without a name cannot be packed");
    file.path = std::move(*path);
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  const auto twice = std::adjacent_find(files.begin(), files.end(),
                                        [](const auto& a, const auto& b) { return a.path == b.path; });
  if (twice != files.end())
    return base::Error::refused("archive.duplicate",
                                "\"" + base::printable(twice->path) + "\" is packed twice");
  return {};
}

}  // namespace

base::Result<Packed> pack_tar_gzip(std::vector<PackFile> files, const WriteFunction& sink,
                                   const PackOptions& options) {
  if (auto checked = sort_and_check(files); !checked) return std::move(checked).error();
  Outlet packed{.sink = sink, .hash = {}, .bytes = 0, .error = {}};
  const Handle gzip(archive_write_new(), &archive_write_free);
  if (auto opened = open_gzip(gzip.get(), packed, options.level); !opened) return std::move(opened).error();

  const auto into_gzip = [&](std::string_view bytes) -> base::Result<void> {
    while (!bytes.empty()) {
      const auto count = archive_write_data(gzip.get(), bytes.data(), bytes.size());
      if (count <= 0) return write_error(gzip.get(), packed);
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return {};
  };
  Outlet unpacked{.sink = into_gzip, .hash = {}, .bytes = 0, .error = {}};
  const Handle tar(archive_write_new(), &archive_write_free);
  archive_write_set_format_pax_restricted(tar.get());
  // Otherwise the process's locale would decide how such a name is written.
  if (std::any_of(files.begin(), files.end(), [](const auto& file) { return !is_ascii(file.path); }))
    archive_write_set_options(tar.get(), "hdrcharset=BINARY");
  if (auto opened = open_outlet(tar.get(), unpacked); !opened) return std::move(opened).error();
  for (const auto& file : files) {
    auto content = file.content();
    if (!content) return std::move(content).error();
    auto written = write_file(tar.get(), unpacked, file.path, *content, options.modified);
    if (!written) return std::move(written).error();
  }
  if (archive_write_close(tar.get()) != ARCHIVE_OK) return write_error(tar.get(), unpacked);
  if (archive_write_close(gzip.get()) != ARCHIVE_OK) return write_error(gzip.get(), packed);
  return Packed{packed.hash.finish(), unpacked.hash.finish(), packed.bytes, files.size()};
}

}  // namespace gridseal::archive
