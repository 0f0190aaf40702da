#include "notation/trust_policy.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr size_t kMaxBytes = size_t{64} << 10U;
constexpr size_t kMaxPolicies = 256;
constexpr size_t kMaxEntries = 1024;
constexpr std::string_view kEverything = "*";
constexpr std::string_view kSubjectPrefix = "x509.subject:";

Error policy_error(std::string what) {
  return Error::refused("notary.policy", std::move(what));
}

std::string in_quotes(std::string_view text) {
  return "'" + base::printable(text, 120) + "'";
}

Result<void> check_members(const Json& object, std::initializer_list<std::string_view> known,
                           const std::string& where) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known, std::string_view(name)) == known.end())
      return policy_error(where + " has a member " + in_quotes(name) + " that is not known");
  }
  return {};
}

// A list of distinct texts with at least one entry.
Result<std::vector<std::string>> texts(const Json& object, std::string_view name, const std::string& where) {
  const Json* list = base::find_array(object, name);
  if (list == nullptr || list->empty() || list->size() > kMaxEntries)
    return policy_error(where + " must list 1 to " + std::to_string(kMaxEntries) + " texts as " +
                        std::string(name));
  std::vector<std::string> all;
  for (const Json& entry : *list) {
    if (!entry.is_string())
      return policy_error(where + " has an entry in " + std::string(name) + " that is no text");
    all.push_back(entry.get<std::string>());
  }
  std::vector<std::string> sorted = all;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
    return policy_error(where + " lists " + in_quotes(*twice) + " twice in " + std::string(name));
  if (all.size() > 1 && std::ranges::find(all, kEverything) != all.end())
    return policy_error(where + ": '*' must be the only entry of " + std::string(name));
  return all;
}

