// While a deployment settles a watch spares most of the looks; without it everything goes on as well.
#include <algorithm>

#include "integration/agent/agent_fixture.hpp"

namespace gridseal::test {
namespace {

class WatchTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    settings().soak = base::milliseconds(2'000);
    settings().timeout = base::milliseconds(20'000);
  }

  base::Json watch_fault(base::Json what) {
    return {{"faults", base::Json::array({{{"match", {{"method", "GET"}, {"query_glob", "*watch=1*"}}},
                                           {"fault", std::move(what)}}})}};
  }
  // Deploys and returns how often Deployments were listed meanwhile.
  int64_t deploy(const std::string& version) {
    const std::string digest = publish(version, application(version));
    promote(digest);
    cluster_->clear_requests();
    EXPECT_TRUE(run_until([&] { return runs(digest); }, 60'000)) << state() << " " << component().sentence;
    return count("labelSelector", "watch=1");
  }
  int64_t count(const std::string& part, const std::string& without = {}) {
    const base::Json requests = cluster_->requests();
    return std::ranges::count_if(requests["requests"], [&](const base::Json& request) {
      const std::string target = request["target"];
      return request["method"] == "GET" && target.find("/deployments?") != std::string::npos &&
             target.find(part) != std::string::npos &&
             (without.empty() || target.find(without) == std::string::npos);
    });
  }
};

// GS-DEPLOY-209: While all that is waited for is watched, it is listed when something happens, not all the
// time; the watch ends with the deployment.
TEST_F(WatchTest, SparesLooks) {
  ASSERT_TRUE(start());
  const int64_t without = deploy("1.0.0");
  EXPECT_EQ(count("watch=1"), 0) << "nobody could be woken";
  engine_->on_news([] {});
  const int64_t with = deploy("1.1.0");
  EXPECT_EQ(count("watch=1"), 1);
  EXPECT_LT(with, without);
  EXPECT_GE(with, 2);
}

// GS-DEPLOY-210: A watch that is refused, too old, cut, silent or never answered changes nothing but the
// number of looks.
TEST_F(WatchTest, FallsBackToListing) {
  ASSERT_TRUE(start());
  engine_->on_news([] {});
  int minor = 0;
  for (const base::Json& what : {base::Json({{"status", 403}}), base::Json({{"status", 410}}),
                                 base::Json({{"cut", "before"}}), base::Json({{"silent_ms", 100}}),
                                 base::Json({{"silent_ms", 30'000}}), base::Json({{"hang", true}})}) {
    SCOPED_TRACE(what.dump());
    ASSERT_TRUE(cluster_->set_script(watch_fault(what)));
    EXPECT_GE(deploy("1." + std::to_string(minor++) + ".0"), 2);
    // What is never answered is not in the simulator's log yet.
    if (!what.contains("hang")) {
      EXPECT_GE(count("watch=1"), 1);
    }
  }
}

// GS-DEPLOY-211: Of several components that settle at once one is watched and the others are listed; settings
// that are taken into use meanwhile disturb neither.
TEST_F(WatchTest, OneForAll) {
  config::Component second = settings();
  second.name = "billing";
  second.expect = "billing";
  second.tag = "billing";
  settings_.components["billing"] = second;
  const Manifests own{
      {"own.yaml",
       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: billing, namespace: shop}\ndata: {a: b}\n"}};
  promote(publish("3.0.0", own, &*key_, "billing"), "billing");
  const std::string digest = publish("1.0.0", application("1.0.0"));
  promote(digest);
  ASSERT_TRUE(start());
  engine_->on_news([] {});
  ASSERT_TRUE(run_until([&] { return !deployments().empty() && deployments().front().state == "settling"; }));
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return runs(digest) && state("billing") == "healthy"; }, 60'000))
      << component().sentence;
}

}  // namespace
}  // namespace gridseal::test
