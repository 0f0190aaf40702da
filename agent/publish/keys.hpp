// Key files of the publishing side.
#pragma once

#include <string>
#include <string_view>

#include "base/files.hpp"
#include "crypto/private_key.hpp"

namespace gridseal::publish {

struct KeyFiles {
  std::string private_path;  // NAME.key, mode 0600
  std::string public_path;   // NAME.pub
  std::string key_id;
};

// A new ECDSA P-256 key pair; with a password the private one is encrypted in cosign's form. Nothing that
// exists is overwritten. Errors: files.exists (blocked), key.generate, those of Files.
base::Result<KeyFiles> generate_key(base::Files& files, const std::string& name, std::string_view password);

// Errors: those of PrivateKey::from_pem and Files.
base::Result<crypto::PrivateKey> read_key(base::Files& files, const std::string& path,
                                          std::string_view password);

}  // namespace gridseal::publish
