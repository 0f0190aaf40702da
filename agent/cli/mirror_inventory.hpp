// What a registry holds beside an artifact, by kind and place, and what a copy of it has lost.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "oci/artifact.hpp"

namespace gridseal::cli {

// One signature or attestation, or one referrer of another kind.
struct Held {
  std::string place;   // "referrer", "referrer by tag", "tag .sig", "tag .att"
  std::string digest;  // of the manifest it lies in
  std::string form;    // "cosign signature", "Sigstore bundle", …; of another referrer its artifact type
  std::string key;     // equal where it is the same thing, whatever it lies in
  bool speaks = true;  // a signature or attestation
};

// `others` are all referrers of the registry, those that are signatures among them.
std::vector<Held> inventory(const oci::Signatures& signatures, const oci::ReferrerList& others);

// What `source` has and `mirror` has not.
std::vector<Held> lost(const std::vector<Held>& source, const std::vector<Held>& mirror);

// What to do about what was lost; with nothing lost, about a signature that is not there. One sentence each.
std::vector<std::string> hints(const base::Digest& artifact, const std::vector<Held>& lost_ones);

base::Json to_json(const std::vector<Held>& list);

}  // namespace gridseal::cli
