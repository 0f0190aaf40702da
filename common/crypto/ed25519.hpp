// Ed25519 (RFC 8032) over libsodium (internal to crypto). Keys have 32 bytes and signatures 64.
#pragma once

#include <string_view>

namespace gridseal::crypto {

bool is_ed25519_key(std::string_view key);

// S below the order, R canonical and not of small order.
bool verify_ed25519(std::string_view key, std::string_view message, std::string_view signature);
bool verify_ed25519ph(std::string_view key, std::string_view message, std::string_view signature);
// Ed25519ph of a message that is known by its SHA-512 digest only.
bool verify_ed25519ph_digest(std::string_view key, std::string_view digest, std::string_view signature);

}  // namespace gridseal::crypto
