// Power cuts: every file write, database write and request is an effect of one fuse; the host dies at each of
// them in turn and starts again.
#include "integration/agent/agent_fixture.hpp"

namespace gridseal::test {
namespace {

// Cutting at every single effect takes minutes; the stride is prime to the length of the phases, so that
// different effects are hit in each of them.
constexpr uint64_t kStride = 7;

class CrashTest : public AgentTest {
 protected:
  // Dies after `effects` effects, starts again without a fuse. True when the fuse blew at all.
  bool die_and_restart(uint64_t effects, const std::function<bool()>& reached) {
    Fuse fuse(effects);
    const auto started = start(&fuse);
    if (started) {
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      while (!fuse.blown() && std::chrono::steady_clock::now() < deadline && !reached()) run_once();
    }
    stop();
    EXPECT_TRUE(start()) << "after a cut at effect " << effects;
    return fuse.blown();
  }

  // Objects of the component that are in the cluster but in no inventory: orphans.
  std::string orphans() {
    std::string found;
    for (const char* kind : {"configmaps", "deployments"}) {
      const std::string path =
          std::string(kind) == "deployments" ? "/apis/apps/v1/namespaces/shop/" : "/api/v1/namespaces/shop/";
      const base::Json list = cluster_->get(path + kind + "?labelSelector=gridseal.dev/component=shop");
      for (const auto& item : list["items"]) {
        const std::string name = item["metadata"]["name"];
        bool known = false;
        for (const auto side : {history::Side::last_good, history::Side::attempt, history::Side::leftover}) {
          const auto entries = engine_->history().inventory("shop", side);
          if (!entries) return entries.error().describe();
          for (const auto& entry : *entries) known = known || entry.key.name == name;
        }
        if (!known) found += std::string(kind) + "/" + name + " ";
      }
    }
    return found;
  }
};

// GS-CRASH-001: After a cut at any effect of an upgrade the host ends healthy on the new revision, with every
// object in the inventory, what was pruned gone, and the whole story in the history.
TEST_F(CrashTest, UpgradeSurvivesACutAtAnyEffect) {
  const std::string extra = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: shop}\n";
  settings().soak = base::milliseconds(20);
  std::string last = publish("1.0.0", application("1.0.0", extra));
  promote(last);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(last); })) << component().sentence;
  bool blown = true;
  int round = 1;
  for (uint64_t effects = 3; blown && effects < 400; effects += kStride, ++round) {
    const std::string version = "1." + std::to_string(round) + ".0";
    const std::string next = publish(version, application(version, round % 2 == 0 ? extra : std::string()));
    stop();
    promote(next);
    blown = die_and_restart(effects, [&] { return runs(next); });
    ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(next); }))
        << "effect " << effects << ": " << state() << " " << component().sentence;
    EXPECT_EQ(live_version(), version) << "effect " << effects;
    EXPECT_EQ(orphans(), "") << "effect " << effects;
    EXPECT_EQ(cluster_->get("/api/v1/namespaces/shop/configmaps/old").is_object(), round % 2 == 0)
        << "effect " << effects;
    const auto chain = engine_->history().verify_chain();
    ASSERT_TRUE(chain);
    EXPECT_FALSE(chain->broken_at) << chain->sentence;
    for (const auto& deployment : deployments()) EXPECT_TRUE(deployment.finished) << "effect " << effects;
  }
  EXPECT_FALSE(blown) << "the upgrade has more effects than were tried";
}

// GS-CRASH-002: After a cut at any effect of a failing upgrade the host is back on its last good revision.
TEST_F(CrashTest, RollbackSurvivesACutAtAnyEffect) {
  settings().soak = base::milliseconds(20);
  settings().timeout = base::milliseconds(400);
  settings().grace = base::milliseconds(50);
  ASSERT_TRUE(cluster_->set_script(base::Json::parse(
      R"({"rules": [{"match": {"image": "*never-ready*"}, "behaviour": {"never_ready": true}}]})")));
  const std::string good = publish("1.0.0", application("1.0.0"));
  promote(good);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(good); })) << component().sentence;
  bool blown = true;
  int round = 1;
  for (uint64_t effects = 5; blown && effects < 600; effects += 2 * kStride + 1, ++round) {
    const std::string version = "1." + std::to_string(round) + ".0";
    Manifests broken = application(
        version, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: new, namespace: shop}\n");
    broken["web.yaml"].replace(broken["web.yaml"].find("registry.test/web"), 17, "registry.test/never-ready");
    const std::string next = publish(version, broken);
    stop();
    promote(next);
    const auto failed = [&] {
      return state() == "failed" && component().desired_digest->to_string() == next;
    };
    blown = die_and_restart(effects, failed);
    ASSERT_TRUE(run_until(failed)) << "effect " << effects << ": " << state() << " " << component().sentence;
    EXPECT_TRUE(runs(good)) << "effect " << effects;
    EXPECT_EQ(live_version(), "1.0.0") << "effect " << effects;
    EXPECT_EQ(orphans(), "") << "effect " << effects;
    EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/new").is_object()) << "effect " << effects;
  }
  EXPECT_FALSE(blown) << "the rollback has more effects than were tried";
}

}  // namespace
}  // namespace gridseal::test
