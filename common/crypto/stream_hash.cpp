#include "crypto/stream_hash.hpp"

#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <nettle/version.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace gridseal::crypto {
namespace {

const nettle_hash& nettle_of(Hash hash) {
  if (hash == Hash::sha384) return nettle_sha384;
  return hash == Hash::sha512 ? nettle_sha512 : nettle_sha256;
}

}  // namespace

struct StreamHash::State {
  const nettle_hash& hash;
  alignas(std::max_align_t) std::byte context[std::max(sizeof(sha256_ctx), sizeof(sha512_ctx))];
};

StreamHash::StreamHash(Hash hash) : state_(new State{nettle_of(hash), {}}) {
  state_->hash.init(state_->context);
}

StreamHash::~StreamHash() = default;

void StreamHash::update(std::string_view bytes) {
  state_->hash.update(state_->context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
}

std::string StreamHash::finish() {
  std::string value(state_->hash.digest_size, '\0');
  auto* out = reinterpret_cast<uint8_t*>(value.data());
#if NETTLE_VERSION_MAJOR >= 4
  state_->hash.digest(state_->context, out);
#else
  state_->hash.digest(state_->context, value.size(), out);
#endif
  return value;
}

}  // namespace gridseal::crypto
