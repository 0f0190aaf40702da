#include <algorithm>
#include <set>

#include "base/encoding.hpp"
#include "report/forms.hpp"
#include "report/report.hpp"

namespace gridseal::report {
namespace {

using base::Json;
using base::Result;

struct Entry {
  base::Time time;
  Json value;
};

// What the registry called it when it was judged; else the digest alone.
std::string revision_of(const history::Verification& verification) {
  const std::string* tag = base::find_string(verification.evidence, "tag");
  const std::string digest = verification.artifact.to_string();
  return tag == nullptr || tag->empty() ? digest : *tag + "@" + digest;
}

Entry entry_of(const history::Verification& verification) {
  Json value = form(verification);
  value["revision"] = revision_of(verification);
  value.erase("evidence");
  return {verification.time, std::move(value)};
}

}  // namespace

Result<Json> history_of(history::History& history, std::string_view component, int64_t limit) {
  auto deployments = history.deployments(component, limit);
  if (!deployments) return std::move(deployments).error();
  auto verdicts = history.verifications_of(component, limit);
  if (!verdicts) return std::move(verdicts).error();
  auto drifts = history.drifts(component, limit);
  if (!drifts) return std::move(drifts).error();

  if (!component.empty() && deployments->empty() && verdicts->empty()) {
    auto known = history.component(component);
    if (!known) return std::move(known).error();
    if (!*known)
      return base::Error::refused("report.unknown", "nothing is recorded of a component '" +
                                                        base::printable(component, 80) +
                                                        "'; `gridseal status` lists the components");
  }

  std::vector<Entry> entries;
  for (const history::Deployment& deployment : *deployments)
    entries.push_back({deployment.started, form(deployment)});
  for (const history::Drift& drift : *drifts) entries.push_back({drift.found, form(drift)});
  // A verdict is told by the deployment that follows from it; a refused or pending one has none.
  for (const history::Verification& verdict : *verdicts) {
    if (verdict.outcome != history::VerificationOutcome::verified) entries.push_back(entry_of(verdict));
  }
  std::ranges::stable_sort(entries, std::greater<>(), &Entry::time);
  if (entries.size() > static_cast<size_t>(std::max<int64_t>(limit, 0)))
    entries.erase(entries.begin() + limit, entries.end());

  Json list = Json::array();
  for (Entry& entry : entries) list.push_back(std::move(entry.value));
  return Json{{"entries", std::move(list)}};
}

Result<Json> audit(history::History& history, int64_t limit) {
  auto chain = history.verify_chain();
  if (!chain) return std::move(chain).error();
  auto rows = history.audit(limit);
  if (!rows) return std::move(rows).error();
  Json list = Json::array();
  for (const history::AuditRow& row : *rows) list.push_back(form(row));
  return Json{{"chain",
               {{"rows", chain->rows},
                {"head", text_or_null(chain->head)},
                {"intact", !chain->broken_at},
                {"broken_at", chain->broken_at ? Json(*chain->broken_at) : Json()},
                {"message", text_or_null(chain->sentence)}}},
              {"rows", std::move(list)}};
}

}  // namespace gridseal::report
