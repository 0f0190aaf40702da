// Evidence around one fuzzed piece, held against a key that never signed it.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "sigstore/cosign_sign.hpp"
#include "trust/verify.hpp"

namespace gridseal::fuzz {

inline const trust::TrustState& state() {
  static const trust::TrustState state = [] {
    constexpr std::string_view kKey =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVSwYimgStYH0B/cfkwNhq9GXR3bR\n"
        "DrCTp8Ee2xD1pvwteJF1tRqlkE8oCPnNBDtkIfMMytJXyBvLE0Npem+yGA==\n"
        "-----END PUBLIC KEY-----\n";
    auto made = trust::TrustState::from_keys({{"fuzz.pub", *crypto::PublicKey::from_pem(kKey)}});
    return *made;
  }();
  return state;
}

// Nothing that is fuzzed here may ever verify.
inline void judge(const trust::Evidence& evidence) {
  static const trust::Policy policy = *trust::make_policy(state(), {"fuzz", {"fuzz.pub"}, {}});
  if (trust::verify_signatures(state(), policy, evidence)) std::abort();
}

inline trust::Evidence artifact() {
  const std::string manifest = "{}";
  trust::Evidence evidence(crypto::sha256(manifest));
  evidence.manifest = manifest;
  return evidence;
}

}  // namespace gridseal::fuzz
