// What trust has taken back: keys and digests that are denied, keys that are retired, single digests that a
// successor key endorses, and the oldest release of each component that may still be installed.
// Three different things, with three different effects:
//   denied    condemns what was signed: also what runs, also the way back
//   retired   signs nothing new: what was admitted before stays good, and so does what is endorsed
//   minimum   a release floor that somebody set: holds at admission only, never against the way back
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/semver.hpp"
#include "base/time.hpp"

namespace gridseal::trust {

// SHA-256 of a SubjectPublicKeyInfo (crypto::PublicKey::fingerprint) or of a whole certificate (DER).
using SignerId = base::Digest;

struct DeniedKey {
  SignerId id;
  // Absent: everything it ever signed. A time: everything but what is proven (by log or timestamp authority)
  // to have been signed at that time or before.
  std::optional<base::Time> signed_after{};
  std::string reason{};  // for people
};

// Who signs with short-lived certificates has no key to deny: issuer and subject as the certificate names
// them. Of a Sigstore certificate the identity provider and the workflow or address, of a Notary Project one
// the issuer's and its own distinguished name (RFC 4514).
struct DeniedIdentity {
  std::string issuer;
  std::string subject;
  std::optional<base::Time> signed_after{};  // as above
  std::string reason{};
};

struct DeniedDigest {
  base::Digest digest;
  std::string reason{};
};

struct RetiredKey {
  SignerId id;
  std::optional<base::Time> since{};  // what is proven to have been signed by then may still be admitted
  std::string reason{};
};

// The holder of `by` says of one artifact that it stays good although its own key is retired.
struct Endorsement {
  base::Digest digest;
  SignerId by;
  std::string reason{};
};

struct MinimumRelease {
  std::string component;
  std::optional<base::Semver> version{};
  std::optional<base::Time> created{};
};

struct DenialEntries {
  std::vector<DeniedKey> keys{};
  std::vector<DeniedDigest> digests{};
  std::vector<RetiredKey> retired{};
  std::vector<Endorsement> endorsed{};
  std::vector<MinimumRelease> floors{};
  std::vector<DeniedIdentity> identities{};
};

// Why a verification is made.
enum class Occasion {
  admission,  // something new is about to be installed
  running,    // what was admitted before is judged again: at start, on a timer, on the way back
};

// Immutable; thread safe.
class Denials {
 public:
  Denials() = default;
  // Several entries about one thing: the strictest of them counts.
  explicit Denials(const DenialEntries& entries);

  // These and everything that `more` forbids. Never looser than either: endorsements of `more` do not count.
  [[nodiscard]] Denials tightened_by(const Denials& more) const;

  // Error (refused): trust.denied_digest.
  base::Result<void> check_digest(const base::Digest& artifact) const;

  // `signers`: the key's id, or that of every certificate of the path and its key. `proven`: a time by which
  // the signature existed, as a log or a timestamp authority proves it; never what the signer claims.
  // Errors (refused): trust.denied_key, trust.retired_key.
  base::Result<void> check_signer(std::span<const SignerId> signers, const base::Digest& artifact,
                                  std::optional<base::Time> proven, Occasion occasion) const;

  // Error (refused): trust.denied_identity.
  base::Result<void> check_identity(const std::string& issuer, const std::string& subject,
                                    std::optional<base::Time> proven) const;

  // Error (refused): floor.minimum. Passes: a higher version; the same version, or versions that cannot be
  // compared, created no earlier than the floor says. A floor without a version looks at the time alone, one
  // without a time at the version alone.
  base::Result<void> check_minimum(std::string_view component, const std::optional<base::Semver>& version,
                                   base::Time created) const;

  // By a key that is neither denied nor retired.
  bool is_endorsed(const base::Digest& artifact) const;

  bool empty() const;
  // Sorted; equal denials give equal entries.
  DenialEntries entries() const;
  // The same text for the same effect, for fingerprints of the trust state. Reasons are not part of it.
  std::string canonical() const;

 private:
  struct KeyRule {
    std::optional<base::Time> until;  // denied: signed_after; retired: since
    std::string reason;
  };
  struct Minimum {
    std::optional<base::Semver> version;
    std::optional<base::Time> created;
  };
  using Identity = std::pair<std::string, std::string>;  // issuer, subject
  template <class Id>
  static void tighten(std::map<Id, KeyRule>& rules, const Id& id, KeyRule rule);
  void raise(const std::string& component, const Minimum& minimum);

  std::map<SignerId, KeyRule> keys_;
  std::map<Identity, KeyRule> identities_;
  std::map<base::Digest, std::string> digests_;
  std::map<SignerId, KeyRule> retired_;
  std::map<base::Digest, std::map<SignerId, std::string>> endorsed_;
  std::map<std::string, Minimum, std::less<>> floors_;
};

// The lists as trust bundles and the file of local denials write them (docs/formats/trust-bundle.md):
// "denied" {"keys", "identities", "digests"}, "retired", "endorsements", "floors". Absent lists are empty.
base::Json to_json(const DenialEntries& entries);
// An object with these lists and nothing else; `where` names it in errors. Errors (refused): `code`,
// parse.limit (1,000 keys, identities, floors; 10,000 digests, endorsements).
base::Result<DenialEntries> parse_denials(const base::Json& json, const std::string& where,
                                          const std::string& code);

}  // namespace gridseal::trust
