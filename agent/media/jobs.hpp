// Imports of media, one at a time, on a thread of their own: a medium that hangs holds up no deployment.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/json.hpp"
#include "deploy/engine.hpp"
#include "media/import.hpp"

namespace gridseal::media {

// Thread safe. `engine` outlives it.
class Jobs {
 public:
  // `wake` is called at the end of each, when components may have something new to look at.
  Jobs(deploy::Engine& engine, std::function<void()> wake) : engine_(engine), wake_(std::move(wake)) {}
  // Stops what runs; it is taken up when somebody imports the medium again.
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Begins; returns its number. Error (blocked): media.busy.
  base::Result<int64_t> start(ImportRequest request);
  // {"id", "state": "none"|"running"|"done"|"failed", "path", "label", "phase", "done", "total",
  //  "may_be_pulled", "report", "error"} of the latest import.
  base::Json state() const;
  // One sentence for `status`; nothing when none ran since the start.
  std::optional<std::string> sentence() const;

 private:
  void run(const ImportRequest& request, const std::stop_token& stop);

  deploy::Engine& engine_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  int64_t id_ = 0;
  bool running_ = false;
  ImportRequest request_;
  std::shared_ptr<Progress> progress_;
  std::optional<ImportReport> report_;
  std::optional<base::Error> error_;
  std::jthread thread_;
};

}  // namespace gridseal::media
