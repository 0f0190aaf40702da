#include "kube/kubeconfig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "double.hpp"

namespace gridseal::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kCertificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const std::string kKey = "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n";

class KubeconfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "gridseal-kubeconfig-" + std::to_string(getpid());
    ASSERT_TRUE(base::system_files().make_directories(folder_, 0700));
    path_ = folder_ + "/kubeconfig";
  }
  void TearDown() override { ASSERT_TRUE(base::system_files().remove_tree(folder_)); }

  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(base::write_file(base::system_files(), folder_ + "/" + name, text, 0600));
  }
  static std::string config(const std::string& cluster, const std::string& user) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: default\n"
           "clusters:\n- name: default\n  cluster: {" +
           cluster +
           "}\n"
           "contexts:\n- name: default\n  context: {cluster: default, user: default}\n"
           "users:\n- name: default\n  user: {" +
           user + "}\n";
  }
  static std::string trusted() {
    return "server: https://127.0.0.1:6443, certificate-authority-data: " + base::encode_base64(kCertificate);
  }
  std::string refusal(const std::string& text) {
    write("kubeconfig", text);
    auto config = load_kubeconfig(base::system_files(), path_);
    if (config) return "accepted";
    EXPECT_EQ(config.error().code(), "kube.config");
    EXPECT_EQ(config.error().outcome(), base::Outcome::blocked);
    return config.error().describe();
  }

  std::string folder_;
  std::string path_;
};

// GS-KUBE-001: the kubeconfig that k3s writes works as it is.
TEST_F(KubeconfigTest, ReadsTheFileOfK3s) {
  write("kubeconfig", "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: " +
                          base::encode_base64(kCertificate) +
                          "\n    server: https://127.0.0.1:6443\n  name: default\ncontexts:\n- context:\n    "
                          "cluster: default\n"
                          "    user: default\n  name: default\ncurrent-context: default\nkind: "
                          "Config\npreferences: {}\nusers:\n"
                          "- name: default\n  user:\n    client-certificate-data: " +
                          base::encode_base64(kCertificate) +
                          "\n    client-key-data: " + base::encode_base64(kKey) + "\n");
  auto config = load_kubeconfig(base::system_files(), path_);
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_EQ(config->origin.host, "127.0.0.1");
  EXPECT_EQ(config->origin.port, 6443);
  EXPECT_EQ(config->tls.ca_pem, kCertificate);
  EXPECT_EQ(config->tls.client_cert_pem, kCertificate);
  EXPECT_EQ(config->tls.client_key_pem, kKey);
  EXPECT_EQ(config->base_path, "");
}

// GS-KUBE-002: files are named relative to the kubeconfig's own folder, and JSON is read too.
TEST_F(KubeconfigTest, ReadsFilesBesideIt) {
  write("ca.crt", kCertificate);
  write("client.crt", kCertificate);
  write("client.key", kKey);
  write(
      "kubeconfig",
      R"({"kind":"Config","current-context":"a","contexts":[{"name":"a","context":{"cluster":"c","user":"u",)"
      R"("namespace":"shop"}}],"clusters":[{"name":"c","cluster":{"server":"https://api.test:443/prefix/",)"
      R"("certificate-authority":"ca.crt","tls-server-name":"kubernetes"}}],"users":[{"name":"u","user":{)"
      R"("client-certificate":"client.crt","client-key":"client.key"}}]})");
  auto config = load_kubeconfig(base::system_files(), path_);
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_EQ(config->tls.ca_pem, kCertificate);
  EXPECT_EQ(config->tls.client_key_pem, kKey);
  EXPECT_EQ(config->tls.server_name, "kubernetes");
  EXPECT_EQ(config->base_path, "/prefix");
  EXPECT_EQ(config->namespace_, "shop");
}

// GS-KUBE-003: what cannot be honoured is refused with file and key, never passed over.
TEST_F(KubeconfigTest, RefusesWhatItCannotHonour) {
  EXPECT_THAT(refusal(config(trusted() + ", insecure-skip-tls-verify: true", "token: t")),
              HasSubstr("insecure-skip-tls-verify"));
  EXPECT_THAT(refusal(config(trusted(), "exec: {command: aws}")), HasSubstr("key exec"));
  EXPECT_THAT(refusal(config(trusted(), "auth-provider: {name: gcp}")), HasSubstr("key auth-provider"));
  EXPECT_THAT(refusal(config("server: https://127.0.0.1:6443", "token: t")),
              HasSubstr("certificate-authority-data"));
  EXPECT_THAT(refusal(config("server: http://api.test:8080", "token: t")), HasSubstr("https://"));
  EXPECT_THAT(refusal(config("certificate-authority-data: AAAA", "token: t")), HasSubstr("key server"));
  EXPECT_THAT(refusal(config(trusted() + ", proxy-url: http://p", "token: t")), HasSubstr("proxy-url"));
  EXPECT_THAT(refusal(config(trusted(), "client-certificate-data: " + base::encode_base64(kCertificate))),
              HasSubstr("client-key"));
  EXPECT_THAT(refusal("kind: Config\nclusters: []\n"), HasSubstr("current-context"));
  EXPECT_THAT(refusal("kind: Config\ncurrent-context: x\ncontexts: []\n"), HasSubstr("no entry named \"x\""));
  EXPECT_THAT(refusal("- a\n"), HasSubstr(path_));
  EXPECT_THAT(refusal("kind: Pod\n"), HasSubstr("key kind"));
}

