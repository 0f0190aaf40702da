#include <algorithm>

#include "report/forms.hpp"
#include "report/report.hpp"

namespace gridseal::report {
namespace {

using base::Json;
using base::Result;

const LiveComponent* live_of(const Live* live, std::string_view name) {
  if (live == nullptr) return nullptr;
  const auto found = std::ranges::find(live->components, name, &LiveComponent::name);
  return found == live->components.end() ? nullptr : &*found;
}

Json agent_of(const Live* live) {
  if (live == nullptr)
    return {
        {"running", false}, {"version", nullptr}, {"pid", nullptr}, {"since", nullptr}, {"held", nullptr}};
  return {{"running", true},
          {"version", live->version},
          {"pid", live->pid},
          {"since", base::format_rfc3339(live->since)},
          {"held", live->held ? Json(*live->held) : Json()}};
}

std::string_view word_for(config::OnUntrusted choice) {
  switch (choice) {
    case config::OnUntrusted::hold:
      return "hold";
    case config::OnUntrusted::keep:
      return "keep";
    case config::OnUntrusted::stop:
      return "stop";
  }
  return "hold";
}

// What follows, and what somebody can do about it.
std::string consequence(const history::ComponentRecord& record, config::OnUntrusted choice) {
  if (!record.untrusted->stopped_by.empty())
    return "It was stopped by " + record.untrusted->stopped_by +
           "; nothing was deleted, and it starts again when it verifies again";
  switch (choice) {
    case config::OnUntrusted::keep:
      return "It runs on; a verified revision replaces it as soon as there is one";
    case config::OnUntrusted::stop:
      return "It runs on until it is stopped on this host: gridseal stop " + record.name + " --reason TEXT";
    case config::OnUntrusted::hold:
      break;
  }
  return "It runs on and nothing is changed; bring the trust that it needs, or let a replacement in with "
         "gridseal permit " +
         record.name + " --version VERSION --reason TEXT";
}

Json untrusted_of(const history::ComponentRecord& record, config::OnUntrusted choice) {
  if (!record.untrusted) return {};
  return {{"code", record.untrusted->code},
          {"message", record.untrusted->sentence},
          {"since", base::format_rfc3339(record.untrusted->since)},
          {"action", word_for(choice)},
          {"stopped_by", text_or_null(record.untrusted->stopped_by)}};
}

Json suspension_of(const history::ComponentRecord& record, const config::Component* settings) {
  if (record.suspension)
    return {{"by", record.suspension->by},
            {"why", record.suspension->why},
            {"since", base::format_rfc3339(record.suspension->since)},
            {"until", form(record.suspension->until)}};
  if (settings != nullptr && settings->suspend)
    return {{"by", "the settings"}, {"why", nullptr}, {"since", nullptr}, {"until", nullptr}};
  return {};
}

// What an operator should know although nothing is wrong.
Json warnings_of(const config::Component* settings, const history::ComponentRecord* record) {
  Json warnings = Json::array();
  if (record != nullptr && record->suspension) {
    const history::Suspension& by = *record->suspension;
    warnings.push_back("suspended by " + by.by + " since " + base::format_rfc3339(by.since) +
                       (by.until ? ", until " + base::format_rfc3339(*by.until) : "") + ": " + by.why);
  }
  if (settings == nullptr) {
    warnings.push_back("this component is no longer in the settings; what runs of it is left alone");
    return warnings;
  }
  if (settings->allow_image_tags)
    warnings.push_back(
        "container images without a digest are allowed: what runs is not wholly under a signature");
  const config::Ceiling& ceiling = settings->ceiling;
  if (ceiling.privileged) warnings.push_back("privileged pods are allowed");
  if (ceiling.host_path) warnings.push_back("hostPath volumes are allowed");
  if (ceiling.host_network) warnings.push_back("the host's network is allowed");
  return warnings;
}

Json poll_of(const history::ComponentRecord& record, const LiveComponent* live) {
  const std::optional<base::Time> at =
      live != nullptr && live->last_poll ? live->last_poll : record.poll_since;
  if (!at) return {};
  Json error;
  if (!record.poll_error_code.empty())
    error = {{"code", record.poll_error_code}, {"message", record.poll_error}};
  return {{"at", form(at)}, {"since", form(record.poll_since)}, {"error", error}};
}

class StatusBuilder {
 public:
  StatusBuilder(history::History& history, const Live* live) : history_(history), live_(live) {}

  Result<void> read() {
    auto records = history_.components();
    if (!records) return std::move(records).error();
    records_ = std::move(*records);
    auto unfinished = history_.unfinished_deployments();
    if (!unfinished) return std::move(unfinished).error();
    unfinished_ = std::move(*unfinished);
    return {};
  }

  Result<Json> components(const config::Settings& settings) {
    Json list = Json::array();
    for (const auto& [name, component] : settings.components) {
      const auto record = std::ranges::find(records_, name, &history::ComponentRecord::name);
      auto value = record == records_.end() ? unseen(component) : known(*record, &component);
      if (!value) return value;
      list.push_back(std::move(*value));
    }
    for (const history::ComponentRecord& record : records_) {
      if (settings.components.contains(record.name)) continue;
      auto value = known(record, nullptr);
      if (!value) return value;
      list.push_back(std::move(*value));
    }
    return list;
  }

 private:
  struct Shown {
    std::string state;
    std::string reason;
    std::string message;
    base::Time since;
  };

