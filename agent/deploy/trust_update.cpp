#include "deploy/trust_update.hpp"

#include <algorithm>

#include "oci/manifest.hpp"

namespace gridseal::deploy {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr int64_t kMostSteps = 1'000;  // of one look: a host that slept for years goes on at the next

std::string tag_of(int64_t version) {
  return "v" + std::to_string(version);
}

// The pinned first bundle, known by its fingerprint only: somewhere among v1, v2 and so on.
Result<std::string> find_first(oci::Registry& registry, const oci::Repository& repository,
                               const trust::TrustChain& chain, int64_t latest, const std::stop_token& stop) {
  Error last = Error::pending("trust.bundle_missing",
                              "the pinned first trust bundle is not in the repository " + repository.path);
  for (int64_t version = 1; version <= std::min(latest, kMostSteps); ++version) {
    auto found = registry.find_manifest(repository, tag_of(version), stop);
    if (!found) return std::move(found).error();
    if (!*found) continue;
    auto envelope = fetch_trust_bundle(registry, repository, tag_of(version), stop);
    if (!envelope) return envelope;
    if (chain.judge(*envelope)) return envelope;
  }
  return last;
}

}  // namespace

Result<SiteTrust> load_site_trust(base::Files& files, const trust::ChainPlaces& places) {
  auto pinned = trust::read_trust(files, places.trust_directory);
  if (!pinned) return std::move(pinned).error();
  auto chain = trust::TrustChain::load(files, places);
  if (!chain) return std::move(chain).error();
  trust::EffectiveTrust folded =
      trust::fold_trust(std::move(*pinned), chain->current(), chain->local_denials());
  auto state = trust::TrustState::make(std::move(folded.content));
  if (!state) return std::move(state).error();
  return SiteTrust{std::move(*state), std::move(*chain), std::move(folded.left_out)};
}

Result<std::string> fetch_trust_bundle(oci::Registry& registry, const oci::Repository& repository,
                                       const std::string& tag, const std::stop_token& stop) {
  auto bytes = registry.get_manifest(repository, tag, stop);
  if (!bytes) return std::move(bytes).error();
  auto manifest = oci::parse_manifest(bytes->bytes, bytes->media_type);
  if (!manifest) return std::move(manifest).error();
  for (const oci::Descriptor& layer : manifest->layers) {
    if (layer.media_type == trust::kTrustBundlePayloadType)
      return registry.read_blob(repository, layer, trust::kMaxTrustBundleBytes, stop);
  }
  return Error::refused("trust.bundle_form", repository.path + ":" + tag + " holds no trust bundle");
}

Result<size_t> follow_repository(oci::Registry& registry, const oci::Repository& repository,
                                 const trust::TrustChain& chain, const TakeBundle& take,
                                 const std::stop_token& stop) {
  auto latest = fetch_trust_bundle(registry, repository, "latest", stop);
  if (!latest) return std::move(latest).error();
  const auto bundle = trust::parse_trust_bundle(*latest);
  if (!bundle) return bundle.error();
  size_t taken = 0;
  if (chain.current() == nullptr) {
    auto first = find_first(registry, repository, chain, bundle->version(), stop);
    if (!first) return std::move(first).error();
    if (auto r = take(*first); !r) return std::move(r).error();
    ++taken;
  }
  while (chain.current() != nullptr && chain.current()->version() + 1 < bundle->version() &&
         taken < kMostSteps) {
    auto next = fetch_trust_bundle(registry, repository, tag_of(chain.current()->version() + 1), stop);
    if (!next) return std::move(next).error();
    const int64_t before = chain.current()->version();
    if (auto r = take(*next); !r) return std::move(r).error();
    if (chain.current()->version() == before)
      return Error::refused("trust.bundle_form",
                            tag_of(before + 1) + " holds a bundle that is in force already");
    ++taken;
  }
  const int64_t before = chain.current() == nullptr ? 0 : chain.current()->version();
  if (auto r = take(*latest); !r) return std::move(r).error();
  if (chain.current() != nullptr && chain.current()->version() > before) ++taken;
  return taken;
}

trust::ChainPlaces TrustUpdater::places() const {
  return {site_.generation->settings.trust.directory, site_.state_directory};
}

base::Clock::Monotonic TrustUpdater::due() const {
  return site_.generation->settings.trust.repository.empty() ? base::Clock::Monotonic::max() : due_;
}

void TrustUpdater::run(const std::stop_token& stop) {
  if (due() > site_.now()) return;
  auto taken = look(stop);
  if (stop.stop_requested()) return;
  due_ = site_.now() + site_.generation->settings.trust.interval;
  note(taken ? std::nullopt : std::optional<Error>(taken.error()));
}

