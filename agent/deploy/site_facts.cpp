// What receipts and reports say of this site beside the history.
#include <algorithm>

#include "crypto/sha256.hpp"
#include "deploy/engine.hpp"

namespace gridseal::deploy {
namespace {

constexpr uint64_t kMaxSystemFile = 64 * 1024;
// An expiry that is further away is no news.
constexpr base::milliseconds kAhead{366LL * 24 * 3'600'000};

std::string first_line(base::Files& files, const std::string& path) {
  auto text = base::read_file(files, path, kMaxSystemFile);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

// PRETTY_NAME of os-release(5).
std::string system_name(base::Files& files) {
  constexpr std::string_view kName = "PRETTY_NAME=";
  auto text = base::read_file(files, "/etc/os-release", kMaxSystemFile);
  if (!text) return {};
  const size_t at = text->find(kName);
  if (at == std::string::npos) return {};
  std::string value = text->substr(at + kName.size(), text->find('\n', at) - at - kName.size());
  std::erase(value, '"');
  return value;
}

void add_trust(const Generation& generation, base::Time now, receipts::SiteFacts& facts) {
  const trust::Denials denials = generation.chain->denials();
  const trust::DenialEntries entries = denials.entries();
  facts.denied_keys = entries.keys.size() + entries.identities.size();
  facts.denied_digests = entries.digests.size();
  facts.retired_keys = entries.retired.size();
  facts.minimum_releases = entries.floors.size();
  if (!denials.empty()) facts.denials = crypto::sha256(denials.canonical()).to_string();
  const trust::TrustBundle* bundle = generation.chain->current();
  if (bundle == nullptr) return;
  facts.trust_version = bundle->version();
  facts.trust_fingerprint = bundle->fingerprint().to_string();
  const auto& expires = bundle->content().expires;
  if (expires && *expires - now < kAhead)
    facts.expiries.push_back({"trust bundle " + std::to_string(bundle->version()), *expires});
}

}  // namespace

receipts::KeyPlaces Engine::signing_key_places() const {
  return {site_->state_directory, site_->outside.credentials_directory};
}

receipts::SiteFacts Engine::site_facts() {
  const auto current = generation();
  const base::Time now = site_->outside.clock.now();
  receipts::SiteFacts facts;
  facts.name = current->settings.site.name;
  facts.environment = current->settings.site.environment;
  facts.agent = GRIDSEAL_VERSION;
  facts.held = held();
  facts.system = system_name(site_->outside.files);
  facts.kernel = first_line(site_->outside.files, "/proc/sys/kernel/osrelease");
  facts.kubernetes = api_check_.version();
  facts.host_clock = now;
  if (const auto reading = clock()) {
    facts.host_clock = reading->host;
    facts.time_floor = reading->floor;
  }
  add_trust(*current, now, facts);
  std::ranges::sort(facts.expiries, {}, &receipts::Expiry::at);
  facts.warnings = warnings();
  return facts;
}

}  // namespace gridseal::deploy
