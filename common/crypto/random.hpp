// Random bytes from the kernel (getrandom(2), through libsodium). Thread safe.
#pragma once

#include <cstddef>
#include <string>

namespace gridseal::crypto {

std::string random_bytes(size_t count);

// The form mbedTLS asks for: mbedtls_ssl_conf_rng(&config, Random::fill, Random::context()).
class Random {
 public:
  // Fills `out`; always 0.
  static int fill(void* context, unsigned char* out, size_t size);
  static void* context() { return nullptr; }
};

}  // namespace gridseal::crypto
