#include "deploy/offers.hpp"

#include <algorithm>

#include "base/semver.hpp"
#include "deploy/json_text.hpp"
#include "deploy/resolve.hpp"

namespace gridseal::deploy {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr uint64_t kMaxOffersFile = uint64_t{4} << 20U;
constexpr uint32_t kOffersMode = 0640;

std::string offers_path(const std::string& state_directory) {
  return state_directory + "/offers.json";
}

std::optional<Offer> offer_of(const Json& value) {
  const auto digest = base::Digest::parse(text_in(value, "digest"));
  const auto artifact = base::Digest::parse(text_in(value, "artifact"));
  const auto created = base::parse_rfc3339(text_in(value, "created"));
  const auto taken = base::parse_rfc3339(text_in(value, "taken"));
  if (!digest || !artifact || !created || !taken) return std::nullopt;
  Offer offer{text_in(value, "component"),
              text_in(value, "tag"),
              *digest,
              *artifact,
              text_in(value, "version"),
              *created,
              {},
              *taken,
              {}};
  offer.medium = text_in(value, "medium");
  if (const Json* images = base::find_array(value, "images")) {
    for (const Json& image : *images) {
      const auto named = image.is_string() ? base::Digest::parse(image.get_ref<const std::string&>())
                                           : Result<base::Digest>(Error::refused("base.digest", ""));
      if (!named) return std::nullopt;
      offer.images.push_back(*named);
    }
  }
  return offer;
}

std::optional<std::vector<Offer>> offers_of(const std::string& text) {
  auto json = base::parse_json(text, {kMaxOffersFile, 8, 200'000});
  const Json* list = json ? base::find_array(*json, "offers") : nullptr;
  if (list == nullptr) return std::nullopt;
  std::vector<Offer> offers;
  for (const Json& value : *list) {
    auto offer = offer_of(value);
    if (!offer) return std::nullopt;
    offers.push_back(std::move(*offer));
  }
  return offers;
}

// How two versions stand to each other; nothing when one of them is no semantic version.
std::optional<std::strong_ordering> compared(std::string_view a, std::string_view b) {
  const auto left = base::Semver::parse(a);
  const auto right = base::Semver::parse(b);
  if (!left || !right) return std::nullopt;
  return *left <=> *right;
}

}  // namespace

Json to_json(const Offer& offer) {
  Json images = Json::array();
  for (const base::Digest& image : offer.images) images.push_back(image.to_string());
  return {{"component", offer.component},
          {"tag", offer.tag},
          {"digest", offer.digest.to_string()},
          {"artifact", offer.artifact.to_string()},
          {"version", offer.version},
          {"created", base::format_rfc3339(offer.created)},
          {"medium", offer.medium},
          {"taken", base::format_rfc3339(offer.taken)},
          {"images", std::move(images)}};
}

Result<std::vector<Offer>> read_offers(base::Files& files, const std::string& state_directory) {
  const std::string path = offers_path(state_directory);
  auto text = base::read_file(files, path, kMaxOffersFile);
  if (!text && base::is_not_found(text.error())) return std::vector<Offer>();
  if (!text) return std::move(text).error();
  auto list = offers_of(*text);
  if (list) return std::move(*list);
  return Error::refused("media.offers", "the list of what media brought, " + path + ", is damaged");
}

bool is_newer(const Offer& offer, std::string_view version, base::Time created) {
  const auto order = compared(offer.version, version);
  if (order && *order != std::strong_ordering::equal) return *order == std::strong_ordering::greater;
  return offer.created > created;
}

bool is_below(const std::optional<history::Floor>& floor, const Offer& offer) {
  if (!floor || floor->digest == offer.artifact) return false;
  const auto order = compared(offer.version, floor->version);
  if (order && *order != std::strong_ordering::equal) return *order == std::strong_ordering::less;
  return floor->created && offer.created < *floor->created;
}

Result<bool> is_followed(const config::Component& component, std::string_view tag,
                         const base::Digest& digest) {
  if (!component.digest.empty()) return component.digest == digest.to_string();
  if (component.semver.empty()) return !tag.empty() && component.tag == tag;
  auto range = TagRange::of(component);
  if (!range) return std::move(range).error();
  return range->newest({std::string(tag)}).has_value();
}

Result<std::unique_ptr<Offers>> Offers::open(base::Files& files, base::Log& log,
                                             const std::string& state_directory) {
  std::unique_ptr<Offers> offers(new Offers(files, offers_path(state_directory)));
  auto list = read_offers(files, state_directory);
  if (list) {
    offers->offers_ = std::move(*list);
    return offers;
  }
  if (list.error().outcome() == base::Outcome::blocked) return std::move(list).error();
  const std::string aside = offers->path_ + ".damaged";
  log.error(
      "the list of what media brought is damaged and set aside in " + aside + "; import the media again",
      {{"reason", "media.offers"}});
  if (auto r = files.rename(offers->path_, aside); !r) return std::move(r).error();
  return offers;
}

Result<void> Offers::write(std::vector<Offer> offers) {
  Json list = Json::array();
  for (const Offer& offer : offers) list.push_back(to_json(offer));
  const std::string text = base::dump_json_pretty({{"offers", std::move(list)}}) + "\n";
  if (auto r = base::write_file(files_, path_, text, kOffersMode); !r) return r;
  offers_ = std::move(offers);
  return {};
}

Result<void> Offers::add(Offer offer) {
  const std::scoped_lock lock(mutex_);
  std::vector<Offer> offers = offers_;
  std::erase_if(offers, [&](const Offer& one) {
    return one.component == offer.component && one.tag == offer.tag && one.digest == offer.digest;
  });
  const auto same = [&](const Offer& one) { return one.component == offer.component; };
  auto excess = static_cast<size_t>(std::ranges::count_if(offers, same));
  excess = excess >= kMost ? excess - kMost + 1 : 0;
  std::erase_if(offers, [&](const Offer& one) { return excess > 0 && same(one) && excess-- > 0; });
  offers.push_back(std::move(offer));
  return write(std::move(offers));
}

Result<void> Offers::keep_only(const std::function<bool(const Offer&)>& wanted) {
  const std::scoped_lock lock(mutex_);
  std::vector<Offer> offers = offers_;
  if (std::erase_if(offers, [&](const Offer& one) { return !wanted(one); }) == 0) return {};
  return write(std::move(offers));
}

std::vector<Offer> Offers::of(std::string_view component) const {
  std::vector<Offer> list;
  for (Offer& offer : all()) {
    if (offer.component == component) list.push_back(std::move(offer));
  }
  return list;
}

std::vector<Offer> Offers::all() const {
  const std::scoped_lock lock(mutex_);
  return offers_;
}

}  // namespace gridseal::deploy
