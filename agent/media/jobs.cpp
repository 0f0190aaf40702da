#include "media/jobs.hpp"

namespace gridseal::media {

using base::Error;
using base::Json;

namespace {

std::string counted(size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string summary(const ImportReport& report) {
  return counted(report.releases.size(), "release", "releases") + " taken, " +
         std::to_string(report.refused.size()) + " refused";
}

}  // namespace

Jobs::~Jobs() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

base::Result<int64_t> Jobs::start(ImportRequest request) {
  const std::scoped_lock lock(mutex_);
  if (running_)
    return Error::blocked("media.busy", request_.path + " is being imported; wait until it is done");
  if (thread_.joinable()) thread_.join();
  running_ = true;
  request_ = request;
  report_.reset();
  error_.reset();
  progress_ = std::make_shared<Progress>();
  thread_ =
      std::jthread([this, request = std::move(request)](const std::stop_token& stop) { run(request, stop); });
  return ++id_;
}

void Jobs::run(const ImportRequest& request, const std::stop_token& stop) {
  const deploy::Outside& outside = engine_.outside();
  outside.log.info("importing from " + request.path, {{"by", request.who}});
  auto report = import_medium(engine_, outside.files, request, *progress_, stop);
  if (report) {
    outside.log.info("imported from " + request.path + " (" + report->label + "): " + summary(*report) +
                     "; it may be pulled");
    for (const Flaw& flaw : report->refused)
      outside.log.warning("not taken from the medium: " + flaw.what + ": " + flaw.error.describe(),
                          {{"reason", flaw.error.code()}});
  } else {
    outside.log.warning("importing from " + request.path + ": " + report.error().describe(),
                        {{"reason", report.error().code()}});
  }
  {
    const std::scoped_lock lock(mutex_);
    running_ = false;
    if (report)
      report_ = std::move(*report);
    else
      error_ = std::move(report).error();
  }
  wake_();
}

Json Jobs::state() const {
  const std::scoped_lock lock(mutex_);
  if (id_ == 0) return {{"id", 0}, {"state", "none"}, {"may_be_pulled", true}};
  const Progress::State progress = progress_->state();
  Json state{{"id", id_},
             {"state", running_ ? "running"
                       : error_ ? "failed"
                                : "done"},
             {"path", request_.path},
             {"label", report_ ? report_->label : clean_label(request_.label)},
             {"phase", progress.phase},
             {"done", progress.done},
             {"total", progress.total},
             {"may_be_pulled", !running_},
             {"report", report_ ? to_json(*report_) : Json()},
             {"error", nullptr}};
  if (error_)
    state["error"] = {{"code", error_->code()},
                      {"message", error_->describe()},
                      {"outcome", base::to_string(error_->outcome())}};
  return state;
}

std::optional<std::string> Jobs::sentence() const {
  const std::scoped_lock lock(mutex_);
  if (id_ == 0) return std::nullopt;
  if (running_) {
    const Progress::State progress = progress_->state();
    std::string text = "importing from " + request_.path + ": " + progress.phase;
    if (progress.total > 0)
      text += ", " + std::to_string(100 * std::min(progress.done, progress.total) / progress.total) + " %";
    return text + "; leave the medium where it is";
  }
  const std::string end = "; the medium may be pulled";
  if (error_) return "importing from " + request_.path + " ended: " + error_->describe() + end;
  return "imported from " + request_.path + " at " + base::format_rfc3339(report_->finished) + ": " +
         summary(*report_) + end;
}

}  // namespace gridseal::media
