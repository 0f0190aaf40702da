#include "crypto/hash.hpp"

#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <nettle/version.h>

#include <cstdint>
#include <new>
#include <type_traits>

#include "crypto/octets.hpp"
#include "crypto/sha1_identifier.hpp"

namespace gridseal::crypto {
namespace {

// nettle 4 took the length out of its digest functions.
template <class Context, class Function>
void digest_into(Function function, Context* context, size_t size, uint8_t* out) {
#if NETTLE_VERSION_MAJOR >= 4
  (void)size;
  function(context, out);
#else
  function(context, size, out);
#endif
}

template <class Context, class Function>
std::string digest_string(Function function, Context* context, size_t size) {
  std::string out(size, '\0');
  digest_into(function, context, size, reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

sha256_ctx* context_in(std::byte* state) {
  return std::launder(reinterpret_cast<sha256_ctx*>(state));
}

}  // namespace

std::string_view to_string(Hash hash) {
  switch (hash) {
    case Hash::sha256:
      return "sha256";
    case Hash::sha384:
      return "sha384";
    case Hash::sha512:
      return "sha512";
  }
  return "";
}

std::string hash_of(Hash hash, std::string_view bytes) {
  if (hash == Hash::sha384) return sha384(bytes);
  if (hash == Hash::sha512) return sha512(bytes);
  const base::Digest digest = sha256(bytes);
  return {reinterpret_cast<const char*>(digest.raw().data()), digest.raw().size()};
}

base::Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

base::Result<base::Digest> sha256_of(const base::Blob& blob) {
  Sha256 hash;
  auto read = blob.read([&](std::string_view piece) {
    hash.update(piece);
    return true;
  });
  if (!read) return std::move(read).error();
  return hash.finish();
}

std::string sha384(std::string_view bytes) {
  struct sha384_ctx context;
  sha384_init(&context);
  sha384_update(&context, bytes.size(), octets(bytes));
  return digest_string(&nettle_sha384_digest, &context, SHA384_DIGEST_SIZE);
}

std::string sha512(std::string_view bytes) {
  struct sha512_ctx context;
  sha512_init(&context);
  sha512_update(&context, bytes.size(), octets(bytes));
  return digest_string(&nettle_sha512_digest, &context, SHA512_DIGEST_SIZE);
}

std::string sha1_identifier(std::string_view bytes) {
  struct sha1_ctx context;
  sha1_init(&context);
  sha1_update(&context, bytes.size(), octets(bytes));
  return digest_string(&nettle_sha1_digest, &context, SHA1_DIGEST_SIZE);
}

Sha256::Sha256() {
  static_assert(sizeof(sha256_ctx) <= kStateSize && alignof(sha256_ctx) <= 16);
  static_assert(std::is_trivially_copyable_v<sha256_ctx>);
  sha256_init(new (state_.data()) sha256_ctx);
}

void Sha256::update(std::string_view bytes) {
  sha256_update(context_in(state_.data()), bytes.size(), octets(bytes));
}

base::Digest Sha256::finish() {
  base::Digest::Raw raw{};
  digest_into(&nettle_sha256_digest, context_in(state_.data()), raw.size(), raw.data());
  return base::Digest(raw);
}

}  // namespace gridseal::crypto
