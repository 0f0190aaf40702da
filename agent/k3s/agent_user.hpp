// The user that the agent runs as, for what root does on its behalf: files below the agent's own directory
// are written with the agent's rights, so that nothing it may have put there can lead root elsewhere.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace gridseal::k3s {

class AgentUser {
 public:
  virtual ~AgentUser() = default;
  // Runs `work` with the user's rights.
  virtual base::Result<void> run(const std::function<base::Result<void>()>& work) = 0;
  // A directory that root has just made.
  virtual base::Result<void> own(const std::string& path) = 0;
  // Lets the user's group read a file of root's.
  virtual base::Result<void> share(const std::string& path) = 0;
};

// The owner of the state directory; before there is one, the user of that name. nullptr: it is root, there is
// none, or the caller is not root. One thread. Error (blocked): k3s.user.
std::unique_ptr<AgentUser> find_agent_user(const std::string& state_directory, const std::string& name);

}  // namespace gridseal::k3s