bool all_of_class(std::string_view text, std::string_view extra, bool upper) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (upper && c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

// "registry/repository": a host with an optional port, then path components (OCI distribution spec, "Pulling
// manifests").
bool is_repository(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || !all_of_class(text.substr(0, slash), ".-:[]", true)) return false;
  std::string_view path = text.substr(slash + 1);
  while (true) {
    const size_t end = path.find('/');
    const std::string_view component = path.substr(0, end);
    if (!all_of_class(component, "._-", false) || component.front() == '.' || component.front() == '-' ||
        component.front() == '_')
      return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

Result<void> read_scopes(const Json& object, const std::string& where, TrustPolicy& policy) {
  auto scopes = texts(object, "registryScopes", where);
  if (!scopes) return std::move(scopes).error();
  for (const std::string& scope : *scopes) {
    if (scope != kEverything && !is_repository(scope)) {
      return policy_error(where + ": the scope " + in_quotes(scope) +
                          " is neither registry/repository without tag and digest nor '*'");
    }
  }
  policy.scopes = std::move(*scopes);
  return {};
}

Error unsigned_error(const std::string& where, const std::string& what) {
  return policy_error(where + " has " + what +
                      "; nothing unsigned is applied here, so only strict and permissive with enforced "
                      "authenticity can be used");
}

Result<void> read_level(const Json& verification, const std::string& where, TrustPolicy& policy) {
  if (!verification.contains("level")) return {};
  const std::string* level = base::find_string(verification, "level");
  if (level == nullptr) return policy_error(where + ": level is no text");
  if (*level == "audit" || *level == "skip") return unsigned_error(where, "level '" + *level + "'");
  if (*level == "strict") return {};
  if (*level != "permissive")
    return policy_error(where + ": level " + in_quotes(*level) + " is not known; use strict or permissive");
  policy.level = Level::permissive;
  policy.authentic_timestamp = policy.expiry = policy.revocation = Action::log;
  return {};
}

std::optional<Action> action_of(const Json& value) {
  if (value == "enforce") return Action::enforce;
  if (value == "log") return Action::log;
  if (value == "skip") return Action::skip;
  return std::nullopt;
}

Result<void> read_override(const std::string& name, const Json& value, const std::string& where,
                           TrustPolicy& policy) {
  const auto action = action_of(value);
  if (!action)
    return policy_error(where + ": override of " + in_quotes(name) + " must be enforce, log or skip");
  if (name == "authenticity") {
    if (*action == Action::enforce) return {};
    return unsigned_error(where, "an override that does not enforce authenticity");
  }
  if (name == "revocation") {
    policy.revocation = *action;
    return {};
  }
  if (name != "expiry" && name != "authenticTimestamp")
    return policy_error(where + ": " + in_quotes(name) + " cannot be overridden");
  if (*action == Action::skip)
    return policy_error(where + ": " + in_quotes(name) + " can be enforced or logged, not skipped");
  (name == "expiry" ? policy.expiry : policy.authentic_timestamp) = *action;
  return {};
}

Result<void> read_verification(const Json& object, const std::string& where, TrustPolicy& policy) {
  const Json* verification = base::find_object(object, "signatureVerification");
  if (verification == nullptr) return policy_error(where + " has no object signatureVerification");
  if (auto known = check_members(*verification, {"level", "override", "verifyTimestamp"}, where); !known)
    return known;
  if (auto read = read_level(*verification, where, policy); !read) return read;
  if (verification->contains("override")) {
    const Json* overrides = base::find_object(*verification, "override");
    if (overrides == nullptr) return policy_error(where + ": override is no object");
    for (const auto& [name, value] : overrides->items())
      if (auto read = read_override(name, value, where, policy); !read) return read;
  }
  if (!verification->contains("verifyTimestamp")) return {};
  const std::string* when = base::find_string(*verification, "verifyTimestamp");
  if (when == nullptr || (*when != "always" && *when != "afterCertExpiry"))
    return policy_error(where + ": verifyTimestamp must be always or afterCertExpiry");
  if (*when == "afterCertExpiry") policy.verify_timestamp = VerifyTimestamp::after_certificate_expiry;
  return {};
}

Result<void> read_stores(const Json& object, const std::string& where, TrustPolicy& policy) {
  const auto names = texts(object, "trustStores", where);
  if (!names) return names.error();
  bool signers = false;
  for (const std::string& name : *names) {
    const auto store = parse_store_reference(name);
    if (!store)
      return policy_error(where + ": the trust store " + in_quotes(name) +
                          " is not ca:<name>, signingAuthority:<name> or tsa:<name>");
    signers = signers || store->type != StoreType::tsa;
    policy.stores.push_back(*store);
  }
  if (!signers) return policy_error(where + " names no trust store of signers (ca or signingAuthority)");
  return {};
}

Result<void> read_identities(const Json& object, const std::string& where, TrustPolicy& policy) {
  const auto identities = texts(object, "trustedIdentities", where);
  if (!identities) return identities.error();
  if (identities->front() == kEverything) {
    policy.any_identity = true;
    return {};
  }
  for (const std::string& identity : *identities) {
    if (!identity.starts_with(kSubjectPrefix)) {
      return policy_error(where + ": the trusted identity " + in_quotes(identity) +
                          " is neither 'x509.subject: ...' nor '*'");
    }
    auto pattern = parse_subject_pattern(std::string_view(identity).substr(kSubjectPrefix.size()));
    if (!pattern) return std::move(pattern).error().with_context(where);
    for (const SubjectPattern& other : policy.identities) {
      if (overlap(other, *pattern))
        return policy_error(where + ": the trusted identities " + in_quotes(other.text) + " and " +
                            in_quotes(pattern->text) + " overlap; keep one of them");
    }
    policy.identities.push_back(std::move(*pattern));
  }
  return {};
}

Result<TrustPolicy> read_policy(const Json& object) {
  const std::string* name = base::find_string(object, "name");
  if (name == nullptr || name->empty()) return policy_error("a trust policy has no name");
  TrustPolicy policy;
  policy.name = *name;
  const std::string where = "trust policy " + in_quotes(*name);
  if (auto known = check_members(
          object, {"name", "registryScopes", "signatureVerification", "trustStores", "trustedIdentities"},
          where);
      !known)
    return std::move(known).error();
  // The level comes first: a policy of level skip has neither stores nor identities.
  for (const auto read : {read_verification, read_scopes, read_stores, read_identities})
    if (auto done = read(object, where, policy); !done) return std::move(done).error();
  return policy;
}

Result<void> check_distinct(const TrustPolicy& policy, const TrustPolicy& other) {
  if (policy.name == other.name)
    return policy_error("two trust policies are called " + in_quotes(policy.name));
  for (const std::string& scope : policy.scopes) {
    if (std::ranges::find(other.scopes, scope) != other.scopes.end())
      return policy_error("the trust policies " + in_quotes(other.name) + " and " + in_quotes(policy.name) +
                          " both have the scope " + in_quotes(scope));
  }
  return {};
}

}  // namespace

std::string_view to_string(StoreType type) {
  switch (type) {
    case StoreType::ca:
      return "ca";
    case StoreType::signing_authority:
      return "signingAuthority";
    case StoreType::tsa:
      break;
  }
  return "tsa";
}

std::optional<StoreReference> parse_store_reference(std::string_view text) {
  for (const StoreType type : {StoreType::ca, StoreType::signing_authority, StoreType::tsa}) {
    const std::string prefix = std::string(to_string(type)) + ":";
    if (!text.starts_with(prefix)) continue;
    const std::string name(text.substr(prefix.size()));
    if (!all_of_class(name, "_.-", true) || name == "." || name == "..") break;
    return StoreReference{type, name};
  }
  return std::nullopt;
}

std::string to_string(const StoreReference& store) {
  return std::string(to_string(store.type)) + ":" + store.name;
}

std::string_view to_string(Level level) {
  return level == Level::strict ? "strict" : "permissive";
}

Result<TrustPolicyDocument> TrustPolicyDocument::parse(std::string_view text) {
  base::JsonLimits limits;
  limits.max_bytes = kMaxBytes;
  limits.max_depth = 8;
  const auto root = base::parse_json(text, limits);
  if (!root) return Error(root.error()).with_context("the trust policy document is not usable JSON");
  const std::string where = "the trust policy document";
  if (!root->is_object()) return policy_error(where + " is no object");
  if (auto known = check_members(*root, {"version", "trustPolicies"}, where); !known)
    return std::move(known).error();
  const std::string* version = base::find_string(*root, "version");
  if (version == nullptr || *version != "1.0") return policy_error(where + " must have version \"1.0\"");
  const Json* list = base::find_array(*root, "trustPolicies");
  if (list == nullptr || list->empty() || list->size() > kMaxPolicies)
    return policy_error(where + " must list 1 to " + std::to_string(kMaxPolicies) + " trustPolicies");
  TrustPolicyDocument document;
  for (const Json& object : *list) {
    if (!object.is_object()) return policy_error("a trust policy is no object");
    auto policy = read_policy(object);
    if (!policy) return std::move(policy).error();
    for (const TrustPolicy& other : document.policies_)
      if (auto distinct = check_distinct(*policy, other); !distinct) return std::move(distinct).error();
    document.policies_.push_back(std::move(*policy));
  }
  return document;
}

const TrustPolicy* TrustPolicyDocument::find(std::string_view name) const {
  const auto found = std::ranges::find(policies_, name, &TrustPolicy::name);
  return found == policies_.end() ? nullptr : &*found;
}

Result<TrustPolicy> TrustPolicyDocument::select(std::string_view repository) const {
  for (const std::string_view scope : {repository, kEverything}) {
    for (const TrustPolicy& policy : policies_)
      if (std::ranges::find(policy.scopes, scope) != policy.scopes.end()) return policy;
  }
  return Error::refused("notary.policy_none", "no trust policy of trustpolicy.json applies to " +
                                                  in_quotes(repository) +
                                                  "; add the repository to a policy's registryScopes");
}

}  // namespace gridseal::notation
