// Bodies of transparency log entries and cosign's legacy annotation around them.
#include <cstdint>
#include <string>
#include <string_view>

#include "sigstore/envelope.hpp"
#include "sigstore/log_entry.hpp"

using namespace gridseal;

namespace {

// Some valid P-256 key; no body of the corpus records it.
constexpr std::string_view kKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEn7iQV0cPiyuu/Zs/EXtC6SG1uebL\n"
    "fD5m7ppO4XcAox//mHgk0XtN/g2FwiDTipl9x04uH0XeNbFOwXcIVLWUDw==\n"
    "-----END PUBLIC KEY-----\n";

const crypto::PublicKey& key() {
  static const crypto::PublicKey value = crypto::PublicKey::from_pem(kKey).value();
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const sigstore::Logged message{"signature", sigstore::LoggedDigest{crypto::Hash::sha256, "digest"}, key(),
                                 "der"};
  static const sigstore::Envelope made = sigstore::make_envelope("type", "payload", "signature");
  const sigstore::Logged envelope{
      "signature", sigstore::LoggedEnvelope{made.payload, made.encoding}, key(), {}};
  for (const std::string_view kind : {"hashedrekord", "dsse", "intoto"}) {
    for (const std::string_view version : {"0.0.1", "0.0.2"}) {
      // Nothing records this signature.
      if (sigstore::check_log_body(body, kind, version, message)) __builtin_trap();
      if (sigstore::check_log_body(body, kind, version, envelope)) __builtin_trap();
    }
  }
  if (const auto entry = sigstore::parse_rekor_bundle(body)) (void)sigstore::entry_timestamp_payload(*entry);
  return 0;
}
