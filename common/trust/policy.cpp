#include "trust/policy.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "sigstore/cosign_sign.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxAuthorities = 64;

std::string in_quotes(std::string_view text) {
  return "'" + base::printable(text, 80) + "'";
}

template <class List, class Name>
std::string list_names(const List& list, Name name) {
  std::string text;
  for (const auto& one : list) text += (text.empty() ? "" : ", ") + name(one);
  return text.empty() ? "none" : text;
}

}  // namespace

// Judges settings against what is pinned.
class PolicyMaker {
 public:
  PolicyMaker(const TrustState& state, const PolicySettings& settings) : state_(state), settings_(settings) {}

  Result<Policy> run() {
    policy_.settings_ = settings_;
    for (const auto& step :
         {&PolicyMaker::authorities, &PolicyMaker::threshold, &PolicyMaker::attestations}) {
      if (auto done = (this->*step)(); !done) return std::move(done).error();
    }
    return std::move(policy_);
  }

 private:
  // "/etc/…/release.toml:4:1: authority.ci.keys: trust policy release "; where the key itself is not written,
  // the place of the section around it.
  std::string at(const std::string& key) const {
    std::string section = key;
    auto found = settings_.places.find(section);
    while (found == settings_.places.end() && !section.empty()) {
      const size_t dot = section.rfind('.');
      section.resize(dot == std::string::npos ? 0 : dot);
      found = settings_.places.find(section);
    }
    const std::string place = found == settings_.places.end() ? "" : found->second + ": ";
    return (place.empty() || key.empty() ? place : place + key + ": ") + "trust policy " + settings_.name +
           " ";
  }

  Error wrong(const char* code, const std::string& key, const std::string& why) const {
    return Error::refused(code, at(key) + why);
  }

  Result<void> authorities() {
    std::vector<config::Authority> list = settings_.authorities;
    if (!settings_.keys.empty() && !list.empty())
      return wrong("trust.policy_authority", "keys",
                   "has keys of its own and authorities; put the keys into one of them");
    if (!settings_.keys.empty()) {
      list.push_back({});
      list.back().name = "keys";
      list.back().keys = settings_.keys;
    }
    if (list.empty())
      return wrong("trust.policy_empty", "", "names nobody who may sign, so nothing could ever satisfy it");
    if (list.size() > kMaxAuthorities)
      return wrong("trust.policy_authority", "", "has more than 64 authorities");
    for (const config::Authority& authority : list) {
      if (std::ranges::find(policy_.authorities_, authority.name, &Authority::name) !=
          policy_.authorities_.end())
        return wrong("trust.policy_authority", section_of(authority),
                     "has two authorities called " + in_quotes(authority.name));
      if (auto added = add(authority); !added) return added;
    }
    return {};
  }

  // The short form has no section of its own.
  std::string section_of(const config::Authority& authority) const {
    return settings_.keys.empty() ? "authority." + authority.name : "";
  }
  std::string key_of(const config::Authority& authority, const char* key) const {
    const std::string section = section_of(authority);
    return section.empty() ? key : section + "." + key;
  }

  Result<void> add(const config::Authority& authority) {
    const std::string who = "in authority " + in_quotes(authority.name) + " ";
    const int kinds = (authority.keys.empty() ? 0 : 1) + (authority.identities.empty() ? 0 : 1) +
                      (authority.notation.empty() ? 0 : 1);
    if (kinds == 0)
      return wrong("trust.policy_empty", section_of(authority),
                   who + "names nobody: it needs keys, identities or a notation policy");
    if (kinds > 1)
      return wrong("trust.policy_authority", section_of(authority),
                   who + "mixes keys, identities and notation; one authority is of one kind");
    if (!authority.keys.empty()) return add_keys(authority, who);
    if (!authority.identities.empty()) return add_identities(authority, who);
    return add_notation(authority, who);
  }

