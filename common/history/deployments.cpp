// The journal: deployments and their steps, each written before what it announces.
#include "history/ending.hpp"
#include "history/names.hpp"
#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr std::string_view kDeploymentColumns =
    "SELECT id, component, artifact, revision, kind, actor, rendered, value_digest, way_back, started, "
    "finished, state, state_since, outcome, reason, sentence FROM deployments ";

Deployment deployment_of(const Statement& row) {
  Deployment deployment{row.integer(0), row.text(1), digest_of(row, 2), row.text(3)};
  deployment.kind = value_in<DeploymentKind>(kDeploymentKinds, row.text(4));
  deployment.actor = row.text(5);
  deployment.rendered = optional_digest(row, 6);
  deployment.values = optional_digest(row, 7);
  deployment.way_back = optional_digest(row, 8);
  deployment.started = time_of(row.integer(9));
  deployment.finished = optional_time(row.optional_integer(10));
  deployment.state = row.text(11);
  deployment.state_since = time_of(row.integer(12));
  if (auto outcome = row.optional_text(13)) {
    deployment.outcome = value_in<DeploymentOutcome>(kDeploymentOutcomes, *outcome);
  }
  deployment.reason = row.text(14);
  deployment.sentence = row.text(15);
  return deployment;
}

Step step_of(const Statement& row) {
  Step step{row.integer(0), row.text(1), time_of(row.integer(2))};
  step.finished = optional_time(row.optional_integer(3));
  if (auto duration = row.optional_integer(4)) step.duration = base::milliseconds(*duration);
  step.result = row.text(5);
  if (auto detail = base::parse_json(row.text(6))) step.detail = std::move(*detail);
  return step;
}

Result<std::vector<Step>> steps_of(Database& database, DeploymentId id) {
  auto query = database.prepare(
      "SELECT sequence, name, started, finished, duration_ms, result, detail FROM steps "
      "WHERE deployment=? ORDER BY sequence");
  if (!query) return std::move(query).error();
  query->bind(id);
  return collect<Step>(*query, step_of);
}

Result<int64_t> next_sequence(Database& database, DeploymentId id) {
  auto query = database.prepare("SELECT coalesce(max(sequence), 0) + 1 FROM steps WHERE deployment=?");
  if (!query) return std::move(query).error();
  auto row = query->bind(id).step();
  if (!row) return std::move(row).error();
  return query->integer(0);
}

Result<void> insert(Database& database, const NewDeployment& deployment, int64_t now) {
  auto write = database.prepare(
      "INSERT INTO deployments (component, artifact, revision, kind, actor, rendered, value_digest, "
      "way_back, "
      "started, state, state_since) VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  if (!write) return std::move(write).error();
  write->bind(deployment.component).bind(deployment.artifact.to_string()).bind(deployment.revision);
  write->bind(to_string(deployment.kind))
      .bind(deployment.actor)
      .bind_optional(optional_text(deployment.rendered));
  write->bind_optional(optional_text(deployment.values)).bind_optional(optional_text(deployment.way_back));
  write->bind(now).bind(deployment.state).bind(now);
  return write->run();
}

Json detail_of(const NewDeployment& deployment, DeploymentId id) {
  Json detail{{"deployment", id},
              {"artifact", deployment.artifact.to_string()},
              {"revision", deployment.revision},
              {"kind", to_string(deployment.kind)}};
  if (deployment.way_back) detail["way_back"] = deployment.way_back->to_string();
  return detail;
}

}  // namespace

Result<Deployment> unfinished(Database& database, DeploymentId id) {
  auto query = database.prepare(kDeploymentColumns, "WHERE id=? AND finished IS NULL");
  if (!query) return std::move(query).error();
  query->bind(id);
  auto found = first<Deployment>(*query, deployment_of);
  if (!found) return std::move(found).error();
  if (*found) return std::move(**found);
  return Error::refused("history.unknown", "there is no unfinished deployment " + std::to_string(id));
}

Result<DeploymentId> History::begin_deployment(const NewDeployment& deployment) {
  const std::scoped_lock hold(state_->mutex);
  DeploymentId id = 0;
  auto done = state_->in_transaction([&]() -> Result<void> {
    if (auto ready = state_->ensure_component(deployment.component); !ready) return ready;
    if (auto written = insert(*state_->database, deployment, state_->now()); !written) return written;
    id = state_->database->last_insert_id();
    auto row = state_->audit(deployment.actor, "deployment.begin", component_subject(deployment.component),
                             detail_of(deployment, id));
    if (!row) return std::move(row).error();
    return {};
  });
  if (!done) return std::move(done).error();
  return id;
}

