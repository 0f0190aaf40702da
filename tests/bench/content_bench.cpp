// Content on its way into the store, hashed while it streams, against nettle's bare SHA-256 over the same
// bytes in the same run. Prints MB/s and the ratio.
#include <nettle/sha2.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "base/files.hpp"
#include "base/log.hpp"
#include "crypto/sha256.hpp"
#include "oci/store.hpp"

namespace {

using gridseal::base::Result;
using Seconds = std::chrono::duration<double>;

constexpr size_t kPiece = 64 * 1024;
constexpr size_t kPieces = 4096;  // 256 MiB

template <class Work>
double megabytes_per_second(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  const Seconds took = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(kPiece * kPieces) / 1e6 / took.count();
}

void print(const char* what, double own, double peer) {
  std::printf("%-44s %7.0f MB/s   %.2f of nettle\n", what, own, own / peer);
}

}  // namespace

int main() {
  std::string piece(kPiece, '\0');
  for (size_t i = 0; i < piece.size(); ++i) piece[i] = static_cast<char>(i * 31 % 251);
  std::array<uint8_t, SHA256_DIGEST_SIZE> out{};
  const double peer = megabytes_per_second([&] {
    sha256_ctx context;
    sha256_init(&context);
    for (size_t i = 0; i < kPieces; ++i)
      sha256_update(&context, piece.size(), reinterpret_cast<const uint8_t*>(piece.data()));
    sha256_digest(&context, out.size(), out.data());
  });
  std::printf("%-44s %7.0f MB/s\n", "nettle sha256", peer);

  gridseal::base::Digest::Raw raw{};
  gridseal::base::Digest digest(raw);
  print("crypto::Sha256, streamed", megabytes_per_second([&] {
          gridseal::crypto::Sha256 hash;
          for (size_t i = 0; i < kPieces; ++i) hash.update(piece);
          digest = hash.finish();
        }),
        peer);

  const std::string directory =
      std::filesystem::temp_directory_path() / ("gridseal-bench-" + std::to_string(::getpid()));
  auto store =
      gridseal::oci::Store::open(gridseal::base::system_files(), gridseal::base::null_log(), {directory, 0});
  if (!store) return 1;
  const gridseal::oci::Descriptor blob{"application/octet-stream", digest, kPiece * kPieces, {}, {}, {}};
  bool good = true;
  const double writing = megabytes_per_second([&] {
    auto sink = (*store)->begin_blob(blob);
    good = good && sink;
    for (size_t i = 0; good && i < kPieces; ++i) good = (*sink)->write(piece).has_value();
    good = good && (*sink)->finish();
  });
  print("into the store (hashed, written, fsynced)", writing, peer);
  const double reading = megabytes_per_second([&] {
    auto reader = (*store)->open_blob(blob);
    std::array<char, kPiece> buffer{};
    for (;;) {
      auto n = (*reader)->read(buffer.data(), buffer.size());
      good = good && n;
      if (!n || *n == 0) break;
    }
  });
  print("out of the store (read and hashed)", reading, peer);
  std::filesystem::remove_all(directory);
  return good ? 0 : 1;
}
