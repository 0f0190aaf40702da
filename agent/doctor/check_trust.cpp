#include <algorithm>

#include "deploy/trust_update.hpp"
#include "doctor/checks.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kTrustFiles = "trust.files";
constexpr const char* kBundle = "trust.bundle";
constexpr const char* kExpiry = "trust.expiry";
constexpr const char* kPolicy = "trust.policy";

struct Trust {
  trust::TrustState state;
  std::optional<trust::TrustChain> chain{};  // nothing: the state directory cannot be read by this user
  std::vector<std::string> left_out{};
};

// Who may not look into the state directory is told by what is pinned alone.
base::Result<Trust> read_all_trust(const Case& subject) {
  const std::string& directory = subject.settings->trust.directory;
  const std::string& state = subject.host.state_directory;
  const auto listed = subject.host.files.list(state);
  if (!listed && listed.error().code() == "files.permission") {
    auto pinned = trust::load_trust(subject.host.files, directory);
    if (!pinned) return std::move(pinned).error();
    return Trust{std::move(*pinned)};
  }
  auto whole = deploy::load_site_trust(subject.host.files, {directory, state});
  if (!whole) return std::move(whole).error();
  return Trust{std::move(whole->state), std::move(whole->chain), std::move(whole->left_out)};
}

std::string trust_cure(const base::Error& error, const std::string& directory) {
  if (error.code() == "trust.permissions")
    return "sudo chown -R root: " + directory + " && sudo chmod -R go-w " + directory +
           "; look first at who could have changed it";
  if (error.code() == "trust.key_file") return "put the public key there as PEM, or remove the file";
  return "correct or remove what the sentence names; 'gridseal trust check' tries all of it";
}

// The last day on which anything new could be judged by one of several certificates.
struct Last {
  std::optional<base::Time> end;
  bool any = false;
  bool endless = false;

  void add(std::optional<base::Time> until) {
    any = true;
    if (!until)
      endless = true;
    else
      end = std::max(end.value_or(*until), *until);
  }
};

std::optional<base::Time> end_of(const sigstore::Authority& authority) {
  std::optional<base::Time> end = authority.validity.end;
  for (const auto& certificate : authority.chain)
    end = std::min(end.value_or(certificate.not_after()), certificate.not_after());
  return end;
}

void judge_end(Findings& findings, const std::string& about, const std::string& what, const Last& last,
               base::Time now, const std::string& cure) {
  if (!last.any || last.endless || *last.end > now + kSoon) return;
  if (*last.end < now)
    findings.push_back(wrong(
        kExpiry, about,
        what + " ended at " + when(*last.end, now) + ": nothing that is signed since then verifies by it",
        cure));
  else
    findings.push_back(warning(kExpiry, about, what + " ends at " + when(*last.end, now), cure));
}

void add_expiry(Findings& findings, const trust::TrustState& state, base::Time now) {
  for (const auto& root : state.sigstore_roots()) {
    Last authorities;
    for (const auto& authority : root->root.certificate_authorities)
      if (!authority.chain.empty()) authorities.add(end_of(authority));
    judge_end(findings, root->name,
              "the trusted root " + root->name + " names certificate authorities of which the last one",
              authorities, now, "fetch a newer trusted_root.json on the connected side, and bring it here");
  }
  std::map<std::string, Last> stores;
  for (const auto& piece : state.content().notation_stores) {
    if (auto parsed = crypto::Certificate::from_pem_bundle(piece.text)) {
      for (const auto& certificate : *parsed) stores[piece.name].add(certificate.not_after());
    } else if (auto single = crypto::Certificate::from_der(piece.text)) {
      stores[piece.name].add(single->not_after());
    }
  }
  for (const auto& [name, last] : stores)
    judge_end(findings, name, "the last certificate of the trust store " + name, last, now,
              "bring the signer's next certificate into the store beside the old one");
}

