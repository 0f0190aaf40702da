#include "media/medium_files.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "media/tar_index.hpp"

namespace gridseal::media {

using base::EntryKind;
using base::Error;
using base::Result;

namespace {

constexpr std::string_view kBlobs = "blobs/sha256/";
constexpr size_t kHex = 64;
constexpr const char* kClosed = "media.closed";

Error unreadable(Error cause) {
  return Error::blocked(
      "media.unreadable",
      "the medium cannot be read: was it pulled? A second try goes on from here: " + cause.describe());
}

Error read_only(const std::string& path) {
  return Error::blocked("files.permission", path + " is on a medium, which is not written to");
}

Error too_many(const std::string& path, size_t most) {
  return Error::refused("media.too_many", base::printable(path) + " holds more than " + std::to_string(most) +
                                              " files: more than are looked at");
}

std::string_view kind_word(EntryKind kind) {
  switch (kind) {
    case EntryKind::directory:
      return " (a folder)";
    case EntryKind::symlink:
      return " (a link)";
    case EntryKind::other:
      return " (no file)";
    case EntryKind::file:
      break;
  }
  return "";
}

Result<std::vector<base::Entry>> entries_of(base::Files& files, const std::string& path, size_t most) {
  auto entries = files.list_at_most(path, most);
  if (entries) return entries;
  if (entries.error().code() == "files.too_large") return too_many(path, most);
  return unreadable(std::move(entries).error());
}

Result<bool> is_file(base::Files& files, const std::string& path) {
  auto info = files.stat(path);
  if (!info && info.error().code() == "files.permission")
    return Error::blocked(
        kClosed, "the medium has a folder that this user may not look into: " + info.error().describe());
  if (!info && !base::is_not_found(info.error())) return unreadable(std::move(info).error());
  return info && info->kind == EntryKind::file;
}

// "<hex>" is piece 0 of its blob, "<hex>.001" piece 1; nothing: the name of something else.
std::optional<std::pair<std::string, unsigned>> piece_of(std::string_view name) {
  const auto digest = base::Digest::from_hex(name.substr(0, kHex));
  // One spelling only: two names for one digest would hide each other.
  if (!digest || digest->hex() != name.substr(0, kHex)) return std::nullopt;
  if (name.size() == kHex) return std::pair{std::string(name), 0U};
  const std::string_view number = name.substr(kHex);
  if (number.size() != 4 || number.front() != '.') return std::nullopt;
  unsigned value = 0;
  for (const char c : number.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value == 0) return std::nullopt;
  return std::pair{std::string(name.substr(0, kHex)), value};
}

bool is_going_home(const base::Entry& entry) {
  return entry.kind == EntryKind::directory && entry.name == kReceiptsFolder;
}

}  // namespace

void Foreign::add(std::string name) {
  if (names.size() < kMaxForeign)
    names.push_back(base::printable(name, 200));
  else
    ++more;
}

Result<LayoutPlaces> find_layouts(base::Files& files, const std::string& path) {
  auto info = files.stat(path);
  if (!info)
    return base::is_not_found(info.error()) ? std::move(info).error() : unreadable(std::move(info).error());
  if (info->kind == EntryKind::file) return LayoutPlaces{{{path, true}}, {}};
  if (info->kind != EntryKind::directory)
    return Error::refused("media.no_layout",
                          path + " is neither a folder nor a file; links are not followed");
  auto whole = is_file(files, path + "/oci-layout");
  if (!whole) return std::move(whole).error();
  if (*whole) return LayoutPlaces{{{path, false}}, {}};
  auto entries = entries_of(files, path, kMaxListed);
  if (!entries) return std::move(entries).error();
  LayoutPlaces places;
  std::optional<Error> closed;
  for (const base::Entry& entry : *entries) {
    const std::string inner = path + "/" + entry.name;
    auto layout =
        entry.kind == EntryKind::directory ? is_file(files, inner + "/oci-layout") : Result<bool>(false);
    // Such as ext4's lost+found.
    if (!layout && layout.error().code() == kClosed) closed = std::exchange(layout, false).error();
    if (!layout) return std::move(layout).error();
    if (*layout)
      places.layouts.push_back({inner, false});
    else if (entry.kind == EntryKind::file && entry.name.ends_with(".tar"))
      places.layouts.push_back({inner, true});
    else if (!is_going_home(entry))
      places.foreign.add(entry.name + std::string(kind_word(entry.kind)));
  }
  if (places.layouts.size() > kMaxLayouts) return too_many(path, kMaxLayouts);
  if (!places.layouts.empty()) return places;
  if (closed) return *std::move(closed);
  return Error::refused("media.no_layout",
                        "there is no OCI image layout in " + path + ", in a folder of it, or in a .tar file");
}

uint64_t MediumFiles::File::size() const {
  uint64_t sum = 0;
  for (const auto& [number, piece] : pieces) sum += piece.size;
  return sum;
}

// Reads across the pieces; one of them is open at a time.
class MediumFiles::Input final : public base::InputFile {
 public:
  Input(base::Files& files, const Watch& watch, const File& file)
      : files_(files), watch_(watch), file_(file), size_(file.size()) {}

