// A registry whose certificate is wrong, and one that hardly sends anything.
#include <csignal>

#include "base/files.hpp"
#include "e2e/e2e_fixture.hpp"
#include "support/registry_front/registry_front.hpp"

namespace gridseal::test {
namespace {

class CertificateTest : public E2eTest {
 protected:
  // 1.0.0 runs; then the registry shows this certificate.
  void expect_blocked_with(const https_server::KeyPair& wrong, const std::string& words) {
    release("1.0.0", shop("1.0.0"));
    ASSERT_TRUE(start_agent());
    ASSERT_TRUE(await_running("1.0.0")) << tell();
    agent_->signal(SIGTERM);
    ASSERT_TRUE(agent_->await_exit());
    release("1.1.0", shop("1.1.0"));
    start_registry(wrong);
    ASSERT_TRUE(start_agent());
    ASSERT_TRUE(await_state("blocked")) << tell();
    const base::Json blocked = status();
    EXPECT_EQ(at(blocked, "/reason"), "http.tls") << blocked.dump(2);
    EXPECT_NE(at(blocked, "/message").dump().find(words), std::string::npos) << blocked.dump(2);
    EXPECT_EQ(live_version(), "1.0.0");
    start_registry(pki_.server());
    EXPECT_TRUE(await_running("1.1.0")) << tell();
  }
};

// GS-E2E-030: A certificate of another authority blocks, in words.
TEST_F(CertificateTest, OfAnotherAuthority) {
  const https_server::TestPki other;
  expect_blocked_with(other.server(), "CA");
}

// GS-E2E-031: A certificate for another host blocks, and names both.
TEST_F(CertificateTest, ForAnotherHost) {
  https_server::LeafOptions options;
  options.dns_names = {"mirror.elsewhere.example"};
  expect_blocked_with(pki_.issue(options), "mirror.elsewhere.example, not for 127.0.0.1");
}

// GS-E2E-032: An expired certificate blocks, and says since when.
TEST_F(CertificateTest, Expired) {
  https_server::LeafOptions options;
  options.addresses = {"127.0.0.1"};
  options.not_after = "20210101000000";
  expect_blocked_with(pki_.issue(options), "expired at 2021-01-01T00:00:00Z");
}

// GS-E2E-033: SIGTERM in the middle of a slow transfer ends the agent at once; the next start goes on with
// it.
TEST_F(E2eTest, StopsInTheMiddleOfASlowTransfer) {
  https_server::ServerSettings settings;
  settings.certificate = pki_.server();
  RegistryFront front(registry_->url(), settings, pki_.ca_pem());
  const std::string file = directory_ + "/etc/agent.toml";
  auto text = base::read_file(base::system_files(), file).value();
  text.replace(text.find(registry_->url()), registry_->url().size(), front.url());
  put("etc/agent.toml", text);
  front.set_forge([](const https_server::SeenRequest& request, https_server::Answer& answer) {
    if (request.method != "GET" || request.target.find("/blobs/") == std::string::npos) return;
    answer.piece = 1;
    answer.piece_delay = std::chrono::milliseconds(200);
  });
  release("1.0.0", shop("1.0.0"));
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await([&] {
    for (const auto& request : front.server().requests()) {
      if (request.target.find("/blobs/") != std::string::npos) return true;
    }
    return false;
  }));
  agent_->signal(SIGTERM);
  EXPECT_EQ(agent_->await_exit(std::chrono::seconds(5)), 0) << "still runs after five seconds";
  front.set_forge({});
  front.server().drop_connections();
  ASSERT_TRUE(start_agent());
  EXPECT_TRUE(await_running("1.0.0")) << tell();
}

}  // namespace
}  // namespace gridseal::test