  // That what runs lost its trust stands before everything else, unless something is being changed right now.
  Shown shown_of(const history::ComponentRecord& record, config::OnUntrusted choice) const {
    const bool deploying =
        std::ranges::find(unfinished_, record.name, &history::Deployment::component) != unfinished_.end();
    if (!record.untrusted || deploying)
      return {record.state.empty() ? "new" : record.state, record.reason, record.sentence,
              record.state_since};
    std::string message =
        "what runs no longer verifies: " + record.untrusted->sentence + ". " + consequence(record, choice);
    if (record.state == "held") message += ". " + record.sentence;
    return {record.untrusted->stopped_by.empty() ? "untrusted" : "stopped", record.untrusted->code,
            std::move(message), record.untrusted->since};
  }

  Result<Json> running(const history::ComponentRecord& record) {
    if (!record.last_good) return Json();
    auto artifact = history_.artifact(record.last_good->artifact);
    if (!artifact) return std::move(artifact).error();
    return Json{{"revision", record.last_good->revision},
                {"digest", record.last_good->artifact.to_string()},
                {"version", *artifact ? text_or_null((*artifact)->version) : Json()},
                {"deployment", record.last_good->deployment}};
  }

  Json deployment(const history::ComponentRecord& record) const {
    const auto found = std::ranges::find(unfinished_, record.name, &history::Deployment::component);
    if (found == unfinished_.end()) return {};
    return {{"id", found->id},
            {"state", found->state},
            {"revision", found->revision},
            {"started", base::format_rfc3339(found->started)}};
  }

  Json live_fields(std::string_view name, Json value) const {
    const LiveComponent* live = live_of(live_, name);
    value["next_poll"] = live == nullptr ? Json() : form(live->next_poll);
    value["activity"] = live == nullptr ? Json() : text_or_null(live->activity);
    return value;
  }

  Result<Json> unseen(const config::Component& settings) {
    return live_fields(settings.name, {{"name", settings.name},
                                       {"state", "new"},
                                       {"reason", nullptr},
                                       {"message", "nothing has been seen of it yet"},
                                       {"since", nullptr},
                                       {"running", nullptr},
                                       {"desired", nullptr},
                                       {"deployment", nullptr},
                                       {"last_poll", nullptr},
                                       {"floor", nullptr},
                                       {"untrusted", nullptr},
                                       {"suspended", suspension_of({}, &settings)},
                                       {"warnings", warnings_of(&settings, nullptr)}});
  }

  Result<Json> known(const history::ComponentRecord& record, const config::Component* settings) {
    auto runs = running(record);
    if (!runs) return runs;
    Json desired;
    if (record.desired_digest)
      desired = {{"revision", record.desired_revision ? Json(*record.desired_revision) : Json()},
                 {"digest", record.desired_digest->to_string()}};
    Json floor;
    if (record.floor) floor = {{"version", record.floor->version}, {"created", form(record.floor->created)}};
    auto warnings = warnings_of(settings, &record);
    if (auto r = add_drift(record.name, warnings); !r) return std::move(r).error();
    const auto choice = settings == nullptr ? config::OnUntrusted::hold : settings->on_untrusted;
    const Shown shown = shown_of(record, choice);
    return live_fields(record.name, {{"name", record.name},
                                     {"state", shown.state},
                                     {"reason", text_or_null(shown.reason)},
                                     {"message", text_or_null(shown.message)},
                                     {"since", base::format_rfc3339(shown.since)},
                                     {"running", std::move(*runs)},
                                     {"desired", desired},
                                     {"deployment", deployment(record)},
                                     {"last_poll", poll_of(record, live_of(live_, record.name))},
                                     {"floor", floor},
                                     {"untrusted", untrusted_of(record, choice)},
                                     {"suspended", suspension_of(record, settings)},
                                     {"warnings", std::move(warnings)}});
  }

  // What differs from what was deployed, and stays so.
  Result<void> add_drift(const std::string& component, Json& warnings) {
    auto open = history_.open_drifts(component);
    if (!open) return std::move(open).error();
    constexpr size_t kShown = 10;
    for (size_t i = 0; i < std::min(kShown, open->size()); ++i)
      warnings.push_back("drift: " + (*open)[i].sentence);
    if (open->size() > kShown)
      warnings.push_back("drift: " + std::to_string(open->size() - kShown) + " more objects differ");
    return {};
  }

  history::History& history_;
  const Live* live_;
  std::vector<history::ComponentRecord> records_;
  std::vector<history::Deployment> unfinished_;
};

// The last row only: the whole chain is checked by audit().
Result<Json> audit_head(history::History& history) {
  auto rows = history.audit(1);
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return Json{{"rows", 0}, {"head", nullptr}};
  return Json{{"rows", rows->front().sequence}, {"head", rows->front().hash}};
}

}  // namespace

Json clock(const ClockReading& reading) {
  const bool behind = reading.floor && reading.host < *reading.floor;
  return {{"host", base::format_rfc3339(reading.host)},
          {"floor", form(reading.floor)},
          {"used", base::format_rfc3339(behind ? *reading.floor : reading.host)},
          {"behind", behind}};
}

Result<Json> status(history::History& history, const config::Settings& settings, const Live* live) {
  StatusBuilder builder(history, live);
  if (auto r = builder.read(); !r) return std::move(r).error();
  auto components = builder.components(settings);
  if (!components) return components;
  auto head = audit_head(history);
  if (!head) return head;
  return Json{{"agent", agent_of(live)},
              {"site", {{"name", settings.site.name}, {"environment", settings.site.environment}}},
              {"clock", live != nullptr && live->clock ? clock(*live->clock) : Json()},
              {"components", std::move(*components)},
              {"warnings", live == nullptr ? Json::array() : Json(live->warnings)},
              {"media", live != nullptr && live->media ? Json(*live->media) : Json()},
              {"quarantine", live != nullptr && live->quarantine ? Json(*live->quarantine) : Json()},
              {"audit", std::move(*head)}};
}

}  // namespace gridseal::report