void add_bundle(Findings& findings, const Trust& trust, base::Time now) {
  if (!trust.chain) {
    findings.push_back(unseen(kBundle, {},
                              "the state directory, with the trust bundles that were accepted, "
                              "cannot be read by this user",
                              "run this as root"));
    return;
  }
  if (trust.chain->damage()) {
    findings.push_back(wrong(kBundle, {}, trust.chain->damage()->describe(),
                             "import the bundles again: 'sudo gridseal trust import FILE'"));
  } else {
    for (const std::string& sentence : trust.chain->warnings(now))
      findings.push_back(warning(kBundle, {}, sentence, "ask those who sign trust bundles for the next one"));
  }
  for (const std::string& sentence : trust.left_out)
    findings.push_back(warning(kBundle, {}, sentence, "ask those who sign trust bundles to mend it"));
  const trust::TrustBundle* bundle = trust.chain->current();
  if (bundle == nullptr) {
    if (trust.chain->pinned())
      findings.push_back(warning(kBundle, {},
                                 "a trust bundle is pinned by its fingerprint and has not come yet",
                                 "'sudo gridseal trust import FILE', or let trust.repository offer it"));
    return;
  }
  const auto expires = bundle->content().expires;
  if (expires && *expires > now && *expires < now + kSoon)
    findings.push_back(warning(kBundle, {}, "the trust bundle expires at " + when(*expires, now),
                               "ask those who sign trust bundles for the next one"));
  else
    findings.push_back(
        good(kBundle, {}, "trust bundle " + std::to_string(bundle->version()) + " is in force"));
}

// Every key that could have signed is denied: nothing could ever verify by this authority.
bool is_denied(const trust::Authority& authority, const trust::Denials& denials) {
  const auto* keys = std::get_if<trust::KeyAuthority>(&authority.rule);
  if (keys == nullptr) return false;
  const trust::DenialEntries entries = denials.entries();
  return std::ranges::all_of(keys->keys, [&](const trust::PinnedKey& key) {
    return std::ranges::find(entries.keys, key.key.fingerprint(), &trust::DeniedKey::id) !=
           entries.keys.end();
  });
}

Findings judge_policy(const trust::Policy& policy, const trust::TrustState& state) {
  Findings findings;
  size_t usable = 0;
  for (const trust::Authority& authority : policy.authorities()) {
    if (is_denied(authority, state.denials()))
      findings.push_back(
          warning(kPolicy, policy.name(),
                  "policy " + policy.name() + ": every key of the authority " + authority.name + " is denied",
                  "name the keys that took their place"));
    else
      ++usable;
  }
  if (usable < policy.threshold())
    return {wrong(kPolicy, policy.name(),
                  "policy " + policy.name() + " asks for " + counted(policy.threshold(), "signer") +
                      ", and only " + std::to_string(usable) +
                      " of its authorities have keys that are not denied: nothing can "
                      "verify",
                  "name the keys that took their place")};
  for (const std::string& sentence : policy.warnings())
    findings.push_back(warning(kPolicy, policy.name(), sentence, "write the expression with ^ and $"));
  if (findings.empty())
    findings.push_back(good(kPolicy, policy.name(), "policy " + policy.name() + " can be satisfied"));
  return findings;
}

}  // namespace

Findings check_trust_files(const Case& subject, const std::stop_token& /*stop*/) {
  if (subject.settings == nullptr) return {};
  const std::string& directory = subject.settings->trust.directory;
  auto trust = read_all_trust(subject);
  if (!trust) return {failed(kTrustFiles, directory, trust.error(), trust_cure(trust.error(), directory))};
  const trust::TrustState& state = trust->state;
  const size_t all =
      state.keys().size() + state.sigstore_roots().size() + state.content().notation_stores.size();
  Findings findings;
  if (all == 0)
    findings.push_back(wrong(kTrustFiles, directory,
                             "nothing is pinned in " + directory + ": nothing can verify",
                             "put the public key of the releases into " + directory +
                                 "/keys, and compare its fingerprint over another channel"));
  else
    findings.push_back(good(kTrustFiles, directory,
                            counted(state.keys().size(), "key") + ", " +
                                counted(state.sigstore_roots().size(), "trusted root") + ", " +
                                counted(state.content().notation_stores.size(), "file") + " of trust stores" +
                                " in " + directory));
  const base::Time now = subject.host.clock.now();
  add_bundle(findings, *trust, now);
  add_expiry(findings, state, now);
  return findings;
}

Findings check_policies(const Case& subject, const std::stop_token& /*stop*/) {
  if (subject.settings == nullptr) return {};
  auto trust = read_all_trust(subject);
  if (!trust) return {};  // said by check_trust_files
  Findings findings;
  for (const auto& [name, settings] : subject.settings->trust.policies) {
    auto policy = trust::make_policy(trust->state, settings);
    if (!policy) {
      findings.push_back(failed(kPolicy, name, policy.error(),
                                "'gridseal trust list' shows what is pinned; pin what is missing or correct "
                                "[trust.policy." +
                                    name + "]"));
      continue;
    }
    std::ranges::move(judge_policy(*policy, trust->state), std::back_inserter(findings));
  }
  return findings;
}

}  // namespace gridseal::doctor
