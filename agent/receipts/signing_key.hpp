// The key that this host signs its receipts with: ECDSA P-256, so that openssl, cosign and in-toto's tools
// can check them. Made at the first start as <state>/signing.key (0600); <state>/signing.pub is its public
// half. Where an administrator sealed it to the TPM with systemd-creds(1), systemd hands it over as the
// credential "gridseal-signing-key", <state>/signing.sealed says so, and the file is gone.
#pragma once

#include <string>

#include "base/files.hpp"
#include "crypto/private_key.hpp"

namespace gridseal::receipts {

inline constexpr const char* kKeyCredential = "gridseal-signing-key";

struct KeyPlaces {
  std::string state_directory;
  std::string credentials_directory;  // $CREDENTIALS_DIRECTORY of systemd; may be empty

  std::string file() const { return state_directory + "/signing.key"; }
  std::string public_file() const { return state_directory + "/signing.pub"; }
  std::string credential() const;  // empty: there can be none
};

// The credential, else the file, else a new one; writes the public half where it is not there. A sealed key
// that does not come is not replaced: receipts by another key would look like those of another host.
// Errors (blocked): receipt.key (cannot be read or is no such key; sealed, and systemd does not hand it
// over), files.*, key.generate.
base::Result<crypto::PrivateKey> load_or_create_key(base::Files& files, const KeyPlaces& places);

// Errors (blocked): receipt.no_key (gridseald never ran here); receipt.key.
base::Result<crypto::PublicKey> read_public_key(base::Files& files, const KeyPlaces& places);

// <state>/signing.sealed: the key is kept by systemd. Errors: files.*.
std::string sealed_mark(const KeyPlaces& places);

}  // namespace gridseal::receipts
