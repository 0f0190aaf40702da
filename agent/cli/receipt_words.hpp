// What was found out about sites, as JSON and for people.
#pragma once

#include <string>
#include <vector>

#include "cli/words.hpp"
#include "receipts/audit_export.hpp"
#include "receipts/sites.hpp"

namespace gridseal::cli {

// {"name", "key", "whole", "first", "last", "count", "issued", "trust", "agent", "kubernetes", "clock",
// "components": […], "alarms": [{"code", "message"}], "gaps": […]}.
base::Json site_json(const receipts::SiteState& site);
// Of the trust bundle that is in force there, by the newest statement that says it; null: none does.
base::Json trust_version(const receipts::SiteState& site);
base::Json flaws_json(const std::vector<receipts::Flaw>& flaws);

// A line for each site, one for each component of it, and the alarms below.
std::string sites_table(const std::vector<receipts::SiteState>& sites, base::Time now, const Style& style,
                        size_t width);

// "plant-7: 17 statements, 1 to 17, whole", and a line for each flaw.
std::string verdict_lines(const std::vector<receipts::SiteState>& sites, const Style& style);

}  // namespace gridseal::cli
