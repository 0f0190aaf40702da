#include "trust/denial.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

std::string because(const std::string& reason) {
  return reason.empty() ? std::string() : " (" + base::printable(reason, 120) + ")";
}

// Build metadata and the order of a map must not move a fingerprint.
std::string floor_text(const std::optional<base::Semver>& version, const std::optional<base::Time>& created) {
  std::string text;
  if (version) text += version->to_string();
  if (version && created) text += " of ";
  if (created) text += base::format_rfc3339(*created);
  return text;
}

std::string time_or_ever(const std::optional<base::Time>& time) {
  return time ? base::format_rfc3339(*time) : "ever";
}

bool is_proven(const std::optional<base::Time>& proven, const std::optional<base::Time>& until) {
  return until && proven && *proven <= *until;
}

// Of what is denied after a time only.
std::string how_far(const std::optional<base::Time>& proven, const std::optional<base::Time>& until) {
  if (!until) return {};
  return " for everything that is not proven to have been signed by " + base::format_rfc3339(*until) +
         (proven ? "; this was signed " + base::format_rfc3339(*proven)
                 : "; no log or timestamp proves when this was");
}

}  // namespace

Denials::Denials(const DenialEntries& entries) {
  for (const DeniedKey& key : entries.keys) tighten(keys_, key.id, {key.signed_after, key.reason});
  for (const DeniedIdentity& one : entries.identities)
    tighten(identities_, {one.issuer, one.subject}, {one.signed_after, one.reason});
  for (const DeniedDigest& denied : entries.digests) digests_.try_emplace(denied.digest, denied.reason);
  for (const RetiredKey& key : entries.retired) tighten(retired_, key.id, {key.since, key.reason});
  for (const Endorsement& word : entries.endorsed) endorsed_[word.digest].try_emplace(word.by, word.reason);
  for (const MinimumRelease& floor : entries.floors)
    raise(floor.component, Minimum{floor.version, floor.created});
}

// No time is the strictest: nothing passes. Then the earliest.
template <class Id>
void Denials::tighten(std::map<Id, KeyRule>& rules, const Id& id, KeyRule rule) {
  const auto [known, added] = rules.try_emplace(id, rule);
  if (added || !known->second.until) return;
  if (!rule.until || *rule.until < *known->second.until) known->second = std::move(rule);
}

void Denials::raise(const std::string& component, const Minimum& minimum) {
  Minimum& known = floors_[component];
  if (minimum.version && (!known.version || *known.version < *minimum.version))
    known.version = minimum.version;
  if (minimum.created && (!known.created || *known.created < *minimum.created))
    known.created = minimum.created;
}

Denials Denials::tightened_by(const Denials& more) const {
  Denials merged = *this;
  for (const auto& [id, rule] : more.keys_) tighten(merged.keys_, id, rule);
  for (const auto& [id, rule] : more.identities_) tighten(merged.identities_, id, rule);
  merged.digests_.insert(more.digests_.begin(), more.digests_.end());
  for (const auto& [id, rule] : more.retired_) tighten(merged.retired_, id, rule);
  for (const auto& [component, minimum] : more.floors_) merged.raise(component, minimum);
  return merged;
}

Result<void> Denials::check_digest(const base::Digest& artifact) const {
  const auto found = digests_.find(artifact);
  if (found == digests_.end()) return {};
  return Error::refused("trust.denied_digest", "the artifact " + artifact.short_form() + " is denied" +
                                                   because(found->second) + "; publish another release");
}

Result<void> Denials::check_signer(std::span<const SignerId> signers, const base::Digest& artifact,
                                   std::optional<base::Time> proven, Occasion occasion) const {
  for (const SignerId& signer : signers) {
    const auto denied = keys_.find(signer);
    if (denied == keys_.end() || is_proven(proven, denied->second.until)) continue;
    return Error::refused("trust.denied_key", "the signing key " + signer.to_string() + " is denied" +
                                                  because(denied->second.reason) +
                                                  how_far(proven, denied->second.until) +
                                                  "; sign with a key that is good");
  }
  if (occasion == Occasion::running || is_endorsed(artifact)) return {};
  for (const SignerId& signer : signers) {
    const auto retired = retired_.find(signer);
    if (retired == retired_.end() || is_proven(proven, retired->second.until)) continue;
    return Error::refused("trust.retired_key",
                          "the signing key " + signer.to_string() + " is retired" +
                              because(retired->second.reason) +
                              " and signs nothing new; sign with its successor, or endorse the artifact");
  }
  return {};
}

