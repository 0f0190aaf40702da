#include "receipts/issuer.hpp"

#include <algorithm>

#include "receipts/envelope.hpp"
#include "receipts/referrer.hpp"

namespace gridseal::receipts {

using base::Result;

namespace {

constexpr int64_t kAtOnce = 32;
constexpr int64_t kBesideOneArtifact = 8;  // in the store; the history has all
constexpr int64_t kAllOfOneArtifact = 1000;
constexpr base::milliseconds kPause{60'000};

}  // namespace

std::string store_name(int64_t sequence) {
  return "receipt/" + std::to_string(sequence);
}

Issuer::Issuer(IssuerOutside outside) : outside_(std::move(outside)), due_(outside_.clock.monotonic()) {}

void Issuer::set_report_interval(base::milliseconds interval) {
  if (interval == interval_) return;
  interval_ = interval;
  report_due_.reset();
  due_ = outside_.clock.monotonic();
}

base::Clock::Monotonic Issuer::due() const {
  const bool unknown = interval_.count() > 0 && !report_due_;
  if (unknown) return due_;
  return report_due_ ? std::min(*report_due_, due_) : due_;
}

bool Issuer::run() {
  const auto now = outside_.clock.monotonic();
  if (outside_.history.endings() == seen_endings_ && now < due()) return issued_.exchange(false);
  due_ = base::Clock::Monotonic::max();
  const int64_t endings = outside_.history.endings();
  auto done = work();
  seen_endings_ = endings;
  if (!done) {
    due_ = now + kPause;
    if (report_due_) report_due_ = std::max(*report_due_, due_);
  }
  note(done);
  return issued_.exchange(false);
}

Result<void> Issuer::work() {
  if (auto r = issue_owed(); !r) return r;
  if (auto r = report_when_due(); !r) return r;
  return store_all();
}

// One line when it begins and one when it ends.
void Issuer::note(const Result<void>& done) {
  std::optional<std::string> sentence;
  if (!done) sentence = "receipts cannot be made: " + done.error().describe();
  const std::scoped_lock lock(mutex_);
  if (sentence && !warning_) outside_.log.error(*sentence, {{"reason", done.error().code()}});
  if (!sentence && warning_) outside_.log.info("receipts are made again");
  warning_ = std::move(sentence);
}

std::optional<std::string> Issuer::warning() const {
  const std::scoped_lock lock(mutex_);
  return warning_;
}

Result<const crypto::PrivateKey*> Issuer::key() {
  const std::scoped_lock lock(mutex_);
  if (!key_) {
    auto made = load_or_create_key(outside_.files, outside_.key);
    if (!made) return std::move(made).error();
    key_.emplace(std::move(*made));
  }
  return &*key_;
}

Result<void> Issuer::issue_owed() {
  // Also without a deployment: the public key is to be had from the first start on.
  if (auto r = key(); !r) return std::move(r).error();
  for (;;) {
    auto owed = outside_.history.owed_receipts(kAtOnce);
    if (!owed) return std::move(owed).error();
    for (const history::Deployment& deployment : *owed)
      if (auto r = issue(deployment); !r) return r;
    if (owed->size() < static_cast<size_t>(kAtOnce)) return {};
  }
}

Result<void> Issuer::issue(const history::Deployment& ended) {
  history::History& history = outside_.history;
  auto signing = key();
  if (!signing) return std::move(signing).error();
  auto deployment = history.deployment(ended.id);
  if (!deployment) return std::move(deployment).error();
  auto artifact = history.artifact(ended.artifact);
  if (!artifact) return std::move(artifact).error();
  auto verification = history.last_verification(ended.component, ended.artifact);
  if (!verification) return std::move(verification).error();
  auto component = history.component(ended.component);
  if (!component) return std::move(component).error();
  const DeploymentFacts facts{deployment->value_or(ended), std::move(*artifact), std::move(*verification),
                              std::move(*component)};
  const SiteFacts site = outside_.facts();
  auto made = history.add_receipt(ended.id, [&](const history::ReceiptPlace& place) {
    return seal(**signing, compose_receipt(site, facts, (*signing)->public_key(), place));
  });
  if (!made) return std::move(made).error();
  issued_ = true;
  outside_.log.info(
      "receipt " + std::to_string(made->sequence) + " was made for deployment " + std::to_string(ended.id),
      {{"component", ended.component}, {"revision", ended.revision}});
  return {};
}

Result<void> Issuer::store_all() {
  for (;;) {
    auto open = outside_.history.unstored_receipts(kAtOnce);
    if (!open) return std::move(open).error();
    for (const history::Receipt& receipt : *open) {
      if (auto r = store(receipt); !r) return r;
      if (auto r = outside_.history.set_receipt_stored(receipt.sequence); !r) return r;
    }
    if (open->size() < static_cast<size_t>(kAtOnce)) return {};
  }
}

// Beside an artifact that is still there.
Result<void> Issuer::store(const history::Receipt& receipt) {
  if (!receipt.artifact || !outside_.store.contains(*receipt.artifact)) return {};
  auto artifact = outside_.history.artifact(*receipt.artifact);
  if (!artifact) return std::move(artifact).error();
  if (!*artifact) return {};
  const oci::Descriptor subject{
      (*artifact)->media_type, *receipt.artifact, (*artifact)->manifest.size(), {}, {}, {}};
  const Referrer referrer = make_referrer(receipt, subject);
  for (const auto& [descriptor, bytes] :
       {std::pair<const oci::Descriptor&, const std::string&>{referrer.layer, receipt.envelope},
        {referrer.config, referrer.config_bytes},
        {referrer.descriptor, referrer.manifest}}) {
    if (outside_.store.contains(descriptor)) continue;
    if (auto r = outside_.store.put_blob(descriptor, bytes); !r) return r;
  }
  if (auto r = outside_.store.set_root(store_name(receipt.sequence), referrer.descriptor); !r) return r;
  return drop_older(*receipt.artifact);
}

Result<void> Issuer::drop_older(const base::Digest& artifact) {
  auto all = outside_.history.receipts_of(artifact, kAllOfOneArtifact);
  if (!all) return std::move(all).error();
  for (size_t i = kBesideOneArtifact; i < all->size(); ++i) {
    if (auto r = outside_.store.remove_root(store_name((*all)[i].sequence)); !r) return r;
  }
  return {};
}

std::vector<base::Digest> Issuer::kept_with(const oci::Store& store, history::History& history,
                                            const std::vector<base::Digest>& artifacts) {
  std::vector<base::Digest> kept;
  for (const base::Digest& artifact : artifacts) {
    auto receipts = history.receipts_of(artifact, kBesideOneArtifact);
    if (!receipts) continue;
    for (const history::Receipt& receipt : *receipts)
      if (const auto root = store.find_root(store_name(receipt.sequence))) kept.push_back(root->digest);
  }
  return kept;
}

// By the steady clock while the process lives; after a restart by what the last report says.
Result<void> Issuer::report_when_due() {
  if (interval_.count() == 0) return {};
  const auto now = outside_.clock.monotonic();
  if (!report_due_) {
    auto last = outside_.history.last_receipt(history::ReceiptKind::report);
    if (!last) return std::move(last).error();
    const auto since = *last ? outside_.clock.now() - (*last)->time : interval_;
    const auto left = since < base::milliseconds(0) ? base::milliseconds(0) : interval_ - since;
    report_due_ = now + std::max(base::milliseconds(0), left);
  }
  if (now < *report_due_) return {};
  auto made = report();
  if (!made) return std::move(made).error();
  report_due_ = now + interval_;
  if (keep_audit_.count() == 0) return {};
  auto cut = outside_.history.cut_audit(outside_.clock.now() - keep_audit_);
  if (!cut) return std::move(cut).error();
  return {};
}

Result<ReportFacts> Issuer::report_facts() {
  ReportFacts facts;
  auto components = outside_.history.components();
  if (!components) return std::move(components).error();
  facts.components = std::move(*components);
  for (const auto& component : facts.components) {
    auto drifts = outside_.history.open_drifts(component.name);
    if (!drifts) return std::move(drifts).error();
    facts.open_drifts[component.name] = drifts->size();
    auto failures = outside_.history.failures(component.name);
    if (!failures) return std::move(failures).error();
    facts.failures[component.name] = failures->size();
  }
  return facts;
}

Result<history::Receipt> Issuer::report() {
  auto signing = key();
  if (!signing) return std::move(signing).error();
  auto facts = report_facts();
  if (!facts) return std::move(facts).error();
  const SiteFacts site = outside_.facts();
  auto made = outside_.history.add_receipt({}, [&](const history::ReceiptPlace& place) {
    return seal(**signing, compose_report(site, *facts, (*signing)->public_key(), place));
  });
  if (made) issued_ = true;
  return made;
}

}  // namespace gridseal::receipts