  uint64_t size() const override { return size_; }

  Result<size_t> read_at(uint64_t offset, char* buffer, size_t buffer_size) override {
    if (auto r = watch_.check(); !r) return std::move(r).error();
    for (const auto& [number, piece] : file_.pieces) {
      if (offset >= piece.size) {
        offset -= piece.size;
        continue;
      }
      if (auto r = open(number, piece); !r) return std::move(r).error();
      const auto wanted = static_cast<size_t>(std::min<uint64_t>(buffer_size, piece.size - offset));
      auto n = open_->read_at(piece.offset + offset, buffer, wanted);
      if (!n) return unreadable(std::move(n).error());
      if (*n == 0 && wanted > 0)
        return Error::blocked("media.unreadable", "a file of the medium became shorter while it was read");
      return n;
    }
    return size_t{0};
  }

 private:
  Result<void> open(unsigned number, const Piece& piece) {
    if (open_ && number_ == number) return {};
    auto file = files_.open_input(piece.path);
    if (!file) return unreadable(std::move(file).error());
    open_ = std::move(*file);
    number_ = number;
    return {};
  }

  base::Files& files_;
  const Watch& watch_;
  const File& file_;
  const uint64_t size_;
  std::unique_ptr<base::InputFile> open_;
  unsigned number_ = 0;
};

Result<std::unique_ptr<MediumFiles>> MediumFiles::open(base::Files& files, const LayoutPlace& place,
                                                       const Watch& watch) {
  std::unique_ptr<MediumFiles> medium(new MediumFiles(files, place.path, watch));
  auto scanned = place.is_tar ? medium->scan_tar() : medium->scan_folder();
  if (!scanned) return std::move(scanned).error();
  medium->drop_gaps();
  if (medium->known_.contains("oci-layout") && medium->known_.contains("index.json")) return medium;
  return Error::refused("media.no_layout",
                        place.path + " is no whole OCI image layout: oci-layout or index.json is missing");
}

Result<bool> MediumFiles::add(const std::string& name, Piece piece) {
  if (name == "oci-layout" || name == "index.json") {
    known_[name].pieces.emplace(0U, std::move(piece));
    return true;
  }
  if (!name.starts_with(kBlobs)) return false;
  const auto part = piece_of(std::string_view(name).substr(kBlobs.size()));
  if (!part) return false;
  known_[std::string(kBlobs) + part->first].pieces.emplace(part->second, std::move(piece));
  if (known_.size() > kMaxFiles) return too_many(root_, kMaxFiles);
  return true;
}

// A blob whose first piece, or one between, is not there is not there.
void MediumFiles::drop_gaps() {
  std::erase_if(known_, [&](const auto& entry) {
    const bool whole = entry.second.pieces.rbegin()->first + 1 == entry.second.pieces.size();
    if (!whole) foreign_.add(entry.first + " (a piece of it is missing)");
    return !whole;
  });
}

Result<void> MediumFiles::scan_folder() {
  auto entries = entries_of(files_, root_, kMaxListed);
  if (!entries) return std::move(entries).error();
  bool blobs = false;
  for (const base::Entry& entry : *entries) {
    const bool is_layout = entry.name == "oci-layout" || entry.name == "index.json";
    if (is_layout && entry.kind == EntryKind::file) {
      const std::string path = root_ + "/" + entry.name;
      auto info = files_.stat(path);
      if (!info) return unreadable(std::move(info).error());
      if (auto r = add(entry.name, {path, 0, info->size}); !r) return std::move(r).error();
    } else if (entry.name == "blobs" && entry.kind == EntryKind::directory) {
      blobs = true;
    } else if (!is_going_home(entry)) {
      foreign_.add(entry.name + std::string(kind_word(entry.kind)));
    }
  }
  return blobs ? scan_blobs() : Result<void>();
}

Result<void> MediumFiles::scan_blobs() {
  auto algorithms = entries_of(files_, root_ + "/blobs", kMaxListed);
  if (!algorithms) return std::move(algorithms).error();
  for (const base::Entry& algorithm : *algorithms) {
    if (algorithm.name != "sha256" || algorithm.kind != EntryKind::directory) {
      foreign_.add("blobs/" + algorithm.name + std::string(kind_word(algorithm.kind)));
      continue;
    }
    auto entries = entries_of(files_, root_ + "/blobs/sha256", kMaxFiles);
    if (!entries) return std::move(entries).error();
    for (const base::Entry& entry : *entries) {
      if (auto r = watch_.check(); !r) return r;
      const std::string name = std::string(kBlobs) + entry.name;
      const std::string path = root_ + "/" + name;
      auto info = files_.stat(path);
      if (!info && !base::is_not_found(info.error())) return unreadable(std::move(info).error());
      const bool usable = info && info->kind == EntryKind::file;
      auto added = usable ? add(name, {path, 0, info->size}) : Result<bool>(false);
      if (!added) return std::move(added).error();
      if (!*added) foreign_.add(name + std::string(kind_word(entry.kind)));
    }
  }
  return {};
}

Result<void> MediumFiles::scan_tar() {
  auto file = files_.open_input(root_);
  if (!file) return unreadable(std::move(file).error());
  return index_tar(**file, root_, watch_, [&](const TarEntry& entry) -> Result<void> {
    if (entry.kind == EntryKind::directory) return {};
    const bool usable = entry.kind == EntryKind::file && !find(root_ + "/" + entry.name);
    auto added = usable ? add(entry.name, {root_, entry.offset, entry.size}) : Result<bool>(false);
    if (!added) return std::move(added).error();
    if (!*added) foreign_.add(entry.name + std::string(kind_word(entry.kind)));
    return {};
  });
}

const MediumFiles::File* MediumFiles::find(const std::string& path) const {
  if (!path.starts_with(root_ + "/")) return nullptr;
  const auto found = known_.find(path.substr(root_.size() + 1));
  return found == known_.end() ? nullptr : &found->second;
}

Result<std::unique_ptr<base::InputFile>> MediumFiles::open_input(const std::string& path) {
  const File* file = find(path);
  if (file == nullptr) return Error::blocked("files.not_found", path + " is not on the medium");
  return std::unique_ptr<base::InputFile>(std::make_unique<Input>(files_, watch_, *file));
}

Result<base::FileInfo> MediumFiles::stat(const std::string& path) {
  const File* file = find(path);
  if (file == nullptr) return Error::blocked("files.not_found", path + " is not on the medium");
  base::FileInfo info;
  info.kind = EntryKind::file;
  info.size = file->size();
  return info;
}

Result<std::vector<base::Entry>> MediumFiles::list(const std::string& path) {
  std::vector<base::Entry> entries;
  if (path + "/" == root_ + "/" + std::string(kBlobs) || path == root_ + "/" + std::string(kBlobs)) {
    for (const auto& [name, file] : known_) {
      if (name.starts_with(kBlobs)) entries.push_back({name.substr(kBlobs.size()), EntryKind::file});
    }
  }
  return entries;
}

Result<std::unique_ptr<base::OutputFile>> MediumFiles::open_output(const std::string& path, base::WriteMode,
                                                                   uint32_t) {
  return read_only(path);
}
Result<void> MediumFiles::rename(const std::string& from, const std::string&) {
  return read_only(from);
}
Result<void> MediumFiles::sync_directory(const std::string& path) {
  return read_only(path);
}
Result<void> MediumFiles::remove(const std::string& path) {
  return read_only(path);
}
Result<void> MediumFiles::remove_tree(const std::string& path) {
  return read_only(path);
}
Result<void> MediumFiles::make_directories(const std::string& path, uint32_t) {
  return read_only(path);
}
Result<uint64_t> MediumFiles::free_bytes(const std::string&) {
  return uint64_t{0};
}

}  // namespace gridseal::media
