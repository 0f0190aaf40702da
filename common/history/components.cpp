// What is known of each component.
#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr std::string_view kComponentColumns =
    "SELECT name, desired_revision, desired_digest, good_artifact, good_revision, good_rendered, "
    "good_values, "
    "good_deployment, floor_version, floor_created, floor_digest, state, reason, sentence, state_since, "
    "poll_since, poll_error_code, poll_error, untrusted_code, untrusted_sentence, untrusted_since, "
    "stopped_by, suspended_by, suspended_why, suspended_since, suspended_until FROM components ";

std::optional<LastGood> good_of(const Statement& row) {
  const auto artifact = optional_digest(row, 3);
  if (!artifact) return std::nullopt;
  return LastGood{*artifact, row.text(4), digest_of(row, 5), digest_of(row, 6), row.integer(7)};
}

std::optional<Floor> floor_of(const Statement& row) {
  const auto digest = optional_digest(row, 10);
  if (!digest) return std::nullopt;
  return Floor{row.text(8), optional_time(row.optional_integer(9)), *digest};
}

std::optional<Untrusted> untrusted_of(const Statement& row) {
  std::string code = row.text(18);
  if (code.empty()) return std::nullopt;
  return Untrusted{std::move(code), row.text(19), time_of(row.integer(20)), row.text(21)};
}

std::optional<Suspension> suspension_of(const Statement& row) {
  const auto since = row.optional_integer(24);
  if (!since) return std::nullopt;
  return Suspension{row.text(22), row.text(23), time_of(*since), optional_time(row.optional_integer(25))};
}

ComponentRecord component_of(const Statement& row) {
  ComponentRecord record;
  record.name = row.text(0);
  record.desired_revision = row.optional_text(1);
  record.desired_digest = optional_digest(row, 2);
  record.last_good = good_of(row);
  record.floor = floor_of(row);
  record.state = row.text(11);
  record.reason = row.text(12);
  record.sentence = row.text(13);
  record.state_since = time_of(row.integer(14));
  record.poll_since = optional_time(row.optional_integer(15));
  record.poll_error_code = row.text(16);
  record.poll_error = row.text(17);
  record.untrusted = untrusted_of(row);
  record.suspension = suspension_of(row);
  return record;
}

Result<std::optional<ComponentRecord>> find(Database& database, std::string_view name) {
  auto query = database.prepare(kComponentColumns, "WHERE name=?");
  if (!query) return std::move(query).error();
  query->bind(name);
  return first<ComponentRecord>(*query, component_of);
}

}  // namespace

Result<void> History::State::ensure_component(std::string_view name) {
  auto insert = database->prepare("INSERT OR IGNORE INTO components (name, state_since) VALUES (?,?)");
  if (!insert) return std::move(insert).error();
  return insert->bind(name).bind(now()).run();
}

Result<std::vector<ComponentRecord>> History::components() {
  const std::scoped_lock hold(state_->mutex);
  auto query = state_->database->prepare(kComponentColumns, "ORDER BY name");
  if (!query) return std::move(query).error();
  return collect<ComponentRecord>(*query, component_of);
}

Result<std::optional<ComponentRecord>> History::component(std::string_view name) {
  const std::scoped_lock hold(state_->mutex);
  return find(*state_->database, name);
}

