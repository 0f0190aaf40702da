#include "media/export_trust.hpp"

#include "trust/trust_chain.hpp"

namespace gridseal::media {

using base::Error;
using base::Result;

namespace {

// Accepted bundles and local denials as they are now.
Result<void> copy_accepted(base::Files& files, const std::string& from, const std::string& to) {
  if (auto r = files.make_directories(to, 0700); !r) return r;
  auto entries = files.list(from);
  if (!entries) return base::is_not_found(entries.error()) ? Result<void>() : std::move(entries).error();
  for (const base::Entry& entry : *entries) {
    if (entry.kind != base::EntryKind::file || !entry.name.ends_with(".json")) continue;
    auto text = base::read_file(files, from + "/" + entry.name);
    if (!text) return std::move(text).error();
    if (auto r = base::write_file(files, to + "/" + entry.name, *text, 0600); !r) return r;
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const deploy::Generation>> trust_after(const deploy::Outside& outside,
                                                              std::shared_ptr<const deploy::Generation> now,
                                                              const TrustPlaces& places,
                                                              const std::vector<std::string>& envelopes) {
  if (!now->chain->pinned() || envelopes.empty()) return now;
  const trust::ChainPlaces then{now->settings.trust.directory, places.scratch};
  const std::string accepted = trust::ChainPlaces{then.trust_directory, places.state}.bundles();
  if (auto r = copy_accepted(outside.files, accepted, then.bundles()); !r) return std::move(r).error();
  auto chain = trust::TrustChain::load(outside.files, then);
  if (!chain) return std::move(chain).error();
  for (const std::string& envelope : envelopes) {
    auto taken = chain->accept(envelope);
    if (taken) continue;
    if (taken.error().outcome() == base::Outcome::blocked) return std::move(taken).error();
    return Error::refused("media.would_be_refused",
                          "the site would not take a trust bundle: " + taken.error().describe() + " (" +
                              taken.error().code() + ")");
  }
  return deploy::make_generation(outside, places.scratch, now->settings);
}

}  // namespace gridseal::media
