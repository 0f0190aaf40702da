// Which container images a release names, found in the bytes of its manifests: what is signed says which
// images may come with it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "archive/extract.hpp"
#include "base/digest.hpp"

namespace gridseal::media {

struct ImageNames {
  std::set<base::Digest> digests;  // every "sha256:<hex>" in the text
  std::set<std::string> names;     // "host/path[:tag]@sha256:<hex>" as it stands there, with "${…}" in it
};

// Adds what is in `text`. At most 10'000 of each.
void find_image_names(std::string_view text, ImageNames& found);

// Of every file of a layer; its bytes must have the digest. Errors: those of archive::extract.
base::Result<ImageNames> image_names_of(const archive::ReadFunction& layer, const base::Digest& digest);

}  // namespace gridseal::media
