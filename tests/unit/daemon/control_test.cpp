// Who may look and who may act, without a socket: the peer is made up.
#include "daemon/control.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "crypto/private_key.hpp"
#include "history/history.hpp"
#include "http/client.hpp"

namespace gridseal::daemon {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kStranger = 54'321;

class ControlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base::Files& files = base::system_files();
    std::string name = fs::temp_directory_path() / "gs-control-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    ASSERT_TRUE(files.make_directories(directory_ + "/trust/keys", 0755));
    ASSERT_TRUE(files.make_directories(directory_ + "/state", 0700));
    const auto key = crypto::PrivateKey::generate().value();
    ASSERT_TRUE(
        base::write_file(files, directory_ + "/trust/keys/release.pub", key.public_key().to_pem(), 0644));
    const deploy::Outside outside{base::system_clock(), files, base::null_log(), connector_, {}, {}, {}};
    auto engine = deploy::Engine::start(outside, directory_ + "/state", settings(), std::nullopt);
    ASSERT_TRUE(engine) << engine.error().describe();
    engine_ = std::move(*engine);
    context_.emplace(ControlContext{*engine_, base::system_clock(), base::null_log(),
                                    base::system_clock().now(), [this] { ++woken_; }});
  }
  void TearDown() override {
    engine_.reset();
    fs::remove_all(directory_);
  }

  config::Settings settings() const {
    config::Settings settings;
    settings.site.name = "test";
    config::Registry registry;
    registry.name = "mirror";
    registry.urls = {"http://127.0.0.1:1"};
    registry.plain_http = true;
    settings.registries["mirror"] = registry;
    settings.trust.directory = directory_ + "/trust";
    settings.trust.policies["release"] = {"release", {"release.pub"}, {}};
    settings.kubernetes.kubeconfig = directory_ + "/kubeconfig";
    settings.control.admin_group = "daemon";  // gid 1 on every Debian
    config::Component shop;
    shop.name = "shop";
    shop.registry = "mirror";
    shop.repository = "team/shop";
    shop.tag = "stable";
    shop.policy = "release";
    shop.expect = "shop";
    settings.components["shop"] = shop;
    return settings;
  }

  http::ServerResponse ask(const std::string& method, const std::string& path,
                           const std::optional<http::Peer>& peer, const std::string& body = {}) {
    http::ServerRequest request;
    request.method = method;
    request.path = path;
    request.peer = peer;
    request.body = body;
    return answer(*context_, request);
  }
  static http::Peer peer(uid_t uid, gid_t gid = 54'321, std::vector<gid_t> groups = {}) {
    return {::getpid(), uid, gid, std::move(groups)};
  }
  static std::string code(const http::ServerResponse& response) {
    return base::Json::parse(response.body)["error"]["code"];
  }

  http::ClientConnector connector_{base::system_clock()};
  std::string directory_;
  std::unique_ptr<deploy::Engine> engine_;
  std::optional<ControlContext> context_;
  int woken_ = 0;
};

// GS-CONTROL-001: Whoever could connect may look at everything that GET shows.
TEST_F(ControlTest, StrangersMayLook) {
  for (const char* path : {"/v1/status", "/v1/history", "/v1/audit", "/v1/clock"})
    EXPECT_EQ(ask("GET", path, peer(kStranger)).status, 200) << path;
}

// GS-CONTROL-002: A stranger's POST is 403 and does nothing.
TEST_F(ControlTest, StrangersMayNotAct) {
  for (const char* path : {"/v1/reconcile", "/v1/permits", "/v1/stop", "/v1/clock"}) {
    const auto response = ask("POST", path, peer(kStranger), R"({"component":"shop"})");
    EXPECT_EQ(response.status, 403) << path;
    EXPECT_EQ(code(response), "control.forbidden");
  }
  EXPECT_EQ(ask("POST", "/v1/reconcile", std::nullopt).status, 403) << "a peer that is not known";
  EXPECT_EQ(woken_, 0);
  EXPECT_TRUE(engine_->history().permits("shop").value().empty());
}

