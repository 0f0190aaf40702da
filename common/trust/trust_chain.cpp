#include "trust/trust_chain.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "trust/pinned_file.hpp"
#include "trust/strict_object.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr uint64_t kMaxSmallFile = uint64_t{4} << 20U;
constexpr base::JsonLimits kStateLimits{kMaxSmallFile, 8, 200'000};
constexpr const char* kDamaged = "trust.bundle_damaged";
constexpr size_t kMaxWords = 200;

std::string numbered(int64_t version) {
  return "trust bundle " + std::to_string(version);
}

// "17.json" is 17; nothing else is a version.
std::optional<int64_t> version_of(std::string_view name) {
  constexpr std::string_view kSuffix = ".json";
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  int64_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  if (error != std::errc() || end != name.data() + name.size() || name.front() == '0' || value < 1)
    return std::nullopt;
  return value;
}

Result<Json> read_json(base::Files& files, const std::string& path) {
  auto text = base::read_file(files, path, kMaxSmallFile);
  if (!text) return std::move(text).error();
  return base::parse_json(*text, kStateLimits);
}

Result<AnchorRecord> read_anchor(base::Files& files, const std::string& path) {
  auto json = read_json(files, path);
  if (!json) return std::move(json).error();
  auto object = StrictObject::open(*json, path, kDamaged,
                                   {"fingerprint", "version", "replaces", "who", "why", "at", "bundle"});
  if (!object) return std::move(object).error();
  auto fingerprint = object->digest("fingerprint");
  if (!fingerprint) return std::move(fingerprint).error();
  auto version = object->integer("version", 1, kMaxTrustBundleVersion);
  if (!version) return std::move(version).error();
  auto who = object->text_or_empty("who", kMaxWords);
  if (!who) return std::move(who).error();
  auto why = object->text_or_empty("why", kMaxWords);
  if (!why) return std::move(why).error();
  auto at = object->time("at");
  if (!at) return std::move(at).error();
  auto envelope = object->text("bundle", kMaxTrustBundleBytes, true);
  if (!envelope) return std::move(envelope).error();
  AnchorRecord record{*fingerprint,    *version, std::nullopt,        std::move(*who),
                      std::move(*why), *at,      std::move(*envelope)};
  if (object->has("replaces")) {
    auto replaces = object->digest("replaces");
    if (!replaces) return std::move(replaces).error();
    record.replaces = *replaces;
  }
  return record;
}

std::string anchor_text(const AnchorRecord& record) {
  Json json = {{"fingerprint", record.fingerprint.to_string()},
               {"version", record.version},
               {"at", base::format_rfc3339(record.at)},
               {"bundle", record.envelope}};
  if (record.replaces) json["replaces"] = record.replaces->to_string();
  if (!record.who.empty()) json["who"] = record.who;
  if (!record.why.empty()) json["why"] = record.why;
  return base::dump_json_pretty(json) + "\n";
}

}  // namespace

Result<TrustChain> TrustChain::load(base::Files& files, ChainPlaces places) {
  TrustChain chain(files, std::move(places));
  if (auto r = chain.load_pin(); !r) return std::move(r).error();
  chain.load_local();
  chain.load_anchor();
  chain.load_head();
  chain.load_first();
  chain.load_accepted();
  return chain;
}

