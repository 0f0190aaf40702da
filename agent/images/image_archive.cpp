#include "images/image_archive.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "oci/media_types.hpp"

namespace gridseal::images {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr size_t kBlock = 512;
constexpr uint64_t kLargest = uint64_t{1} << 33U;  // eleven octal digits
constexpr std::string_view kContainerdName = "io.containerd.image.name";

void put(std::array<char, kBlock>& header, size_t at, std::string_view text) {
  std::ranges::copy(text, header.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(uint64_t value, int digits) {
  std::array<char, 24> text{};
  (void)std::snprintf(text.data(), text.size(), "%0*llo", digits, static_cast<unsigned long long>(value));
  return text.data();
}

// POSIX.1-1988 "ustar": name, mode, owner, size, time, checksum, kind, magic.
std::string header_of(const std::string& name, uint64_t size) {
  std::array<char, kBlock> header{};
  put(header, 0, name);
  put(header, 100, "0000644");
  put(header, 108, "0000000");
  put(header, 116, "0000000");
  put(header, 124, octal(size, 11));
  put(header, 136, "00000000000");
  put(header, 148, "        ");
  header[156] = '0';
  put(header, 257,
      std::string_view("ustar\0"
                       "00",
                       8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, octal(sum, 6));
  header[154] = '\0';
  return {header.data(), header.size()};
}

std::string padding(uint64_t size) {
  return std::string((kBlock - size % kBlock) % kBlock, '\0');
}

class Writer {
 public:
  explicit Writer(base::OutputFile& out) : out_(out) {}

  Result<void> file(const std::string& name, std::string_view bytes) {
    if (auto r = out_.write(header_of(name, bytes.size())); !r) return r;
    if (auto r = out_.write(bytes); !r) return r;
    return out_.write(padding(bytes.size()));
  }

  Result<void> blob(const oci::Descriptor& blob, const OpenBlob& open) {
    if (!written_.insert(blob.digest).second) return {};
    if (blob.size >= kLargest)
      return Error::refused("images.archive", "the blob " + blob.digest.short_form() + " is too large");
    auto in = open(blob);
    if (!in) return std::move(in).error();
    if (auto r = out_.write(header_of(path_of(blob.digest), blob.size)); !r) return r;
    if (auto r = copy(**in, blob); !r) return r;
    return out_.write(padding(blob.size));
  }

  Result<void> manifest(const oci::ManifestBytes& manifest) {
    if (!written_.insert(manifest.digest).second) return {};
    return file(path_of(manifest.digest), manifest.bytes);
  }

  Result<void> end() { return out_.write(std::string(2 * kBlock, '\0')); }

 private:
  static std::string path_of(const base::Digest& digest) { return "blobs/sha256/" + digest.hex(); }

  Result<void> copy(base::InputFile& in, const oci::Descriptor& blob) {
    crypto::Sha256 hash;
    std::vector<char> buffer(size_t{64} * 1024);
    uint64_t at = 0;
    for (;;) {
      auto n = in.read_at(at, buffer.data(), buffer.size());
      if (!n) return std::move(n).error();
      if (*n == 0) break;
      at += *n;
      if (at > blob.size) break;
      hash.update({buffer.data(), *n});
      if (auto r = out_.write({buffer.data(), *n}); !r) return r;
    }
    if (at == blob.size && hash.finish() == blob.digest) return {};
    return Error::refused("oci.digest_mismatch", "the blob " + blob.digest.short_form() +
                                                     " changed on this disk; nothing is imported");
  }

  base::OutputFile& out_;
  std::set<base::Digest> written_;
};

// The parts of "v1.31.5+k3s1".
std::array<int, 3> version_of(const std::string& text) {
  std::array<int, 3> parts{};
  (void)std::sscanf(text.c_str(), "v%d.%d.%d", &parts[0], &parts[1],
                    &parts[2]);  // NOLINT: zero where it fails
  return parts;
}

}  // namespace

Result<void> write_image_archive(base::OutputFile& out, const ArchivedImage& image, const OpenBlob& open) {
  Json manifests = Json::array();
  for (const std::string& name : image.names) {
    Json entry = oci::to_json(image.image.named.descriptor());
    entry["annotations"] = {{std::string(kContainerdName), name},
                            {std::string(oci::kAnnotationRefName), name}};
    manifests.push_back(std::move(entry));
  }
  Writer writer(out);
  if (auto r = writer.file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"); !r) return r;
  const Json index{{"schemaVersion", 2}, {"mediaType", oci::kOciIndex}, {"manifests", std::move(manifests)}};
  if (auto r = writer.file("index.json", base::dump_json(index)); !r) return r;
  if (auto r = writer.manifest(image.image.named); !r) return r;
  if (auto r = writer.manifest(image.image.manifest()); !r) return r;
  for (const oci::Descriptor& blob : image.blobs)
    if (auto r = writer.blob(blob, open); !r) return r;
  return writer.end();
}

// k3s' documentation, "Private Registry Configuration" and "Air-Gap Install": since the releases of January
// 2025.
bool imports_while_running(const std::string& version) {
  const auto [major, minor, patch] = version_of(version);
  if (major != 1) return major > 1;
  constexpr std::array<std::pair<int, int>, 3> kSince{{{29, 13}, {30, 9}, {31, 5}}};
  for (const auto& [known, since] : kSince)
    if (minor == known) return patch >= since;
  return minor >= 32;
}

}  // namespace gridseal::images
