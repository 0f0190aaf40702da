// What is wrong with settings that only the modules which use a value can judge. For whoever asks before the
// agent does.
#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

namespace gridseal::deploy {

// Repositories, tags, version ranges and filters, each with its place.
std::vector<config::Problem> check_components(const config::Loaded& loaded);

// Keys and policies, with the trust bundle in force: policies may name its keys. Who may not read the state
// directory is told by what is pinned alone. Errors: those of load_site_trust and make_policy.
std::vector<base::Error> check_policies(base::Files& files, const config::Settings& settings,
                                        const std::string& state_directory);

}  // namespace gridseal::deploy
