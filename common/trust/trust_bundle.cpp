#include "trust/trust_bundle.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "sigstore/statement.hpp"
#include "trust/strict_object.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr const char* kForm = "trust.bundle_form";
constexpr size_t kMaxSignatures = 64;
constexpr size_t kMaxSignatureText = 4096;
constexpr size_t kMaxPayloadText = kMaxTrustBundleBytes;
// The envelope has three levels; the payload's own are in its text.
constexpr base::JsonLimits kEnvelopeLimits{kMaxTrustBundleBytes, 4, 1'000};

Result<std::vector<BundleSignature>> read_signatures(const Json& json, const StrictObject& envelope) {
  const Json* found = base::find_array(json, "signatures");
  if (found == nullptr || found->empty())
    return Error::refused(kForm, "nobody has signed this trust bundle: it is a draft");
  auto list = envelope.array("signatures", kMaxSignatures);
  if (!list) return std::move(list).error();
  std::vector<BundleSignature> signatures;
  for (const Json& json : **list) {
    auto item = StrictObject::open(json, envelope.place_of("signatures"), kForm, {"keyid", "sig"});
    if (!item) return std::move(item).error();
    auto key = item->digest("keyid");
    if (!key) return std::move(key).error();
    auto text = item->text("sig", kMaxSignatureText);
    if (!text) return std::move(text).error();
    auto bytes = base::decode_base64(*text);
    if (!bytes) return std::move(bytes).error();
    if (std::ranges::find(signatures, *key, &BundleSignature::key) != signatures.end())
      return item->wrong("keyid", "occurs twice");
    signatures.push_back({*key, std::move(*bytes)});
  }
  return signatures;
}

std::string list_names(const std::vector<std::string>& names, const std::set<std::string>& except) {
  std::string text;
  for (const std::string& name : names) {
    if (!except.contains(name)) text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

// Not enough signatures of a role, said so that somebody can go and get them.
Error shortfall(const TrustBundle& bundle, const TrustBundle& judge, const BundleRole& role,
                const std::set<std::string>& have) {
  const size_t missing = role.threshold - have.size();
  return Error::refused("trust.bundle_threshold",
                        "trust bundle " + std::to_string(bundle.version()) + " has " +
                            std::to_string(have.size()) + " of the " + std::to_string(role.threshold) +
                            " root signatures that bundle " + std::to_string(judge.version()) +
                            " asks for; " + std::to_string(missing) + " of " + list_names(role.keys, have) +
                            " must sign as well");
}

// What a bundle changes in the one before it.
struct Change {
  bool other = false;      // anything that only the root role may change
  bool tightened = false;  // denials, retirements, minimum releases were added
  std::vector<Endorsement> endorsed;
};

bool contains(const std::vector<Endorsement>& words, const Endorsement& word) {
  return std::ranges::any_of(
      words, [&](const Endorsement& known) { return known.digest == word.digest && known.by == word.by; });
}

Change compare(const TrustBundleContent& current, const TrustBundleContent& next) {
  Change change;
  TrustBundleContent before = current;
  TrustBundleContent after = next;
  before.version = after.version;
  before.created = after.created;
  before.denials = after.denials = {};
  change.other = canonical_text(before) != canonical_text(after);

  DenialEntries old_denials = current.denials;
  DenialEntries new_denials = next.denials;
  for (const Endorsement& word : old_denials.endorsed)
    change.other = change.other || !contains(new_denials.endorsed, word);
  for (const Endorsement& word : new_denials.endorsed) {
    if (!contains(old_denials.endorsed, word)) change.endorsed.push_back(word);
  }
  old_denials.endorsed.clear();
  new_denials.endorsed.clear();
  const Denials old_rules(old_denials);
  const Denials new_rules(new_denials);
  change.tightened = old_rules.canonical() != new_rules.canonical();
  change.other = change.other || old_rules.tightened_by(new_rules).canonical() != new_rules.canonical();
  return change;
}

// The roles below root, one after the other, when the root threshold is not reached.
class LimitedChange {
 public:
  LimitedChange(const TrustBundle& current, const TrustBundle& next, const Denials& denied)
      : current_(current), next_(next), denied_(denied) {}

  Result<void> check(const Error& root_shortfall) const {
    auto may_deny = reached(current_.content().deny);
    if (!may_deny) return std::move(may_deny).error();
    auto may_endorse = reached(current_.content().endorse);
    if (!may_endorse) return std::move(may_endorse).error();
    if (!*may_deny && !*may_endorse) return root_shortfall;
    const Change change = compare(current_.content(), next_.content());
    if (change.other) return beyond("something that only the root role may change");
    if (change.tightened && !*may_deny) return beyond("denials, which its signers may not add");
    if (!change.endorsed.empty() && !*may_endorse)
      return beyond("endorsements, which its signers may not add");
    if (!change.tightened && change.endorsed.empty()) return beyond("nothing but its version");
    for (const Endorsement& word : change.endorsed) {
      if (auto r = check_signed_by(word.by); !r) return r;
    }
    return {};
  }

 private:
  Result<bool> reached(const std::optional<BundleRole>& role) const {
    if (!role) return false;
    auto have = signers(current_, *role, next_, denied_);
    if (!have) return std::move(have).error();
    return have->size() >= role->threshold;
  }

  // Nobody endorses in the name of another key.
  Result<void> check_signed_by(const SignerId& by) const {
    for (const BundleKey& key : current_.content().keys) {
      if (key.key.fingerprint() != by) continue;
      auto have = signers(current_, BundleRole{{key.name}, 1}, next_, denied_);
      if (!have) return std::move(have).error();
      if (!have->empty()) return {};
    }
    return beyond("an endorsement by a key that did not sign it");
  }

  Error beyond(const std::string& what) const {
    return Error::refused("trust.bundle_role", "trust bundle " + std::to_string(next_.version()) +
                                                   " is not signed by the root role, and changes " + what +
                                                   "; get the root signatures for it");
  }

  const TrustBundle& current_;
  const TrustBundle& next_;
  const Denials& denied_;
};

std::string versions(int64_t first, int64_t last) {
  return first == last ? std::to_string(first) : std::to_string(first) + " to " + std::to_string(last);
}

Result<void> check_version(const TrustBundle& current, const TrustBundle& next) {
  const std::string name = "trust bundle " + std::to_string(next.version());
  if (next.version() < current.version())
    return Error::refused("trust.bundle_rollback", name + " is older than bundle " +
                                                       std::to_string(current.version()) +
                                                       ", which is in force; trust never goes back");
  if (next.version() == current.version())
    return Error::refused("trust.bundle_fork", name + " is in force with other content (" +
                                                   current.fingerprint().short_form() + ", not " +
                                                   next.fingerprint().short_form() +
                                                   "); find out who signed two bundles of one version");
  if (next.version() > current.version() + 1)
    return Error::pending("trust.bundle_gap",
                          name + " does not follow bundle " + std::to_string(current.version()) + "; bring " +
                              versions(current.version() + 1, next.version() - 1) + " first");
  if (next.content().created < current.content().created)
    return Error::refused("trust.bundle_time", name + " was created " +
                                                   base::format_rfc3339(next.content().created) +
                                                   ", before the one it follows");
  return {};
}

}  // namespace

const crypto::PublicKey* TrustBundle::find_key(std::string_view name) const {
  const auto found = std::ranges::find(content_.keys, name, &BundleKey::name);
  return found == content_.keys.end() ? nullptr : &found->key;
}

Result<TrustBundle> parse_trust_bundle(std::string_view envelope) {
  const auto json = base::parse_json(envelope, kEnvelopeLimits);
  if (!json) return json.error();
  auto object = StrictObject::open(*json, "the envelope", kForm, {"payload", "payloadType", "signatures"});
  if (!object) return std::move(object).error();
  auto type = object->text("payloadType", 200);
  if (!type) return std::move(type).error();
  if (*type != kTrustBundlePayloadType)
    return Error::refused(kForm,
                          "this is an envelope of " + base::printable(*type, 80) + ", not a trust bundle");
  auto text = object->text("payload", kMaxPayloadText);
  if (!text) return std::move(text).error();
  auto payload = base::decode_base64(*text);
  if (!payload) return std::move(payload).error();
  auto signatures = read_signatures(*json, *object);
  if (!signatures) return std::move(signatures).error();
  auto content = parse_trust_bundle_content(*payload);
  if (!content) return std::move(content).error();
  TrustBundle bundle(std::move(*content), crypto::sha256(*payload));
  bundle.payload_ = std::move(*payload);
  bundle.envelope_ = std::string(envelope);
  bundle.signatures_ = std::move(*signatures);
  return bundle;
}

Result<std::set<std::string>> signers(const TrustBundle& judge, const BundleRole& role,
                                      const TrustBundle& bundle, const Denials& denied) {
  std::set<std::string> good;
  const std::string signed_bytes =
      sigstore::pre_authentication_encoding(kTrustBundlePayloadType, bundle.payload());
  for (const std::string& name : role.keys) {
    const crypto::PublicKey* key = judge.find_key(name);
    if (key == nullptr) continue;
    const auto found = std::ranges::find(bundle.signatures(), key->fingerprint(), &BundleSignature::key);
    if (found == bundle.signatures().end()) continue;
    if (auto r = key->verify(key->natural_scheme(), signed_bytes, found->signature); !r)
      return Error::refused("trust.bundle_signature", "the signature of " + name + " on trust bundle " +
                                                          std::to_string(bundle.version()) +
                                                          " is not good: " + r.error().describe());
    const std::vector<SignerId> id{key->fingerprint()};
    if (denied.check_signer(id, bundle.fingerprint(), std::nullopt, Occasion::admission)) good.insert(name);
  }
  return good;
}

Result<void> check_first(const TrustBundle& bundle) {
  auto have = signers(bundle, bundle.content().root, bundle);
  if (!have) return std::move(have).error();
  if (have->size() >= bundle.content().root.threshold) return {};
  return shortfall(bundle, bundle, bundle.content().root, *have);
}

Result<void> check_succession(const TrustBundle& current, const TrustBundle& next, const Denials& denied) {
  if (auto r = check_version(current, next); !r) return r;
  auto by_current = signers(current, current.content().root, next, denied);
  if (!by_current) return std::move(by_current).error();
  auto by_own = signers(next, next.content().root, next, denied);
  if (!by_own) return std::move(by_own).error();
  const bool enough_of_current = by_current->size() >= current.content().root.threshold;
  if (enough_of_current && by_own->size() >= next.content().root.threshold) return {};
  const Error missing = enough_of_current ? shortfall(next, next, next.content().root, *by_own)
                                          : shortfall(next, current, current.content().root, *by_current);
  return LimitedChange(current, next, denied).check(missing);
}

}  // namespace gridseal::trust
