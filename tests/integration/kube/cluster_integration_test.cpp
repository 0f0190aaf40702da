// The Kubernetes client against a real HTTPS server: plan, apply, readiness, prune, and what goes wrong on
// the way.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "http/client.hpp"
#include "kube/apply.hpp"
#include "kube/observe.hpp"
#include "kube/owner.hpp"
#include "manifest/normalise.hpp"
#include "support/kubesim_process/kubesim_process.hpp"

namespace gridseal::kube {
namespace {

using base::Json;

constexpr const char* kImage =
    "registry.test/web@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097";

// Sleeping moves it on at once, and is remembered.
class SkippingClock final : public base::Clock {
 public:
  base::Time now() override { return base::system_clock().now() + skipped_; }
  Monotonic monotonic() override { return base::system_clock().monotonic() + skipped_; }
  bool sleep_for(base::milliseconds duration, const std::stop_token& stop) override {
    skipped_ += duration;
    longest = std::max(longest, duration);
    return !stop.stop_requested();
  }
  base::milliseconds longest{0};

 private:
  base::milliseconds skipped_{0};
};

Json config_map(const std::string& value) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata",
           {{"name", "web"},
            {"namespace", "shop"},
            {"labels", {{std::string(manifest::kComponentLabel), "shop"}}}}},
          {"data", {{"value", value}}}};
}

Json deployment() {
  const Json container = {{"name", "web"}, {"image", kImage}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata",
           {{"name", "web"},
            {"namespace", "shop"},
            {"labels", {{std::string(manifest::kComponentLabel), "shop"}}}}},
          {"spec",
           {{"replicas", 1},
            {"selector", {{"matchLabels", {{"app", "web"}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", "web"}}}}},
              {"spec", {{"containers", Json::array({container})}}}}}}}};
}

Json fault(const Json& match, const Json& what) {
  return {{"faults", Json::array({{{"match", match}, {"fault", what}}})}};
}

class ClusterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "gridseal-kube-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    std::string why;
    simulator_ = test::KubesimProcess::start(directory_, {}, 20, why);
    ASSERT_TRUE(simulator_) << why;
    ASSERT_EQ(simulator_->send("POST", "/api/v1/namespaces", "application/json",
                               R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})"),
              201);
    access_ = std::make_unique<KubeconfigAccess>(simulator_->kubeconfig(), base::system_files(), connector_,
                                                 clock_);
    ClientSettings settings;
    settings.request_timeout = base::milliseconds(5'000);
    cluster_ = std::make_unique<Cluster>(*access_, clock_, settings);
  }
  void TearDown() override {
    cluster_.reset();
    if (simulator_) {
      const Json requests = simulator_->requests();
      EXPECT_TRUE(requests["unknown"].empty()) << requests["unknown"].dump();
    }
    simulator_.reset();
    std::filesystem::remove_all(directory_);
  }

  Action plan(const Json& object) {
    auto item = plan_object(*cluster_, object, {});
    EXPECT_TRUE(item) << item.error().describe();
    return item ? item->action : Action::skip;
  }
  ApplyResult apply(const Json& object) {
    auto result = apply_object(*cluster_, object, {});
    EXPECT_TRUE(result) << result.error().describe();
    return result ? *result : ApplyResult{};
  }
  Json live() { return simulator_->get("/api/v1/namespaces/shop/configmaps/web"); }
  bool becomes_current(const Json& object, int64_t generation) {
    base::Clock& clock = base::system_clock();
    const auto deadline = clock.monotonic() + base::seconds(30);
    while (clock.monotonic() < deadline) {
      auto reading = observe(*cluster_, object, generation, {});
      if (!reading) return false;
      if (reading->readiness.is_current()) return true;
      (void)clock.sleep_for(base::milliseconds(10), {});
    }
    return false;
  }

  std::string directory_;
  SkippingClock clock_;
  http::ClientConnector connector_{base::system_clock()};
  std::unique_ptr<test::KubesimProcess> simulator_;
  std::unique_ptr<KubeconfigAccess> access_;
  std::unique_ptr<Cluster> cluster_;
};

