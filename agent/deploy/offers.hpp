// What came to this host otherwise than through a registry: releases that a medium brought, whole in the
// store and verified when they came. An offer grants nothing: whoever takes one verifies it again.
//
//   <state directory>/offers.json    written whole, one file at a time
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "config/settings.hpp"
#include "history/records.hpp"

namespace gridseal::deploy {

struct Offer {
  std::string component;
  std::string tag;        // what it was called on its way; empty: only its digest names it
  base::Digest digest;    // of an index when it came as one
  base::Digest artifact;  // the manifest that verified
  std::string version;    // signed, as is the next
  base::Time created{};
  std::string medium;  // label as it was told, for people
  base::Time taken{};
  std::vector<base::Digest> images;  // that came for it, to be kept in the store
};

base::Json to_json(const Offer& offer);

// What is on disk, for whoever asks while gridseald does not run; nothing where there is no such file.
// Errors: media.offers (refused: damaged); those of Files.
base::Result<std::vector<Offer>> read_offers(base::Files& files, const std::string& state_directory);

// The later release: a higher version or, of the same version or when they cannot be compared, created later.
bool is_newer(const Offer& offer, std::string_view version, base::Time created);

// Whether a component's tag, version range or digest means it. Errors: oci.semver_range, oci.tag_filter.
base::Result<bool> is_followed(const config::Component& component, std::string_view tag,
                               const base::Digest& digest);

// Below what was once installed. What runs, and what has the same version and age, is not.
bool is_below(const std::optional<history::Floor>& floor, const Offer& offer);

// Thread safe.
class Offers {
 public:
  static constexpr size_t kMost = 16;  // of one component; the oldest go first

  // A damaged file is set aside and begun anew: what it named can be imported again.
  static base::Result<std::unique_ptr<Offers>> open(base::Files& files, base::Log& log,
                                                    const std::string& state_directory);

  // In the place of one of the same component, tag and digest. On disk when this returns.
  base::Result<void> add(Offer offer);
  // Nothing is written when all are wanted.
  base::Result<void> keep_only(const std::function<bool(const Offer&)>& wanted);
  std::vector<Offer> of(std::string_view component) const;
  std::vector<Offer> all() const;

 private:
  Offers(base::Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  base::Result<void> write(std::vector<Offer> offers);

  base::Files& files_;
  const std::string path_;
  mutable std::mutex mutex_;
  std::vector<Offer> offers_;
};

}  // namespace gridseal::deploy
