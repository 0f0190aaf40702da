// What a medium says of itself: an artifact in the layout whose only layer is a JSON document. It is for
// people; nothing is trusted, chosen or left out because of it. Form: docs/formats/medium.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"

namespace gridseal::media {

inline constexpr std::string_view kContentsType = "application/vnd.gridseal.medium.v1+json";
inline constexpr std::string_view kContentsName = "gridseal-medium";
inline constexpr uint64_t kMaxContents = uint64_t{1} << 20U;

struct ListedRelease {
  std::string component;
  std::string name;  // in the layout's index.json
  std::string digest;
  std::string version;
  uint64_t size = 0;  // of all its blobs
};

struct ListedImage {
  std::string name;
  std::string digest;
  uint64_t size = 0;
};

struct Contents {
  std::string label;
  base::Time made{};
  std::string site;  // whose settings it was made and checked with
  std::vector<ListedRelease> releases{};
  std::vector<ListedImage> images{};
  std::vector<int64_t> trust_bundles{};
};

base::Json to_json(const Contents& contents);
// Label, time and site only, cut to what people can read; what is wrong is left out.
Contents parse_contents(std::string_view text);

// A label as it is shown and recorded: printable, at most 64 bytes.
std::string clean_label(std::string_view label);

}  // namespace gridseal::media
