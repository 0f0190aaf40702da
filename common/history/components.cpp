// What is known of each component.
#include "history/state.hpp"

namespace gridseal::history {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kColumns =
    "SELECT name, desired_revision, desired_digest, good_artifact, good_revision, good_rendered, "
    "good_values, "
    "good_deployment, floor_version, floor_created, floor_digest, state, reason, sentence, state_since, "
    "poll_since, poll_error_code, poll_error, held_reason FROM components ";

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
  record.held_reason = row.text(18);
  return record;
}

Result<std::optional<ComponentRecord>> find(Database& database, std::string_view name) {
  auto query = database.prepare(kColumns, "WHERE name=?");
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
  auto query = state_->database->prepare(kColumns, "ORDER BY name");
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

Result<void> History::hold(std::string_view component, std::string_view reason, std::string_view actor) {
  const std::scoped_lock hold(state_->mutex);
  auto known = find(*state_->database, component);
  if (!known) return std::move(known).error();
  if (*known ? (*known)->held_reason == reason : reason.empty()) return {};
  return state_->in_transaction([&]() -> Result<void> {
    if (auto done = state_->ensure_component(component); !done) return done;
    auto update = state_->database->prepare("UPDATE components SET held_reason=? WHERE name=?");
    if (!update) return std::move(update).error();
    if (auto done = update->bind(reason).bind(component).run(); !done) return done;
    auto row = state_->audit(actor, reason.empty() ? "component.release" : "component.hold",
                             component_subject(component), {{"reason", reason}});
    if (!row) return std::move(row).error();
    return {};
  });
}

}  // namespace gridseal::history
