// Looks for a release of Gridseal itself in the mirror or on a medium, and judges it as a component's is
// judged: the policy of the section [upgrade], the identity "gridseal", what is denied here. Nothing is
// installed, and nothing of it is remembered.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "deploy/site.hpp"
#include "oci/artifact.hpp"
#include "oci/blob_sink.hpp"

namespace gridseal::upgrade {

// What its artifact must say that it is.
inline constexpr std::string_view kIdentity = "gridseal";

// The section as a component, for whoever resolves, exports and judges those.
config::Component component_of(const config::Upgrade& settings);

struct Found {
  oci::FetchedArtifact artifact;
  std::string version;     // signed, and a semantic version
  std::string revision;    // "1.2.0@sha256:…"
  std::string place;       // "mirror.example/gridseal/packages", or the medium's path
  std::string signatures;  // in words
  std::vector<std::string>
      passed{};  // releases of a medium that claim more and were refused, with the reason
  // Writes a blob of the artifact from where it lies, and calls finish().
  std::function<base::Result<void>(const oci::Descriptor& blob, oci::BlobSink& sink)> copy;

  // Error (refused): upgrade.version (one of both is no semantic version).
  base::Result<bool> is_newer_than(std::string_view installed) const;
};

// The highest version of the range. `scratch` is a folder for signatures. Both outlive what is returned.
// Errors: upgrade.not_set (refused: no policy, or no repository, is set); those of resolve, Registry, Store
// and judge.
base::Result<Found> find_in_registry(const deploy::Outside& outside, const deploy::Generation& generation,
                                     const std::string& scratch, const std::stop_token& stop);

// The highest that verifies. Errors: upgrade.not_set, upgrade.none (refused: none is there); those of
// find_layouts and Medium; that of judge when none verifies.
base::Result<Found> find_on_medium(const deploy::Outside& outside, const deploy::Generation& generation,
                                   const std::string& path, const std::stop_token& stop);

}  // namespace gridseal::upgrade
