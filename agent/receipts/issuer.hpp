// Makes the receipts of this host: for each deployment that reached the cluster and ended, and a site report
// when asked and at least as often as the settings say. What a cut left undone is made good by the next
// run(): the deployment's end is in the history before its receipt, and the receipt before its copy in the
// store.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "history/history.hpp"
#include "oci/store.hpp"
#include "receipts/compose.hpp"
#include "receipts/signing_key.hpp"

namespace gridseal::receipts {

// All outlive the issuer. `facts` is called by any thread.
struct IssuerOutside {
  base::Files& files;
  base::Clock& clock;
  base::Log& log;
  history::History& history;
  oci::Store& store;
  KeyPlaces key;
  std::function<SiteFacts()> facts;
};

class Issuer {
 public:
  explicit Issuer(IssuerOutside outside);

  // --- by the worker alone
  base::Clock::Monotonic due() const;
  // Never fails a deployment: what does not work is logged once, said in warning(), and tried again. True:
  // something new was issued, also by report().
  bool run();
  // 0: no reports by themselves.
  void set_report_interval(base::milliseconds interval);
  // 0: the audit is never cut.
  void set_keep_audit(base::milliseconds keep) { keep_audit_ = keep; }

  // --- by any thread
  // A report of this moment. Errors: receipt.key, files.*, history.*.
  base::Result<history::Receipt> report();
  std::optional<std::string> warning() const;

  // Digests of the receipts' manifests in the store that belong to these artifacts: they stay as long as
  // those do.
  static std::vector<base::Digest> kept_with(const oci::Store& store, history::History& history,
                                             const std::vector<base::Digest>& artifacts);

 private:
  base::Result<const crypto::PrivateKey*> key();
  base::Result<void> work();
  base::Result<void> issue_owed();
  base::Result<void> issue(const history::Deployment& deployment);
  base::Result<void> store_all();
  base::Result<void> store(const history::Receipt& receipt);
  base::Result<void> drop_older(const base::Digest& artifact);
  base::Result<void> report_when_due();
  base::Result<ReportFacts> report_facts();
  void note(const base::Result<void>& done);

  IssuerOutside outside_;
  base::milliseconds interval_{0};
  base::milliseconds keep_audit_{0};
  base::Clock::Monotonic due_;                          // of what failed, or of the start
  std::optional<base::Clock::Monotonic> report_due_{};  // absent: to be found out
  int64_t seen_endings_ = -1;
  std::atomic<bool> issued_{false};  // since the last run() said so

  mutable std::mutex mutex_;  // of what follows
  std::optional<crypto::PrivateKey> key_;
  std::optional<std::string> warning_;
};

// "receipt/17", the name of a receipt's manifest in the store.
std::string store_name(int64_t sequence);

}  // namespace gridseal::receipts
