#include "deploy/reconciler.hpp"

#include <algorithm>

#include "crypto/sha256.hpp"
#include "deploy/standing.hpp"
#include "deploy/time_floor.hpp"
#include "trust/floor.hpp"
#include "trust/verify.hpp"

namespace gridseal::deploy {
namespace {

constexpr base::milliseconds kLongestPause{3'600'000};
constexpr base::milliseconds kFirstStepPause{1'000};
constexpr base::milliseconds kLongestStepPause{30'000};

std::string_view state_of(base::Outcome outcome) {
  return base::to_string(outcome);
}

std::string_view shown_state(State state) {
  switch (state) {
    case State::reversing:
    case State::settling_back:
      return "rolling_back";
    case State::stuck:
      return "stuck";
    default:
      return "deploying";
  }
}

std::set<base::Digest> digests_of(const oci::Signatures& signatures) {
  std::set<base::Digest> digests;
  for (const auto& manifest : signatures.manifests) {
    // Signatures of one payload by several keys differ in the manifest's annotations alone.
    // What cannot be read just now counts as changed.
    const auto digest = crypto::sha256_of(manifest.bytes);
    digests.insert(digest ? *digest : crypto::sha256(""));
    // An empty one is not what was promised, and may be put right.
    for (const auto& [digest, blob] : manifest.blobs)
      digests.insert(blob.size() == 0 ? crypto::sha256("") : digest);
  }
  return digests;
}

}  // namespace

Reconciler::Reconciler(Site& site, config::Component component)
    : site_(site),
      component_(std::move(component)),
      due_(site.now()),
      check_due_(site.now()),
      drift_due_(site.now()),
      drift_(site) {}

void Reconciler::resume(const history::Deployment& record) {
  site_.outside.log.warning(
      "taking up deployment " + std::to_string(record.id) + " that was interrupted while " + record.state,
      {{"component", component_.name}, {"revision", record.revision}});
  rollout_.emplace(site_, component_, record);
}

base::Clock::Monotonic Reconciler::due() const {
  if (is_stuck()) return std::min(due_, rollout_->due());
  if (order_ && !rollout_) return due_;
  return rollout_ ? std::max(due_, rollout_->due()) : std::min({due_, check_due_, drift_due_});
}

void Reconciler::request() {
  judgement_.reset();
  behind_.reset();
  if (pause_) pause_->until = site_.now();
  due_ = site_.now();
  check_due_ = site_.now();
  drift_due_ = site_.now();
  if (rollout_) rollout_->hurry();
}

void Reconciler::set_component(config::Component component) {
  component_ = std::move(component);
  if (rollout_) rollout_->set_component(component_);
  request();
}

Activity Reconciler::activity() const {
  Activity activity{last_poll_, std::nullopt, warning()};
  if (rollout_) {
    if (trouble_.empty()) activity.doing = rollout_->activity();
  } else {
    const auto wait = std::chrono::duration_cast<base::milliseconds>(due_ - site_.now());
    activity.next_poll = site_.outside.clock.now() + std::max(wait, base::milliseconds(0));
  }
  return activity;
}

std::string Reconciler::warning() const {
  if (!trouble_.empty()) return trouble_;
  if (!unverified_.empty()) return unverified_;
  return uncompared_ ? uncompared_->sentence() : degraded_;
}

void Reconciler::run(const std::stop_token& stop) {
  trouble_.clear();
  if (order_) {
    obey(stop);
  } else if (is_stuck() && site_.now() < rollout_->due()) {
    poll(stop);
  } else if (rollout_) {
    advance(stop);
  } else if (check_due_ <= site_.now()) {
    check_running(stop);
  } else if (drift_due_ < due_) {
    look_for_drift(stop);
  } else {
    poll(stop);
  }
}

base::milliseconds Reconciler::jittered(base::milliseconds pause) const {
  const double share = site_.outside.jitter ? site_.outside.jitter() : 0.0;
  return pause + base::milliseconds(static_cast<int64_t>(static_cast<double>(pause.count()) * 0.1 * share));
}

void Reconciler::poll_again_in(base::milliseconds pause) {
  due_ = site_.now() + jittered(pause);
}

void Reconciler::show(std::string_view state, std::string_view reason, std::string_view sentence) {
  // What was promoted meanwhile is worth less to know than that nothing works.
  if (is_stuck() && state != "stuck") return;
  std::string text;
  if (state == "healthy" && is_uncompared_for_long()) {
    text = uncompared_->sentence();
    state = "blocked";
    reason = uncompared_->error.code();
    sentence = text;
  } else if (state == "healthy" && !degraded_.empty()) {
    state = "degraded";
    reason = "health.degraded";
    sentence = degraded_;
  }
  auto written = site_.history->set_component_state(component_.name, state, reason, sentence);
  if (!written) {
    trouble_ = written.error().describe();
    site_.outside.log.error(trouble_, {{"component", component_.name}, {"reason", written.error().code()}});
  }
}

void Reconciler::settle_on(Judgement judgement) {
  const bool news = !judgement_ || judgement_->digest != judgement.digest ||
                    judgement_->reason != judgement.reason || judgement_->state != judgement.state;
  if (news && judgement.state != "healthy") {
    site_.outside.log.warning(judgement.sentence, {{"component", component_.name},
                                                   {"revision", judgement.digest.to_string()},
                                                   {"outcome", judgement.state},
                                                   {"reason", judgement.reason}});
  }
  show(judgement.state, judgement.reason, judgement.sentence);
  judgement_ = std::move(judgement);
  looked_ = site_.now();
}

// An error on the way to the admission, by its outcome: remembered for this digest when it is about the
// digest, tried again when it is about the surroundings.
void Reconciler::judge(const Resolved& resolved, const base::Error& error) {
  const base::Outcome outcome = error.outcome();
  if (outcome == base::Outcome::blocked) {
    judgement_.reset();
    site_.outside.log.warning(error.describe(), {{"component", component_.name},
                                                 {"revision", resolved.revision()},
                                                 {"outcome", "blocked"},
                                                 {"reason", error.code()}});
    show("blocked", error.code(), error.describe());
    poll_again_in(component_.retry_interval);
    return;
  }
  settle_on({resolved.digest, std::string(state_of(outcome)), error.code(), error.describe(), true,
             seen_signatures_, judge_anew_});
  poll_again_in(component_.interval);
}

void Reconciler::poll(const std::stop_token& stop) {
  last_poll_ = site_.outside.clock.now();
  if (auto r = end_suspension(); !r) trouble_ = r.error().describe();
  auto offer = offered();
  if (!offer) trouble_ = offer.error().describe();
  auto named = component_.follows_registry() ? resolve(site_, component_, stop) : carried_before();
  if (stop.stop_requested()) return;
  const base::Error* error = named ? nullptr : &named.error();
  if (component_.follows_registry()) {
    if (auto r = site_.history->record_poll(component_.name, error); !r) trouble_ = r.error().describe();
    if (error != nullptr)
      site_.outside.log.warning(error->describe(),
                                {{"component", component_.name}, {"reason", error->code()}});
  }
  const auto chosen = choose(std::move(named), offer ? *offer : std::nullopt, stop);
  if (stop.stop_requested()) return;
  if (!chosen) {
    show(state_of(chosen.error().outcome()), chosen.error().code(), chosen.error().describe());
    poll_again_in(component_.retry_interval);
    return;
  }
  auto done = reconcile(*chosen, stop);
  if (stop.stop_requested()) return;
  if (!done) judge(*chosen, done.error());
}

// Whether this digest was judged already. While evidence is missing or wrong the places where signatures sit
// are looked at as well: they change without the tag moving.
base::Result<bool> Reconciler::is_unchanged(const Resolved& resolved, const std::stop_token& stop) {
  if (!judgement_ || judgement_->digest != resolved.digest || judgement_->anew) return false;
  if (pause_ && pause_->digest == resolved.digest && site_.now() >= pause_->until) return false;
  if (judgement_->open) {
    auto signatures = resolved.medium.empty()
                          ? oci::fetch_signatures(*site_.generation->registries.at(component_.registry),
                                                  *site_.store, repository(), resolved.digest, stop)
                          : oci::read_signatures(*site_.store, resolved.digest);
    if (!signatures) return std::move(signatures).error();
    if (digests_of(*signatures) != judgement_->signatures) return false;
  }
  show(judgement_->state, judgement_->reason, judgement_->sentence);
  looked_ = site_.now();
  return true;
}

// From the registry, or from the own store when the artifact is there and nothing new is asked about its
// signatures.
base::Result<oci::FetchedArtifact> Reconciler::fetch(const Resolved& resolved, const std::stop_token& stop) {
  if (!resolved.medium.empty()) return oci::read_artifact(*site_.store, resolved.digest);
  return oci::fetch_artifact(*site_.generation->registries.at(component_.registry), *site_.store,
                             repository(), resolved.digest, stop);
}

// What is refused after or before the signatures were judged, for the history. Each family of reasons stands
// beside the policy's own verdict as a rule of its own, so that judging again writes nothing new.
base::Result<void> Reconciler::refused(const Resolved& resolved, const base::Digest& artifact,
                                       base::Error error) {
  if (error.outcome() != base::Outcome::refused) return error;
  const std::string rule = error.code().substr(0, error.code().find('.'));
  const history::Verification refusal{component_.name,
                                      artifact,
                                      rule,
                                      history::VerificationOutcome::refused,
                                      error.code(),
                                      error.describe(),
                                      base::Json::object({{"tag", resolved.tag}}),
                                      site_.generation->trust.generation(),
                                      {}};
  auto written = site_.history->record_verification(refusal);
  if (!written) return std::move(written).error();
  return error;
}

base::Result<void> Reconciler::reconcile(const Resolved& resolved, const std::stop_token& stop) {
  if (is_stuck() && (resolved.digest == rollout_->artifact() || resolved.digest == deploying_)) {
    poll_again_in(component_.interval);
    return {};
  }
  auto unchanged = is_unchanged(resolved, stop);
  if (!unchanged) return std::move(unchanged).error();
  if (*unchanged) {
    poll_again_in(component_.interval);
    return {};
  }
  seen_signatures_.clear();
  judge_anew_ = false;
  if (auto r = site_.history->set_desired(component_.name, resolved.revision(), resolved.digest); !r)
    return r;
  auto fetched = fetch(resolved, stop);
  if (!fetched) return refused(resolved, resolved.digest, std::move(fetched).error());
  seen_signatures_ = digests_of(fetched->signatures);
  auto occasion = occasion_of(fetched->digest);
  if (!occasion) return std::move(occasion).error();
  auto verified = verify(site_, component_, *fetched, resolved.tag, *occasion);
  if (!verified) return std::move(verified).error();
  std::optional<int64_t> permit;
  if (auto r = check_floor(*verified, permit); !r)
    return refused(resolved, fetched->digest, std::move(r).error());
  auto gate = closed_gate(resolved, *verified, permit);
  if (!gate) return std::move(gate).error();
  auto rendered = render(site_, component_, std::move(*verified), stop);
  if (!rendered) return refused(resolved, fetched->digest, std::move(rendered).error());
  auto running = is_running(*rendered);
  if (!running) return std::move(running).error();
  if (*running) {
    settle_on({resolved.digest, "healthy", "", "", false, {}});
    poll_again_in(component_.interval);
    return {};
  }
  if (*gate) {
    settle_on(std::move(**gate));
    poll_again_in(component_.interval);
    return {};
  }
  if (!is_open(Gate::disk_low, Act::change)) {
    if (auto r = site_.store->ensure_space(0); !r) return r;
  }
  return deploy(resolved, std::move(*rendered), permit, stop);
}

base::Result<void> Reconciler::deploy(const Resolved& resolved, Rendered rendered,
                                      std::optional<int64_t> permit, const std::stop_token& stop) {
  const base::Digest artifact = rendered.verified().digest();
  const std::optional<base::Time> proven = rendered.verified().proven_time();
  auto planned = plan(site_, component_, std::move(rendered), stop);
  if (!planned) return refused(resolved, artifact, std::move(planned).error());
  if (auto r = look_at_images(*planned, stop); !r)
    return refused_images(resolved, artifact, std::move(r).error());
  const std::optional<base::Digest> way_back = planned->way_back();
  if (is_stuck()) {
    if (auto r = rollout_->supersede(); !r) return r;
    rollout_.reset();
  }
  const Purpose purpose{resolved.revision(), resolved.medium.empty() ? "poll" : "from " + resolved.medium};
  auto admitted = admit(site_, component_, std::move(*planned), purpose, stop);
  if (!admitted) return std::move(admitted).error();
  if (proven) {
    if (auto r = observe_time(site_, *proven, "the signature of " + resolved.revision()); !r)
      site_.outside.log.warning(r.error().describe(),
                                {{"component", component_.name}, {"reason", r.error().code()}});
  }
  if (permit) {
    if (auto r = site_.history->use_permit(*permit, admitted->id()); !r) return r;
  }
  deploying_ = resolved.digest;
  begin(std::move(*admitted), purpose, way_back);
  return {};
}

void Reconciler::begin(Admitted admitted, const Purpose& purpose, std::optional<base::Digest> way_back) {
  site_.outside.log.info("deploying " + purpose.revision, {{"component", component_.name},
                                                           {"revision", purpose.revision},
                                                           {"deployment", std::to_string(admitted.id())}});
  asked_dependencies_.reset();
  rollout_.emplace(site_, component_, std::move(admitted), purpose, std::move(way_back));
  show("deploying", "", "deploying " + purpose.revision);
  due_ = site_.now();
}

void Reconciler::advance(const std::stop_token& stop) {
  auto done = rollout_->step(stop);
  if (stop.stop_requested()) return;
  if (!done) {
    const base::Error& error = done.error();
    const base::milliseconds pause =
        std::min(kLongestStepPause, kFirstStepPause * (1 << std::min(blocked_steps_, 5)));
    ++blocked_steps_;
    due_ = site_.now() + jittered(pause);
    site_.outside.log.warning(error.describe(), {{"component", component_.name},
                                                 {"revision", rollout_->revision()},
                                                 {"deployment", std::to_string(rollout_->id())},
                                                 {"reason", error.code()}});
    show("blocked", error.code(), error.describe());
    if (error.code().starts_with("history.")) trouble_ = error.describe();
    return;
  }
  blocked_steps_ = 0;
  due_ = site_.now();
  if (rollout_->ended()) {
    finish();
    return;
  }
  if (is_stuck()) poll_again_in(component_.interval);
  const auto& cause = rollout_->trouble() ? rollout_->trouble() : rollout_->cause();
  show(shown_state(rollout_->state()), cause ? cause->code() : "",
       cause ? cause->describe() : "deploying " + rollout_->revision());
}

// So that other OCI tools find the running revision in the store under the component's name.
void Reconciler::name_in_store(const base::Digest& artifact) {
  auto record = site_.history->artifact(artifact);
  if (!record || !*record) return;
  const oci::Descriptor descriptor{(*record)->media_type, artifact, (*record)->manifest.size(), {}, {}, {}};
  if (auto r = site_.store->set_root(component_.name, descriptor); !r) {
    site_.outside.log.warning(r.error().describe(),
                              {{"component", component_.name}, {"reason", r.error().code()}});
  }
}

void Reconciler::finish() {
  const base::Digest digest = deploying_.value_or(rollout_->artifact());
  const State end = rollout_->state();
  const std::optional<base::Error> cause = rollout_->cause();
  const std::string revision = rollout_->revision();
  const base::Digest artifact = rollout_->artifact();
  rollout_.reset();
  deploying_.reset();
  poll_again_in(component_.interval);
  check_due_ = site_.now();  // another revision runs now, or trust changed meanwhile
  drift_due_ = site_.now();
  drift_.forget();
  degraded_.clear();
  uncompared_.reset();
  if (end == State::healthy) {
    pause_.reset();
    site_.outside.log.info("healthy", {{"component", component_.name}, {"revision", revision}});
    settle_on({digest, "healthy", "", "", false, {}});
    name_in_store(artifact);
    if (on_healthy_) on_healthy_();
    return;
  }
  if (end == State::abandoned || !cause) {
    judgement_.reset();
    due_ = site_.now();
    return;
  }
  if (cause->outcome() == base::Outcome::blocked) {
    // Not held against the digest: tried again, ever more rarely.
    const int attempts = pause_ && pause_->digest == digest ? pause_->attempts + 1 : 1;
    const auto wait = std::min(kLongestPause, component_.retry_interval * (1 << std::min(attempts, 10)));
    pause_ = Pause{digest, attempts, site_.now() + wait, cause->code(), cause->describe()};
    poll_again_in(std::min(wait, component_.interval));
  }
  settle_on({digest, std::string(state_of(cause->outcome())), cause->code(), cause->describe(), false, {}});
}

}  // namespace gridseal::deploy
