// A cluster that is upgraded may no longer serve, or accept, what the last good revisions declare. That is
// said before they are needed for a way back.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "deploy/site.hpp"

namespace gridseal::deploy {

class ApiCheck {
 public:
  explicit ApiCheck(Site& site);

  // --- by the worker alone
  base::Clock::Monotonic due() const { return due_; }
  // Asks for the API server's version. When it is another one than that of the last check, also of the last
  // check before a restart, each object of each last good revision is tried: whether its kind is served, and
  // by a dry run whether it is accepted. Nothing is written to the cluster.
  void run(const std::stop_token& stop);
  // At the next run, whatever the version.
  void request();

  // --- by any thread: one sentence for each object that is in danger.
  std::vector<std::string> warnings() const;
  // Of the API server, as it was last seen; empty: never.
  std::string version() const;

 private:
  base::Result<void> check(const std::string& version, const std::stop_token& stop);
  base::Result<void> check_component(const config::Component& component, const std::string& version,
                                     std::vector<std::string>& found, const std::stop_token& stop);
  std::string path() const { return site_.state_directory + "/api-version"; }

  Site& site_;
  base::Clock::Monotonic due_;
  bool asked_ = false;

  mutable std::mutex mutex_;            // of what follows
  std::optional<std::string> checked_;  // version
  std::vector<std::string> warnings_;
};

}  // namespace gridseal::deploy
