#include "deploy/receipt_push.hpp"

#include "deploy/registry_access.hpp"
#include "receipts/referrer.hpp"

namespace gridseal::deploy {
namespace {

using base::Result;

constexpr base::milliseconds kRequest{10'000};

// Absent: no place for it.
std::optional<oci::Repository> place_of(const config::Settings& settings, const history::Receipt& receipt) {
  const config::Receipts& receipts = settings.receipts;
  if (!receipts.repository.empty()) return oci::Repository{receipts.registry, receipts.repository};
  const auto component = settings.components.find(receipt.component);
  if (component == settings.components.end() || component->second.registry != receipts.registry)
    return std::nullopt;
  return oci::Repository{component->second.registry, component->second.repository};
}

Result<std::unique_ptr<oci::Publisher>> publisher_of(const Site& site) {
  const config::Settings& settings = site.generation->settings;
  config::Registry registry = settings.registries.at(settings.receipts.registry);
  registry.credentials = settings.receipts.credentials;
  auto mirrors = make_mirrors(registry, site.outside.files, site.outside.credentials_directory);
  oci::PushSettings push;
  push.target = std::move(mirrors.front());
  push.retry.rounds = 1;
  push.request_timeout = kRequest;
  push.user_agent = "gridseal/" GRIDSEAL_VERSION;
  return oci::Publisher::create(
      std::move(push), {site.outside.connector, site.outside.clock, site.outside.log, site.outside.jitter});
}

Result<void> upload(oci::Publisher& publisher, const oci::Repository& repository,
                    const history::Receipt& receipt, const receipts::Referrer& referrer,
                    const std::stop_token& stop) {
  if (auto r = publisher.push_blob(repository, referrer.config, referrer.config_bytes, stop); !r) return r;
  if (auto r = publisher.push_blob(repository, referrer.layer, receipt.envelope, stop); !r) return r;
  auto pushed = referrer.content.subject
                    ? publisher.push_referrer(repository, referrer.content, stop)
                    : publisher.push_manifest(repository, "report-" + std::to_string(receipt.sequence),
                                              referrer.manifest, referrer.descriptor.media_type, stop);
  if (!pushed) return std::move(pushed).error();
  return {};
}

Result<std::optional<receipts::Referrer>> referrer_of(const Site& site, const history::Receipt& receipt) {
  if (!receipt.artifact) return std::optional(receipts::make_report_artifact(receipt));
  auto artifact = site.history->artifact(*receipt.artifact);
  if (!artifact) return std::move(artifact).error();
  if (!*artifact) return std::optional<receipts::Referrer>();
  return std::optional(receipts::make_referrer(
      receipt, {(*artifact)->media_type, *receipt.artifact, (*artifact)->manifest.size(), {}, {}, {}}));
}

}  // namespace

Result<bool> push_receipt(const Site& site, const history::Receipt& receipt, const std::stop_token& stop) {
  const auto repository = place_of(site.generation->settings, receipt);
  if (!repository) return false;
  auto referrer = referrer_of(site, receipt);
  if (!referrer) return std::move(referrer).error();
  if (!*referrer) return false;
  auto publisher = publisher_of(site);
  if (!publisher) return std::move(publisher).error();
  if (auto r = upload(**publisher, *repository, receipt, **referrer, stop); !r) return std::move(r).error();
  return true;
}

}  // namespace gridseal::deploy
