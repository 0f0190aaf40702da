#include "crypto/random.hpp"

#include <sodium.h>

#include "crypto/sodium_ready.hpp"

namespace gridseal::crypto {

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  Random::fill(nullptr, reinterpret_cast<unsigned char*>(bytes.data()), count);
  return bytes;
}

int Random::fill(void* /*context*/, unsigned char* out, size_t size) {
  sodium_ready();
  randombytes_buf(out, size);
  return 0;
}

}  // namespace gridseal::crypto
