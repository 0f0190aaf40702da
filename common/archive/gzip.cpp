#include "archive/gzip.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>

namespace gridseal::archive {
namespace {

using base::Error;
using base::Result;

struct FreeWriter {
  void operator()(::archive* handle) const { archive_write_free(handle); }
};
struct FreeReader {
  void operator()(::archive* handle) const { archive_read_free(handle); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

la_ssize_t append(::archive* /*handle*/, void* out, const void* buffer, size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(buffer), size);
  return static_cast<la_ssize_t>(size);
}

Error not_packed() {
  return Error::refused("archive.format", "this is no gzip text, or a damaged one");
}

}  // namespace

Result<std::string> gzip(std::string_view bytes) {
  const std::unique_ptr<::archive, FreeWriter> writer(archive_write_new());
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  std::string packed;
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_pathname(entry.get(), "text");
  const bool done =
      archive_write_add_filter_gzip(writer.get()) == ARCHIVE_OK &&
      archive_write_set_filter_option(writer.get(), "gzip", "timestamp", nullptr) == ARCHIVE_OK &&
      archive_write_set_filter_option(writer.get(), "gzip", "compression-level", "9") == ARCHIVE_OK &&
      archive_write_set_format_raw(writer.get()) == ARCHIVE_OK &&
      archive_write_set_bytes_in_last_block(writer.get(), 1) == ARCHIVE_OK &&
      archive_write_open(writer.get(), &packed, nullptr, append, nullptr) == ARCHIVE_OK &&
      archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK &&
      archive_write_data(writer.get(), bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()) &&
      archive_write_close(writer.get()) == ARCHIVE_OK;
  if (!done) return Error::blocked("archive.write", "the text cannot be packed");
  return packed;
}

Result<std::string> gunzip(std::string_view packed, size_t limit) {
  // libarchive's raw format passes on what no filter recognises.
  if (!packed.starts_with("\x1f\x8b")) return not_packed();
  const std::unique_ptr<::archive, FreeReader> reader(archive_read_new());
  archive_entry* entry = nullptr;
  const bool opened = archive_read_support_filter_gzip(reader.get()) == ARCHIVE_OK &&
                      archive_read_support_format_raw(reader.get()) == ARCHIVE_OK &&
                      archive_read_open_memory(reader.get(), packed.data(), packed.size()) == ARCHIVE_OK &&
                      archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK;
  if (!opened) return not_packed();
  std::string text;
  std::array<char, 8192> buffer{};
  for (;;) {
    const la_ssize_t got = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (got < 0) return not_packed();
    if (got == 0) return text;
    if (text.size() + static_cast<size_t>(got) > limit)
      return Error::refused("archive.limit", "unpacked it has more than " + std::to_string(limit) + " bytes");
    text.append(buffer.data(), static_cast<size_t>(got));
  }
}

}  // namespace gridseal::archive
