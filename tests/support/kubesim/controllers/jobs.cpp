// 087: Jobs.
#include <algorithm>

#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

struct Tally {
  std::int64_t active = 0;
  std::int64_t ready = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::int64_t terminating = 0;
};

Tally count(const std::vector<ObjectPtr>& pods) {
  Tally out;
  for (const ObjectPtr& pod : pods) {
    const std::string phase = text(*pod, {"status", "phase"});
    if (phase == "Succeeded")
      ++out.succeeded;
    else if (phase == "Failed")
      ++out.failed;
    else if (dying(*pod))
      ++out.terminating;
    else {
      ++out.active;
      out.ready += pod_ready(*pod) ? 1 : 0;
    }
  }
  return out;
}

void create_pod(Engine& engine, const Resource& resource, const Json& job) {
  Json pod = job["spec"]["template"];
  const std::string prefix = text(job, {"metadata", "name"}) + "-";
  pod["metadata"]["generateName"] = prefix;
  pod["metadata"]["name"] = prefix + engine.cluster().random_suffix(5);
  pod["metadata"]["namespace"] = text(job, {"metadata", "namespace"});
  pod["metadata"]["ownerReferences"] = Json::array({owner_reference(resource, job)});
  engine.event(job, "Normal", "SuccessfulCreate", "Created pod: " + text(pod, {"metadata", "name"}),
               "job-controller");
  engine.create(*engine.resource("", "v1", "pods"), std::move(pod));
}

void stop_pods(Engine& engine, const std::vector<ObjectPtr>& pods) {
  const auto type = engine.resource("", "v1", "pods");
  for (const ObjectPtr& pod : pods) {
    const std::string phase = text(*pod, {"status", "phase"});
    if (phase != "Succeeded" && phase != "Failed" && !dying(*pod))
      (void)delete_object(engine.cluster(), *type, *pod, {});
  }
}

bool holds(const Json& job, const char* type) {
  const Json* found = condition(job, type);
  return found != nullptr && text(*found, {"status"}) == "True";
}

Json numbers(const Json& job, const Tally& tally) {
  Json status = job.value("status", Json::object());
  auto put = [&](const char* key, std::int64_t value) {
    if (value != 0)
      status[key] = value;
    else
      status.erase(key);
  };
  put("active", tally.active);
  put("succeeded", tally.succeeded);
  put("failed", tally.failed);
  status["ready"] = tally.ready;
  status["terminating"] = tally.terminating;
  status["uncountedTerminatedPods"] = Json::object();
  if (!status.contains("startTime")) status["startTime"] = Clock::date();
  return status;
}

// The first of two conditions: what the Job will end as.
void decide(Engine& engine, const Resource& resource, const Json& job, const Tally& tally,
            const std::vector<ObjectPtr>& pods, Json& status) {
  const std::int64_t completions = number(job, {"spec", "completions"}, 1);
  const std::int64_t deadline = number(job, {"spec", "activeDeadlineSeconds"}, 0);
  const std::string timer = text(job, {"metadata", "uid"}) + "/active";
  const Millis passed = engine.elapsed(timer);
  if (tally.succeeded >= completions) {
    set_condition(status["conditions"], "SuccessCriteriaMet", "True", "CompletionsReached",
                  "Reached expected number of succeeded pods");
  } else if (deadline > 0 && passed >= Millis(deadline * 1000)) {
    set_condition(status["conditions"], "FailureTarget", "True", "DeadlineExceeded",
                  "Job was active longer than specified deadline");
    stop_pods(engine, pods);
  } else if (tally.failed > number(job, {"spec", "backoffLimit"}, 6)) {
    set_condition(status["conditions"], "FailureTarget", "True", "BackoffLimitExceeded",
                  "Job has reached the specified backoff limit");
    stop_pods(engine, pods);
  } else {
    if (deadline > 0) engine.wake(resource, job, Millis(deadline * 1000) - passed + Millis(1));
    const std::int64_t wanted =
        std::min(number(job, {"spec", "parallelism"}, 1), completions - tally.succeeded);
    for (std::int64_t i = tally.active; i < wanted; ++i) create_pod(engine, resource, job);
  }
}

// The second: it has ended.
void finish(const Json& job, Json& status) {
  if (holds(job, "SuccessCriteriaMet")) {
    set_condition(status["conditions"], "Complete", "True", "CompletionsReached",
                  "Reached expected number of succeeded pods");
    status["completionTime"] = Clock::date();
    return;
  }
  const Json* target = condition(job, "FailureTarget");
  set_condition(status["conditions"], "Failed", "True", text(*target, {"reason"}),
                text(*target, {"message"}));
}

void reconcile_job(Engine& engine, const Resource& resource, const Json& job) {
  if (dying(job)) return;
  const std::string uid = text(job, {"metadata", "uid"});
  if (holds(job, "Complete") || holds(job, "Failed")) {
    const std::int64_t ttl = number(job, {"spec", "ttlSecondsAfterFinished"}, -1);
    if (ttl < 0) return;
    const Millis passed = engine.elapsed(uid + "/ttl");
    if (passed < Millis(ttl * 1000))
      return engine.wake(resource, job, Millis(ttl * 1000) - passed + Millis(1));
    (void)delete_object(engine.cluster(), resource, job, {"Background", -1, "", "", false});
    return;
  }
  const auto pods = owned_by(engine.cluster(), *engine.resource("", "v1", "pods"), job);
  const Tally tally = count(pods);
  if (flag(job, {"spec", "suspend"})) {
    stop_pods(engine, pods);
    Json status = job.value("status", Json::object());
    set_condition(status["conditions"], "Suspended", "True", "JobSuspended", "Job suspended");
    engine.set_status(resource, job, std::move(status));
    return;
  }
  Json status = numbers(job, tally);
  if (holds(job, "Suspended"))
    set_condition(status["conditions"], "Suspended", "False", "JobResumed", "Job resumed");
  const bool decided = holds(job, "SuccessCriteriaMet") || holds(job, "FailureTarget");
  if (!decided)
    decide(engine, resource, job, tally, pods, status);
  else if (tally.active == 0 && tally.terminating == 0)
    finish(job, status);
  engine.set_status(resource, job, std::move(status));
}

}  // namespace

void add_jobs(Engine& engine) {
  engine.add("jobs.batch", reconcile_job);
}

}  // namespace gridseal::kubesim