  // The root named, or the only one.
  Result<std::shared_ptr<const SigstoreRoot>> root(const config::Authority& authority,
                                                   const std::string& who) {
    const auto& roots = state_.sigstore_roots();
    if (authority.trusted_root.empty() && roots.size() == 1) return roots.front();
    if (auto found = state_.find_root(authority.trusted_root); found != nullptr) return found;
    const std::string pinned = list_names(roots, [](const auto& one) { return one->name; });
    return wrong(
        "trust.root_unknown", key_of(authority, "trusted_root"),
        who +
            (authority.trusted_root.empty()
                 ? "must name its trusted_root"
                 : "names the trusted root " + in_quotes(authority.trusted_root) + ", which is not pinned") +
            "; pinned are: " + pinned);
  }

  Result<void> add_keys(const config::Authority& authority, const std::string& who) {
    if (authority.sct.value_or(false))
      return wrong("trust.policy_authority", key_of(authority, "sct"), who + "asks keys for an sct");
    KeyAuthority rule;
    for (const std::string& name : authority.keys) {
      const PinnedKey* key = state_.find_key(name);
      if (key == nullptr) {
        return wrong("trust.key_unknown", key_of(authority, "keys"),
                     who + "names the key " + in_quotes(name) + ", which is not pinned; pinned are: " +
                         list_names(state_.keys(), [](const auto& one) { return one.name; }));
      }
      const bool again = std::ranges::find(rule.keys, name, &PinnedKey::name) != rule.keys.end();
      if (!again) rule.keys.push_back(*key);
    }
    rule.rules.log_entries = authority.log.value_or(false) ? 1 : 0;
    rule.rules.timestamps = authority.timestamp.value_or(false) ? 1 : 0;
    if (rule.rules.log_entries + rule.rules.timestamps != 0 || !authority.trusted_root.empty()) {
      auto found = root(authority, who);
      if (!found) return std::move(found).error();
      rule.root = std::move(*found);
    }
    policy_.authorities_.push_back({authority.name, std::move(rule)});
    return {};
  }

  Result<void> add_identities(const config::Authority& authority, const std::string& who) {
    auto found = root(authority, who);
    if (!found) return std::move(found).error();
    std::vector<sigstore::IdentityPattern> patterns;
    for (const config::CertificateIdentity& one : authority.identities)
      patterns.push_back({one.issuer, one.issuer_regexp, one.subject, one.subject_regexp, one.extensions});
    auto matcher = sigstore::IdentityMatcher::make(patterns);
    if (!matcher)
      return std::move(matcher).error().with_context(at(key_of(authority, "identity")) + who +
                                                     "has identities that cannot be used");
    for (const std::string& warning : matcher->warnings())
      policy_.warnings_.push_back("authority " + authority.name + ": " + warning);
    IdentityAuthority rule{std::move(*found), std::move(*matcher), {}};
    rule.rules.log_entries = authority.log.value_or(true) ? 1 : 0;
    rule.rules.timestamps = authority.timestamp.value_or(false) ? 1 : 0;
    rule.rules.scts = authority.sct.value_or(true);
    policy_.authorities_.push_back({authority.name, std::move(rule)});
    return {};
  }

  Result<void> add_notation(const config::Authority& authority, const std::string& who) {
    const auto& policies = state_.notation().policy.policies();
    const auto found = std::ranges::find(policies, authority.notation, &notation::TrustPolicy::name);
    if (found == policies.end()) {
      return wrong("trust.notation_unknown", key_of(authority, "notation"),
                   who + "names the notation policy " + in_quotes(authority.notation) +
                       ", which notation/trustpolicy.json does not have; it has: " +
                       list_names(policies, [](const auto& one) { return one.name; }));
    }
    const auto name_of = [](const notation::StoreReference& store) { return notation::to_string(store); };
    if (!authority.notation_store.empty() &&
        std::ranges::find(found->stores, authority.notation_store, name_of) == found->stores.end()) {
      return wrong(
          "trust.notation_unknown", key_of(authority, "notation_store"),
          who + "names the store " + in_quotes(authority.notation_store) +
              ", which the notation policy does not use; it uses: " + list_names(found->stores, name_of));
    }
    policy_.authorities_.push_back(
        {authority.name, NotationAuthority{authority.notation, authority.notation_store}});
    return {};
  }

