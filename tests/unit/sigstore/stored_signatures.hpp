// What real signers stored in a registry, as layers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "sigstore/trusted_root.hpp"
#include "sigstore/verified_signature.hpp"

namespace gridseal::sigstore::test {

struct StoredLayer {
  std::string media_type;
  std::string blob;
  std::map<std::string, std::string> annotations;
};

struct StoredSignatures {
  base::Digest artifact;
  std::vector<StoredLayer> layers;
};

// Of tests/fixtures/signing/<name>: every layer that a signature manifest there names.
StoredSignatures stored_signatures(const std::string& name);
NamedKey stored_key(const std::string& name, const std::string& file = "cosign.pub");
// A path below tests/fixtures.
TrustedRoot root_fixture(const std::string& path);

}  // namespace gridseal::sigstore::test
