#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"
#include "report/forms.hpp"
#include "report/report.hpp"

namespace gridseal::report {
namespace {

using base::Json;
using base::Result;

constexpr int64_t kMostArtifacts = 10'000;  // looked through for a version
constexpr int64_t kMostDeployments = 20;    // told of one artifact
constexpr size_t kShortestPrefix = 4;
constexpr size_t kLongestNumber = 18;
constexpr std::string_view kAlgorithm = "sha256:";

base::Error unknown(std::string_view what) {
  return base::Error::refused("report.unknown", "nothing recorded here is called '" +
                                                    base::printable(what, 120) +
                                                    "'; `gridseal history` lists what is");
}

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || text.size() > kLongestNumber || value < 0) return std::nullopt;
  return value;
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<std::optional<history::Artifact>> only_one(std::vector<history::Artifact> found,
                                                  std::string_view what) {
  if (found.empty()) return std::optional<history::Artifact>();
  if (found.size() == 1) return std::optional<history::Artifact>(std::move(found.front()));
  std::string names;
  for (size_t i = 0; i < found.size() && i < 5; ++i) names += " " + found[i].digest.short_form();
  return base::Error::refused("report.ambiguous",
                              "'" + base::printable(what, 120) + "' means " + std::to_string(found.size()) +
                                  " artifacts; write more of one of their digests:" + names);
}

// "TAG@sha256:…" counts by its digest; then the beginning of a digest; then a signed version.
Result<std::optional<history::Artifact>> find_artifact(history::History& history, std::string_view what) {
  std::string_view name = what;
  if (const size_t at = name.rfind('@'); at != std::string_view::npos) name = name.substr(at + 1);
  const bool named = name.starts_with(kAlgorithm);
  const std::string_view hex = named ? name.substr(kAlgorithm.size()) : name;
  if (hex.size() >= kShortestPrefix && is_hex(hex)) {
    auto found = history.find_artifacts(std::string(kAlgorithm).append(hex), 6);
    if (!found) return std::move(found).error();
    if (named || !found->empty()) return only_one(std::move(*found), what);
  }
  auto all = history.find_artifacts(kAlgorithm, kMostArtifacts);
  if (!all) return std::move(all).error();
  std::erase_if(*all, [&](const history::Artifact& artifact) { return artifact.version != what; });
  return only_one(std::move(*all), what);
}

// With its steps.
Result<Json> whole_deployment(history::History& history, history::DeploymentId id) {
  auto deployment = history.deployment(id);
  if (!deployment) return std::move(deployment).error();
  return *deployment ? form(**deployment) : Json();
}

Result<Json> verifications(history::History& history, const base::Digest& digest) {
  auto found = history.verifications(digest);
  if (!found) return std::move(found).error();
  Json list = Json::array();
  for (const history::Verification& verification : *found) list.push_back(form(verification));
  return list;
}

Result<Json> show_artifact(history::History& history, const history::Artifact& artifact) {
  auto verdicts = verifications(history, artifact.digest);
  if (!verdicts) return verdicts;
  auto found = history.deployments_of(artifact.digest, kMostDeployments);
  if (!found) return std::move(found).error();
  Json deployments = Json::array();
  for (const history::Deployment& deployment : *found) {
    auto whole = whole_deployment(history, deployment.id);
    if (!whole) return whole;
    deployments.push_back(std::move(*whole));
  }
  return Json{{"artifact", form(artifact)},
              {"verifications", std::move(*verdicts)},
              {"deployments", std::move(deployments)}};
}

Result<std::optional<Json>> show_deployment(history::History& history, history::DeploymentId id) {
  auto deployment = history.deployment(id);
  if (!deployment) return std::move(deployment).error();
  if (!*deployment) return std::optional<Json>();
  const base::Digest digest = (*deployment)->artifact;
  auto artifact = history.artifact(digest);
  if (!artifact) return std::move(artifact).error();
  auto verdicts = verifications(history, digest);
  if (!verdicts) return std::move(verdicts).error();
  return std::optional<Json>({{"artifact", *artifact ? form(**artifact) : Json()},
                              {"verifications", std::move(*verdicts)},
                              {"deployments", Json::array({form(**deployment)})}});
}

}  // namespace

Result<Json> show(history::History& history, std::string_view what) {
  if (what.empty()) return unknown(what);
  if (const auto id = number(what)) {
    auto found = show_deployment(history, *id);
    if (!found) return std::move(found).error();
    if (*found) return std::move(**found);
  }
  auto artifact = find_artifact(history, what);
  if (!artifact) return std::move(artifact).error();
  if (!*artifact) return unknown(what);
  return show_artifact(history, **artifact);
}

}  // namespace gridseal::report
