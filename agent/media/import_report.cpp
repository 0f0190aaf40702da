#include "media/import.hpp"

namespace gridseal::media {

using base::Json;

Progress::State Progress::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

void Progress::begin(std::string phase) {
  const std::scoped_lock lock(mutex_);
  state_.phase = std::move(phase);
}

void Progress::expect(uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  state_.total += bytes;
}

void Progress::add(uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  state_.done += bytes;
}

Json to_json(const ImportReport& report) {
  Json releases = Json::array();
  for (const ImportedRelease& one : report.releases)
    releases.push_back({{"component", one.component},
                        {"revision", one.revision},
                        {"version", one.version},
                        {"images", one.images},
                        {"known", one.known}});
  Json refused = Json::array();
  for (const Flaw& flaw : report.refused)
    refused.push_back({{"what", flaw.what},
                       {"code", flaw.error.code()},
                       {"message", flaw.error.describe()},
                       {"outcome", base::to_string(flaw.error.outcome())}});
  Json left = Json::array();
  for (const auto& [what, why] : report.left) left.push_back({{"what", what}, {"why", why}});
  return {{"label", report.label},
          {"path", report.path},
          {"started", base::format_rfc3339(report.started)},
          {"finished", base::format_rfc3339(report.finished)},
          {"releases", std::move(releases)},
          {"refused", std::move(refused)},
          {"left", std::move(left)},
          {"trust_bundles", report.bundles},
          {"foreign", report.foreign.names},
          {"foreign_more", report.foreign.more},
          {"copied_bytes", report.copied},
          {"site_report", report.site_report ? Json(*report.site_report) : Json()},
          {"warnings", report.warnings}};
}

}  // namespace gridseal::media
