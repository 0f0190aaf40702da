// Trust material that the command line names. Unlike the trust directory of a host it may be anybody's files:
// who types the path vouches for it.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"
#include "trust/policy.hpp"

namespace gridseal::cli {

// What a policy file names, out of `directory`: keys from keys/NAME or NAME, trusted roots from
// sigstore/NAME.json or NAME.json, Notary Project policies and stores from notation/ or the directory itself.
// What is not there is left out. Errors: those of Files but files.not_found, files.too_large, trust.key_file.
base::Result<trust::TrustContent> read_material(base::Files& files, const std::string& directory,
                                                const config::TrustPolicy& policy);

// notation's trustpolicy.json, and all stores below a folder that is, or holds, x509. Errors: those of Files,
// files.too_large, trust.store_missing (refused: no store is there).
base::Result<void> read_notation(base::Files& files, const std::string& policy, const std::string& stores,
                                 trust::TrustContent& content);

// Errors: those of Files, files.too_large, trust.key_file, sig.alg_unsupported.
base::Result<trust::PinnedKey> read_key(base::Files& files, const std::string& path, const std::string& name);

}  // namespace gridseal::cli