  Result<void> threshold() {
    const size_t all = policy_.authorities_.size();
    if (settings_.threshold == 0 && all > 1) {
      return wrong("trust.policy_threshold", "threshold",
                   "does not say how many of its " + std::to_string(all) + " authorities must have signed");
    }
    const int64_t wanted = settings_.threshold == 0 ? 1 : settings_.threshold;
    if (wanted < 1 || static_cast<uint64_t>(wanted) > all) {
      return wrong("trust.policy_threshold", "threshold",
                   "asks for " + std::to_string(wanted) + " of " + std::to_string(all) + " authorities");
    }
    policy_.threshold_ = static_cast<size_t>(wanted);
    return {};
  }

  Result<void> attestations() {
    for (size_t i = 0; i < settings_.attestations.size(); ++i) {
      const config::Attestation& one = settings_.attestations[i];
      auto rule = make_rule(one, "attestation[" + std::to_string(i + 1) + "]",
                            "in attestation " + in_quotes(one.name) + " ");
      if (!rule) return std::move(rule).error();
      for (const Condition& condition : rule->conditions)
        policy_.statement_fields_.push_back(condition.field());
      policy_.attestations_.push_back(std::move(*rule));
    }
    return {};
  }

  Result<AttestationRule> make_rule(const config::Attestation& one, const std::string& section,
                                    const std::string& who) const {
    constexpr const char* kCode = "trust.policy_attestation";
    AttestationRule rule{one.name, predicate_type_uri(one.type), {}, {}};
    if (one.name.empty() || std::ranges::find(policy_.attestations_, one.name, &AttestationRule::name) !=
                                policy_.attestations_.end())
      return wrong(kCode, section + ".name", who + "has no name of its own");
    if (rule.type.empty() || rule.type == sigstore::kSignPredicateType)
      return wrong(kCode, section + ".type",
                   who + "has the predicate type " + in_quotes(one.type) +
                       ": write a URI, or a short name such as slsaprovenance1");
    for (const std::string& name : one.authorities) {
      const auto found = std::ranges::find(policy_.authorities_, name, &Authority::name);
      if (found == policy_.authorities_.end())
        return wrong(kCode, section + ".authorities", who + "names the unknown authority " + in_quotes(name));
      rule.authorities.push_back(static_cast<size_t>(found - policy_.authorities_.begin()));
    }
    for (size_t i = 0; one.authorities.empty() && i < policy_.authorities_.size(); ++i)
      rule.authorities.push_back(i);
    for (size_t i = 0; i < one.conditions.size(); ++i) {
      auto made = Condition::make(one.conditions[i]);
      if (!made)
        return std::move(made).error().with_context(
            at(section + ".condition[" + std::to_string(i + 1) + "]") + who);
      rule.conditions.push_back(std::move(*made));
    }
    return rule;
  }

  const TrustState& state_;
  const PolicySettings& settings_;
  Policy policy_;
};

Result<Policy> make_policy(const TrustState& state, const PolicySettings& settings) {
  return PolicyMaker(state, settings).run();
}

std::string describe(const Authority& authority) {
  if (const auto* keys = std::get_if<KeyAuthority>(&authority.rule))
    return "keys " + list_names(keys->keys, [](const auto& key) { return key.name; });
  if (const auto* identities = std::get_if<IdentityAuthority>(&authority.rule))
    return "identities under " + identities->root->name;
  return "notation policy " + std::get<NotationAuthority>(authority.rule).policy;
}

