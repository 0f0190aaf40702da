#include "cli/table.hpp"
#include "cli/views.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

std::string took(const Json& entry, std::string_view name) {
  const auto duration = base::find_integer(entry, name);
  return duration ? base::format_duration(base::milliseconds(*duration)) : "-";
}

std::string outcome_of(const Json& entry) {
  const std::string outcome = member(entry, "outcome");
  return outcome == "-" ? member(entry, "state") : outcome;
}

// The release, or the object that drifted.
std::string about(const Json& entry) {
  return member(entry, "kind") == "drift" ? "drift of " + member(entry, "object")
                                          : short_revision(member(entry, "revision"));
}

std::string why(const Json& entry) {
  const std::string message = member(entry, "message");
  const std::string reason = member(entry, "reason");
  if (reason == "-") return message == "-" ? "" : message;
  return message == "-" ? reason : reason + ": " + message;
}

}  // namespace

std::string history_view(const Json& history, const View& view) {
  const Json* entries = base::find_array(history, "entries");
  if (entries == nullptr || entries->empty()) return "Nothing has been recorded yet.\n";
  Table table({"WHEN", "NO.", "COMPONENT", "REVISION", "OUTCOME", "TOOK", "WHY"});
  for (const Json& entry : *entries) {
    const std::string outcome = outcome_of(entry);
    table.add({relative(base::find_member(entry, "started"), view.now), member(entry, "id"),
               member(entry, "component"), about(entry), view.style.paint(colour_of(outcome), outcome),
               took(entry, "duration_ms"), why(entry)});
  }
  return table.to_string(view.width);
}

std::string audit_view(const Json& audit, const View& view) {
  const Json* chain = base::find_object(audit, "chain");
  const Json* rows = base::find_array(audit, "rows");
  if (chain == nullptr || rows == nullptr) return "There is no audit.\n";
  const bool intact = member(*chain, "intact") == "yes";
  std::string text =
      intact ? view.style.paint(Colour::good, "The chain is intact")
             : view.style.paint(Colour::bad, "The chain is broken at row " + member(*chain, "broken_at")) +
                   ": " + member(*chain, "message");
  text += "; " + member(*chain, "rows") + " rows, head " + member(*chain, "head").substr(0, 16) + "\n\n";
  Table table({"NO.", "TIME", "WHO", "WHAT", "ON"});
  for (const Json& row : *rows) {
    table.add({member(row, "sequence"), member(row, "time"), member(row, "actor"), member(row, "action"),
               member(row, "subject")});
  }
  return text + table.to_string(view.width);
}

}  // namespace gridseal::cli
