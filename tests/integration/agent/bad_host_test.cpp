// A host in trouble: its cluster, its disk, its clock, its other components.
#include "integration/agent/bad_input_fixture.hpp"

namespace gridseal::test {
namespace {

base::Json fault_of(const std::string& method, base::Json what) {
  return {{"faults", base::Json::array({{{"match", {{"method", method}}}, {"fault", std::move(what)}}})}};
}

class BadCluster : public BadInputTest {
 protected:
  void SetUp() override {
    BadInputTest::SetUp();
    settings_.kubernetes.request_timeout = base::milliseconds(1'000);
    // Time without an answer must not count against the revision, whatever its timeout.
    settings().soak = base::milliseconds(300);
  }

  // What is written goes wrong from the dry run on.
  void expect_wait_before_applying(const base::Json& what, const std::string& code) {
    run_good_revision();
    ASSERT_TRUE(cluster_->set_script(fault_of("PATCH", what)));
    const std::string next = publish("1.1.0", application("1.1.0"));
    promote(next);
    expect_kept_out("blocked", code);
    EXPECT_EQ(deployments().size(), 1U);
    ASSERT_TRUE(cluster_->set_script(base::Json::object()));
    expect_recovery(next, "1.1.0");
  }

  // The cluster goes wrong while 1.1.0 settles.
  void expect_wait_while_settling(const base::Json& script, const std::string& code) {
    run_good_revision();
    const std::string next = publish("1.1.0", application("1.1.0"));
    promote(next);
    ASSERT_TRUE(run_until([&] { return deployments().front().state == "settling"; })) << component().sentence;
    ASSERT_TRUE(cluster_->set_script(script));
    ASSERT_TRUE(run_until([&] { return state() == "blocked"; }, 60'000)) << state();
    EXPECT_EQ(reason(), code) << component().sentence;
    EXPECT_EQ(deployments().front().state, "settling") << "it went back although nobody knows how it is";
    ASSERT_TRUE(cluster_->set_script(base::Json::object()));
    EXPECT_EQ(live_version(), "1.1.0");
    expect_recovery(next, "1.1.0");
    EXPECT_EQ(deployments().size(), 2U);
  }
};

// GS-BAD-020: An API server that answers 503 while a revision settles is waited for.
TEST_F(BadCluster, IsUnavailableWhileSettling) {
  expect_wait_while_settling(fault_of("GET", {{"status", 503}}), "kube.unreachable");
}

// GS-BAD-021: So is one that answers 429.
TEST_F(BadCluster, IsOverloadedWhileSettling) {
  expect_wait_while_settling(fault_of("GET", {{"status", 429}, {"retry_after", 1}}), "kube.unreachable");
}

// GS-BAD-022: So is one that does not answer at all.
TEST_F(BadCluster, HangsWhileSettling) {
  expect_wait_while_settling(fault_of("GET", {{"hang", true}}), "kube.unreachable");
}

// GS-BAD-023: So is one that drops connections.
TEST_F(BadCluster, DropsConnectionsWhileSettling) {
  expect_wait_while_settling(fault_of("GET", {{"cut", "before"}}), "kube.unreachable");
}

// GS-BAD-024: What the agent may not write is found by the dry run: blocked, nothing changed.
TEST_F(BadCluster, ForbidsWriting) {
  expect_wait_before_applying({{"status", 403}}, "kube.forbidden");
}

// GS-BAD-037: A quota that is used up blocks: the release may fit tomorrow.
TEST_F(BadCluster, HasNoQuotaLeft) {
  expect_wait_before_applying({{"status", 403},
                               {"message",
                                "configmaps \"web\" is forbidden: exceeded quota: small, requested: "
                                "configmaps=1, used: configmaps=2, limited: configmaps=2"}},
                              "kube.quota");
}

// GS-BAD-038: So does a data store that is full, whoever says so.
TEST_F(BadCluster, HasAFullDataStore) {
  expect_wait_before_applying({{"status", 507}}, "kube.storage");
}

// GS-BAD-039: An API server that fails inside blocks.
TEST_F(BadCluster, FailsInside) {
  expect_wait_before_applying({{"status", 500}}, "kube.unreachable");
}

// GS-BAD-040: A write that is never answered blocks.
TEST_F(BadCluster, HangsOnWrites) {
  expect_wait_before_applying({{"hang", true}}, "kube.unreachable");
}

// GS-BAD-041: A store that fills up between the dry run and the writes is waited for; what was begun is
// brought to its end.
TEST_F(BadCluster, FillsUpWhileApplying) {
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script(
      {{"faults",
        {{{"match", {{"method", "PATCH"}, {"query_glob", "*dryRun=All*"}}}, {"fault", {{"delay_ms", 1}}}},
         {{"match", {{"method", "PATCH"}, {"nth", 2}}},
          {"fault", {{"status", 500}, {"message", "etcdserver: mvcc: database space exceeded"}}}}}}}));
  const std::string next = publish("1.1.0", application("1.1.0"));
  promote(next);
  ASSERT_TRUE(run_until([&] { return state() == "blocked"; })) << state();
  EXPECT_EQ(deployments().front().state, "applying");
  EXPECT_TRUE(runs(good_));
  ASSERT_TRUE(cluster_->set_script(base::Json::object()));
  expect_recovery(next, "1.1.0");
  EXPECT_EQ(deployments().size(), 2U);
}

// GS-BAD-025: A cluster that is gone blocks before anything is changed.
TEST_F(BadCluster, IsGone) {
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script({{"faults", base::Json::array({{{"fault", {{"cut", "before"}}}}})}}));
  const std::string next = publish("1.1.0", application("1.1.0"));
  promote(next);
  ASSERT_TRUE(run_until([&] { return state() == "blocked"; }, 60'000)) << state();
  EXPECT_EQ(reason(), "kube.unreachable") << component().sentence;
  EXPECT_TRUE(runs(good_));
  ASSERT_TRUE(cluster_->set_script(base::Json::object()));
  expect_recovery(next, "1.1.0");
}

// GS-BAD-042: The account lost its rights between the dry run and the writes: nothing stays half changed.
TEST_F(BadCluster, ForbidsInTheMiddle) {
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script(
      {{"faults",
        {{{"match", {{"method", "PATCH"}, {"query_glob", "*dryRun=All*"}}}, {"fault", {{"delay_ms", 1}}}},
         {{"match", {{"method", "PATCH"}, {"path_glob", "*/deployments/*"}, {"count", 1}}},
          {"fault", {{"status", 403}}}}}}}));
  const std::string next = publish("1.1.0", application("1.1.0"));
  promote(next);
  ASSERT_TRUE(run_until([&] {
    return deployments().front().outcome.has_value() && deployments().size() == 2;
  })) << state();
  EXPECT_EQ(deployments().front().state, "rolled_back");
  EXPECT_EQ(deployments().front().reason, "kube.forbidden");
  EXPECT_TRUE(runs(good_));
  EXPECT_EQ(workload(), good_workload_);
  // Not held against the release: it is tried again by itself.
  expect_recovery(next, "1.1.0");
}

class BadDisk : public BadInputTest {
 protected:
  void SetUp() override {
    BadInputTest::SetUp();
    settings().soak = base::milliseconds(20);
  }
  void expect_ends_on(const std::string& digest, const std::string& version) {
    expect_recovery(digest, version);
    const auto chain = engine_->history().verify_chain();
    ASSERT_TRUE(chain);
    EXPECT_FALSE(chain->broken_at) << chain->sentence;
    for (const auto& deployment : deployments()) EXPECT_TRUE(deployment.finished) << deployment.state;
  }
  // The disk is full from the given write on until the agent stands still. True when it came to that.
  bool upgrade_on_full_disk(const std::string& next, const std::string& version, uint64_t writes) {
    SCOPED_TRACE("full from write " + std::to_string(writes));
    const std::string before = live_version();
    stop();
    promote(next);
    Fuse fuse(writes);
    FaultyFiles files(base::system_files(), fuse, "files.no_space");
    if (auto started = start_with(files, base::system_clock(), direct_); !started) {
      EXPECT_NE(started.error().describe().find("injected fault"), std::string::npos)
          << started.error().describe();
      EXPECT_TRUE(start());
      expect_ends_on(next, version);
      stop();
      return true;
    }
    EXPECT_TRUE(run_until([&] { return state() == "blocked" || (runs(next) && state() == "healthy"); }))
        << state();
    const bool full = fuse.blown();
    if (state() == "blocked") {
      EXPECT_NE(reason().find("no_space"), std::string::npos) << reason() << " " << component().sentence;
      EXPECT_TRUE(reasons_.tells(reason()));
      const std::string now = live_version();
      EXPECT_TRUE(now == before || now == version) << now;
    }
    fuse.mend();
    expect_ends_on(next, version);
    stop();  // before the files
    return full;
  }
};

// GS-BAD-212: A disk below the watermark is said in status also while all is well.
TEST_F(BadDisk, IsLow) {
  run_good_revision();
  const auto says_so = [&] {
    return std::ranges::any_of(engine_->warnings(), [](const std::string& warning) {
      return warning.starts_with("no new revision is taken until there is room");
    });
  };
  EXPECT_FALSE(says_so());
  stop();
  settings_.storage.free_space_min = uint64_t{1} << 60U;
  ASSERT_TRUE(start());
  EXPECT_TRUE(says_so());
  EXPECT_EQ(state(), "healthy");
}

// GS-BAD-030: A disk that is full at any write of a file blocks with the reason; when there is room again the
// upgrade goes through without anybody's help.
TEST_F(BadDisk, IsFullForFiles) {
  run_good_revision();
  bool full = true;
  int round = 1;
  for (uint64_t writes = 0; full && writes < 200; writes += 3, ++round) {
    const std::string version = "1." + std::to_string(round) + ".0";
    full = upgrade_on_full_disk(publish(version, application(version)), version, writes);
    if (HasFailure()) return;
  }
  EXPECT_FALSE(full) << "there are more writes than were tried";
}

// GS-BAD-031: A database that cannot be written at some point stops everything there; what runs is one of the
// two revisions whole, and the next start ends on the new one.
TEST_F(BadDisk, IsFullForTheDatabase) {
  run_good_revision();
  bool full = true;
  int round = 1;
  for (uint64_t writes = 0; full && writes < 400; writes += 11, ++round) {
    SCOPED_TRACE("full from write " + std::to_string(writes));
    const std::string version = "1." + std::to_string(round) + ".0";
    const std::string next = publish(version, application(version));
    const std::string before = live_version();
    stop();
    promote(next);
    Fuse fuse(writes);
    const auto effect = [&fuse](std::string_view) { return fuse.burn(); };
    if (start_with(base::system_files(), base::system_clock(), direct_, effect)) {
      ASSERT_TRUE(run_until([&] {
        return (fuse.blown() && !engine_->activities().at(0).activity.doing.empty()) ||
               (runs(next) && state() == "healthy");
      })) << state();
      const std::string now = live_version();
      EXPECT_TRUE(now == before || now == version) << now;
    }
    full = fuse.blown();
    stop();
    ASSERT_TRUE(start());
    expect_ends_on(next, version);
    if (HasFailure()) return;
  }
  EXPECT_FALSE(full) << "there are more writes than were tried";
}

// Says 1970 until it is set right.
class WrongClock final : public base::Clock {
 public:
  base::Time now() override { return right ? base::system_clock().now() : base::Time(std::chrono::hours(1)); }
  Monotonic monotonic() override { return base::system_clock().monotonic(); }
  bool sleep_for(base::milliseconds duration, const std::stop_token& stop) override {
    return base::system_clock().sleep_for(duration, stop);
  }
  std::atomic<bool> right{false};
};

// GS-BAD-032: With the clock at 1970 the cluster's certificate is not valid yet: blocked, in words; it
// recovers when the clock is set.
TEST_F(BadInputTest, ClockAt1970) {
  run_good_revision();
  const std::string next = publish("1.1.0", application("1.1.0"));
  stop();
  promote(next);
  WrongClock clock;
  http::ClientConnector connector(clock);
  ASSERT_TRUE(start_with(base::system_files(), clock, connector));
  expect_kept_out("blocked", "kube.unreachable");
  EXPECT_NE(component().sentence.find("clock"), std::string::npos) << component().sentence;
  clock.right = true;
  expect_recovery(next, "1.1.0");
  const auto chain = engine_->history().verify_chain();
  ASSERT_TRUE(chain);
  EXPECT_FALSE(chain->broken_at) << chain->sentence;
  stop();  // before the clock
}

// GS-BAD-050: With a floor of time the same host reaches its cluster: TLS goes by the later of clock and
// floor.
TEST_F(BadInputTest, ClockAt1970WithAFloor) {
  run_good_revision();
  const std::string next = publish("1.1.0", application("1.1.0"));
  stop();
  promote(next);
  WrongClock wrong;
  base::FlooredClock clock(wrong, base::system_clock().now());
  http::ClientConnector connector(clock);
  ASSERT_TRUE(start_with(base::system_files(), clock, connector));
  ASSERT_TRUE(run_until([&] { return runs(next); })) << component().sentence;
  EXPECT_TRUE(clock.is_behind());
  stop();  // before the clock
}

// GS-BAD-033: An object that another component of this host owns is refused; neither workload is touched.
TEST_F(BadInputTest, ObjectOfASibling) {
  run_good_revision();
  config::Component other = settings();
  other.name = "billing";
  other.expect = "billing";
  other.tag = "billing";
  settings_.components["billing"] = other;
  promote(publish("3.0.0", application("3.0.0"), &*key_, "billing"), "billing");
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return state("billing") == "refused"; })) << component("billing").sentence;
  EXPECT_EQ(reason("billing"), "deploy.owned_by_other");
  EXPECT_NE(component("billing").sentence.find("'shop'"), std::string::npos) << component("billing").sentence;
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_EQ(state(), "healthy");
  const Manifests own{{"own.yaml",
                       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: billing, namespace: shop}\n"
                       "data: {a: b}\n"}};
  promote(publish("3.1.0", own, &*key_, "billing"), "billing");
  ASSERT_TRUE(run_until([&] { return state("billing") == "healthy"; })) << component("billing").sentence;
  EXPECT_EQ(live_version(), "1.0.0");
}

}  // namespace
}  // namespace gridseal::test
