// Gathers what speaks for one artifact, within limits. Private to this module.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "oci/artifact.hpp"

namespace gridseal::oci {

class SignatureCollector {
 public:
  SignatureCollector(Registry& registry, Store& store, const Repository& repository,
                     const base::Digest& digest, const std::stop_token& stop)
      : registry_(registry), store_(store), repository_(repository), digest_(digest), stop_(stop) {}

  base::Result<Signatures> collect();

 private:
  base::Result<void> take_tag(std::string_view suffix);
  base::Result<void> take_referrers();
  base::Result<void> take_referrer(const Referrer& referrer);
  base::Result<void> take(SignatureManifest found, const std::string& bytes, const Descriptor& descriptor);
  base::Result<base::Blob> blob(const Descriptor& blob);
  base::Result<std::string> manifest(const base::Digest& digest);

  Registry& registry_;
  Store& store_;
  const Repository& repository_;
  const base::Digest& digest_;
  const std::stop_token& stop_;
  Signatures out_;
  std::vector<SignatureEntry> entries_;
  uint64_t read_ = 0;
};

}  // namespace gridseal::oci