// GS-CONTROL-003: Root, the agent's own user and members of the admin group may act.
TEST_F(ControlTest, AdminsMayAct) {
  EXPECT_EQ(ask("POST", "/v1/reconcile", peer(0)).status, 202);
  EXPECT_EQ(ask("POST", "/v1/reconcile", peer(::geteuid())).status, 202);
  EXPECT_EQ(ask("POST", "/v1/reconcile", peer(kStranger, 1)).status, 202) << "primary group";
  EXPECT_EQ(ask("POST", "/v1/reconcile", peer(kStranger, 54'321, {7, 1})).status, 202) << "other group";
  EXPECT_EQ(woken_, 4);
}

// GS-CONTROL-004: A permit is in the history with who asked for it and why; one without a reason is refused.
TEST_F(ControlTest, PermitsAreRecorded) {
  const auto bare = ask("POST", "/v1/permits", peer(0), R"({"component":"shop","version":"1.0.0"})");
  EXPECT_EQ(bare.status, 400);
  EXPECT_EQ(code(bare), "control.request");
  EXPECT_EQ(ask("POST", "/v1/permits", peer(0),
                R"({"component":"shop","version":"1.0.0","why":"the pumps need it"})")
                .status,
            201);
  const auto permits = engine_->history().permits("shop").value();
  ASSERT_EQ(permits.size(), 1U);
  EXPECT_EQ(permits[0].why, "the pumps need it");
  EXPECT_TRUE(permits[0].who.starts_with("uid 0")) << permits[0].who;
}

// GS-CONTROL-006: The floor of time is set by somebody with a reason, also to an earlier time; both are
// recorded.
TEST_F(ControlTest, ClockReset) {
  EXPECT_EQ(ask("POST", "/v1/clock", peer(0)).status, 400) << "without a reason";
  EXPECT_EQ(ask("POST", "/v1/clock", peer(0), R"({"why":"x","to":"tomorrow"})").status, 400);
  EXPECT_EQ(
      ask("POST", "/v1/clock", peer(0), R"({"why":"a bad GPS clock","to":"2026-01-01T00:00:00Z"})").status,
      200);
  EXPECT_EQ(base::format_rfc3339(*engine_->history().time_floor().value()), "2026-01-01T00:00:00Z");
  const auto row = engine_->history().audit(1).value().front();
  EXPECT_TRUE(row.actor.starts_with("uid 0")) << row.actor;
  EXPECT_NE(row.detail.find("a bad GPS clock"), std::string::npos) << row.detail;
  EXPECT_EQ(woken_, 1);
}

// GS-CONTROL-007: Only what lost its trust is stopped, and only of components that there are.
TEST_F(ControlTest, StopNeedsLostTrust) {
  EXPECT_EQ(code(ask("POST", "/v1/stop", peer(0), R"({"component":"shop"})")), "control.request");
  EXPECT_EQ(ask("POST", "/v1/stop", peer(0), R"({"component":"nobody","why":"x"})").status, 404);
  EXPECT_EQ(code(ask("POST", "/v1/stop", peer(0), R"({"component":"shop","why":"x"})")),
            "deploy.not_untrusted");
  EXPECT_EQ(woken_, 0);
}

// GS-CONTROL-005: What does not exist is 404, other methods are 405, junk is 400.
TEST_F(ControlTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(ask("GET", "/v1/secrets", peer(0)).status, 404);
  EXPECT_EQ(ask("POST", "/v1/status", peer(0)).status, 404);
  EXPECT_EQ(ask("POST", "/v1/reconcile", peer(0), R"({"component":"nobody"})").status, 404);
  EXPECT_EQ(ask("DELETE", "/v1/status", peer(0)).status, 405);
  EXPECT_EQ(ask("POST", "/v1/reconcile", peer(0), "{").status, 400);
  EXPECT_EQ(ask("POST", "/v1/reconcile", peer(0), std::string(70'000, ' ')).status, 400);
}

}  // namespace
}  // namespace gridseal::daemon
