// The host's own part in rendering: what its settings add to an artifact. It is kept with each deployment, so
// that the way back is rendered with the values of then, not with those that just failed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "config/settings.hpp"
#include "history/history.hpp"

namespace gridseal::deploy {

struct Inputs {
  std::string path;
  std::string target_namespace;
  std::string media_type;
  std::map<std::string, std::string> variables;  // empty: nothing is substituted
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> exclude;
};

// As the settings say now. The component's variables win over the site's; line ends in values go, as in Flux.
Inputs inputs_of(const config::Settings& settings, const config::Component& component);

base::Json to_json(const Inputs& inputs);
base::Digest values_digest(const Inputs& inputs);
base::Digest values_digest(const config::Settings& settings, const config::Component& component);

// As the step "plan" of a deployment recorded them; those of now where it did not. Errors: history.*.
base::Result<Inputs> recorded_inputs(history::History& history, history::DeploymentId id,
                                     const Inputs& otherwise);

}  // namespace gridseal::deploy