Result<void> Denials::check_identity(const std::string& issuer, const std::string& subject,
                                     std::optional<base::Time> proven) const {
  const auto denied = identities_.find({issuer, subject});
  if (denied == identities_.end() || is_proven(proven, denied->second.until)) return {};
  return Error::refused("trust.denied_identity",
                        "the signer " + base::printable(subject, 200) + " (issuer " +
                            base::printable(issuer, 200) + ") is denied" + because(denied->second.reason) +
                            how_far(proven, denied->second.until) + "; sign as somebody who is good");
}

Result<void> Denials::check_minimum(std::string_view component, const std::optional<base::Semver>& version,
                                    base::Time created) const {
  const auto found = floors_.find(component);
  if (found == floors_.end()) return {};
  const Minimum& floor = found->second;
  const auto below = [&](const std::string& what) {
    return Error::refused("floor.minimum", what + " is below the minimum release " +
                                               floor_text(floor.version, floor.created) + " of " +
                                               base::printable(component, 80) + " that trust demands");
  };
  if (floor.version && version) {
    if (*version > *floor.version) return {};
    if (*version < *floor.version) return below("version " + version->to_string());
  } else if (floor.version && !floor.created) {
    return below("a release whose version is not a semantic version");
  }
  if (floor.created && created < *floor.created) return below("created " + base::format_rfc3339(created));
  return {};
}

bool Denials::is_endorsed(const base::Digest& artifact) const {
  const auto found = endorsed_.find(artifact);
  if (found == endorsed_.end()) return false;
  return std::ranges::any_of(found->second, [&](const auto& word) {
    return !keys_.contains(word.first) && !retired_.contains(word.first);
  });
}

bool Denials::empty() const {
  return keys_.empty() && identities_.empty() && digests_.empty() && retired_.empty() && endorsed_.empty() &&
         floors_.empty();
}

DenialEntries Denials::entries() const {
  DenialEntries entries;
  for (const auto& [id, rule] : keys_) entries.keys.push_back({id, rule.until, rule.reason});
  for (const auto& [id, rule] : identities_)
    entries.identities.push_back({id.first, id.second, rule.until, rule.reason});
  for (const auto& [digest, reason] : digests_) entries.digests.push_back({digest, reason});
  for (const auto& [id, rule] : retired_) entries.retired.push_back({id, rule.until, rule.reason});
  for (const auto& [digest, words] : endorsed_) {
    for (const auto& [by, reason] : words) entries.endorsed.push_back({digest, by, reason});
  }
  for (const auto& [component, floor] : floors_)
    entries.floors.push_back({component, floor.version, floor.created});
  return entries;
}

std::string Denials::canonical() const {
  std::string text;
  for (const auto& [id, rule] : keys_) text += "denied " + id.hex() + " " + time_or_ever(rule.until) + "\n";
  for (const auto& [id, rule] : identities_)
    text += "identity " + base::dump_json(id.first) + " " + base::dump_json(id.second) + " " +
            time_or_ever(rule.until) + "\n";
  for (const auto& [digest, reason] : digests_) text += "digest " + digest.hex() + "\n";
  for (const auto& [id, rule] : retired_)
    text += "retired " + id.hex() + " " + time_or_ever(rule.until) + "\n";
  for (const auto& [digest, words] : endorsed_) {
    for (const auto& [by, reason] : words) text += "endorsed " + digest.hex() + " " + by.hex() + "\n";
  }
  for (const auto& [component, floor] : floors_)
    text += "floor " + base::dump_json(component) + " " + floor_text(floor.version, floor.created) + "\n";
  return text;
}

}  // namespace gridseal::trust
