// A layer from a registry: whatever the bytes, files with safe paths and true sizes, or a refusal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "archive/extract.hpp"

namespace {

class Checker : public gridseal::archive::Visitor {
 public:
  gridseal::base::Result<bool> begin_file(const std::string& path, uint64_t size) override {
    const auto normal = gridseal::archive::normalise_path(path);
    if (!normal || *normal != path || path.empty()) std::abort();
    left_ = size;
    return true;
  }
  gridseal::base::Result<void> content(std::string_view chunk) override {
    if (chunk.size() > left_) std::abort();
    left_ -= chunk.size();
    return {};
  }
  gridseal::base::Result<void> end_file() override {
    if (left_ != 0) std::abort();
    return {};
  }

 private:
  uint64_t left_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Checker checker;
  const archive::Limits limits{
      .max_entries = 100, .max_total_bytes = 1U << 20U, .max_file_bytes = 1U << 18U, .max_ratio = 50};
  const auto done = archive::extract(archive::read_from(bytes), checker, limits);
  if (done ? done->packed_bytes != size : done.error().outcome() != base::Outcome::refused) std::abort();
  return 0;
}
