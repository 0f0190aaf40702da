// Asking gridseald to look at components, and waiting until they have come to rest.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "cli/agent_client.hpp"
#include "cli/context.hpp"

namespace gridseal::cli {

// No names: all. Returns those that will be looked at. Errors: those of AgentClient.
base::Result<std::vector<std::string>> request_look(AgentClient& client,
                                                    const std::vector<std::string>& components);

// Until each of them was looked at after `since`, and nothing of it is under way. Returns what status says of
// them. Errors: agent.timeout (failed); those of AgentClient.
base::Result<base::Json> await_settled(Context& context, AgentClient& client,
                                       const std::vector<std::string>& names, base::Time since,
                                       base::milliseconds timeout);

}  // namespace gridseal::cli
