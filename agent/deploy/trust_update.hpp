// Trust that changes on this host: the bundles that were accepted, those that a repository offers, and what
// people on site import, deny and re-anchor.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "deploy/site.hpp"
#include "trust/effective_trust.hpp"

namespace gridseal::deploy {

// Everything that is trusted, out of files: pinned ones and accepted ones.
struct SiteTrust {
  trust::TrustState state;
  trust::TrustChain chain;
  std::vector<std::string> left_out;  // of the bundle, and why
};

// Errors: those of read_trust, TrustChain::load, TrustState::make.
base::Result<SiteTrust> load_site_trust(base::Files& files, const trust::ChainPlaces& places);

// The bundle under a tag. Errors: those of Registry; trust.bundle_form (refused: no trust bundle is there).
base::Result<std::string> fetch_trust_bundle(oci::Registry& registry, const oci::Repository& repository,
                                             const std::string& tag, const std::stop_token& stop);

// The next bundle for `chain` out of a repository, as often as there is one: tags v<N> in order up to what
// "latest" holds. `take` accepts it. Returns how many were taken. Errors: those above and of `take`; what was
// taken before stays.
using TakeBundle = std::function<base::Result<void>(const std::string& envelope)>;
base::Result<size_t> follow_repository(oci::Registry& registry, const oci::Repository& repository,
                                       const trust::TrustChain& chain, const TakeBundle& take,
                                       const std::stop_token& stop);

// The one that writes below <state directory>/trust. Every act is audited.
class TrustUpdater {
 public:
  explicit TrustUpdater(Site& site) : site_(site) {}

  // --- by the worker alone
  base::Clock::Monotonic due() const;
  // A look at the repository, when it is time for one.
  void run(const std::stop_token& stop);
  void request() { due_ = base::Clock::Monotonic::min(); }

  // --- by any thread
  // True once after every change: all is to be judged again.
  bool take_change() { return changed_.exchange(false); }
  bool has_change() const { return changed_; }
  // {"version", "fingerprint", "accepted"}: false when it was known. Errors: those of TrustChain::accept,
  // history.audit.
  base::Result<base::Json> import(const trust::ChainPlaces& places, const std::string& envelope,
                                  const std::string& who);
  // Needs no working audit: a denial that cannot be written down there counts nevertheless.
  base::Result<void> deny(const trust::ChainPlaces& places, const trust::DenialEntries& entries,
                          const std::string& who);
  base::Result<void> reanchor(const trust::ChainPlaces& places, const std::string& envelope,
                              const base::Digest& fingerprint, const std::string& who,
                              const std::string& why);
  // What stands in the way of the repository since the last look.
  std::optional<base::Error> problem() const;

 private:
  trust::ChainPlaces places() const;
  base::Result<size_t> look(const std::stop_token& stop);
  base::Result<base::Json> accept(trust::TrustChain& chain, const std::string& envelope,
                                  const std::string& who);
  void note(const std::optional<base::Error>& error);

  Site& site_;
  base::Clock::Monotonic due_ = base::Clock::Monotonic::min();
  std::optional<base::Digest> seen_;  // manifest of "latest" at the last look that ended well
  std::atomic<bool> changed_{false};
  std::mutex writing_;  // of the files
  mutable std::mutex mutex_;
  std::optional<base::Error> problem_;
};

// One sentence when nothing freshly signed has come for longer than `longest` (0: never says anything).
// Fresh is what the signed bytes say of their creation.
std::optional<std::string> silence(const trust::TrustChain& chain,
                                   const std::vector<history::ComponentRecord>& components,
                                   base::milliseconds longest, base::Time now);

}  // namespace gridseal::deploy