// GS-KUBE-090: An object is planned, applied, becomes ready, is found by its owner, and is pruned once.
TEST_F(ClusterTest, RoundTrip) {
  EXPECT_EQ(plan(config_map("one")), Action::create);
  EXPECT_FALSE(live().is_object()) << "a plan changed something";
  EXPECT_EQ(apply(config_map("one")).action, Action::create);
  EXPECT_EQ(plan(config_map("one")), Action::unchanged);
  EXPECT_EQ(plan(config_map("two")), Action::configure);
  EXPECT_EQ(live()["data"]["value"], "one");
  const ApplyResult changed = apply(config_map("two"));
  EXPECT_EQ(live()["data"]["value"], "two");

  const ApplyResult web = apply(deployment());
  EXPECT_TRUE(becomes_current(deployment(), web.generation));

  std::vector<std::string> owned;
  const auto sink = [&](Json item) -> base::Result<void> {
    owned.push_back(item["metadata"]["name"]);
    return {};
  };
  ASSERT_TRUE(list_owned(*cluster_, "", "v1", "ConfigMap", "shop", "shop", sink, {}));
  EXPECT_EQ(owned, std::vector<std::string>{"web"});

  const auto key = key_of(config_map("two")).value();
  const auto stranger = prune_object(*cluster_, {key, "another-uid"}, "shop", {}, {});
  ASSERT_TRUE(stranger);
  EXPECT_EQ(stranger->result, Pruned::left_behind);
  EXPECT_TRUE(live().is_object());
  const auto pruned = prune_object(*cluster_, {key, changed.uid}, "shop", {}, {});
  ASSERT_TRUE(pruned) << pruned.error().describe();
  EXPECT_NE(pruned->result, Pruned::left_behind);
  EXPECT_FALSE(live().is_object());
  const auto again = prune_object(*cluster_, {key, changed.uid}, "shop", {}, {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->result, Pruned::gone);
}

// GS-KUBE-091: A field that somebody else owns is named by the plan with its owner, and taken by the apply.
TEST_F(ClusterTest, Conflict) {
  Json theirs = config_map("theirs");
  ApplyOptions options;
  options.field_manager = "somebody-else";
  ASSERT_TRUE(cluster_->apply(theirs, options, {}));
  const auto item = plan_object(*cluster_, config_map("ours"), {});
  ASSERT_TRUE(item) << item.error().describe();
  ASSERT_FALSE(item->conflicts.empty());
  EXPECT_EQ(item->conflicts.front().manager, "somebody-else");
  EXPECT_EQ(item->conflicts.front().field, ".data.value");
  EXPECT_EQ(live()["data"]["value"], "theirs");
  apply(config_map("ours"));
  EXPECT_EQ(live()["data"]["value"], "ours");
}

// GS-KUBE-092: A 429 is waited for as long as the server says, and the call then goes through.
TEST_F(ClusterTest, TooManyRequests) {
  apply(config_map("one"));
  ASSERT_TRUE(simulator_->set_script(
      fault({{"method", "PATCH"}, {"count", 1}}, {{"status", 429}, {"retry_after", 3}})));
  ApplyOptions options;
  const auto written = cluster_->apply(config_map("two"), options, {});
  ASSERT_TRUE(written) << written.error().error.describe();
  EXPECT_GE(clock_.longest, base::milliseconds(3'000));
  EXPECT_EQ(live()["data"]["value"], "two");
}

// GS-KUBE-093: A connection that is cut is tried again, whether the server had done its work or not.
TEST_F(ClusterTest, CutConnection) {
  apply(config_map("one"));
  std::string value = "one";
  for (const char* when : {"before", "after"}) {
    ASSERT_TRUE(simulator_->set_script(fault({{"method", "PATCH"}, {"count", 1}}, {{"cut", when}})));
    value += when;
    ApplyOptions options;
    const auto written = cluster_->apply(config_map(value), options, {});
    ASSERT_TRUE(written) << when << ": " << written.error().error.describe();
    EXPECT_EQ(live()["data"]["value"], value);
  }
}

// GS-KUBE-094: Text that YAML would not take as it is arrives in the cluster unchanged.
TEST_F(ClusterTest, ControlCharacters) {
  const std::string text =
      "a\x7F"
      "b\u0085c\u2028d";
  apply(config_map(text));
  EXPECT_EQ(live()["data"]["value"], text);
}

}  // namespace
}  // namespace gridseal::kube
