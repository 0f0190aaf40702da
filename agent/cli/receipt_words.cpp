#include "cli/receipt_words.hpp"

#include "cli/table.hpp"

namespace gridseal::cli {

using base::Json;
using receipts::SiteState;

namespace {

struct Extent {
  size_t count = 0;
  int64_t first = 0;
  int64_t last = 0;
};

Extent extent_of(const SiteState& site) {
  Extent extent;
  for (const receipts::Chain& chain : site.chains) {
    extent.count += chain.statements.size();
    extent.first = chain.statements.front().sequence;
    extent.last = chain.statements.back().sequence;
  }
  return extent;
}

Json reported(const SiteState& site, const char* pointer) {
  if (!site.report) return {};
  const Json::json_pointer at(pointer);
  const Json& predicate = site.report->predicate;
  return predicate.contains(at) ? predicate[at] : Json();
}

Json component_json(const std::string& name, const receipts::ComponentState& state) {
  return {{"name", name},
          {"revision", state.revision},
          {"version", state.version},
          {"state", state.state},
          {"reason", state.reason},
          {"runs", state.runs ? Json(state.runs->to_string()) : Json()},
          {"as_of", base::format_rfc3339(state.time)}};
}

std::string name_of(const SiteState& site) {
  if (!site.name.empty()) return shown(site.name, 80);
  return site.key ? "unknown " + site.key->short_form() : "(unreadable)";
}

std::string text_of(const Json& value) {
  if (value.is_string()) return shown(value.get<std::string>(), 60);
  return value.is_number_integer() ? std::to_string(value.get<int64_t>()) : "-";
}

std::string flaw_lines(const std::string& whose, const std::vector<receipts::Flaw>& flaws, Colour colour,
                       const Style& style) {
  std::string text;
  for (const receipts::Flaw& flaw : flaws)
    text += "  " + style.paint(colour, whose) + ": " + shown(flaw.message) + " (" + flaw.code + ")\n";
  return text;
}

std::string release_of(const receipts::ComponentState& state) {
  const std::string revision = short_revision(state.revision);
  return state.version.empty() ? revision : shown(state.version, 40) + " " + revision;
}

}  // namespace

Json trust_version(const SiteState& site) {
  if (site.newest && site.newest->kind == history::ReceiptKind::receipt) {
    const Json::json_pointer at("/evidence/trustVersion");
    if (site.newest->predicate.contains(at)) return site.newest->predicate[at];
  }
  return reported(site, "/trust/version");
}

Json flaws_json(const std::vector<receipts::Flaw>& flaws) {
  Json list = Json::array();
  for (const receipts::Flaw& flaw : flaws) list.push_back({{"code", flaw.code}, {"message", flaw.message}});
  return list;
}

Json site_json(const SiteState& site) {
  const Extent extent = extent_of(site);
  Json components = Json::array();
  for (const auto& [name, state] : site.components) components.push_back(component_json(name, state));
  return {{"name", site.name.empty() ? Json() : Json(site.name)},
          {"key", site.key ? Json(site.key->to_string()) : Json()},
          {"environment", site.newest ? Json(site.newest->environment) : Json()},
          {"whole", site.is_whole()},
          {"count", extent.count},
          {"first", extent.first},
          {"last", extent.last},
          {"issued", site.newest ? Json(base::format_rfc3339(site.newest->issued)) : Json()},
          {"trust", trust_version(site)},
          {"denials", reported(site, "/trust/denials")},
          {"agent", reported(site, "/agent/version")},
          {"kubernetes", reported(site, "/kubernetes")},
          {"clock", reported(site, "/clock")},
          {"expiries", reported(site, "/expiries")},
          {"warnings", reported(site, "/warnings")},
          {"components", std::move(components)},
          {"alarms", flaws_json(site.alarms)},
          {"gaps", flaws_json(site.gaps)}};
}

std::string sites_table(const std::vector<SiteState>& sites, base::Time now, const Style& style,
                        size_t width) {
  Table table({"SITE", "HEARD", "NO.", "TRUST", "COMPONENT", "RELEASE", "STATE", "CHAIN"});
  std::string below;
  for (const SiteState& site : sites) {
    const Extent extent = extent_of(site);
    const std::string chain = !site.alarms.empty() ? style.paint(Colour::bad, "ALARM")
                              : !site.gaps.empty() ? style.paint(Colour::waiting, "gaps")
                              : extent.count == 0  ? "-"
                                                   : style.paint(Colour::good, "whole");
    std::vector<std::string> row{name_of(site),
                                 site.newest ? relative(site.newest->issued, now) : "never",
                                 extent.count == 0 ? "-" : std::to_string(extent.last),
                                 text_of(trust_version(site)),
                                 "-",
                                 "-",
                                 "-",
                                 chain};
    for (const auto& [name, state] : site.components) {
      row[4] = shown(name, 63);
      row[5] = release_of(state);
      row[6] = style.paint(colour_of(state.state), state.state);
      table.add(row);
      row = {"", "", "", "", "", "", "", ""};
    }
    if (site.components.empty()) table.add(row);
    below += flaw_lines(name_of(site), site.alarms, Colour::bad, style);
    below += flaw_lines(name_of(site), site.gaps, Colour::waiting, style);
  }
  return table.to_string(width) + (below.empty() ? "" : "\n" + below);
}

std::string verdict_lines(const std::vector<SiteState>& sites, const Style& style) {
  std::string text;
  for (const SiteState& site : sites) {
    const Extent extent = extent_of(site);
    if (extent.count == 0 && site.is_whole()) continue;
    text += name_of(site) + ": " + std::to_string(extent.count) +
            (extent.count == 1 ? " statement" : " statements");
    if (extent.count > 0) text += ", " + std::to_string(extent.first) + " to " + std::to_string(extent.last);
    text += ", " +
            (site.is_whole()       ? style.paint(Colour::good, "whole")
             : site.alarms.empty() ? style.paint(Colour::waiting, "incomplete")
                                   : style.paint(Colour::bad, "wrong")) +
            "\n";
    text += flaw_lines(name_of(site), site.alarms, Colour::bad, style);
    text += flaw_lines(name_of(site), site.gaps, Colour::waiting, style);
  }
  return text;
}

}  // namespace gridseal::cli
