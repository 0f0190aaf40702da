// mbedTLS' key context with an owner (internal to crypto).
#pragma once

#include <mbedtls/md.h>
#include <mbedtls/pk.h>

#include "crypto/hash.hpp"

namespace gridseal::crypto {

class PkContext {
 public:
  PkContext() { mbedtls_pk_init(&context_); }
  PkContext(const PkContext&) = delete;
  PkContext& operator=(const PkContext&) = delete;
  ~PkContext() { mbedtls_pk_free(&context_); }
  mbedtls_pk_context* get() { return &context_; }

 private:
  mbedtls_pk_context context_{};
};

inline mbedtls_md_type_t md_type(Hash hash) {
  if (hash == Hash::sha384) return MBEDTLS_MD_SHA384;
  if (hash == Hash::sha512) return MBEDTLS_MD_SHA512;
  return MBEDTLS_MD_SHA256;
}

}  // namespace gridseal::crypto