Result<void> check_not_denied(const Policy& policy, const Denials& denials) {
  const std::vector<DeniedKey> denied = denials.entries().keys;
  // What is proven to be older than a denial may still be good.
  const auto is_denied = [&](const PinnedKey& key) {
    return std::ranges::any_of(
        denied, [&](const DeniedKey& one) { return one.id == key.key.fingerprint() && !one.signed_after; });
  };
  size_t left = policy.authorities().size();
  std::string lost;
  for (const Authority& authority : policy.authorities()) {
    const auto* keys = std::get_if<KeyAuthority>(&authority.rule);
    if (keys == nullptr || !std::ranges::all_of(keys->keys, is_denied)) continue;
    --left;
    lost += (lost.empty() ? "" : "; ") + describe(authority);
  }
  if (left >= policy.threshold()) return {};
  return Error::refused("trust.denied_key",
                        "nothing can verify any more: " + std::to_string(policy.threshold()) + " of " +
                            std::to_string(policy.authorities().size()) +
                            " authorities must have signed, and every key is denied of " + lost +
                            "; name other keys");
}

std::string predicate_type_uri(std::string_view name) {
  struct Short {
    std::string_view name;
    std::string_view uri;
  };
  static constexpr std::array<Short, 11> kShort{{
      {"slsaprovenance", "https://slsa.dev/provenance/v0.2"},
      {"slsaprovenance02", "https://slsa.dev/provenance/v0.2"},
      {"slsaprovenance1", "https://slsa.dev/provenance/v1"},
      {"spdx", "https://spdx.dev/Document"},
      {"spdxjson", "https://spdx.dev/Document"},
      {"cyclonedx", "https://cyclonedx.org/bom"},
      {"link", "https://in-toto.io/Link/v1"},
      {"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
      {"openvex", "https://openvex.dev/ns"},
      {"custom", "https://cosign.sigstore.dev/attestation/v1"},
      {"vsa", "https://slsa.dev/verification_summary/v1"},
  }};
  for (const Short& one : kShort) {
    if (one.name == name) return std::string(one.uri);
  }
  return name.find(':') == std::string_view::npos ? std::string() : std::string(name);
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // States of the pattern that the text read so far can be in; linear in both.
  std::vector<bool> at(pattern.size() + 1);
  const auto spread = [&] {
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (at[i] && pattern[i] == '*') at[i + 1] = true;
    }
  };
  at[0] = true;
  spread();
  for (const char c : text) {
    std::vector<bool> next(pattern.size() + 1);
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (!at[i]) continue;
      if (pattern[i] != '*') {
        if (pattern[i] == c) next[i + 1] = true;
        continue;
      }
      const bool twice =
          (i + 1 < pattern.size() && pattern[i + 1] == '*') || (i > 0 && pattern[i - 1] == '*');
      if (c != '/' || twice) next[i] = true;
    }
    at = std::move(next);
    spread();
  }
  return at[pattern.size()];
}

Result<void> check_binding(const Policy& policy, std::string_view repository, std::string_view environment) {
  const auto any = [](const std::vector<std::string>& patterns, std::string_view text) {
    return !text.empty() &&
           std::ranges::any_of(patterns, [&](const auto& p) { return matches_pattern(p, text); });
  };
  const auto& [repositories, environments] =
      std::tie(policy.settings().repositories, policy.settings().environments);
  const size_t slash = repository.find('/');
  const std::string_view path = slash == std::string_view::npos ? repository : repository.substr(slash + 1);
  if (!repositories.empty() && !any(repositories, repository) && !any(repositories, path)) {
    return Error::refused(
        "policy.not_for_repository",
        "trust policy " + policy.name() + " is not for the repository " +
            (repository.empty() ? "of this artifact, which is not known" : in_quotes(repository)));
  }
  if (!environments.empty() && !any(environments, environment)) {
    return Error::refused(
        "policy.not_for_environment",
        "trust policy " + policy.name() + " is not for the environment " +
            (environment.empty() ? "of this site, which is not known" : in_quotes(environment)));
  }
  return {};
}

}  // namespace gridseal::trust
