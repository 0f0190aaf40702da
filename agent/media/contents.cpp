#include "media/contents.hpp"

#include "base/encoding.hpp"

namespace gridseal::media {

using base::Json;

namespace {

constexpr size_t kMaxLabel = 64;

std::string text_of(const Json& value, std::string_view name) {
  const std::string* text = base::find_string(value, name);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

std::string clean_label(std::string_view label) {
  return base::printable(label, kMaxLabel);
}

Json to_json(const Contents& contents) {
  Json releases = Json::array();
  for (const ListedRelease& one : contents.releases)
    releases.push_back({{"component", one.component},
                        {"name", one.name},
                        {"digest", one.digest},
                        {"version", one.version},
                        {"size", one.size}});
  Json images = Json::array();
  for (const ListedImage& one : contents.images)
    images.push_back({{"name", one.name}, {"digest", one.digest}, {"size", one.size}});
  return {{"label", contents.label},     {"made", base::format_rfc3339(contents.made)},
          {"site", contents.site},       {"releases", std::move(releases)},
          {"images", std::move(images)}, {"trustBundles", contents.trust_bundles}};
}

Contents parse_contents(std::string_view text) {
  Contents contents;
  const auto json = base::parse_json(text, {kMaxContents, 8, 100'000});
  if (!json) return contents;
  contents.label = clean_label(text_of(*json, "label"));
  contents.site = clean_label(text_of(*json, "site"));
  if (const auto made = base::parse_rfc3339(text_of(*json, "made"))) contents.made = *made;
  return contents;
}

}  // namespace gridseal::media
