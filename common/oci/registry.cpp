#include "oci/registry.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "oci/media_types.hpp"
#include "oci/registry_parts.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

std::string accept_manifests() {
  std::string accept;
  for (const auto type : {kOciManifest, kOciIndex, kDockerManifest, kDockerIndex})
    accept += (accept.empty() ? "" : ", ") + std::string(type);
  return accept;
}

// What a reader wants to know first: what may recover before what is wrong, before what is merely absent.
int rank(const Failure& failure) {
  if (failure.verdict != Verdict::next_mirror) return 0;
  if (failure.error.code() == "oci.not_found") return 3;
  return failure.error.outcome() == base::Outcome::refused ? 2 : 1;
}

}  // namespace

Walk::Walk(const RetryPolicy& policy, const Surroundings& outside, std::string doing, size_t mirrors)
    : policy_(policy), outside_(outside), doing_(std::move(doing)), open_(mirrors, true), told_(mirrors) {}

bool Walk::record(size_t index, const std::string& mirror, Failure failure) {
  if (failure.verdict == Verdict::stop) {
    final_ = std::move(failure.error);
    return false;
  }
  saw_absence_ = saw_absence_ || failure.error.code() == "oci.not_found";
  if (failure.verdict == Verdict::next_mirror) open_[index] = false;
  const bool lied = failure.error.outcome() == base::Outcome::refused;
  if (lied || (told_.size() > 1 && failure.error.code() != "oci.not_found")) {
    outside_.log.write(lied ? base::Level::warning : base::Level::info, failure.error.describe(),
                       {{"registry", mirror}, {"reason", failure.error.code()}});
  }
  told_[index] = Told{mirror, std::move(failure)};
  return true;
}

bool Walk::next_round(const std::stop_token& stop) {
  if (round_ >= policy_.rounds) return false;
  auto pause =
      std::min(policy_.longest_pause, policy_.first_pause * (int64_t{1} << std::min(round_ - 1, 20)));
  std::optional<base::milliseconds> soonest;
  bool any = false;
  for (size_t i = 0; i < open_.size(); ++i) {
    if (!open_[i] || !told_[i]) continue;
    const auto wait = told_[i]->failure.retry_after.value_or(base::milliseconds(0));
    soonest = any ? std::min(*soonest, wait) : wait;
    any = true;
  }
  if (!any || *soonest > policy_.longest_retry_after) return false;
  if (outside_.jitter)
    pause = pause / 2 + base::milliseconds(
                            static_cast<int64_t>(static_cast<double>(pause.count()) / 2 * outside_.jitter()));
  ++round_;
  return outside_.clock.sleep_for(std::max(pause, *soonest), stop);
}

Error Walk::error() const {
  if (final_) return *final_;
  const Told* main = nullptr;
  size_t count = 0;
  for (const auto& told : told_) {
    if (!told) continue;
    ++count;
    if (main == nullptr || rank(told->failure) < rank(main->failure)) main = &*told;
  }
  if (main == nullptr) return Error::blocked("oci.unreachable", doing_ + ": no mirror was asked");
  if (count == 1) return main->failure.error;
  std::string text = doing_ + ": no mirror could help";
  for (const auto& told : told_)
    if (told) text += "; " + told->mirror + ": " + told->failure.error.describe();
  return {main->failure.error.outcome(), main->failure.error.code(), std::move(text)};
}

Error Registry::Parts::cancelled() {
  return Error::blocked("oci.cancelled", "the transfer was stopped because the program is stopping");
}

