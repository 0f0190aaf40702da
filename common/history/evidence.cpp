// Artifacts and what verification found.
#include "history/names.hpp"
#include "history/state.hpp"

namespace gridseal::history {

using base::Json;
using base::Result;

namespace {

constexpr std::string_view kVerification =
    "SELECT component, artifact, policy, outcome, code, sentence, evidence, trust_generation, time "
    "FROM verifications ";

constexpr std::string_view kArtifact =
    "SELECT digest, media_type, manifest, title, version, created, revision, source, first_seen "
    "FROM artifacts ";

Json json_of(const std::string& text) {
  auto value = base::parse_json(text);
  return value ? std::move(*value) : Json();
}

Verification verification_of(const Statement& row) {
  return {row.text(0),
          digest_of(row, 1),
          row.text(2),
          value_in<VerificationOutcome>(kVerificationOutcomes, row.text(3)),
          row.text(4),
          row.text(5),
          json_of(row.text(6)),
          row.integer(7),
          time_of(row.integer(8))};
}

Artifact artifact_of(const Statement& row) {
  return {digest_of(row, 0), row.text(1), row.text(2),
          row.text(3),       row.text(4), row.text(5),
          row.text(6),       row.text(7), time_of(row.integer(8))};
}

bool same(const Verification& a, const Verification& b) {
  return a.outcome == b.outcome && a.code == b.code && a.sentence == b.sentence &&
         base::dump_json(a.evidence) == base::dump_json(b.evidence) &&
         a.trust_generation == b.trust_generation;
}

Result<std::optional<Verification>> last_of(Database& database, const Verification& like) {
  auto query = database.prepare(kVerification,
                                "WHERE artifact=? AND component=? AND policy=? ORDER BY id DESC LIMIT 1");
  if (!query) return std::move(query).error();
  query->bind(like.artifact.to_string()).bind(like.component).bind(like.policy);
  return first<Verification>(*query, verification_of);
}

Result<void> insert(Database& database, const Verification& verification, int64_t now) {
  auto write = database.prepare(
      "INSERT INTO verifications (component, artifact, policy, outcome, code, sentence, evidence, "
      "trust_generation, time) VALUES (?,?,?,?,?,?,?,?,?)");
  if (!write) return std::move(write).error();
  write->bind(verification.component).bind(verification.artifact.to_string()).bind(verification.policy);
  write->bind(to_string(verification.outcome)).bind(verification.code).bind(verification.sentence);
  write->bind(base::dump_json(verification.evidence)).bind(verification.trust_generation).bind(now);
  return write->run();
}

}  // namespace

Result<void> History::record_artifact(const Artifact& artifact) {
  const std::scoped_lock hold(state_->mutex);
  auto known = state_->database->prepare("SELECT 1 FROM artifacts WHERE digest=?");
  if (!known) return std::move(known).error();
  auto found = known->bind(artifact.digest.to_string()).step();
  if (!found) return std::move(found).error();
  if (*found) return {};
  known->reset();
  auto insert = state_->database->prepare(
      "INSERT INTO artifacts (digest, media_type, manifest, title, version, created, revision, source, "
      "first_seen) VALUES (?,?,?,?,?,?,?,?,?)");
  if (!insert) return std::move(insert).error();
  insert->bind(artifact.digest.to_string()).bind(artifact.media_type).bind_blob(artifact.manifest);
  insert->bind(artifact.title).bind(artifact.version).bind(artifact.created).bind(artifact.revision);
  insert->bind(artifact.source).bind(state_->now());
  return state_->in_transaction([&] { return insert->run(); });
}

Result<std::optional<Artifact>> History::artifact(const base::Digest& digest) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kArtifact, "WHERE digest=?");
  if (!query) return std::move(query).error();
  query->bind(digest.to_string());
  return first<Artifact>(*query, artifact_of);
}

Result<bool> History::record_verification(const Verification& verification) {
  const std::scoped_lock hold(state_->mutex);
  auto last = last_of(*state_->database, verification);
  if (!last) return std::move(last).error();
  if (*last && same(**last, verification)) return false;
  auto done = state_->in_transaction([&]() -> Result<void> {
    if (auto written = insert(*state_->database, verification, state_->now()); !written) return written;
    auto row = state_->audit("gridseald", "verification." + std::string(to_string(verification.outcome)),
                             component_subject(verification.component),
                             {{"artifact", verification.artifact.to_string()},
                              {"policy", verification.policy},
                              {"code", verification.code},
                              {"evidence", verification.evidence},
                              {"trust_generation", verification.trust_generation}});
    if (!row) return std::move(row).error();
    return {};
  });
  if (!done) return std::move(done).error();
  return true;
}

Result<std::optional<Verification>> History::last_verification(std::string_view component,
                                                               const base::Digest& artifact) {
  const std::scoped_lock hold(state_->mutex);
  auto query =
      state_->database->prepare(kVerification, "WHERE artifact=? AND component=? ORDER BY id DESC LIMIT 1");
  if (!query) return std::move(query).error();
  query->bind(artifact.to_string()).bind(component);
  return first<Verification>(*query, verification_of);
}

Result<std::vector<Verification>> History::verifications(const base::Digest& artifact) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kVerification, "WHERE artifact=? ORDER BY id DESC");
  if (!query) return std::move(query).error();
  query->bind(artifact.to_string());
  return collect<Verification>(*query, verification_of);
}

Result<std::vector<Verification>> History::verifications_of(std::string_view component, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  const std::string_view which = component.empty() ? "WHERE ?='' " : "WHERE component=? ";
  auto query =
      state_->database->prepare(kVerification, std::string(which).append("ORDER BY id DESC LIMIT ?"));
  if (!query) return std::move(query).error();
  query->bind(component).bind(limit);
  return collect<Verification>(*query, verification_of);
}

Result<std::vector<Artifact>> History::find_artifacts(std::string_view digest_prefix, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(
      kArtifact, "WHERE substr(digest, 1, length(?1))=?1 ORDER BY first_seen DESC LIMIT ?2");
  if (!query) return std::move(query).error();
  query->bind(digest_prefix).bind(limit);
  return collect<Artifact>(*query, artifact_of);
}

}  // namespace gridseal::history
