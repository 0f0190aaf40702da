// The history: components, artifacts, verifications, deployments, inventory, failures, permits and the
// hash-chained audit. One SQLite file, <state>/history.db; format in docs/formats/history-database.md.
//
// Thread safe. Every function is one transaction, and a decision's audit row is in the same transaction:
// after a power cut there is all of it or nothing. What would change nothing is not written, so a poll
// without change leaves the disk alone. A written function returns only after the disk has it
// (synchronous=FULL).
//
// Errors: those of database.hpp; history.in_use (blocked: another daemon has this state); history.audit
// (blocked: the decision could not be written to the audit, so it must not be carried out);
// history.host_key (blocked: the host's key cannot be read or does not fit); history.schema (blocked: the
// database is of a version that this program cannot bring to its own); history.unknown (refused: no such
// deployment, permit or component).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "history/database.hpp"
#include "history/records.hpp"

namespace gridseal::history {

struct Options {
  std::string state_directory;  // must exist
  Effect effect;                // for tests
};

// How a deployment that did not become the last good one ended.
struct Ending {
  DeploymentOutcome outcome = DeploymentOutcome::rolled_back;
  std::string reason{};  // code
  std::string sentence{};
  // Objects of the attempt that are still in the cluster (protected kinds, deletes not confirmed): they
  // become leftovers. All others of the attempt leave the inventory.
  std::vector<ObjectKey> left_behind{};
  bool remember = false;  // as a failure of this artifact with these values (promise 3)
};

// What verify_chain() found.
struct ChainReport {
  int64_t rows = 0;
  std::string head;                  // hash of the last row
  std::optional<int64_t> broken_at;  // sequence of the first row that is wrong or missing
  std::string sentence;              // what is wrong with it
};

class History {
 public:
  // Takes <state>/lock, makes or reads <state>/host.key (0600), opens, checks and migrates the database.
  static base::Result<std::unique_ptr<History>> open(base::Files& files, base::Clock& clock,
                                                     const Options& options);
  // For the command line, with or without a live daemon: takes no lock, creates and changes nothing; every
  // writing function fails, pre-images cannot be read.
  static base::Result<std::unique_ptr<History>> open_read_only(base::Clock& clock,
                                                               const std::string& state_directory);
  ~History();

  // --- components -----------------------------------------------------------------------------------------
  base::Result<std::vector<ComponentRecord>> components();
  base::Result<std::optional<ComponentRecord>> component(std::string_view name);
  base::Result<void> set_desired(std::string_view component, std::string_view revision,
                                 const base::Digest& digest);
  // Audited when there is a reason and state or reason are news.
  base::Result<void> set_component_state(std::string_view component, std::string_view state,
                                         std::string_view reason = {}, std::string_view sentence = {});
  // Written only when good becomes bad, bad becomes good, or the error is another one.
  base::Result<void> record_poll(std::string_view component, const base::Error* error);
  // Whether what runs still verifies; an error says why it does not. True: news, which is audited. What was
  // stopped stays recorded as stopped until set_stopped() says otherwise.
  base::Result<bool> set_standing(std::string_view component, const base::Error* untrusted);
  // Before what no longer verifies is stopped; an empty actor: it runs again. Audited. Error: history.unknown
  // (refused) when what runs is trusted.
  base::Result<void> set_stopped(std::string_view component, std::string_view actor, std::string_view why);
  // Replaces an earlier one. Audited.
  base::Result<void> suspend(std::string_view component, const Suspension& suspension);
  // Nothing is written when it is not suspended. Audited.
  base::Result<void> resume(std::string_view component, std::string_view actor, std::string_view why);

  // --- artifacts and verifications ------------------------------------------------------------------------
  base::Result<void> record_artifact(const Artifact& artifact);  // known ones are left as they are
  base::Result<std::optional<Artifact>> artifact(const base::Digest& digest);
  // False: the same as the last one of this component, artifact and policy, so not written. Audited.
  base::Result<bool> record_verification(const Verification& verification);
  base::Result<std::optional<Verification>> last_verification(std::string_view component,
                                                              const base::Digest& artifact);
  base::Result<std::vector<Verification>> verifications(const base::Digest& artifact);
  // Newest first. An empty component: of all.
  base::Result<std::vector<Verification>> verifications_of(std::string_view component, int64_t limit);
  // Those whose digest begins so ("sha256:4f"), newest first.
  base::Result<std::vector<Artifact>> find_artifacts(std::string_view digest_prefix, int64_t limit);