Result<size_t> TrustUpdater::look(const std::stop_token& stop) {
  const config::Trust& settings = site_.generation->settings.trust;
  oci::Registry& registry = *site_.generation->registries.at(settings.registry);
  const oci::Repository repository{settings.registry, settings.repository};
  auto head = registry.head_manifest(repository, "latest", stop);
  if (!head) return std::move(head).error();
  const bool whole = site_.generation->chain == nullptr || !site_.generation->chain->damage();
  if (seen_ == head->digest && whole) return 0;

  const std::scoped_lock lock(writing_);
  auto chain = trust::TrustChain::load(site_.outside.files, places());
  if (!chain) return std::move(chain).error();
  const TakeBundle take = [&](const std::string& envelope) -> Result<void> {
    auto done = accept(*chain, envelope, "poll");
    if (!done) return std::move(done).error();
    return {};
  };
  auto taken = follow_repository(registry, repository, *chain, take, stop);
  if (taken) seen_ = head->digest;
  return taken;
}

Result<Json> TrustUpdater::accept(trust::TrustChain& chain, const std::string& envelope,
                                  const std::string& who) {
  auto verdict = chain.judge(envelope);
  if (!verdict) return std::move(verdict).error();
  const auto bundle = trust::parse_trust_bundle(envelope);
  if (!bundle) return bundle.error();
  const Json facts = {{"version", bundle->version()}, {"fingerprint", bundle->fingerprint().to_string()}};
  Json answer = facts;
  answer["accepted"] = *verdict == trust::Acceptance::accepted;
  if (*verdict == trust::Acceptance::known) return answer;
  const std::string subject = "trust-bundle/" + std::to_string(bundle->version());
  auto row = site_.history->append_audit(who, "trust.bundle_accepted", subject, facts);
  if (!row) return std::move(row).error();
  auto done = chain.accept(envelope);
  if (!done) return std::move(done).error();
  site_.outside.log.info("trust bundle " + std::to_string(bundle->version()) + " is accepted",
                         {{"fingerprint", bundle->fingerprint().to_string()}, {"by", who}});
  changed_ = true;
  return answer;
}

Result<Json> TrustUpdater::import(const trust::ChainPlaces& places, const std::string& envelope,
                                  const std::string& who) {
  const std::scoped_lock lock(writing_);
  auto chain = trust::TrustChain::load(site_.outside.files, places);
  if (!chain) return std::move(chain).error();
  auto done = accept(*chain, envelope, who);
  if (!done && done.error().outcome() == base::Outcome::refused) {
    auto row =
        site_.history->append_audit(who, "trust.bundle_refused", "trust-bundle",
                                    {{"reason", done.error().code()}, {"message", done.error().describe()}});
    if (!row) return std::move(row).error();
  }
  return done;
}

Result<void> TrustUpdater::deny(const trust::ChainPlaces& places, const trust::DenialEntries& entries,
                                const std::string& who) {
  const std::scoped_lock lock(writing_);
  auto chain = trust::TrustChain::load(site_.outside.files, places);
  if (!chain) return std::move(chain).error();
  if (auto r = chain->deny(entries); !r) return r;
  changed_ = true;
  auto row = site_.history->append_audit(who, "trust.denied", "local-denials", trust::to_json(entries));
  if (!row)
    site_.outside.log.error("a denial counts, but could not be audited: " + row.error().describe(),
                            {{"reason", row.error().code()}, {"by", who}});
  return {};
}

Result<void> TrustUpdater::reanchor(const trust::ChainPlaces& places, const std::string& envelope,
                                    const base::Digest& fingerprint, const std::string& who,
                                    const std::string& why) {
  const std::scoped_lock lock(writing_);
  auto chain = trust::TrustChain::load(site_.outside.files, places);
  if (!chain) return std::move(chain).error();
  Json detail = {{"fingerprint", fingerprint.to_string()}, {"why", why}};
  if (chain->current() != nullptr) detail["was"] = chain->current()->fingerprint().to_string();
  auto row = site_.history->append_audit(who, "trust.reanchor", "trust-bundle", detail);
  if (!row) return std::move(row).error();
  if (auto r = chain->reanchor(envelope, fingerprint, who, why, site_.outside.clock.now()); !r) return r;
  changed_ = true;
  return {};
}

void TrustUpdater::note(const std::optional<Error>& error) {
  const std::scoped_lock lock(mutex_);
  const bool news = error && (!problem_ || problem_->code() != error->code());
  if (news)
    site_.outside.log.warning("the repository of trust bundles: " + error->describe(),
                              {{"reason", error->code()}});
  problem_ = error;
}

std::optional<Error> TrustUpdater::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

std::optional<std::string> silence(const trust::TrustChain& chain,
                                   const std::vector<history::ComponentRecord>& components,
                                   base::milliseconds longest, base::Time now) {
  if (longest.count() == 0) return std::nullopt;
  std::optional<base::Time> last;
  if (chain.current() != nullptr) last = chain.current()->content().created;
  for (const history::ComponentRecord& component : components) {
    if (component.floor && component.floor->created)
      last = std::max(last.value_or(*component.floor->created), *component.floor->created);
  }
  if (!last) return "nothing signed has ever come to this host";
  if (now - *last <= longest) return std::nullopt;
  return "nothing freshly signed has come for " +
         base::format_duration(std::chrono::duration_cast<base::milliseconds>(now - *last)) +
         "; the mirror may be stale, or somebody holds updates back";
}

}  // namespace gridseal::deploy