Result<void> TrustChain::load_pin() {
  const std::string bundle_path = places_.trust_directory + "/root.json";
  const std::string fingerprint_path = places_.trust_directory + "/root.sha256";
  auto envelope = read_pinned_file(*files_, bundle_path, kMaxTrustBundleBytes);
  if (!envelope && !base::is_not_found(envelope.error())) return std::move(envelope).error();
  if (envelope) {
    auto bundle = parse_trust_bundle(*envelope);
    if (!bundle) return std::move(bundle).error().with_context(bundle_path + " is not a usable trust bundle");
    if (auto r = check_first(*bundle); !r)
      return std::move(r).error().with_context(bundle_path + " is not a usable trust bundle");
    const base::Digest fingerprint = bundle->fingerprint();
    pin_ = Pin{fingerprint, std::move(*bundle)};
  }
  auto text = read_pinned_file(*files_, fingerprint_path, 256);
  if (!text) {
    if (base::is_not_found(text.error())) return {};
    return std::move(text).error();
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
  auto fingerprint = base::Digest::parse(*text);
  if (!fingerprint)
    return Error::refused("trust.bundle_anchor",
                          fingerprint_path + " must hold one line, sha256: and 64 hexadecimal digits");
  if (pin_ && pin_->fingerprint != *fingerprint)
    return Error::refused("trust.bundle_anchor", bundle_path + " has the fingerprint " +
                                                     pin_->fingerprint.to_string() + ", " + fingerprint_path +
                                                     " names another; remove the one that is wrong");
  if (!pin_) pin_ = Pin{*fingerprint, std::nullopt};
  return {};
}

void TrustChain::damaged(std::string code, std::string message) {
  if (!chain_damage_) chain_damage_ = Error::blocked(std::move(code), std::move(message));
}

// A record that cannot be read must not bring a lost root back, so nothing is in force then.
void TrustChain::load_anchor() {
  const std::string path = places_.bundles() + "/anchor.json";
  auto record = read_anchor(*files_, path);
  if (!record) {
    if (!base::is_not_found(record.error()))
      damaged(kDamaged,
              "the record of the last re-anchoring cannot be used, so no trust bundle is in force: " +
                  record.error().describe() + "; run gridseal trust reanchor again");
    return;
  }
  const auto pinned = pin_ ? std::optional(pin_->fingerprint) : std::nullopt;
  if (record->replaces != pinned) return;
  auto bundle = parse_trust_bundle(record->envelope);
  if (!bundle || bundle->fingerprint() != record->fingerprint || !check_first(*bundle)) {
    damaged(kDamaged, path +
                          " does not hold the bundle that it names, so no trust bundle is in force; run "
                          "gridseal trust reanchor again");
    return;
  }
  anchor_ = std::move(*record);
  bundles_.push_back(std::move(*bundle));
}

void TrustChain::load_head() {
  auto json = read_json(*files_, places_.bundles() + "/head.json");
  if (json) {
    const auto version = base::find_integer(*json, "version");
    const std::string* text = base::find_string(*json, "fingerprint");
    const auto fingerprint =
        text == nullptr ? Result<base::Digest>(Error::refused(kDamaged, "")) : base::Digest::parse(*text);
    if (version && *version >= 1 && *version <= kMaxTrustBundleVersion && fingerprint) {
      head_ = *version;
      head_fingerprint_ = *fingerprint;
    }
  }
  // A bundle whose head was not written before the power went, or a head that cannot be read.
  auto versions = stored_versions();
  if (!versions) {
    damaged(kDamaged, "the accepted trust bundles cannot be read: " + versions.error().describe());
  } else if (!versions->empty() && versions->back() > head_) {
    head_ = versions->back();
    head_fingerprint_.reset();
  }
}

Result<std::vector<int64_t>> TrustChain::stored_versions() const {
  std::vector<int64_t> versions;
  auto entries = files_->list(places_.bundles());
  if (!entries) {
    if (base::is_not_found(entries.error())) return versions;
    return std::move(entries).error();
  }
  for (const base::Entry& entry : *entries) {
    if (const auto version = version_of(entry.name)) versions.push_back(*version);
  }
  std::ranges::sort(versions);
  return versions;
}

std::string TrustChain::path_of(int64_t version) const {
  return places_.bundles() + "/" + std::to_string(version) + ".json";
}

Result<TrustBundle> TrustChain::read_accepted(int64_t version) const {
  auto envelope = base::read_file(*files_, path_of(version), kMaxTrustBundleBytes);
  if (!envelope) return std::move(envelope).error();
  auto bundle = parse_trust_bundle(*envelope);
  if (bundle && bundle->version() != version)
    return Error::refused(kDamaged, path_of(version) + " holds " + numbered(bundle->version()));
  return bundle;
}

void TrustChain::load_first() {
  if (chain_damage_ || !bundles_.empty() || !pin_) return;
  if (pin_->bundle) {
    bundles_.push_back(*pin_->bundle);
    return;
  }
  if (find_first_by(pin_->fingerprint) || head_ == 0) return;
  damaged(kDamaged, "the first trust bundle " + pin_->fingerprint.to_string() + " cannot be read in " +
                        places_.bundles() +
                        ", so no trust bundle is in force; import it again: gridseal trust import FILE");
}

bool TrustChain::find_first_by(const base::Digest& fingerprint) {
  auto versions = stored_versions();
  if (!versions) return false;
  for (const int64_t version : *versions) {
    auto bundle = read_accepted(version);
    if (!bundle || bundle->fingerprint() != fingerprint || !check_first(*bundle)) continue;
    bundles_.push_back(std::move(*bundle));
    return true;
  }
  return false;
}

void TrustChain::load_accepted() {
  if (bundles_.empty()) return;
  std::string why;
  for (int64_t version = bundles_.front().version() + 1; version <= head_; ++version) {
    auto bundle = read_accepted(version);
    if (!bundle && base::is_not_found(bundle.error())) {
      damaged("trust.bundle_missing",
              numbered(version) + " was accepted and is missing in " + places_.bundles() + ", so only " +
                  numbered(bundles_.back().version()) +
                  " is in force and nothing new is installed; import it again: gridseal trust import FILE");
      return;
    }
    const auto follows = bundle ? check_succession(bundles_.back(), *bundle) : Result<void>(bundle.error());
    if (!follows) {
      damaged(kDamaged, numbered(version) + " was accepted and can no longer be used, so only " +
                            numbered(bundles_.back().version()) +
                            " is in force and nothing new is installed; import it again: " +
                            follows.error().describe());
      return;
    }
    bundles_.push_back(std::move(*bundle));
  }
  if (bundles_.back().version() == head_ && head_fingerprint_ &&
      bundles_.back().fingerprint() != *head_fingerprint_)
    damaged("trust.bundle_fork", path_of(head_) + " is not the bundle that was accepted (" +
                                     head_fingerprint_->to_string() + "); nothing new is installed");
  head_ = std::max(head_, bundles_.back().version());
}

void TrustChain::load_local() {
  const std::string path = places_.bundles() + "/local-denials.json";
  auto json = read_json(*files_, path);
  if (!json && base::is_not_found(json.error())) return;
  auto entries =
      json ? parse_denials(*json, path, "trust.local_denials") : Result<DenialEntries>(json.error());
  if (entries) {
    local_ = std::move(*entries);
    local_.endorsed.clear();
    return;
  }
  local_damage_ = Error::blocked(
      "trust.local_denials", "what was denied on this host cannot be read, so nothing new is installed: " +
                                 entries.error().describe() + "; repair " + path +
                                 ", or remove it and deny again (gridseal history shows what was denied)");
}

Denials TrustChain::denials() const {
  const Denials local(local_);
  return current() == nullptr ? local : Denials(current()->content().denials).tightened_by(local);
}

std::vector<std::string> TrustChain::warnings(base::Time now) const {
  std::vector<std::string> list;
  for (const auto& damage : {chain_damage_, local_damage_}) {
    if (damage) list.push_back(damage->describe());
  }
  if (pin_ && bundles_.empty() && !chain_damage_)
    list.push_back("the trust bundle " + pin_->fingerprint.to_string() +
                   " is pinned and has not come yet; import it: gridseal trust import FILE");
  if (anchor_)
    list.push_back("trust was re-anchored on site at " + base::format_rfc3339(anchor_->at) + " to " +
                   numbered(anchor_->version) + "; replace what is pinned in " + places_.trust_directory);
  if (current() != nullptr && current()->content().expires && *current()->content().expires < now)
    list.push_back(numbered(current()->version()) + " expired " +
                   base::format_rfc3339(*current()->content().expires) +
                   "; it goes on counting, ask for a newer one");
  return list;
}

// Bundle first: a cut before the head is written leaves a bundle that the next start finds by itself.
Result<void> TrustChain::write(const TrustBundle& bundle) {
  if (auto r = files_->make_directories(places_.bundles(), 0700); !r) return r;
  if (auto r = base::write_file(*files_, path_of(bundle.version()), bundle.envelope(), 0600); !r) return r;
  if (bundle.version() < head_) return {};
  const Json head = {{"version", bundle.version()}, {"fingerprint", bundle.fingerprint().to_string()}};
  return base::write_file(*files_, places_.bundles() + "/head.json", base::dump_json(head) + "\n", 0600);
}

void TrustChain::take(TrustBundle bundle) {
  bundles_.push_back(std::move(bundle));
  if (bundles_.back().version() < head_) return;
  head_ = bundles_.back().version();
  head_fingerprint_ = bundles_.back().fingerprint();
  chain_damage_.reset();
}

Result<void> TrustChain::judge_first(const TrustBundle& bundle) const {
  if (!pin_)
    return Error::refused(
        "trust.bundle_unpinned",
        "no trust bundle is pinned on this host, so none can follow; put the first one or its "
        "fingerprint into " +
            places_.trust_directory + " (root.json, root.sha256)");
  if (bundle.fingerprint() != pin_->fingerprint)
    return Error::refused("trust.bundle_anchor", numbered(bundle.version()) + " has the fingerprint " +
                                                     bundle.fingerprint().to_string() + ", pinned is " +
                                                     pin_->fingerprint.to_string() +
                                                     "; bring that one first");
  return check_first(bundle);
}

Result<Acceptance> TrustChain::judge(const TrustBundle& bundle) const {
  if (bundles_.empty()) {
    if (auto r = judge_first(bundle); !r) return std::move(r).error();
    return Acceptance::accepted;
  }
  for (const TrustBundle& known : bundles_) {
    if (known.fingerprint() == bundle.fingerprint()) return Acceptance::known;
    if (known.version() != bundle.version()) continue;
    // The same rule for every version in force: somebody signed two of them.
    return check_succession(known, bundle).error();
  }
  if (bundle.version() == head_ && head_fingerprint_ && bundle.fingerprint() != *head_fingerprint_)
    return Error::refused("trust.bundle_fork", numbered(head_) + " was accepted with other content (" +
                                                   head_fingerprint_->short_form() +
                                                   "); find out who signed two bundles of one version");
  if (auto r = check_succession(bundles_.back(), bundle, Denials(local_)); !r) return std::move(r).error();
  return Acceptance::accepted;
}

Result<Acceptance> TrustChain::judge(std::string_view envelope) const {
  auto bundle = parse_trust_bundle(envelope);
  if (!bundle) return std::move(bundle).error();
  return judge(*bundle);
}

Result<Acceptance> TrustChain::accept(std::string_view envelope) {
  auto bundle = parse_trust_bundle(envelope);
  if (!bundle) return std::move(bundle).error();
  auto verdict = judge(*bundle);
  if (!verdict || *verdict == Acceptance::known) return verdict;
  if (auto r = write(*bundle); !r) return std::move(r).error();
  take(std::move(*bundle));
  return Acceptance::accepted;
}

Result<void> TrustChain::deny(const DenialEntries& more) {
  if (local_damage_) return *local_damage_;
  DenialEntries merged = Denials(local_).tightened_by(Denials(more)).entries();
  merged.endorsed.clear();
  if (auto r = files_->make_directories(places_.bundles(), 0700); !r) return r;
  const std::string path = places_.bundles() + "/local-denials.json";
  if (auto r = base::write_file(*files_, path, base::dump_json_pretty(to_json(merged)) + "\n", 0600); !r)
    return r;
  local_ = std::move(merged);
  return {};
}

Result<void> TrustChain::reanchor(std::string_view envelope, const base::Digest& fingerprint, std::string who,
                                  std::string why, base::Time now) {
  auto bundle = parse_trust_bundle(envelope);
  if (!bundle) return std::move(bundle).error();
  if (bundle->fingerprint() != fingerprint)
    return Error::refused("trust.bundle_anchor", "the bundle has the fingerprint " +
                                                     bundle->fingerprint().to_string() +
                                                     ", not the one that was typed in");
  if (auto r = check_first(*bundle); !r) return r;
  if (bundle->version() <= head_)
    return Error::refused("trust.bundle_rollback",
                          numbered(bundle->version()) + " cannot take the place of " + numbered(head_) +
                              ", which was accepted; make the new first bundle with version " +
                              std::to_string(head_ + 1) + " or higher");
  AnchorRecord record{fingerprint,
                      bundle->version(),
                      std::nullopt,
                      base::printable(who, kMaxWords),
                      base::printable(why, kMaxWords),
                      now,
                      bundle->envelope()};
  if (pin_) record.replaces = pin_->fingerprint;
  // Losing a root makes nothing good again that was taken back.
  if (current() != nullptr && !Denials(current()->content().denials).empty()) {
    if (auto r = deny(current()->content().denials); !r) return r;
  }
  if (auto r = files_->make_directories(places_.bundles(), 0700); !r) return r;
  // The one write that decides: record and bundle in one file.
  if (auto r = base::write_file(*files_, places_.bundles() + "/anchor.json", anchor_text(record), 0600); !r)
    return r;
  anchor_ = std::move(record);
  bundles_.clear();
  take(std::move(*bundle));
  return write(bundles_.back());
}

}  // namespace gridseal::trust
