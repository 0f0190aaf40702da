// Signatures with a key, in the two forms that cosign writes and every agent reads.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/files.hpp"
#include "base/time.hpp"
#include "crypto/private_key.hpp"
#include "oci/layout.hpp"
#include "oci/push.hpp"
#include "oci/registry.hpp"

namespace gridseal::publish {

enum class Form {
  simple_signing,  // a layer of tag sha256-<hex>.sig; cosign 1 and 2
  bundle,          // a referrer with a Sigstore bundle; cosign 3
};

struct SignRequest {
  Form form = Form::simple_signing;
  std::map<std::string, std::string> annotations;  // signed with it
  std::string reference;  // the repository as the signature calls it; empty: the artifact's own name
  base::Time now;         // written into a bundle's manifest, outside the signature
};

// Signs the manifest `digest` of a layout directory. Returns the digest of the manifest that holds the
// signature. Errors: those of Layout, LayoutWriter and PrivateKey::sign; oci.manifest.
base::Result<base::Digest> sign_layout(base::Files& files, const std::string& directory,
                                       const base::Digest& digest, const crypto::PrivateKey& key,
                                       const SignRequest& request);

// The same in a registry. Errors: those of Registry, Publisher and PrivateKey::sign.
base::Result<base::Digest> sign_in_registry(oci::Registry& registry, oci::Publisher& publisher,
                                            const oci::Repository& repository, const base::Digest& digest,
                                            const crypto::PrivateKey& key, const SignRequest& request,
                                            const std::stop_token& stop);

}  // namespace gridseal::publish
