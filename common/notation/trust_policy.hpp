// trustpolicy.json, version 1.0 (trust-store-trust-policy.md, "Trust Policy"), read as notation's users wrote
// it, with one difference: a policy that would let unsigned content pass is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "notation/subject.hpp"

namespace gridseal::notation {

enum class StoreType { ca, signing_authority, tsa };
std::string_view to_string(StoreType type);  // "ca", "signingAuthority", "tsa"

struct StoreReference {
  StoreType type = StoreType::ca;
  std::string name;

  friend bool operator==(const StoreReference&, const StoreReference&) = default;
};
std::string to_string(const StoreReference& store);  // "ca:acme"
std::optional<StoreReference> parse_store_reference(std::string_view text);

enum class Level { strict, permissive };
std::string_view to_string(Level level);

// What becomes of a failed validation. Integrity and authenticity are always enforced.
enum class Action { enforce, log, skip };

enum class VerifyTimestamp { always, after_certificate_expiry };

struct TrustPolicy {
  std::string name;
  std::vector<std::string> scopes;  // "registry/repository", or the one element "*"
  Level level = Level::strict;
  Action authentic_timestamp = Action::enforce;  // enforce or log
  Action expiry = Action::enforce;               // enforce or log
  Action revocation = Action::enforce;
  VerifyTimestamp verify_timestamp = VerifyTimestamp::always;
  std::vector<StoreReference> stores;
  bool any_identity = false;  // "*"
  std::vector<SubjectPattern> identities;
};

class TrustPolicyDocument {
 public:
  // Strict: unknown members, duplicate names, scopes, stores and identities, overlapping identities, the
  // levels `audit` and `skip` and every override of authenticity are refused. At most 64 KiB and 256
  // policies. Errors (refused): notary.policy; parse.json, parse.duplicate_key, parse.limit.
  static base::Result<TrustPolicyDocument> parse(std::string_view text);

  const std::vector<TrustPolicy>& policies() const { return policies_; }
  const TrustPolicy* find(std::string_view name) const;  // nullptr when there is none

  // The policy for "registry/repository" (no tag, no digest): the one that names it, else the one of "*".
  // Error (refused): notary.policy_none.
  base::Result<TrustPolicy> select(std::string_view repository) const;

 private:
  std::vector<TrustPolicy> policies_;
};

}  // namespace gridseal::notation
