// What the history holds, as plain values. Digests are "sha256:…".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

namespace gridseal::history {

using DeploymentId = int64_t;  // grows, never used again

// The lowest release that may be installed (promise 4).
struct Floor {
  std::string version{};                // signed
  std::optional<base::Time> created{};  // signed
  base::Digest digest;                  // of the artifact that set it
};

// What a component goes back to.
struct LastGood {
  base::Digest artifact;
  std::string revision{};  // "v1.4.2@sha256:…"
  base::Digest rendered;   // of the canonical objects
  base::Digest values;     // of the substitution's values
  DeploymentId deployment = 0;
};

// What runs was verified once and is no longer.
struct Untrusted {
  std::string code{};
  std::string sentence{};
  base::Time since{};
  std::string stopped_by{};  // who had it stopped on this host; empty: it runs
};

// Somebody holds the changes of a component back.
struct Suspension {
  std::string by{};
  std::string why{};
  base::Time since{};                 // set by suspend()
  std::optional<base::Time> until{};  // absent: until somebody resumes it

  bool is_over(base::Time now) const { return until && *until <= now; }
};

struct ComponentRecord {
  std::string name{};
  std::optional<std::string> desired_revision{};  // what the registry last named
  std::optional<base::Digest> desired_digest{};
  std::optional<LastGood> last_good{};
  std::optional<Floor> floor{};
  std::string state{};   // a word of the agent's: "healthy", "settling", "held", …
  std::string reason{};  // code, may be empty
  std::string sentence{};
  base::Time state_since{};
  // The last poll: since when it is as it is. No error code: it was good.
  std::optional<base::Time> poll_since{};
  std::string poll_error_code{};
  std::string poll_error{};
  std::optional<Untrusted> untrusted{};
  std::optional<Suspension> suspension{};
};

struct Artifact {
  base::Digest digest;
  std::string media_type{};
  std::string manifest{};  // the very bytes
  std::string title{};     // from signed bytes, as are the next four; empty when absent
  std::string version{};
  std::string created{};  // as signed
  std::string revision{};
  std::string source{};
  base::Time first_seen{};  // set by record_artifact
};

enum class VerificationOutcome { verified, pending, refused };

struct Verification {
  std::string component{};
  base::Digest artifact;
  std::string policy{};
  VerificationOutcome outcome = VerificationOutcome::refused;
  std::string code{};      // reason code; empty when verified
  std::string sentence{};  // what was found, for people
  base::Json evidence{};   // keys, digests, identities; no secrets
  int64_t trust_generation = 0;
  base::Time time{};  // set by record_verification
};

enum class DeploymentKind { deploy, rollback, first_failure_removal, drift };

enum class DeploymentOutcome {
  healthy,      // the new revision runs
  rolled_back,  // it failed; the last good runs again
  removed,      // a first deployment failed and was removed
  left,         // a first deployment failed and was left for inspection
  refused,      // found wrong before the first write
  blocked,      // given up before the first write; the surroundings stood in the way
  cancelled,    // stopped before the first write, by an operator or a newer revision
};

struct NewDeployment {
  std::string component{};
  base::Digest artifact;
  std::string revision{};
  DeploymentKind kind = DeploymentKind::deploy;
  std::string actor{};                     // "poll", "operator uid=1000", …
  std::string state{};                     // the state machine's first state
  std::optional<base::Digest> rendered{};  // when known already
  std::optional<base::Digest> values{};
  std::optional<base::Digest> way_back{};  // last good artifact; empty: there is none
};

struct Step {
  int64_t sequence = 0;
  std::string name{};
  base::Time started{};
  std::optional<base::Time> finished{};
  std::optional<base::milliseconds> duration{};  // by the monotonic clock; empty when cut by a restart
  std::string result{};                          // "ok" or a reason code; empty: not finished
  base::Json detail{};
};

struct Deployment {
  DeploymentId id = 0;
  std::string component{};
  base::Digest artifact;
  std::string revision{};
  DeploymentKind kind = DeploymentKind::deploy;
  std::string actor{};
  std::optional<base::Digest> rendered{};
  std::optional<base::Digest> values{};
  std::optional<base::Digest> way_back{};
  base::Time started{};
  std::optional<base::Time> finished{};
  std::string state{};
  base::Time state_since{};
  std::optional<DeploymentOutcome> outcome{};  // with `finished`
  std::string reason{};
  std::string sentence{};
  std::vector<Step> steps{};  // only by deployment(id)
};

// An object's name in the cluster; the version is no part of it.
struct ObjectKey {
  std::string group{};  // empty: core
  std::string kind{};
  std::string namespace_name{};  // empty: cluster-scoped
  std::string name{};

  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

enum class Side {
  last_good,  // declared by the last good revision
  attempt,    // declared by the revision being applied
  leftover,   // declared by neither, still ours: a prune that was not confirmed, a protected kind
};

struct InventoryEntry {
  ObjectKey key{};
  std::string version{};  // "v1"
  base::Digest declared;  // of the declared canonical body; for Secret objects History::keyed_digest
  std::string uid{};      // empty until applied
  bool applied = false;
  // The deployment whose plan found the object absent and so creates it: what its failure may delete.
  std::optional<DeploymentId> created_by{};
  std::string fields{};  // what was ours of it when it was last as declared; empty: not known
};

struct AppliedObject {
  ObjectKey key{};
  std::string uid{};
  std::string fields{};  // as InventoryEntry::fields
};

struct CleanFields {
  ObjectKey key{};
  std::string fields{};
};

enum class DriftAction {
  corrected,  // put back; while the drift is open: it is about to be
  reported,   // left as it is
  failed,     // could not be put back, or not again so soon
};

inline constexpr int64_t kKeptDrifts = 1'000;

// What somebody changed in the cluster of what a component declares. Fields are names, never values.
struct Drift {
  int64_t id = 0;  // set by record_drift
  std::string component{};
  ObjectKey key{};
  std::vector<std::string> fields{};  // empty: the object was deleted
  std::string manager{};              // who changed it; empty: not known
  std::optional<base::Time> changed{};
  base::Time found{};  // set by record_drift
  std::optional<base::Time> ended{};
  DriftAction action = DriftAction::reported;
  std::string sentence{};
};

enum class DriftEnd { corrected, by_itself };

struct Failure {
  std::string component{};
  base::Digest artifact;
  base::Digest values;
  std::string reason{};
  std::string sentence{};
  base::Time time{};
};

// Leave to go below the floor, or to try a failed digest again, once.
struct Permit {
  int64_t id = 0;
  std::string component{};
  std::optional<base::Digest> digest{};  // exactly one of digest and version
  std::string version{};
  std::string who{};
  std::string why{};
  base::Time at{};
  std::optional<base::Time> used_at{};
};

enum class ReceiptKind {
  receipt,  // how a deployment ended
  report,   // how the site is
};

// A signed statement of this host about itself; together they are one chain.
struct Receipt {
  int64_t sequence = 0;  // from 1, without gaps
  ReceiptKind kind = ReceiptKind::receipt;
  std::optional<DeploymentId> deployment{};
  std::string component{};                 // empty: a report
  std::optional<base::Digest> artifact{};  // absent: a report
  base::Time time{};
  base::Digest statement;  // of the signed bytes
  std::string envelope{};  // DSSE, as JSON
  bool stored = false;     // beside its artifact in the content store, or not to be put there any more
  std::optional<base::Time> pushed{};
};

// What a new one follows, for those who sign it.
struct ReceiptPlace {
  int64_t sequence = 0;
  std::optional<base::Digest> previous{};  // statement of the one before; absent: this is the first
  int64_t audit_sequence = 0;              // head of the audit
  std::string audit_hash{};
  base::Time now{};
};

struct SealedReceipt {
  base::Digest statement;
  std::string envelope{};
};

struct AuditRow {
  int64_t sequence = 0;  // from 1, without gaps
  base::Time time{};
  std::string actor{};
  std::string action{};    // "deployment.begin"
  std::string subject{};   // "component/pump-control"
  std::string detail{};    // JSON text, the very bytes that are hashed
  std::string previous{};  // hash of the row before, 64 hex digits; zeros in the first
  std::string hash{};
};

std::string_view to_string(VerificationOutcome outcome);
std::string_view to_string(DeploymentKind kind);
std::string_view to_string(DeploymentOutcome outcome);
std::string_view to_string(Side side);
std::string_view to_string(DriftAction action);
std::string_view to_string(ReceiptKind kind);

}  // namespace gridseal::history
