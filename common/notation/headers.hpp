// The rules between the protected headers that both forms share (internal to notation).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notation/envelope.hpp"

namespace gridseal::notation {

namespace header {
inline constexpr std::string_view kSigningScheme = "io.cncf.notary.signingScheme";
inline constexpr std::string_view kSigningTime = "io.cncf.notary.signingTime";
inline constexpr std::string_view kAuthenticSigningTime = "io.cncf.notary.authenticSigningTime";
inline constexpr std::string_view kExpiry = "io.cncf.notary.expiry";
inline constexpr std::string_view kVerificationPlugin = "io.cncf.notary.verificationPlugin";
inline constexpr std::string_view kVerificationPluginMinVersion =
    "io.cncf.notary.verificationPluginMinVersion";
inline constexpr std::string_view kTimestampSignature = "io.cncf.notary.timestampSignature";
inline constexpr std::string_view kSigningAgent = "io.cncf.notary.signingAgent";
}  // namespace header

// What the signer put under the signature, before it is judged.
struct ProtectedHeader {
  std::string content_type;
  std::string scheme;
  std::optional<base::Time> signing_time;
  std::optional<base::Time> authentic_signing_time;
  std::optional<base::Time> expiry;
  std::vector<std::string> critical;
  std::vector<std::string> names;  // of all protected headers that have text names
};

base::Error envelope_error(const std::string& what);

// Judges the header and moves it into the envelope. Errors (refused): notary.envelope, notary.crit.
base::Result<void> apply_header(ProtectedHeader header, Envelope& envelope);

}  // namespace gridseal::notation
