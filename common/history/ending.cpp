// The two ways a deployment ends, each all at once.
#include "history/ending.hpp"

#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Json;
using base::Result;

namespace {

// Runs one statement whose only parameters are text.
Result<void> run_text(Database& database, std::string_view sql,
                      std::initializer_list<std::string_view> values) {
  auto statement = database.prepare(sql);
  if (!statement) return std::move(statement).error();
  for (const auto value : values) statement->bind(value);
  return statement->run();
}

// Moves one side's entries of these keys to the leftovers.
Result<void> keep_as_leftover(Database& database, const std::string& component, Side from,
                              const std::vector<ObjectKey>& keys) {
  auto move = database.prepare(
      "INSERT OR REPLACE INTO inventory SELECT component, 'leftover', api_group, kind, namespace, name, "
      "version, declared, uid, applied, created_by, fields FROM inventory "
      "WHERE component=? AND side=? AND api_group=? AND kind=? AND namespace=? AND name=?");
  if (!move) return std::move(move).error();
  for (const auto& key : keys) {
    move->reset();
    move->bind(component).bind(to_string(from));
    bind_key(*move, key);
    if (auto done = move->run(); !done) return done;
  }
  return {};
}

Result<void> close(Database& database, const Deployment& deployment, DeploymentOutcome outcome,
                   std::string_view reason, std::string_view sentence, int64_t now) {
  auto update = database.prepare(
      "UPDATE deployments SET finished=?, outcome=?, state=?, state_since=?, reason=?, sentence=? WHERE "
      "id=?");
  if (!update) return std::move(update).error();
  const auto name = to_string(outcome);
  update->bind(now).bind(name).bind(name).bind(now).bind(reason).bind(sentence).bind(deployment.id);
  if (auto done = update->run(); !done) return done;
  auto erase = database.prepare("DELETE FROM pre_images WHERE deployment=?");
  if (!erase) return std::move(erase).error();
  return erase->bind(deployment.id).run();
}

Result<void> set_good(Database& database, const Deployment& deployment) {
  if (!deployment.rendered || !deployment.values) {
    return Error::refused("history.unknown", "deployment " + std::to_string(deployment.id) +
                                                 " has no rendered objects to become the last good ones");
  }
  auto update = database.prepare(
      "UPDATE components SET good_artifact=?, good_revision=?, good_rendered=?, good_values=?, "
      "good_deployment=? WHERE name=?");
  if (!update) return std::move(update).error();
  update->bind(deployment.artifact.to_string()).bind(deployment.revision);
  update->bind(deployment.rendered->to_string()).bind(deployment.values->to_string());
  return update->bind(deployment.id).bind(deployment.component).run();
}

Result<void> set_floor(Database& database, const std::string& component, const Floor& floor) {
  auto update =
      database.prepare("UPDATE components SET floor_version=?, floor_created=?, floor_digest=? WHERE name=?");
  if (!update) return std::move(update).error();
  update->bind(floor.version).bind_optional(optional_number(floor.created)).bind(floor.digest.to_string());
  return update->bind(component).run();
}

Result<void> settle_inventory(Database& database, const std::string& component,
                              const std::vector<ObjectKey>& unpruned) {
  if (auto done = keep_as_leftover(database, component, Side::last_good, unpruned); !done) return done;
  if (auto done =
          run_text(database, "DELETE FROM inventory WHERE component=? AND side='last_good'", {component});
      !done) {
    return done;
  }
  if (auto done = run_text(database,
                           "UPDATE inventory SET side='last_good', created_by=NULL "
                           "WHERE component=? AND side='attempt'",
                           {component});
      !done) {
    return done;
  }
  // What is declared again is no leftover.
  return run_text(database,
                  "DELETE FROM inventory WHERE component=? AND side='leftover' AND "
                  "(api_group, kind, namespace, name) IN (SELECT api_group, kind, namespace, name FROM "
                  "inventory WHERE component=? AND side='last_good')",
                  {component, component});
}

Result<void> drop_attempt(Database& database, const std::string& component,
                          const std::vector<ObjectKey>& left_behind) {
  if (auto done = keep_as_leftover(database, component, Side::attempt, left_behind); !done) return done;
  // What the last good revision declares is no leftover, even when it could not be put back as it was.
  if (auto done =
          run_text(database,
                   "DELETE FROM inventory WHERE component=? AND side='leftover' AND "
                   "(api_group, kind, namespace, name) IN (SELECT api_group, kind, namespace, name FROM "
                   "inventory WHERE component=? AND side='last_good')",
                   {component, component});
      !done) {
    return done;
  }
  return run_text(database, "DELETE FROM inventory WHERE component=? AND side='attempt'", {component});
}

Json detail_of(const Deployment& deployment, DeploymentOutcome outcome) {
  return {{"deployment", deployment.id},
          {"artifact", deployment.artifact.to_string()},
          {"revision", deployment.revision},
          {"outcome", to_string(outcome)}};
}

Json names_of(const std::vector<ObjectKey>& keys) {
  Json names = Json::array();
  for (const auto& key : keys) names.push_back(describe(key));
  return names;
}

// What stays in the cluster is said where the outcome is read.
std::string with_left_behind(std::string_view sentence, const std::vector<ObjectKey>& left_behind) {
  constexpr size_t kShown = 5;
  std::string text(sentence);
  for (size_t i = 0; i < std::min(kShown, left_behind.size()); ++i)
    text += (i == 0 ? "; left behind: " : ", ") + describe(left_behind[i]);
  if (left_behind.size() > kShown) text += " and " + std::to_string(left_behind.size() - kShown) + " more";
  return text;
}

}  // namespace

