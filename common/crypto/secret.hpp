// Bytes that must not stay in memory: overwritten when they go out of scope.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gridseal::crypto {

// Overwrites the bytes (also against an optimising compiler) and empties the string.
void wipe(std::string& bytes);

// Moves, never copies; a moved-from Secret is empty.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(bytes_); }

  std::string_view view() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

}  // namespace gridseal::crypto