  // --- deployments: the journal ---------------------------------------------------------------------------
  base::Result<DeploymentId> begin_deployment(const NewDeployment& deployment);  // audited
  base::Result<void> set_rendered(DeploymentId id, const base::Digest& rendered, const base::Digest& values);
  base::Result<void> set_state(DeploymentId id, std::string_view state, std::string_view reason = {},
                               std::string_view sentence = {});
  // Before the effect; returns the step's sequence.
  base::Result<int64_t> begin_step(DeploymentId id, std::string_view name, const base::Json& detail = {});
  // An empty detail keeps what begin_step wrote.
  base::Result<void> end_step(DeploymentId id, int64_t sequence, std::string_view result = "ok",
                              const base::Json& detail = {});
  // Becomes the last good revision, all at once: pointer, floor (when given), inventory (attempt → last good;
  // `unpruned` of the old one → leftover, the others are gone), pre-images erased, deployment finished.
  base::Result<void> commit_good(DeploymentId id, const std::optional<Floor>& floor,
                                 const std::vector<ObjectKey>& unpruned = {}, std::string_view sentence = {});
  // Ends it otherwise, all at once: inventory of the attempt, pre-images erased, failure remembered.
  base::Result<void> finish_failed(DeploymentId id, const Ending& ending);
  base::Result<std::vector<Deployment>> unfinished_deployments();  // oldest first
  // Newest first. An empty component: of all.
  base::Result<std::vector<Deployment>> deployments(std::string_view component, int64_t limit);
  base::Result<std::vector<Deployment>> deployments_of(const base::Digest& artifact, int64_t limit);
  base::Result<std::optional<Deployment>> deployment(DeploymentId id);  // with its steps

  // --- inventory and pre-images ---------------------------------------------------------------------------
  // Before the first write to the cluster: the attempt's entries beside those of the last good revision.
  // Replaces an earlier attempt's; its entries that are not in the new one become leftovers when applied.
  base::Result<void> write_union_inventory(DeploymentId id, const std::vector<InventoryEntry>& attempt);
  // Before they are applied: from then on a later attempt takes them for leftovers, whatever becomes of this.
  base::Result<void> mark_begun(std::string_view component, const std::vector<ObjectKey>& objects);
  // Of the attempt or, on the way back, of the last good revision. Error: history.unknown (neither names it).
  base::Result<void> mark_applied(std::string_view component, const std::vector<AppliedObject>& objects);
  base::Result<std::vector<InventoryEntry>> inventory(std::string_view component, Side side);
  base::Result<void> drop_leftovers(std::string_view component, const std::vector<ObjectKey>& confirmed_gone);
  // Bodies are encrypted to the host's key whatever their kind (promise 8), and erased with the deployment's
  // end.
  base::Result<void> put_pre_image(DeploymentId id, const ObjectKey& key, std::string_view body);
  base::Result<std::vector<ObjectKey>> pre_images(DeploymentId id);
  base::Result<std::optional<std::string>> pre_image(DeploymentId id, const ObjectKey& key);
  // HMAC-SHA-256 under the host's key: for digests of Secret bodies.
  base::Result<base::Digest> keyed_digest(std::string_view bytes) const;

  // --- drift ----------------------------------------------------------------------------------------------
  // Of objects that are as the last good revision declares them; what is the same is not written.
  base::Result<void> set_clean_fields(std::string_view component, const std::vector<CleanFields>& objects);
  // Before anything is put back. An object has one open drift: found again it is not written, found different
  // it changes. Of each component the newest kKeptDrifts stay, and those that are open. Audited.
  base::Result<void> record_drift(const Drift& drift);
  // Nothing when none is open. Audited.
  base::Result<void> end_drift(std::string_view component, const ObjectKey& key, DriftEnd end);
  base::Result<std::vector<Drift>> open_drifts(std::string_view component);
  // Newest first. An empty component: of all.
  base::Result<std::vector<Drift>> drifts(std::string_view component, int64_t limit);

