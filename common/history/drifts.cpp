// What somebody changed in the cluster of what a component declares.
#include "history/names.hpp"
#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr std::string_view kDrift =
    "SELECT api_group, kind, namespace, name, id, component, fields, manager, changed, found, ended, action, "
    "sentence FROM drifts ";
constexpr std::string_view kOpenObject =
    "WHERE component=? AND ended IS NULL AND api_group=? AND kind=? AND namespace=? AND name=?";

Json fields_json(const std::vector<std::string>& fields) {
  Json list = Json::array();
  for (const auto& field : fields) list.push_back(field);
  return list;
}

Drift drift_of(const Statement& row) {
  Drift drift;
  drift.key = key_of(row, 0);
  drift.id = row.integer(4);
  drift.component = row.text(5);
  if (auto fields = base::parse_json(row.text(6)); fields && fields->is_array()) {
    for (const Json& field : *fields)
      if (field.is_string()) drift.fields.push_back(field.get<std::string>());
  }
  drift.manager = row.text(7);
  drift.changed = optional_time(row.optional_integer(8));
  drift.found = time_of(row.integer(9));
  drift.ended = optional_time(row.optional_integer(10));
  drift.action = value_in<DriftAction>(kDriftActions, row.text(11));
  drift.sentence = row.text(12);
  return drift;
}

Json detail_of(const Drift& drift) {
  Json detail{{"object", describe(drift.key)},
              {"fields", fields_json(drift.fields)},
              {"action", to_string(drift.action)},
              {"sentence", drift.sentence}};
  if (!drift.manager.empty()) detail["manager"] = drift.manager;
  if (drift.changed) detail["changed"] = base::format_rfc3339(*drift.changed);
  return detail;
}

Result<std::optional<Drift>> open_drift(Database& database, std::string_view component,
                                        const ObjectKey& key) {
  auto query = database.prepare(kDrift, kOpenObject);
  if (!query) return std::move(query).error();
  query->bind(component);
  bind_key(*query, key);
  return first<Drift>(*query, drift_of);
}

Result<void> insert(Database& database, const Drift& drift, int64_t now) {
  auto statement = database.prepare(
      "INSERT INTO drifts (component, api_group, kind, namespace, name, fields, manager, changed, found, "
      "action, sentence) VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  if (!statement) return std::move(statement).error();
  statement->bind(drift.component);
  bind_key(*statement, drift.key);
  statement->bind(base::dump_json(fields_json(drift.fields))).bind(drift.manager);
  statement->bind_optional(optional_number(drift.changed)).bind(now).bind(to_string(drift.action));
  return statement->bind(drift.sentence).run();
}

// Somebody who changes an object each minute must not fill the disk; the audit has its own retention.
Result<void> drop_oldest(Database& database, std::string_view component) {
  auto statement = database.prepare(
      "DELETE FROM drifts WHERE component=?1 AND ended IS NOT NULL AND id <= "
      "(SELECT id FROM drifts WHERE component=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)");
  if (!statement) return std::move(statement).error();
  return statement->bind(component).bind(kKeptDrifts).run();
}

Result<void> change(Database& database, int64_t id, const Drift& drift) {
  auto statement =
      database.prepare("UPDATE drifts SET fields=?, manager=?, changed=?, action=?, sentence=? WHERE id=?");
  if (!statement) return std::move(statement).error();
  statement->bind(base::dump_json(fields_json(drift.fields))).bind(drift.manager);
  statement->bind_optional(optional_number(drift.changed)).bind(to_string(drift.action));
  return statement->bind(drift.sentence).bind(id).run();
}

// When somebody changes the same field again and again only the time moves: that is no news.
bool is_same(const Drift& known, const Drift& found) {
  return known.fields == found.fields && known.manager == found.manager && known.action == found.action;
}

}  // namespace

std::string_view to_string(DriftAction action) {
  return name_in(kDriftActions, action);
}

Result<void> History::set_clean_fields(std::string_view component, const std::vector<CleanFields>& objects) {
  if (objects.empty()) return {};
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare(
        "UPDATE inventory SET fields=? WHERE component=? AND side='last_good' AND api_group=? AND kind=? AND "
        "namespace=? AND name=? AND fields<>?");
    if (!update) return std::move(update).error();
    for (const auto& object : objects) {
      update->reset();
      update->bind(object.fields).bind(component);
      bind_key(*update, object.key);
      if (auto done = update->bind(object.fields).run(); !done) return done;
    }
    return {};
  });
}

Result<void> History::record_drift(const Drift& drift) {
  const std::scoped_lock hold(state_->mutex);
  auto& database = *state_->database;
  auto known = open_drift(database, drift.component, drift.key);
  if (!known) return std::move(known).error();
  if (*known && is_same(**known, drift)) return {};
  return state_->in_transaction([&]() -> Result<void> {
    auto done = *known ? change(database, (*known)->id, drift) : insert(database, drift, state_->now());
    if (!done) return done;
    if (auto dropped = drop_oldest(database, drift.component); !dropped) return dropped;
    auto row = state_->audit("drift", "drift.found", component_subject(drift.component), detail_of(drift));
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<void> History::end_drift(std::string_view component, const ObjectKey& key, DriftEnd end) {
  const std::scoped_lock hold(state_->mutex);
  auto& database = *state_->database;
  auto known = open_drift(database, component, key);
  if (!known) return std::move(known).error();
  if (!*known) return {};
  const bool corrected = end == DriftEnd::corrected;
  return state_->in_transaction([&]() -> Result<void> {
    Drift drift = std::move(**known);
    // What came right by itself was not corrected, whatever had been intended.
    drift.action = corrected                                ? DriftAction::corrected
                   : drift.action == DriftAction::corrected ? DriftAction::reported
                                                            : drift.action;
    auto update = database.prepare("UPDATE drifts SET ended=?, action=? WHERE id=?");
    if (!update) return std::move(update).error();
    update->bind(state_->now()).bind(to_string(drift.action)).bind(drift.id);
    if (auto done = update->run(); !done) return done;
    auto row = state_->audit("drift", corrected ? "drift.corrected" : "drift.ended",
                             component_subject(component), detail_of(drift));
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<std::vector<Drift>> History::open_drifts(std::string_view component) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kDrift, "WHERE component=? AND ended IS NULL ORDER BY id");
  if (!query) return std::move(query).error();
  query->bind(component);
  return collect<Drift>(*query, drift_of);
}

Result<std::vector<Drift>> History::drifts(std::string_view component, int64_t limit) {
  const std::scoped_lock hold(state_->mutex);
  auto query =
      state_->database->prepare(kDrift, "WHERE ?='' OR component=? ORDER BY found DESC, id DESC LIMIT ?");
  if (!query) return std::move(query).error();
  query->bind(component).bind(component).bind(limit);
  return collect<Drift>(*query, drift_of);
}

}  // namespace gridseal::history