Result<void> History::set_desired(std::string_view component, std::string_view revision,
                                  const base::Digest& digest) {
  const std::scoped_lock hold(state_->mutex);
  auto known = find(*state_->database, component);
  if (!known) return std::move(known).error();
  if (*known && (*known)->desired_revision == revision && (*known)->desired_digest == digest) return {};
  return state_->in_transaction([&]() -> Result<void> {
    if (auto done = state_->ensure_component(component); !done) return done;
    auto update =
        state_->database->prepare("UPDATE components SET desired_revision=?, desired_digest=? WHERE name=?");
    if (!update) return std::move(update).error();
    if (auto done = update->bind(revision).bind(digest.to_string()).bind(component).run(); !done) return done;
    auto row = state_->audit("poll", "component.desired", component_subject(component),
                             {{"revision", revision}, {"digest", digest.to_string()}});
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<void> History::set_component_state(std::string_view component, std::string_view state,
                                          std::string_view reason, std::string_view sentence) {
  const std::scoped_lock hold(state_->mutex);
  auto known = find(*state_->database, component);
  if (!known) return std::move(known).error();
  const bool same_state = *known && (*known)->state == state && (*known)->reason == reason;
  if (same_state && (*known)->sentence == sentence) return {};
  return state_->in_transaction([&]() -> Result<void> {
    if (auto done = state_->ensure_component(component); !done) return done;
    auto update = state_->database->prepare(
        "UPDATE components SET state=?, reason=?, sentence=?, state_since=? WHERE name=?");
    if (!update) return std::move(update).error();
    const int64_t since = same_state ? number_of((*known)->state_since) : state_->now();
    update->bind(state).bind(reason).bind(sentence).bind(since).bind(component);
    if (auto done = update->run(); !done) return done;
    if (same_state || reason.empty()) return {};
    auto row = state_->audit("gridseald", "component." + std::string(state), component_subject(component),
                             {{"reason", reason}, {"sentence", sentence}});
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<void> History::record_poll(std::string_view component, const Error* error) {
  const std::scoped_lock hold(state_->mutex);
  auto known = find(*state_->database, component);
  if (!known) return std::move(known).error();
  const std::string code = error != nullptr ? error->code() : std::string();
  if (*known && (*known)->poll_since && (*known)->poll_error_code == code) return {};
  return state_->in_transaction([&]() -> Result<void> {
    if (auto done = state_->ensure_component(component); !done) return done;
    auto update = state_->database->prepare(
        "UPDATE components SET poll_since=?, poll_error_code=?, poll_error=? WHERE name=?");
    if (!update) return std::move(update).error();
    const std::string sentence = error != nullptr ? error->describe() : std::string();
    return update->bind(state_->now()).bind(code).bind(sentence).bind(component).run();
  });
}

Result<bool> History::set_standing(std::string_view component, const Error* untrusted) {
  const std::scoped_lock hold(state_->mutex);
  auto known = find(*state_->database, component);
  if (!known) return std::move(known).error();
  const std::optional<Untrusted> before = *known ? (*known)->untrusted : std::nullopt;
  const std::string code = untrusted != nullptr ? untrusted->code() : std::string();
  const std::string sentence = untrusted != nullptr ? untrusted->describe() : std::string();
  if (before ? before->code == code && before->sentence == sentence : untrusted == nullptr) return false;
  auto done = state_->in_transaction([&]() -> Result<void> {
    if (auto r = state_->ensure_component(component); !r) return r;
    auto update = state_->database->prepare(
        "UPDATE components SET untrusted_code=?, untrusted_sentence=?, untrusted_since=? WHERE name=?");
    if (!update) return std::move(update).error();
    update->bind(code).bind(sentence).bind(before ? number_of(before->since) : state_->now()).bind(component);
    if (auto r = update->run(); !r) return r;
    const bool trusted = untrusted == nullptr;
    auto row = state_->audit("gridseald", trusted ? "component.trusted" : "component.untrusted",
                             component_subject(component), {{"reason", code}, {"sentence", sentence}});
    if (!row) return std::move(row).error();
    return {};
  });
  if (!done) return std::move(done).error();
  return true;
}

Result<void> History::set_stopped(std::string_view component, std::string_view actor, std::string_view why) {
  const std::scoped_lock hold(state_->mutex);
  auto known = find(*state_->database, component);
  if (!known) return std::move(known).error();
  if (!*known || !(*known)->untrusted) {
    return Error::refused("history.unknown",
                          "what runs of '" + std::string(component) + "' is trusted: it is not stopped");
  }
  if ((*known)->untrusted->stopped_by == actor) return {};
  return state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare("UPDATE components SET stopped_by=? WHERE name=?");
    if (!update) return std::move(update).error();
    if (auto r = update->bind(actor).bind(component).run(); !r) return r;
    auto row = actor.empty()
                   ? state_->audit("gridseald", "component.started", component_subject(component), {})
                   : state_->audit(actor, "component.stopped", component_subject(component), {{"why", why}});
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<void> History::suspend(std::string_view component, const Suspension& suspension) {
  const std::scoped_lock hold(state_->mutex);
  return state_->in_transaction([&]() -> Result<void> {
    if (auto r = state_->ensure_component(component); !r) return r;
    auto update = state_->database->prepare(
        "UPDATE components SET suspended_by=?, suspended_why=?, suspended_since=?, suspended_until=? "
        "WHERE name=?");
    if (!update) return std::move(update).error();
    update->bind(suspension.by).bind(suspension.why).bind(state_->now());
    update->bind_optional(optional_number(suspension.until)).bind(component);
    if (auto r = update->run(); !r) return r;
    Json detail{{"why", suspension.why}};
    if (suspension.until) detail["until"] = base::format_rfc3339(*suspension.until);
    auto row = state_->audit(suspension.by, "component.suspended", component_subject(component), detail);
    if (!row) return std::move(row).error();
    return {};
  });
}

Result<void> History::resume(std::string_view component, std::string_view actor, std::string_view why) {
  const std::scoped_lock hold(state_->mutex);
  auto known = find(*state_->database, component);
  if (!known) return std::move(known).error();
  if (!*known || !(*known)->suspension) return {};
  return state_->in_transaction([&]() -> Result<void> {
    auto update = state_->database->prepare(
        "UPDATE components SET suspended_by='', suspended_why='', suspended_since=NULL, "
        "suspended_until=NULL WHERE name=?");
    if (!update) return std::move(update).error();
    if (auto r = update->bind(component).run(); !r) return r;
    auto row = state_->audit(actor, "component.resumed", component_subject(component), {{"why", why}});
    if (!row) return std::move(row).error();
    return {};
  });
}

}  // namespace gridseal::history
