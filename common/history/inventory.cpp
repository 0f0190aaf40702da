// The objects that a component owns, and the bodies that its rollback needs.
#include "history/ending.hpp"
#include "history/names.hpp"
#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kThisObject = "api_group=? AND kind=? AND namespace=? AND name=?";

InventoryEntry entry_of(const Statement& row) {
  InventoryEntry entry{key_of(row, 0), row.text(4), digest_of(row, 5), row.text(6)};
  entry.applied = row.integer(7) != 0;
  entry.created_by = row.optional_integer(8);
  entry.fields = row.text(9);
  return entry;
}

Result<void> insert_attempt(Database& database, const std::string& component,
                            const std::vector<InventoryEntry>& attempt) {
  auto insert = database.prepare(
      "INSERT INTO inventory (component, side, api_group, kind, namespace, name, version, declared, uid, "
      "applied, created_by) VALUES (?,'attempt',?,?,?,?,?,?,?,?,?)");
  if (!insert) return std::move(insert).error();
  for (const auto& entry : attempt) {
    insert->reset();
    insert->bind(component);
    bind_key(*insert, entry.key);
    insert->bind(entry.version).bind(entry.declared.to_string()).bind(entry.uid);
    insert->bind(int64_t{entry.applied ? 1 : 0}).bind_optional(entry.created_by);
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

// An earlier attempt's objects that reached the cluster must not be forgotten.
Result<void> retire_attempt(Database& database, const std::string& component) {
  auto keep = database.prepare(
      "INSERT OR REPLACE INTO inventory SELECT component, 'leftover', api_group, kind, namespace, name, "
      "version, declared, uid, applied, created_by, fields FROM inventory "
      "WHERE component=? AND side='attempt' AND applied=1");
  if (!keep) return std::move(keep).error();
  if (auto done = keep->bind(component).run(); !done) return done;
  auto drop = database.prepare("DELETE FROM inventory WHERE component=? AND side='attempt'");
  if (!drop) return std::move(drop).error();
  return drop->bind(component).run();
}

// Leftovers that one of the other sides declares are no leftovers.
Result<void> drop_declared_leftovers(Database& database, const std::string& component) {
  auto drop = database.prepare(
      "DELETE FROM inventory WHERE component=? AND side='leftover' AND "
      "(api_group, kind, namespace, name) IN (SELECT api_group, kind, namespace, name FROM inventory "
      "WHERE component=? AND side='attempt')");
  if (!drop) return std::move(drop).error();
  return drop->bind(component).bind(component).run();
}

}  // namespace

Result<void> History::write_union_inventory(DeploymentId id, const std::vector<InventoryEntry>& attempt) {
  const std::scoped_lock hold(state_->mutex);
  auto& database = *state_->database;
  return state_->in_transaction([&]() -> Result<void> {
    auto deployment = unfinished(database, id);
    if (!deployment) return std::move(deployment).error();
    if (auto done = retire_attempt(database, deployment->component); !done) return done;
    if (auto done = insert_attempt(database, deployment->component, attempt); !done) return done;
    return drop_declared_leftovers(database, deployment->component);
  });
}

Result<void> History::mark_begun(std::string_view component, const std::vector<ObjectKey>& objects) {
  if (objects.empty()) return {};
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare(
        "UPDATE inventory SET applied=1 WHERE component=? AND side='attempt' AND ", kThisObject);
    if (!update) return std::move(update).error();
    for (const auto& key : objects) {
      update->reset();
      update->bind(component);
      bind_key(*update, key);
      if (auto done = update->run(); !done) return done;
    }
    return {};
  });
}

Result<void> History::mark_applied(std::string_view component, const std::vector<AppliedObject>& objects) {
  if (objects.empty()) return {};
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare(
        "UPDATE inventory SET applied=1, uid=?, fields=? WHERE component=? AND side IN "
        "('attempt','last_good') AND ",
        kThisObject);
    if (!update) return std::move(update).error();
    for (const auto& object : objects) {
      update->reset();
      update->bind(object.uid).bind(object.fields).bind(component);
      bind_key(*update, object.key);
      if (auto done = update->run(); !done) return done;
      if (state_->database->changes() > 0) continue;
      return Error::refused("history.unknown",
                            describe(object.key) + " is not in the inventory of " + std::string(component));
    }
    return {};
  });
}

Result<std::vector<InventoryEntry>> History::inventory(std::string_view component, Side side) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(
      "SELECT api_group, kind, namespace, name, version, declared, uid, applied, created_by, fields FROM "
      "inventory WHERE component=? AND side=? ORDER BY api_group, kind, namespace, name");
  if (!query) return std::move(query).error();
  query->bind(component).bind(to_string(side));
  return collect<InventoryEntry>(*query, entry_of);
}

Result<void> History::drop_leftovers(std::string_view component,
                                     const std::vector<ObjectKey>& confirmed_gone) {
  if (confirmed_gone.empty()) return {};
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    auto drop = state_->database->prepare("DELETE FROM inventory WHERE component=? AND side='leftover' AND ",
                                          kThisObject);
    if (!drop) return std::move(drop).error();
    for (const auto& key : confirmed_gone) {
      drop->reset();
      drop->bind(component);
      bind_key(*drop, key);
      if (auto done = drop->run(); !done) return done;
    }
    return {};
  });
}

// --- pre-images -------------------------------------------------------------------------------------------

Result<void> History::put_pre_image(DeploymentId id, const ObjectKey& key, std::string_view body) {
  const std::scoped_lock hold(state_->mutex);
  auto host_key = state_->host_key();
  if (!host_key) return std::move(host_key).error();
  return state_->in_transaction([&]() -> Result<void> {
    if (auto known = unfinished(*state_->database, id); !known) return std::move(known).error();
    auto insert = state_->database->prepare("INSERT OR REPLACE INTO pre_images VALUES (?,?,?,?,?,?)");
    if (!insert) return std::move(insert).error();
    insert->bind(id);
    bind_key(*insert, key);
    return insert->bind_blob((*host_key)->encrypt(body)).run();
  });
}

Result<std::vector<ObjectKey>> History::pre_images(DeploymentId id) {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(
      "SELECT api_group, kind, namespace, name FROM pre_images WHERE deployment=? ORDER BY 1, 2, 3, 4");
  if (!query) return std::move(query).error();
  query->bind(id);
  return collect<ObjectKey>(*query, [](const Statement& row) { return key_of(row, 0); });
}

Result<std::optional<std::string>> History::pre_image(DeploymentId id, const ObjectKey& key) {
  const std::scoped_lock hold(state_->mutex);
  auto host_key = state_->host_key();
  if (!host_key) return std::move(host_key).error();
  auto query = state_->database->prepare("SELECT body FROM pre_images WHERE deployment=? AND ", kThisObject);
  if (!query) return std::move(query).error();
  query->bind(id);
  bind_key(*query, key);
  auto sealed = first<std::string>(*query, [](const Statement& row) { return row.text(0); });
  if (!sealed || !*sealed) return sealed;
  auto body = (*host_key)->decrypt(**sealed);
  if (!body) return std::move(body).error();
  return std::optional<std::string>(std::move(*body));
}

}  // namespace gridseal::history