Registry::Registry(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Registry::~Registry() = default;

Result<std::unique_ptr<Registry>> Registry::create(RegistrySettings settings, Surroundings outside) {
  if (settings.mirrors.empty()) return Error::refused("oci.settings", "a registry needs at least one URL");
  std::vector<std::unique_ptr<MirrorClient>> mirrors;
  for (const Mirror& mirror : settings.mirrors) {
    auto client = MirrorClient::create(
        mirror,
        {settings.request_timeout, settings.idle_timeout, settings.user_agent, settings.limits.redirects},
        outside);
    if (!client) return std::move(client).error();
    mirrors.push_back(std::move(*client));
  }
  std::unique_ptr<Parts> parts(new Parts{std::move(settings), std::move(outside), std::move(mirrors)});
  return std::unique_ptr<Registry>(new Registry(std::move(parts)));
}

Attempt<std::optional<ManifestHead>> Registry::Parts::head_from(MirrorClient& mirror,
                                                                const std::string& repository,
                                                                const std::string& tag,
                                                                const std::stop_token& stop) const {
  Call call;
  call.method = "HEAD";
  call.target = mirror.api(repository, "manifests/" + tag);
  call.repository = repository;
  call.headers.set("Accept", accept_manifests());
  auto response = mirror.send(call, stop);
  if (!response) return to_failure(std::move(response).error());
  // Some registries answer HEAD only in part: GET decides then.
  if (response->status == 404 || response->status == 405 || response->status == 501)
    return std::optional<ManifestHead>();
  if (response->status != 200)
    return to_failure(*response, "cannot ask " + mirror.name() + " for " + repository + ":" + tag,
                      outside.clock.now());
  auto digest = base::Digest::parse(response->headers.get("Docker-Content-Digest"));
  if (!digest) return std::optional<ManifestHead>();
  return std::optional(ManifestHead{*digest, essence(response->headers.get("Content-Type")),
                                    parse_number(response->headers.get("Content-Length")).value_or(0),
                                    mirror.name()});
}

Result<ManifestHead> Registry::head_manifest(const Repository& repository, const std::string& tag,
                                             const std::stop_token& stop) {
  if (!is_tag(tag)) return Error::refused("oci.reference", "\"" + base::printable(tag) + "\" is no tag");
  const std::string doing = "cannot look up " + repository.path + ":" + tag;
  return parts_->walk<ManifestHead>(doing, stop, [&](MirrorClient& mirror) -> Attempt<ManifestHead> {
    auto head = parts_->head_from(mirror, repository.path, tag, stop);
    if (!head) return std::move(head).error();
    if (*head) return std::move(**head);
    auto manifest = parts_->manifest_from(mirror, repository.path, tag, nullptr, stop);
    if (!manifest) return std::move(manifest).error();
    return ManifestHead{manifest->digest, manifest->media_type, manifest->bytes.size(), manifest->mirror};
  });
}

Attempt<ManifestBytes> Registry::Parts::manifest_from(MirrorClient& mirror, const std::string& repository,
                                                      const std::string& name, const base::Digest* expected,
                                                      const std::stop_token& stop) const {
  Call call;
  call.target = mirror.api(repository, "manifests/" + name);
  call.repository = repository;
  call.headers.set("Accept", accept_manifests());
  call.max_body = settings.limits.manifest_bytes;
  auto response = mirror.send(call, stop);
  if (!response) return to_failure(std::move(response).error());
  const std::string what = repository + (expected == nullptr ? ":" : "@") + name;
  if (response->status != 200)
    return to_failure(*response, "cannot read " + what + " from " + mirror.name(), outside.clock.now());
  const auto digest = crypto::sha256(response->body);
  const std::string_view announced = response->headers.get("Docker-Content-Digest");
  // What the header says of another algorithm is nobody's promise here.
  const bool lied =
      expected == nullptr && announced.starts_with("sha256:") && announced != digest.to_string();
  if (lied || (expected != nullptr && digest != *expected)) {
    return mismatch("oci.digest_mismatch",
                    "the registry " + mirror.name() + " sent bytes for " + what + " that hash to " +
                        digest.to_string() + (lied ? " and not to " : "") +
                        (lied ? base::printable(announced) : "") +
                        "; the mirror is damaged or lying: repair it or push the artifact again");
  }
  return ManifestBytes{std::move(response->body), digest, essence(response->headers.get("Content-Type")),
                       mirror.name()};
}

Result<ManifestBytes> Registry::get_manifest(const Repository& repository, const std::string& tag,
                                             const std::stop_token& stop) {
  if (!is_tag(tag)) return Error::refused("oci.reference", "\"" + base::printable(tag) + "\" is no tag");
  return parts_->walk<ManifestBytes>(
      "cannot read " + repository.path + ":" + tag, stop, [&](MirrorClient& mirror) {
        return parts_->manifest_from(mirror, repository.path, tag, nullptr, stop);
      });
}

Result<ManifestBytes> Registry::get_manifest(const Repository& repository, const base::Digest& digest,
                                             const std::stop_token& stop) {
  const std::string name = digest.to_string();
  return parts_->walk<ManifestBytes>(
      "cannot read " + repository.path + "@" + name, stop, [&](MirrorClient& mirror) {
        return parts_->manifest_from(mirror, repository.path, name, &digest, stop);
      });
}

Result<std::optional<ManifestBytes>> Registry::find_manifest(const Repository& repository,
                                                             const std::string& tag,
                                                             const std::stop_token& stop) {
  if (!is_tag(tag)) return Error::refused("oci.reference", "\"" + base::printable(tag) + "\" is no tag");
  Walk walk(parts_->settings.retry, parts_->outside, "cannot read " + repository.path + ":" + tag,
            parts_->mirrors.size());
  walk.settle_for_absence();
  auto manifest = parts_->walk<ManifestBytes>(walk, stop, [&](MirrorClient& mirror) {
    return parts_->manifest_from(mirror, repository.path, tag, nullptr, stop);
  });
  if (manifest) return std::optional(std::move(*manifest));
  if (walk.absent() && manifest.error().code() != "oci.cancelled") return std::optional<ManifestBytes>();
  return std::move(manifest).error();
}

}  // namespace gridseal::oci
