#include "publish/layout_writer.hpp"

#include <algorithm>

#include "oci/media_types.hpp"

namespace gridseal::publish {
namespace {

constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";
constexpr uint64_t kMaxIndexBytes = uint64_t{4} << 20U;
constexpr uint32_t kDirectoryMode = 0755;
constexpr uint32_t kFileMode = 0644;

std::string_view name_of(const oci::Descriptor& entry) {
  const auto found = entry.annotations.find(oci::kAnnotationRefName);
  return found == entry.annotations.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

base::Result<LayoutWriter> LayoutWriter::open(base::Files& files, std::string directory) {
  if (files.stat(directory + "/oci-layout")) {
    auto known = oci::Layout::open(files, directory);
    if (!known) return std::move(known).error();
    return LayoutWriter(files, std::move(directory));
  }
  if (auto there = files.list(directory); there && !there->empty())
    return base::Error::refused("store.layout", "'" + directory +
                                                    "' holds files but is no OCI image layout; name a new "
                                                    "or an empty directory");
  if (auto made = files.make_directories(directory + "/blobs/sha256", kDirectoryMode); !made)
    return std::move(made).error();
  oci::Index empty;
  empty.media_type = oci::kOciIndex;
  if (auto r = base::write_file(files, directory + "/index.json", oci::serialize(empty), kFileMode); !r)
    return std::move(r).error();
  if (auto r = base::write_file(files, directory + "/oci-layout", kLayoutFile, kFileMode); !r)
    return std::move(r).error();
  return LayoutWriter(files, std::move(directory));
}

base::Result<void> LayoutWriter::put_blob(const base::Digest& digest, std::string_view bytes) {
  const std::string path = directory_ + "/blobs/sha256/" + digest.hex();
  if (auto known = files_->stat(path); known && known->size == bytes.size()) return {};
  return base::write_file(*files_, path, bytes, kFileMode);
}

base::Result<oci::Index> LayoutWriter::read_index() const {
  auto text = base::read_file(*files_, directory_ + "/index.json", kMaxIndexBytes);
  if (!text) return std::move(text).error();
  return oci::parse_index(*text);
}

base::Result<void> LayoutWriter::set_reference(std::string_view name, oci::Descriptor descriptor) {
  auto index = read_index();
  if (!index) return std::move(index).error();
  auto& entries = index->manifests;
  if (name.empty()) {
    const bool known = std::ranges::any_of(
        entries, [&](const oci::Descriptor& entry) { return entry.digest == descriptor.digest; });
    if (known) return {};
  } else {
    std::erase_if(entries, [&](const oci::Descriptor& entry) { return name_of(entry) == name; });
    descriptor.annotations.insert_or_assign(std::string(oci::kAnnotationRefName), std::string(name));
  }
  entries.push_back(std::move(descriptor));
  return base::write_file(*files_, directory_ + "/index.json", oci::serialize(*index), kFileMode);
}

}  // namespace gridseal::publish
