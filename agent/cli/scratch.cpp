#include "cli/scratch.hpp"

#include <utility>

#include "base/encoding.hpp"
#include "crypto/random.hpp"

namespace gridseal::cli {

base::Result<Scratch> Scratch::make(base::Files& files, const std::string& directory) {
  std::string path = directory + "/gridseal-" + base::encode_hex(crypto::random_bytes(8));
  if (auto made = files.make_directories(path, 0700); !made) return std::move(made).error();
  return Scratch(files, std::move(path));
}

Scratch::~Scratch() {
  if (!path_.empty()) (void)files_.remove_tree(path_);
}

Scratch::Scratch(Scratch&& other) noexcept : files_(other.files_), path_(std::exchange(other.path_, {})) {}

}  // namespace gridseal::cli
