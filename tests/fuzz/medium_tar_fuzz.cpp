// Whatever lies in a tar file, each file that is found lies inside it.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "media/tar_index.hpp"

namespace {

class Bytes final : public gridseal::base::InputFile {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  gridseal::base::Result<size_t> read_at(uint64_t offset, char* buffer, size_t size) override {
    if (offset >= size_) return size_t{0};
    const size_t n = std::min<uint64_t>(size, size_ - offset);
    std::memcpy(buffer, data_ + offset, n);
    return n;
  }
  uint64_t size() const override { return size_; }

 private:
  const uint8_t* data_;
  size_t size_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal;
  Bytes file(data, size);
  const media::Watch watch(base::system_clock(), std::chrono::hours(1), {});
  (void)media::index_tar(file, "x.tar", watch, [&](const media::TarEntry& entry) -> base::Result<void> {
    if (entry.offset > size || entry.size > size - entry.offset) std::abort();
    return {};
  });
  return 0;
}
