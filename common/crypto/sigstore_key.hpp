// cosign's encrypted private key (internal to crypto): JSON with scrypt (RFC 7914) and nacl/secretbox
// (XSalsa20-Poly1305), as sigstore's pkg/cryptoutils writes it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "crypto/secret.hpp"

namespace gridseal::crypto {

// `json` is the content of the PEM block; returns PKCS#8. Errors (refused): parse.json, parse.duplicate_key,
// parse.base64, parse.limit, key.password, key.invalid.
base::Result<Secret> open_sigstore_key(std::string_view json, std::string_view password);

// Error (blocked): key.generate when memory does not suffice.
base::Result<std::string> seal_sigstore_key(std::string_view pkcs8, std::string_view password);

}  // namespace gridseal::crypto
