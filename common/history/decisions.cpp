// Failures that are remembered, and permits.
#include "history/ending.hpp"
#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr std::string_view kFailure =
    "SELECT component, artifact, value_digest, reason, sentence, time FROM failures WHERE component=? ";
constexpr std::string_view kPermit =
    "SELECT id, component, digest, version, who, why, at, used_at FROM permits ";

Failure failure_of(const Statement& row) {
  return {row.text(0), digest_of(row, 1), digest_of(row, 2),
          row.text(3), row.text(4),       time_of(row.integer(5))};
}

Permit permit_of(const Statement& row) {
  return {row.integer(0), row.text(1), optional_digest(row, 2), row.text(3),
          row.text(4),    row.text(5), time_of(row.integer(6)), optional_time(row.optional_integer(7))};
}

Json detail_of(const Failure& failure) {
  return {{"artifact", failure.artifact.to_string()},
          {"values", failure.values.to_string()},
          {"reason", failure.reason},
          {"sentence", failure.sentence}};
}

Result<int64_t> delete_failures(Database& database, std::string_view component,
                                const std::optional<base::Digest>& artifact) {
  auto drop = database.prepare("DELETE FROM failures WHERE component=? AND artifact=coalesce(?, artifact)");
  if (!drop) return std::move(drop).error();
  if (auto done = drop->bind(component).bind_optional(optional_text(artifact)).run(); !done) {
    return std::move(done).error();
  }
  return database.changes();
}

}  // namespace

Result<void> write_failure(Database& database, const Failure& failure) {
  auto insert = database.prepare("INSERT OR REPLACE INTO failures VALUES (?,?,?,?,?,?)");
  if (!insert) return std::move(insert).error();
  insert->bind(failure.component).bind(failure.artifact.to_string()).bind(failure.values.to_string());
  return insert->bind(failure.reason).bind(failure.sentence).bind(number_of(failure.time)).run();
}

Result<void> History::remember_failure(const Failure& failure) {
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    Failure stamped = failure;
    stamped.time = state_->clock.now();
    if (auto done = write_failure(*state_->database, stamped); !done) return done;
    auto row = state_->audit("gridseald", "failure.remember", component_subject(failure.component),
                             detail_of(failure));
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<std::optional<Failure>> History::is_remembered(std::string_view component,
                                                      const base::Digest& artifact,
                                                      const base::Digest& values) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kFailure, "AND artifact=? AND value_digest=?");
  if (!query) return std::move(query).error();
  query->bind(component).bind(artifact.to_string()).bind(values.to_string());
  return first<Failure>(*query, failure_of);
}

Result<std::vector<Failure>> History::failures(std::string_view component) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kFailure, "ORDER BY time DESC, artifact");
  if (!query) return std::move(query).error();
  query->bind(component);
  return collect<Failure>(*query, failure_of);
}

Result<int64_t> History::forget_failures(std::string_view component,
                                         const std::optional<base::Digest>& artifact, std::string_view actor,
                                         std::string_view why) {
  const std::scoped_lock hold(state_->mutex);
  int64_t count = 0;
  auto done = state_->in_transaction([&]() -> Result<void> {
    auto deleted = delete_failures(*state_->database, component, artifact);
    if (!deleted) return std::move(deleted).error();
    count = *deleted;
    if (count == 0) return {};
    Json detail{{"why", why}, {"count", count}};
    if (artifact) detail["artifact"] = artifact->to_string();
    auto row = state_->audit(actor, "failure.forget", component_subject(component), detail);
    if (!row) return std::move(row).error();
    return {};
  });
  if (!done) return std::move(done).error();
  return count;
}

// --- permits ----------------------------------------------------------------------------------------------

Result<int64_t> History::add_permit(const Permit& permit) {
  const std::scoped_lock hold(state_->mutex);
  int64_t id = 0;
  auto done = state_->in_transaction([&]() -> Result<void> {
    auto insert = state_->database->prepare(
        "INSERT INTO permits (component, digest, version, who, why, at) VALUES (?,?,?,?,?,?)");
    if (!insert) return std::move(insert).error();
    insert->bind(permit.component).bind_optional(optional_text(permit.digest)).bind(permit.version);
    if (auto written = insert->bind(permit.who).bind(permit.why).bind(state_->now()).run(); !written) {
      return written;
    }
    id = state_->database->last_insert_id();
    Json detail{{"permit", id}, {"why", permit.why}};
    if (permit.digest) detail["digest"] = permit.digest->to_string();
    if (!permit.version.empty()) detail["version"] = permit.version;
    auto row = state_->audit(permit.who, "permit.add", component_subject(permit.component), detail);
    if (!row) return std::move(row).error();
    return {};
  });
  if (!done) return std::move(done).error();
  return id;
}

Result<std::optional<Permit>> History::find_permit(std::string_view component, const base::Digest& digest,
                                                   std::string_view version) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kPermit,
                                         "WHERE component=? AND used_at IS NULL AND "
                                         "(digest=? OR (version<>'' AND version=?)) ORDER BY id LIMIT 1");
  if (!query) return std::move(query).error();
  query->bind(component).bind(digest.to_string()).bind(version);
  return first<Permit>(*query, permit_of);
}

Result<void> History::use_permit(int64_t id, DeploymentId deployment) {
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare(
        "UPDATE permits SET used_at=?, used_by=? WHERE id=? AND used_at IS NULL RETURNING component");
    if (!update) return std::move(update).error();
    auto found = update->bind(state_->now()).bind(deployment).bind(id).step();
    if (!found) return std::move(found).error();
    if (!*found) {
      return Error::refused("history.unknown", "there is no unused permit " + std::to_string(id));
    }
    const std::string component = update->text(0);
    update->reset();
    auto row = state_->audit("gridseald", "permit.use", component_subject(component),
                             {{"permit", id}, {"deployment", deployment}});
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<std::vector<Permit>> History::permits(std::string_view component) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kPermit, "WHERE component=? ORDER BY id DESC");
  if (!query) return std::move(query).error();
  query->bind(component);
  return collect<Permit>(*query, permit_of);
}

}  // namespace gridseal::history