  // --- failures and permits -------------------------------------------------------------------------------
  base::Result<void> remember_failure(const Failure& failure);  // `time` is set here; audited
  base::Result<std::optional<Failure>> is_remembered(std::string_view component, const base::Digest& artifact,
                                                     const base::Digest& values);
  base::Result<std::vector<Failure>> failures(std::string_view component);
  // All of the artifact's, or of the component when empty. Audited; returns how many.
  base::Result<int64_t> forget_failures(std::string_view component,
                                        const std::optional<base::Digest>& artifact, std::string_view actor,
                                        std::string_view why);
  base::Result<int64_t> add_permit(const Permit& permit);  // `at` is set here; audited; returns its id
  // An unused one for this digest or version.
  base::Result<std::optional<Permit>> find_permit(std::string_view component, const base::Digest& digest,
                                                  std::string_view version);
  base::Result<void> use_permit(int64_t id, DeploymentId deployment);  // once; audited
  base::Result<std::vector<Permit>> permits(std::string_view component);

  // Rows of the audit behind `after`, ascending.
  base::Result<std::vector<AuditRow>> audit_after(int64_t after, int64_t limit);
  // Removes rows that are older than `before`, up to the newest checkpoint among them: a row that a receipt
  // or report names, under the host's key, as the head of then. Without one nothing is removed. Audited;
  // returns how many rows went.
  base::Result<int64_t> cut_audit(base::Time before);

  // --- receipts ------------------------------------------------------------------------------------------
  // A signed statement at the end of the host's own chain: `seal` is called once with its place and must not
  // use this history. The row, the new end of the chain and an audit row are one transaction. With a
  // deployment: of one that ended and has none yet, else history.unknown (refused). Errors also: those of
  // `seal`.
  using SealReceipt = std::function<base::Result<SealedReceipt>(const ReceiptPlace& place)>;
  base::Result<Receipt> add_receipt(const std::optional<DeploymentId>& deployment, const SealReceipt& seal);
  // Deployments that reached the cluster, ended, and have no receipt yet; in the order of their ends.
  base::Result<std::vector<Deployment>> owed_receipts(int64_t limit);
  // How many deployments ended in this process: what is owed changes with it.
  int64_t endings() const;
  // Ascending, those behind `after`.
  base::Result<std::vector<Receipt>> receipts(int64_t after, int64_t limit);
  // Of one artifact, newest first.
  base::Result<std::vector<Receipt>> receipts_of(const base::Digest& artifact, int64_t limit);
  base::Result<std::optional<Receipt>> last_receipt(ReceiptKind kind);
  // "<sequence>:<statement>" of the last one, as it is kept beside the rows; empty: there is none.
  base::Result<std::string> receipt_head();
  base::Result<std::vector<Receipt>> unstored_receipts(int64_t limit);
  base::Result<void> set_receipt_stored(int64_t sequence);
  base::Result<std::vector<Receipt>> unpushed_receipts(int64_t after, int64_t limit);
  base::Result<void> set_receipt_pushed(int64_t sequence);

  // --- the floor of time ----------------------------------------------------------------------------------
  // The latest time that a log or timestamp authority proved for something that was admitted here.
  base::Result<std::optional<base::Time>> time_floor();
  // Upwards only; what would lower it is not written. `source` says who proved it. Audited.
  base::Result<void> raise_time_floor(base::Time floor, std::string_view source);
  // An operator's word: to any time, also a lower one. Audited.
  base::Result<void> reset_time_floor(base::Time floor, std::string_view actor, std::string_view why);

  // --- audit ----------------------------------------------------------------------------------------------
  base::Result<AuditRow> append_audit(std::string_view actor, std::string_view action,
                                      std::string_view subject, const base::Json& detail = {});
  base::Result<std::vector<AuditRow>> audit(int64_t limit);  // newest first
  base::Result<ChainReport> verify_chain();

 private:
  struct State;
  explicit History(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace gridseal::history
