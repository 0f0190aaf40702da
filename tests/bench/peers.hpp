// One bare verification of a signature by libraries that could stand behind crypto::PublicKey: the key is
// parsed once, the message is hashed and verified each time.
#pragma once

#include <functional>
#include <string>

namespace gridseal::bench {

// True when the signature is good. Empty: the library cannot do it.
using Verification = std::function<bool()>;

Verification openssl_verification(const std::string& key_pem, const std::string& hash,
                                  const std::string& message, const std::string& signature);
Verification mbedtls_verification(const std::string& key_pem, const std::string& hash,
                                  const std::string& message, const std::string& signature);

}  // namespace gridseal::bench
