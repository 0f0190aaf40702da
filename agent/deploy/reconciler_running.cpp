// What runs: judged again under the trust of this moment.
#include "deploy/reconciler.hpp"
#include "deploy/standing.hpp"

namespace gridseal::deploy {

// At start, on a timer, and when trust or policy changed: what was admitted once may have lost its trust.
void Reconciler::check_running(const std::stop_token& stop) {
  auto done = judge_running(stop);
  if (stop.stop_requested()) return;
  check_due_ = site_.now() +
               jittered(done ? site_.generation->settings.trust.verify_interval : component_.retry_interval);
  if (done) return;
  trouble_ = "what runs could not be verified again: " + done.error().describe();
  site_.outside.log.warning(trouble_, {{"component", component_.name}, {"reason", done.error().code()}});
}

base::Result<void> Reconciler::judge_running(const std::stop_token& stop) {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->last_good) return {};
  auto verified = verify_running(site_, component_, (*record)->last_good->artifact);
  if (verified) return found_trusted(**record, stop);
  if (!is_verdict(verified.error())) return std::move(verified).error();
  return found_untrusted(**record, verified.error(), stop);
}

base::Result<void> Reconciler::found_untrusted(const history::ComponentRecord& record,
                                               const base::Error& error, const std::stop_token& stop) {
  auto news = site_.history->set_standing(component_.name, &error);
  if (!news) return std::move(news).error();
  if (*news) {
    site_.outside.log.error("what runs no longer verifies: " + error.describe(),
                            {{"component", component_.name},
                             {"revision", record.last_good->revision},
                             {"outcome", "untrusted"},
                             {"reason", error.code()}});
    judgement_.reset();
    due_ = site_.now();
  }
  if (!record.untrusted || record.untrusted->stopped_by.empty()) return {};
  auto still_running = halt(site_, component_, stop);
  if (!still_running) return std::move(still_running).error();
  for (const std::string& sentence : *still_running)
    site_.outside.log.warning(sentence, {{"component", component_.name}, {"reason", "deploy.still_running"}});
  return {};
}

base::Result<void> Reconciler::found_trusted(const history::ComponentRecord& record,
                                             const std::stop_token& stop) {
  if (!record.untrusted) return {};
  if (!record.untrusted->stopped_by.empty()) {
    auto good = render_from_store(site_, component_, record.last_good->artifact, stop);
    if (!good) return std::move(good).error();
    if (auto r = start_again(site_, component_, *good, stop); !r) return r;
    if (auto r = site_.history->set_stopped(component_.name, {}, {}); !r) return r;
  }
  auto news = site_.history->set_standing(component_.name, nullptr);
  if (!news) return std::move(news).error();
  site_.outside.log.info("what runs verifies again",
                         {{"component", component_.name}, {"revision", record.last_good->revision}});
  judgement_.reset();
  due_ = site_.now();
  return {};
}

}  // namespace gridseal::deploy
