#include "media/tar_index.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.hpp"

namespace gridseal::media {

using base::EntryKind;
using base::Error;
using base::Result;

namespace {

constexpr size_t kMaxEntries = 100'000;
constexpr uint64_t kMaxExtra = 64 * 1024;  // of a pax header or a long name
constexpr size_t kMaxName = 1024;

// Fields of a header: offset and length.
struct Field {
  size_t at;
  size_t length;
};
constexpr Field kName{0, 100};
constexpr Field kSize{124, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kPrefix{345, 155};
constexpr size_t kType = 156;
constexpr size_t kMagic = 257;

using Block = std::array<char, kTarBlock>;

std::string_view raw(const Block& block, Field field) {
  return {block.data() + field.at, field.length};
}

std::string text(const Block& block, Field field) {
  const std::string_view whole = raw(block, field);
  return std::string(whole.substr(0, whole.find('\0')));
}

// Octal digits, or GNU's binary form with the highest bit set.
std::optional<uint64_t> number(std::string_view field) {
  uint64_t value = 0;
  if ((static_cast<unsigned char>(field.front()) & 0x80U) != 0) {
    for (size_t i = 0; i < field.size(); ++i) {
      const auto byte = static_cast<unsigned char>(field[i]) & (i == 0 ? 0x7FU : 0xFFU);
      if (value >> 54U != 0) return std::nullopt;
      value = value << 8U | byte;
    }
    return value;
  }
  bool digits = false;
  for (const char c : field) {
    if (c == ' ' && !digits) continue;
    if (c == ' ' || c == '\0') break;
    if (c < '0' || c > '7') return std::nullopt;
    digits = true;
    value = value << 3U | static_cast<uint64_t>(c - '0');
  }
  return value;
}

bool has_right_checksum(const Block& block) {
  const auto said = number(raw(block, kChecksum));
  uint64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kChecksum.at && i < kChecksum.at + kChecksum.length;
    sum += own ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[i]);
  }
  return said && *said == sum;
}

EntryKind tar_kind(char type) {
  switch (type) {
    case '0':
    case '\0':
    case '7':
      return EntryKind::file;
    case '5':
      return EntryKind::directory;
    case '1':
    case '2':
      return EntryKind::symlink;
    default:
      return EntryKind::other;
  }
}

// The records of a pax header that matter here: "<length> path=…\n".
struct Extra {
  std::optional<std::string> path;
  std::optional<uint64_t> size;
};

bool read_pax(std::string_view body, Extra& extra) {
  while (!body.empty() && body.front() != '\0') {
    const size_t space = body.find(' ');
    if (space == std::string_view::npos || space > 8) return false;
    size_t length = 0;
    for (const char c : body.substr(0, space)) {
      if (c < '0' || c > '9') return false;
      length = length * 10 + static_cast<size_t>(c - '0');
    }
    if (length <= space + 1 || length > body.size() || body[length - 1] != '\n') return false;
    const std::string_view record = body.substr(space + 1, length - space - 2);
    if (record.starts_with("path=")) extra.path = std::string(record.substr(5));
    if (record.starts_with("size=")) {
      uint64_t value = 0;
      for (const char c : record.substr(5)) {
        if (c < '0' || c > '9' || value >> 58U != 0) return false;
        value = value * 10 + static_cast<uint64_t>(c - '0');
      }
      extra.size = value;
    }
    body.remove_prefix(length);
  }
  return true;
}

class Indexer {
 public:
  Indexer(base::InputFile& file, const std::string& path, const Watch& watch,
          const std::function<Result<void>(const TarEntry&)>& each)
      : file_(file), path_(path), watch_(watch), each_(each) {}

  Result<void> run() {
    for (size_t count = 0;; ++count) {
      if (count > kMaxEntries)
        return Error::refused("media.too_many", path_ + " holds more entries than are looked at");
      if (auto r = watch_.check(); !r) return r;
      Block block{};
      auto there = read_block(block);
      if (!there) return std::move(there).error();
      if (!*there) return {};
      if (auto r = take(block); !r) return r;
    }
  }

 private:
  Error bad(const std::string& why) const {
    return Error::refused("media.tar", path_ + " is no whole tar file: " + why);
  }