Result<void> History::set_rendered(DeploymentId id, const base::Digest& rendered,
                                   const base::Digest& values) {
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    if (auto known = unfinished(*state_->database, id); !known) return std::move(known).error();
    auto update = state_->database->prepare("UPDATE deployments SET rendered=?, value_digest=? WHERE id=?");
    if (!update) return std::move(update).error();
    return update->bind(rendered.to_string()).bind(values.to_string()).bind(id).run();
  });
}

Result<void> History::set_state(DeploymentId id, std::string_view state, std::string_view reason,
                                std::string_view sentence) {
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    if (auto known = unfinished(*state_->database, id); !known) return std::move(known).error();
    auto update = state_->database->prepare(
        "UPDATE deployments SET state=?, reason=?, sentence=?, state_since=? WHERE id=?");
    if (!update) return std::move(update).error();
    return update->bind(state).bind(reason).bind(sentence).bind(state_->now()).bind(id).run();
  });
}

Result<int64_t> History::begin_step(DeploymentId id, std::string_view name, const Json& detail) {
  const std::scoped_lock hold(state_->mutex);
  int64_t sequence = 0;
  auto done = state_->in_transaction([&]() -> Result<void> {
    if (auto known = unfinished(*state_->database, id); !known) return std::move(known).error();
    auto next = next_sequence(*state_->database, id);
    if (!next) return std::move(next).error();
    sequence = *next;
    auto insert = state_->database->prepare(
        "INSERT INTO steps (deployment, sequence, name, started, detail) VALUES (?,?,?,?,?)");
    if (!insert) return std::move(insert).error();
    const std::string text = detail.is_null() ? "{}" : base::dump_json(detail);
    return insert->bind(id).bind(sequence).bind(name).bind(state_->now()).bind(text).run();
  });
  if (!done) return std::move(done).error();
  state_->running[{id, sequence}] = state_->clock.monotonic();
  return sequence;
}

Result<void> History::end_step(DeploymentId id, int64_t sequence, std::string_view result,
                               const Json& detail) {
  const std::scoped_lock hold(state_->mutex);
  std::optional<int64_t> duration;
  if (auto began = state_->running.find({id, sequence}); began != state_->running.end()) {
    duration =
        std::chrono::duration_cast<base::milliseconds>(state_->clock.monotonic() - began->second).count();
  }
  auto done = state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare(
        "UPDATE steps SET finished=?, duration_ms=?, result=?, detail=coalesce(?, detail) "
        "WHERE deployment=? AND sequence=?");
    if (!update) return std::move(update).error();
    update->bind(state_->now()).bind_optional(duration).bind(result);
    update->bind_optional(detail.empty() ? std::nullopt
                                         : std::optional<std::string>(base::dump_json(detail)));
    if (auto written = update->bind(id).bind(sequence).run(); !written) return written;
    if (state_->database->changes() == 1) return {};
    return Error::refused("history.unknown",
                          "deployment " + std::to_string(id) + " has no step " + std::to_string(sequence));
  });
  if (done) state_->running.erase({id, sequence});
  return done;
}

Result<std::vector<Deployment>> History::unfinished_deployments() {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kDeploymentColumns, "WHERE finished IS NULL ORDER BY id");
  if (!query) return std::move(query).error();
  return collect<Deployment>(*query, deployment_of);
}

Result<std::vector<Deployment>> History::owed_receipts(int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(
      kDeploymentColumns,
      "WHERE finished IS NOT NULL AND outcome NOT IN ('blocked', 'cancelled') AND NOT EXISTS "
      "(SELECT 1 FROM receipts WHERE deployment=deployments.id) ORDER BY finished, id LIMIT ?");
  if (!query) return std::move(query).error();
  query->bind(limit);
  return collect<Deployment>(*query, deployment_of);
}

Result<std::vector<Deployment>> History::deployments(std::string_view component, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  const std::string_view which = component.empty() ? "WHERE ?='' " : "WHERE component=? ";
  auto query =
      state_->database->prepare(kDeploymentColumns, std::string(which).append("ORDER BY id DESC LIMIT ?"));
  if (!query) return std::move(query).error();
  query->bind(component).bind(limit);
  return collect<Deployment>(*query, deployment_of);
}

Result<std::vector<Deployment>> History::deployments_of(const base::Digest& artifact, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kDeploymentColumns, "WHERE artifact=? ORDER BY id DESC LIMIT ?");
  if (!query) return std::move(query).error();
  query->bind(artifact.to_string()).bind(limit);
  return collect<Deployment>(*query, deployment_of);
}

Result<std::optional<Deployment>> History::deployment(DeploymentId id) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kDeploymentColumns, "WHERE id=?");
  if (!query) return std::move(query).error();
  query->bind(id);
  auto found = first<Deployment>(*query, deployment_of);
  if (!found || !*found) return found;
  auto steps = steps_of(*state_->database, id);
  if (!steps) return std::move(steps).error();
  (*found)->steps = std::move(*steps);
  return found;
}

}  // namespace gridseal::history
