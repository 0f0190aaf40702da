// Two sources for one component: what the registry names and what media brought. The newest verified one is
// followed; both go the same way afterwards.
#include "deploy/offers.hpp"
#include "deploy/reconciler.hpp"

namespace gridseal::deploy {
namespace {

Resolved resolved_of(const Offer& offer) {
  return {offer.tag, offer.digest, offer.medium.empty() ? "a medium" : offer.medium};
}

}  // namespace

// The newest that the component follows and that is not older than what was installed here, unless somebody
// permitted that.
base::Result<std::optional<Offer>> Reconciler::offered() {
  std::optional<Offer> best;
  if (!component_.follows_media()) return best;
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  const auto floor = *record ? (*record)->floor : std::nullopt;
  for (Offer& offer : site_.offers->of(component_.name)) {
    auto followed = is_followed(component_, offer.tag, offer.digest);
    if (!followed) return std::move(followed).error();
    if (!*followed) continue;
    if (is_below(floor, offer)) {
      auto permit = site_.history->find_permit(component_.name, offer.artifact, offer.version);
      if (!permit) return std::move(permit).error();
      if (!*permit) continue;
    }
    if (!best || is_newer(offer, best->version, best->created)) best = std::move(offer);
  }
  return best;
}

// Without a registry: what runs stays wanted when its offer is gone.
base::Result<Resolved> Reconciler::carried_before() {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->last_good)
    return base::Error::pending("media.nothing",
                                "nothing of this component has come on a medium yet: 'gridseal import PATH'");
  const history::LastGood& good = *(*record)->last_good;
  const auto revision = oci::Revision::parse(good.revision);
  return Resolved{revision ? revision->tag : std::string(), good.artifact, "this host's store"};
}

// Whether what the registry names is whole, verifies, and is not older than the offer.
bool Reconciler::is_registry_ahead(const Resolved& named, const Offer& offer, const std::stop_token& stop) {
  auto fetched = fetch(named, stop);
  if (!fetched) {
    site_.outside.log.warning(fetched.error().describe(),
                              {{"component", component_.name}, {"reason", fetched.error().code()}});
    return false;
  }
  auto occasion = occasion_of(fetched->digest);
  if (!occasion) return false;
  auto verified = verify(site_, component_, *fetched, named.tag, *occasion);
  return verified && !is_newer(offer, verified->version(), verified->created());
}

// What is followed now, out of what the registry named (or why it named nothing) and the newest offer.
base::Result<Resolved> Reconciler::choose(base::Result<Resolved> named, const std::optional<Offer>& offer,
                                          const std::stop_token& stop) {
  if (!offer) return named;
  if (!named) return resolved_of(*offer);
  if (named->digest == offer->digest) return named;
  // It was chosen before, and nothing else has come since: a new offer makes everything be judged again.
  if (judgement_ && judgement_->digest == named->digest && !judgement_->open) return named;
  const std::pair pair{named->digest, offer->digest};
  if (behind_ != pair) {
    if (is_registry_ahead(*named, *offer, stop)) return named;
    behind_ = pair;
  }
  return resolved_of(*offer);
}

}  // namespace gridseal::deploy
