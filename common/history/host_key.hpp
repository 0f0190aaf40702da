// The host's key, <state>/host.key: 32 random bytes, mode 0600, made at the first start. Encrypts pre-images
// (XSalsa20-Poly1305, libsodium secretbox) and keys digests of Secret bodies (HMAC-SHA-256, RFC 2104), each
// under its own subkey. It stays out of logs, errors and the database.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

namespace gridseal::history {

class HostKey {
 public:
  // Errors (blocked): history.host_key, files.*.
  static base::Result<HostKey> load_or_create(base::Files& files, const std::string& state_directory);
  HostKey(const HostKey& other) = default;
  HostKey& operator=(const HostKey& other) = default;
  ~HostKey();

  std::string encrypt(std::string_view plain) const;
  // history.host_key when it was encrypted with another key, or changed.
  base::Result<std::string> decrypt(std::string_view sealed) const;
  base::Digest keyed_digest(std::string_view bytes) const;

 private:
  using Key = std::array<unsigned char, 32>;
  explicit HostKey(std::string_view master);

  Key box_{};
  Key mac_{};
};

}  // namespace gridseal::history