Result<void> History::commit_good(DeploymentId id, const std::optional<Floor>& floor,
                                  const std::vector<ObjectKey>& unpruned, std::string_view sentence) {
  const std::scoped_lock hold(state_->mutex);
  auto& database = *state_->database;
  auto done = state_->in_transaction([&]() -> Result<void> {
    auto deployment = unfinished(database, id);
    if (!deployment) return std::move(deployment).error();
    if (auto done = set_good(database, *deployment); !done) return done;
    if (floor) {
      if (auto done = set_floor(database, deployment->component, *floor); !done) return done;
    }
    if (auto done = settle_inventory(database, deployment->component, unpruned); !done) return done;
    if (auto done = close(database, *deployment, DeploymentOutcome::healthy, {},
                          with_left_behind(sentence, unpruned), state_->now());
        !done) {
      return done;
    }
    Json detail = detail_of(*deployment, DeploymentOutcome::healthy);
    if (floor) detail["floor"] = floor->version;
    if (!unpruned.empty()) detail["left_behind"] = names_of(unpruned);
    auto row = state_->audit(deployment->actor, "deployment.finish", component_subject(deployment->component),
                             detail);
    if (!row) return std::move(row).error();
    return {};
  });
  if (done) ++state_->endings;
  return done;
}

Result<void> History::finish_failed(DeploymentId id, const Ending& ending) {
  const std::scoped_lock hold(state_->mutex);
  auto& database = *state_->database;
  auto done = state_->in_transaction([&]() -> Result<void> {
    auto deployment = unfinished(database, id);
    if (!deployment) return std::move(deployment).error();
    if (auto done = drop_attempt(database, deployment->component, ending.left_behind); !done) return done;
    const int64_t now = state_->now();
    if (ending.remember && deployment->values) {
      const Failure failure{deployment->component, deployment->artifact, *deployment->values,
                            ending.reason,         ending.sentence,      time_of(now)};
      if (auto done = write_failure(database, failure); !done) return done;
    }
    const std::string sentence = ending.outcome == DeploymentOutcome::left
                                     ? ending.sentence
                                     : with_left_behind(ending.sentence, ending.left_behind);
    if (auto done = close(database, *deployment, ending.outcome, ending.reason, sentence, now); !done)
      return done;
    Json detail = detail_of(*deployment, ending.outcome);
    detail["reason"] = ending.reason;
    detail["sentence"] = ending.sentence;
    detail["remembered"] = ending.remember;
    if (!ending.left_behind.empty()) detail["left_behind"] = names_of(ending.left_behind);
    auto row = state_->audit(deployment->actor, "deployment.finish", component_subject(deployment->component),
                             detail);
    if (!row) return std::move(row).error();
    return {};
  });
  if (done) ++state_->endings;
  return done;
}

}  // namespace gridseal::history
