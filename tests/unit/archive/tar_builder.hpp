// Tar archives written byte by byte, so that a test can write what no honest writer would.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "archive/extract.hpp"

namespace gridseal::archive::testing {

class TarBuilder {
 public:
  // A ustar header (POSIX.1 pax) and its content.
  TarBuilder& add(char type, const std::string& name, std::string_view content = {},
                  const std::string& link = {}) {
    std::string header(512, '\0');
    header.replace(0, std::min<size_t>(name.size(), 100), name.substr(0, 100));
    header.replace(100, 7, "0000644");
    header.replace(108, 7, "0000000");
    header.replace(116, 7, "0000000");
    header.replace(124, 11, octal(declared_size_ != 0 ? declared_size_ : content.size()));
    declared_size_ = 0;
    header.replace(136, 11, "00000000000");
    header[156] = type;
    header.replace(157, std::min<size_t>(link.size(), 100), link.substr(0, 100));
    header.replace(257, 8,
                   std::string("ustar\0"
                               "00",
                               8));
    header.replace(148, 8, "        ");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    char text[9];
    std::snprintf(text, sizeof text, "%06o", sum);
    header.replace(148, 8, std::string(text) + '\0' + ' ');
    out_ += header;
    out_ += content;
    out_.resize((out_.size() + 511) / 512 * 512, '\0');
    return *this;
  }
  TarBuilder& file(const std::string& name, std::string_view content = "x") {
    return add('0', name, content);
  }
  TarBuilder& directory(const std::string& name) { return add('5', name); }

  // The next header says this size, whatever follows.
  TarBuilder& declare(uint64_t size) {
    declared_size_ = size;
    return *this;
  }

  // A pax extended header for the next entry.
  TarBuilder& pax(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    size_t length = rest.size();
    while (std::to_string(length).size() + rest.size() != length)
      length = std::to_string(length).size() + rest.size();
    return add('x', "PaxHeaders/x", std::to_string(length) + rest);
  }

  // A GNU long name for the next entry.
  TarBuilder& long_name(const std::string& name) { return add('L', "././@LongLink", name + '\0'); }

  std::string open() const { return out_; }
  std::string end() const { return out_ + std::string(1024, '\0'); }

 private:
  static std::string octal(uint64_t value) {
    char text[24];
    std::snprintf(text, sizeof text, "%011llo", static_cast<unsigned long long>(value));
    return text;
  }

  std::string out_;
  uint64_t declared_size_ = 0;
};

inline long append(::archive* /*handle*/, void* out, const void* data, size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
  return static_cast<long>(size);
}

inline std::string compress(std::string_view bytes, int (*filter)(::archive*)) {
  std::string out;
  ::archive* handle = archive_write_new();
  archive_write_set_format_raw(handle);
  filter(handle);
  archive_write_set_bytes_in_last_block(handle, 1);
  archive_write_open(handle, &out, nullptr, &append, nullptr);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(handle, entry);
  while (!bytes.empty())
    bytes.remove_prefix(static_cast<size_t>(archive_write_data(handle, bytes.data(), bytes.size())));
  archive_entry_free(entry);
  archive_write_close(handle);
  archive_write_free(handle);
  return out;
}

inline std::string gzip(std::string_view bytes) {
  return compress(bytes, &archive_write_add_filter_gzip);
}
inline std::string zstd(std::string_view bytes) {
  return compress(bytes, &archive_write_add_filter_zstd);
}

// Keeps everything in memory.
class Collector : public Visitor {
 public:
  base::Result<bool> begin_file(const std::string& path, uint64_t size) override {
    if (path == unwanted) return false;
    current_ = path;
    sizes[path] = size;
    files[path];
    return true;
  }
  base::Result<void> content(std::string_view chunk) override {
    files[current_] += chunk;
    return {};
  }
  base::Result<void> end_file() override {
    ++ended;
    return {};
  }

  std::map<std::string, std::string> files;
  std::map<std::string, uint64_t> sizes;
  std::string unwanted;
  size_t ended = 0;

 private:
  std::string current_;
};

// The code of the refusal; empty when it was read.
inline std::string code_of(std::string_view bytes, const Limits& limits = {}) {
  Collector collector;
  auto done = extract(read_from(bytes), collector, limits);
  if (done) return "";
  EXPECT_EQ(done.error().outcome(), base::Outcome::refused) << done.error().describe();
  EXPECT_FALSE(done.error().message().empty());
  return done.error().code();
}

}  // namespace gridseal::archive::testing
