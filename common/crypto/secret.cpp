#include "crypto/secret.hpp"

#include <sodium.h>

#include <cstdlib>

#include "crypto/sodium_ready.hpp"

namespace gridseal::crypto {

void sodium_ready() {
  static const bool ready = [] {
    if (sodium_init() < 0) std::abort();
    return true;
  }();
  (void)ready;
}

void wipe(std::string& bytes) {
  bytes.resize(bytes.capacity());
  sodium_memzero(bytes.data(), bytes.size());
  bytes.clear();
}

// A short string lives inside the object: after the swap only zeros are left behind.
Secret::Secret(Secret&& other) noexcept {
  bytes_.swap(other.bytes_);
  wipe(other.bytes_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(bytes_);
    bytes_.swap(other.bytes_);
    wipe(other.bytes_);
  }
  return *this;
}

}  // namespace gridseal::crypto