  // False: the end.
  Result<bool> read_block(Block& block) {
    if (at_ + kTarBlock > file_.size()) {
      if (at_ == 0) return bad("it is too short");
      return false;
    }
    if (auto r = read(at_, block.data(), block.size()); !r) return std::move(r).error();
    if (at_ == 0) {
      const std::string_view begin(block.data(), 4);
      if (begin.starts_with("\x1f\x8b") || begin == "\x28\xb5\x2f\xfd" ||
          begin ==
              "\xfd"
              "7zX")
        return Error::refused("media.packed", path_ + " is compressed; unpack it to a plain .tar first");
    }
    if (std::ranges::all_of(block, [](char c) { return c == '\0'; })) return false;
    if (!has_right_checksum(block)) return bad("a header is damaged");
    return true;
  }

  Result<void> read(uint64_t offset, char* buffer, size_t size) {
    for (size_t have = 0; have < size;) {
      auto n = file_.read_at(offset + have, buffer + have, size - have);
      if (!n) return std::move(n).error();
      if (*n == 0) return bad("it ends too early");
      have += *n;
    }
    return {};
  }

  Result<void> take(const Block& block) {
    const char type = block[kType];
    const auto said = number(raw(block, kSize));
    if (!said) return bad("a size cannot be read");
    const bool is_extra = type == 'x' || type == 'L' || type == 'g' || type == 'K';
    const uint64_t size = !is_extra && extra_.size ? *extra_.size : *said;
    const uint64_t content = at_ + kTarBlock;
    const bool holds = tar_kind(type) == EntryKind::file || is_extra;
    const uint64_t stored = holds ? size : 0;
    if (stored > file_.size() || content > file_.size() - stored)
      return bad("it ends in the middle of a file");
    at_ = content + (stored + kTarBlock - 1) / kTarBlock * kTarBlock;
    if (is_extra) return take_extra(type, content, stored);
    TarEntry entry{name_of(block), tar_kind(type), content, stored};
    extra_ = {};
    while (entry.name.starts_with("./")) entry.name.erase(0, 2);
    return each_(entry);
  }

  Result<void> take_extra(char type, uint64_t content, uint64_t size) {
    if (size > kMaxExtra) return bad("an extended header is too large");
    std::string body(size, '\0');
    if (auto r = read(content, body.data(), body.size()); !r) return r;
    if (type == 'L') extra_.path = body.substr(0, body.find('\0'));
    if (type == 'x' && !read_pax(body, extra_)) return bad("an extended header cannot be read");
    return {};
  }

  std::string name_of(const Block& block) const {
    if (extra_.path) return extra_.path->substr(0, kMaxName);
    const bool ustar = std::string_view(block.data() + kMagic, 5) == "ustar" && block[kMagic + 5] == '\0';
    const std::string prefix = ustar ? text(block, kPrefix) : std::string();
    return prefix.empty() ? text(block, kName) : prefix + "/" + text(block, kName);
  }

  base::InputFile& file_;
  const std::string& path_;
  const Watch& watch_;
  const std::function<Result<void>(const TarEntry&)>& each_;
  uint64_t at_ = 0;
  Extra extra_;
};

void put_octal(std::string& header, Field field, uint64_t value) {
  for (size_t i = field.length - 1; i-- > 0; value >>= 3U)
    header[field.at + i] = static_cast<char>('0' + (value & 7U));
}

}  // namespace

Result<void> index_tar(base::InputFile& file, const std::string& path, const Watch& watch,
                       const std::function<Result<void>(const TarEntry&)>& each) {
  return Indexer(file, path, watch, each).run();
}

std::string tar_header(const std::string& name, uint64_t size, int64_t modified) {
  constexpr Field kMode{100, 8};
  constexpr Field kOwner{108, 8};
  constexpr Field kGroup{116, 8};
  constexpr Field kModified{136, 12};
  std::string header(kTarBlock, '\0');
  header.replace(kName.at, name.size(), name);
  const bool folder = name.ends_with('/');
  put_octal(header, kMode, folder ? 0755 : 0644);
  put_octal(header, kOwner, 0);
  put_octal(header, kGroup, 0);
  if (size < uint64_t{1} << 33U) {
    put_octal(header, kSize, size);
  } else {
    header[kSize.at] = static_cast<char>(0x80);
    for (size_t i = 0; i < 8; ++i)
      header[kSize.at + kSize.length - 1 - i] = static_cast<char>(size >> (8 * i) & 0xFFU);
  }
  put_octal(header, kModified, static_cast<uint64_t>(std::max<int64_t>(0, modified)));
  header[kType] = folder ? '5' : '0';
  header.replace(kMagic, 8,
                 std::string("ustar\0"
                             "00",
                             8));
  header.replace(kChecksum.at, kChecksum.length, kChecksum.length, ' ');
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header, {kChecksum.at, 7}, sum);
  header[kChecksum.at + 6] = '\0';
  return header;
}

}  // namespace gridseal::media