// GS-KUBE-004: no error of a kubeconfig shows a secret of it.
TEST_F(KubeconfigTest, ErrorsShowNoSecret) {
  for (const std::string& user :
       {std::string("token: 'hunter2 \n'"), std::string("client-key-data: hunter2"),
        std::string("token: [hunter2]"), std::string("password: [hunter2], username: u"),
        std::string("token: hunter2, exec: {command: x}"),
        std::string("client-key-data: ") + base::encode_base64("hunter2")}) {
    const std::string text = refusal(config(trusted(), user));
    EXPECT_THAT(text, Not(HasSubstr("hunter2"))) << user;
    EXPECT_THAT(text, Not(HasSubstr(base::encode_base64("hunter2")))) << user;
  }
  EXPECT_THAT(refusal("token: hunter2: x\n  - {\n"), Not(HasSubstr("hunter2")));
}

class AccessTest : public KubeconfigTest {
 protected:
  testing::FakeClock clock_;
  testing::FakeConnector connector_;
};

// GS-KUBE-005: a kubeconfig that changes is followed within five seconds, without a new connection when only
// the credential changed.
TEST_F(AccessTest, FollowsTheFile) {
  KubeconfigAccess access(path_, base::system_files(), connector_, clock_);
  EXPECT_FALSE(access.session());
  write("kubeconfig", config(trusted(), "token: one"));
  ASSERT_TRUE(access.session());
  EXPECT_EQ(access.session()->authorization, "Bearer one");
  write("kubeconfig", config(trusted(), "token: two"));
  EXPECT_EQ(access.session()->authorization, "Bearer one");
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(access.session()->authorization, "Bearer two");
  EXPECT_EQ(connector_.origins.size(), 1U);
  write("kubeconfig", config(trusted() + ", tls-server-name: other", "username: u, password: p"));
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(access.session()->authorization, "Basic dTpw");
  EXPECT_EQ(connector_.origins.size(), 2U);
}

// GS-KUBE-006: a half-written kubeconfig changes nothing until the server refuses the old one.
TEST_F(AccessTest, KeepsTheLastGoodOne) {
  write("kubeconfig", config(trusted(), "token: one"));
  KubeconfigAccess access(path_, base::system_files(), connector_, clock_);
  ASSERT_TRUE(access.session());
  write("kubeconfig", "apiVersion: v1\nclus");
  clock_.advance(std::chrono::seconds(6));
  ASSERT_TRUE(access.session());
  EXPECT_EQ(access.session()->authorization, "Bearer one");
  access.refused();
  EXPECT_FALSE(access.session());
  write("kubeconfig", config(trusted(), "token: two"));
  ASSERT_TRUE(access.session());
  EXPECT_EQ(access.session()->authorization, "Bearer two");
}

// GS-KUBE-007: a token file is read again each minute, and at once when the server refuses the token.
TEST_F(AccessTest, FollowsTheTokenFile) {
  write("token", "first\n");
  write("kubeconfig", config(trusted(), "tokenFile: token, token: unused"));
  KubeconfigAccess access(path_, base::system_files(), connector_, clock_);
  ASSERT_TRUE(access.session());
  EXPECT_EQ(access.session()->authorization, "Bearer first");
  write("token", "second\n");
  clock_.advance(std::chrono::seconds(59));
  EXPECT_EQ(access.session()->authorization, "Bearer first");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(access.session()->authorization, "Bearer second");
  write("token", "third");
  access.refused();
  EXPECT_EQ(access.session()->authorization, "Bearer third");
  // A token that would begin another header is no token; the last good one stays.
  write("token", "bad\r\nX: y");
  access.refused();
  EXPECT_EQ(access.session()->authorization, "Bearer third");
}

// A clock that goes on between two looks at it, as a real one does.
class TickingClock final : public testing::FakeClock {
 public:
  Monotonic monotonic() override {
    advance(base::milliseconds(1));
    return FakeClock::monotonic();
  }
};

// GS-KUBE-314: the very first request already carries the token of the token file.
TEST_F(AccessTest, FirstSessionHasTheToken) {
  TickingClock clock;
  write("token", "first");
  write("kubeconfig", config(trusted(), "tokenFile: token"));
  KubeconfigAccess access(path_, base::system_files(), connector_, clock);
  const auto session = access.session();
  ASSERT_TRUE(session);
  EXPECT_EQ(session->authorization, "Bearer first");
}

}  // namespace
}  // namespace gridseal::kube
