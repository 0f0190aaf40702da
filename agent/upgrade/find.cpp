#include "upgrade/find.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/semver.hpp"
#include "deploy/offers.hpp"
#include "deploy/resolve.hpp"
#include "deploy/revision.hpp"
#include "media/medium.hpp"

namespace gridseal::upgrade {
namespace {

using base::Error;
using base::Result;

constexpr base::milliseconds kLongestLook = std::chrono::hours(1);
constexpr size_t kMaxTried = 16;  // releases of a medium
constexpr size_t kCopyPiece = size_t{256} * 1024;

Result<void> check_set(const config::Upgrade& settings) {
  if (!settings.policy.empty()) return {};
  return Error::refused("upgrade.not_set",
                        "the settings do not say what a package of Gridseal must be signed by; the section "
                        "[upgrade] does");
}

Result<Found> judged(const deploy::Outside& outside, const deploy::Generation& generation,
                     oci::FetchedArtifact artifact, const std::string& tag) {
  auto verified = deploy::judge(generation, component_of(generation.settings.upgrade), artifact, tag,
                                trust::Occasion::admission, outside.clock.now());
  if (!verified) return std::move(verified).error();
  Found found{
      std::move(artifact), verified->version(), {}, {}, trust::sentence(verified->satisfied()), {}, {}};
  found.revision = oci::Revision{tag.empty() ? found.version : tag, found.artifact.digest}.to_string();
  return found;
}

Result<oci::FetchedArtifact> fetch_manifest(oci::Registry& registry, const oci::Repository& repository,
                                            const base::Digest& digest, const std::stop_token& stop) {
  auto bytes = registry.get_manifest(repository, digest, stop);
  if (!bytes) return std::move(bytes).error();
  auto manifest = oci::parse_manifest(bytes->bytes, bytes->media_type);
  if (!manifest) return std::move(manifest).error();
  return oci::FetchedArtifact{
      digest, std::move(bytes->bytes), std::move(bytes->media_type), std::move(*manifest), {}, {}};
}

// What claims to be newer first: it is judged first.
bool claims_more(const media::Release& a, const media::Release& b) {
  const auto left = base::Semver::parse(a.version);
  const auto right = base::Semver::parse(b.version);
  return left && (!right || *right < *left);
}

struct Candidate {
  std::shared_ptr<media::Medium> medium;
  const media::Release* release;
};

Result<std::vector<Candidate>> candidates_on(const deploy::Outside& outside,
                                             const deploy::Generation& generation, const std::string& path,
                                             const media::Watch& watch) {
  const config::Component component = component_of(generation.settings.upgrade);
  auto places = media::find_layouts(outside.files, path);
  if (!places) return std::move(places).error();
  std::vector<Candidate> list;
  for (const media::LayoutPlace& place : places->layouts) {
    auto opened = media::Medium::open(outside.files, place, watch);
    if (!opened && places->layouts.size() > 1 && media::is_about_content(opened.error())) continue;
    if (!opened) return std::move(opened).error();
    const std::shared_ptr<media::Medium> medium = std::move(*opened);
    for (const media::Release& release : medium->releases()) {
      if (!release.is_package || release.component != kIdentity) continue;
      auto followed = deploy::is_followed(component, release.tag(), release.descriptor.digest);
      if (!followed) return std::move(followed).error();
      if (*followed) list.push_back({medium, &release});
    }
  }
  std::ranges::stable_sort(
      list, [](const Candidate& a, const Candidate& b) { return claims_more(*a.release, *b.release); });
  return list;
}

Result<void> copy_from(media::Medium& medium, const oci::Descriptor& blob, oci::BlobSink& sink) {
  auto file = medium.open_blob(blob);
  if (!file) return std::move(file).error();
  std::vector<char> buffer(kCopyPiece);
  for (;;) {
    auto n = (*file)->read_at(sink.size(), buffer.data(), buffer.size());
    if (!n) return std::move(n).error();
    if (*n == 0) return sink.finish();
    if (auto r = sink.write({buffer.data(), *n}); !r) return r;
  }
}

}  // namespace

config::Component component_of(const config::Upgrade& settings) {
  config::Component component;
  component.name = kIdentity;
  component.expect = kIdentity;
  component.registry = settings.registry;
  component.repository = settings.repository;
  component.semver = settings.semver;
  component.policy = settings.policy;
  return component;
}

Result<bool> Found::is_newer_than(std::string_view installed) const {
  const auto there = base::Semver::parse(version);
  const auto here = base::Semver::parse(installed);
  if (there && here) return *here < *there;
  return Error::refused("upgrade.version", "'" + base::printable(there ? installed : version, 80) +
                                               "' is no semantic version: what is newer cannot be told");
}

Result<Found> find_in_registry(const deploy::Outside& outside, const deploy::Generation& generation,
                               const std::string& scratch, const std::stop_token& stop) {
  const config::Upgrade& settings = generation.settings.upgrade;
  if (auto set = check_set(settings); !set) return std::move(set).error();
  if (settings.repository.empty())
    return Error::refused("upgrade.not_set",
                          "the settings name no repository of Gridseal's packages (upgrade.repository); "
                          "--from PATH reads a medium");
  auto resolved = deploy::resolve(generation, component_of(settings), stop);
  if (!resolved) return std::move(resolved).error();
  oci::Registry& registry = *generation.registries.at(settings.registry);
  const oci::Repository repository{settings.registry, settings.repository};
  auto artifact = fetch_manifest(registry, repository, resolved->digest, stop);
  if (!artifact) return std::move(artifact).error();
  auto store = oci::Store::open(outside.files, outside.log, {scratch, 0});
  if (!store) return std::move(store).error();
  auto signatures = oci::fetch_signatures(registry, **store, repository, resolved->digest, stop);
  if (!signatures) return std::move(signatures).error();
  artifact->signatures = std::move(*signatures);
  auto found = judged(outside, generation, std::move(*artifact), resolved->tag);
  if (!found) return found;
  const std::string& url = generation.settings.registries.at(settings.registry).urls.front();
  found->place = url.substr(url.find("://") + 3) + "/" + settings.repository;
  found->copy = [&registry, repository, stop](const oci::Descriptor& blob, oci::BlobSink& sink) {
    return registry.get_blob(repository, blob, sink, stop);
  };
  return found;
}

Result<Found> find_on_medium(const deploy::Outside& outside, const deploy::Generation& generation,
                             const std::string& path, const std::stop_token& stop) {
  if (auto set = check_set(generation.settings.upgrade); !set) return std::move(set).error();
  // The medium is read through it, also later.
  const auto watch = std::make_shared<media::Watch>(outside.clock, kLongestLook, stop);
  auto candidates = candidates_on(outside, generation, path, *watch);
  if (!candidates) return std::move(candidates).error();
  std::vector<std::string> passed;
  std::optional<Error> first;
  for (const Candidate& candidate : *candidates) {
    if (passed.size() >= kMaxTried) break;
    auto artifact = oci::read_artifact(candidate.medium->layout(), candidate.release->descriptor.digest);
    auto found = artifact ? judged(outside, generation, std::move(*artifact), candidate.release->tag())
                          : Result<Found>(std::move(artifact).error());
    if (found) {
      found->place = candidate.medium->path();
      found->passed = std::move(passed);
      found->copy = [watch, medium = candidate.medium](const oci::Descriptor& blob, oci::BlobSink& sink) {
        return copy_from(*medium, blob, sink);
      };
      return found;
    }
    passed.push_back(base::printable(candidate.release->version, 80) + ": " + found.error().describe());
    if (!first) first = std::move(found).error();
  }
  if (first) return std::move(*first);
  return Error::refused("upgrade.none", "there is no package of Gridseal on " + path);
}

}  // namespace gridseal::upgrade
