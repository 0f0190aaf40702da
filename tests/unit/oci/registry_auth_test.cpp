#include <gmock/gmock.h>

#include "base/encoding.hpp"
#include "registry_fixture.hpp"

namespace gridseal::oci {
namespace {

const std::string kManifestBytes = R"({"schemaVersion":2})";
const std::string kSecret = "s3cret-pass";

std::string authorization(const SeenRequest& request) {
  return std::string(request.request.headers.get("Authorization"));
}

class RegistryAuthTest : public RegistryTest {
 protected:
  RegistryAuthTest() { credentials_ = Credentials{"node7", kSecret}; }

  // Nowhere but in the Authorization of `host` may the secret or a token be seen.
  void expect_secrets_only_at(std::initializer_list<std::string> hosts) const {
    for (const auto& request : seen()) {
      const bool allowed = std::ranges::find(hosts, request.origin.host) != hosts.end();
      EXPECT_TRUE(allowed || authorization(request).empty()) << request.line();
      EXPECT_EQ(request.request.target.find(kSecret), std::string::npos);
    }
  }
};

// GS-OCI-060: credentials are sent only after a challenge, then without being asked again.
TEST_F(RegistryAuthTest, Basic) {
  const std::string wanted = "Basic " + base::encode_base64("node7:" + kSecret);
  auto& registry = client([&](const SeenRequest& r) {
    return authorization(r) == wanted ? manifest_answer(kManifestBytes)
                                      : answer(401).with("WWW-Authenticate", "Basic realm=x");
  });
  ASSERT_TRUE(registry.head_manifest(kPumps, "v1", stop_));
  EXPECT_EQ(authorization(seen().front()), "");
  ASSERT_TRUE(registry.head_manifest(kPumps, "v1", stop_));
  EXPECT_EQ(seen().size(), 3U);
}

// GS-OCI-061: wrong credentials are an error that holds no secret, and are not sent over and over.
TEST_F(RegistryAuthTest, WrongBasic) {
  auto& registry =
      client([](const SeenRequest&) { return answer(401).with("WWW-Authenticate", "Basic realm=x"); });
  auto head = registry.head_manifest(kPumps, "v1", stop_);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code(), "oci.unauthorized");
  EXPECT_EQ(head.error().outcome(), base::Outcome::blocked);
  EXPECT_EQ(head.error().describe().find(kSecret), std::string::npos);
  EXPECT_EQ(seen().size(), 2U);
}

// GS-OCI-062: a token is fetched from the realm with service and scope, kept until it ends, then fetched
// anew.
TEST_F(RegistryAuthTest, Bearer) {
  int tokens = 0;
  auto& registry = client([&](const SeenRequest& r) {
    if (r.origin.host == "auth.example")
      return answer(200, R"({"token":"t)" + std::to_string(++tokens) + R"(","expires_in":300})");
    if (authorization(r) == "Bearer t" + std::to_string(tokens) && tokens > 0)
      return manifest_answer(kManifestBytes);
    return answer(401).with(
        "WWW-Authenticate",
        R"(Bearer realm="https://auth.example/token",service="reg",scope="repository:plant/pumps:pull")");
  });
  ASSERT_TRUE(registry.head_manifest(kPumps, "v1", stop_));
  EXPECT_EQ(seen()[1].request.target, "/token?service=reg&scope=repository%3Aplant%2Fpumps%3Apull");
  EXPECT_EQ(authorization(seen()[1]), "Basic " + base::encode_base64("node7:" + kSecret));
  ASSERT_TRUE(registry.head_manifest(kPumps, "v1", stop_));
  EXPECT_EQ(tokens, 1);
  clock_.advance(base::seconds(301));
  ASSERT_TRUE(registry.head_manifest(kPumps, "v1", stop_));
  EXPECT_EQ(tokens, 2);
}

// GS-OCI-063: a token that is refused is fetched anew once, no more.
TEST_F(RegistryAuthTest, BearerRefusedOnce) {
  auto& registry = client([](const SeenRequest& r) {
    if (r.origin.host == "auth.example") return answer(200, R"({"access_token":"t"})");
    return answer(401).with("WWW-Authenticate", R"(Bearer realm="https://auth.example/token")");
  });
  EXPECT_EQ(registry.head_manifest(kPumps, "v1", stop_).error().code(), "oci.unauthorized");
  EXPECT_EQ(seen().size(), 3U);
}

// GS-OCI-064: no credentials go to a realm that is not https.
TEST_F(RegistryAuthTest, PlainRealm) {
  auto& registry = client([](const SeenRequest&) {
    return answer(401).with("WWW-Authenticate", R"(Bearer realm="http://auth.example/token")");
  });
  EXPECT_EQ(registry.head_manifest(kPumps, "v1", stop_).error().code(), "oci.token");
  EXPECT_EQ(seen().size(), 1U);
}

// GS-OCI-065: a token with control bytes never becomes a header; an endless token answer is cut.
TEST_F(RegistryAuthTest, HostileToken) {
  for (const std::string body :
       {R"({"token":"a\r\nX: y"})", R"({"token":""})", R"({"token":7})", "junk", "[]"}) {
    auto& registry = client([&](const SeenRequest& r) {
      if (r.origin.host == "auth.example") return answer(200, body);
      return answer(401).with("WWW-Authenticate", R"(Bearer realm="https://auth.example/token")");
    });
    EXPECT_EQ(registry.head_manifest(kPumps, "v1", stop_).error().code(), "oci.token") << body;
    EXPECT_EQ(seen().size(), 2U);
  }
}

// GS-OCI-066: across a redirect to another host go neither credentials nor tokens nor the client certificate.
TEST_F(RegistryAuthTest, RedirectLeaksNothing) {
  const std::string content = "layer";
  auto& registry = client([&](const SeenRequest& r) {
    if (r.origin.host == "storage.example") {
      // Even when the other host asks for them.
      return authorization(r).empty() && r.request.target == "/x?sig=1" ? answer(200, content) : answer(401);
    }
    if (authorization(r).empty()) return answer(401).with("WWW-Authenticate", "Basic realm=x");
    return answer(307).with("Location", "https://storage.example/x?sig=1");
  });
  StringSink sink(descriptor_of(content));
  ASSERT_TRUE(registry.get_blob(kPumps, descriptor_of(content), sink, stop_));
  expect_secrets_only_at({"a.example"});
  EXPECT_EQ(seen().back().tls.ca_pem, "CA");
  EXPECT_EQ(seen().back().tls.client_key_pem, "");
  EXPECT_EQ(seen().front().tls.client_key_pem, "KEY");
}

// GS-OCI-126: TLS files that cannot be read have their own code: nobody looks for a wrong password.
TEST_F(RegistryAuthTest, UnreadableTlsFiles) {
  client([](const SeenRequest&) { return answer(200); });
  settings_.mirrors.front().tls = []() -> base::Result<http::TlsSettings> {
    return base::Error::blocked("files.io", "no such file: ca.crt");
  };
  auto registry = Registry::create(settings_, outside());
  ASSERT_TRUE(registry);
  const auto head = (*registry)->head_manifest(kPumps, "v1", stop_);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code(), "oci.ca");
  EXPECT_NE(head.error().describe().find("ca.crt"), std::string::npos) << head.error().describe();
  EXPECT_TRUE(seen().empty());
}

// GS-OCI-067: a challenge of another host after a redirect is not answered.
TEST_F(RegistryAuthTest, RedirectChallenge) {
  auto& registry = client([](const SeenRequest& r) {
    if (r.origin.host == "a.example") return answer(302).with("Location", "https://evil.example/");
    return answer(401).with("WWW-Authenticate", "Basic realm=x");
  });
  EXPECT_EQ(registry.get_manifest(kPumps, std::string("v1"), stop_).error().code(), "oci.unauthorized");
  expect_secrets_only_at({"a.example"});
}

// GS-OCI-068: redirects to plain http, without end or to nowhere are not followed.
TEST_F(RegistryAuthTest, BadRedirects) {
  for (const std::string location : {"http://storage.example/x", "file:///etc/passwd", "", "ftp://a/"}) {
    auto& registry = client([&](const SeenRequest&) { return answer(307).with("Location", location); });
    EXPECT_EQ(registry.get_manifest(kPumps, std::string("v1"), stop_).error().code(), "oci.redirect")
        << location;
    EXPECT_EQ(seen().size(), 1U);
  }
  auto& loop = client([](const SeenRequest&) { return answer(307).with("Location", "/again"); });
  EXPECT_EQ(loop.get_manifest(kPumps, std::string("v1"), stop_).error().code(), "oci.redirect");
  EXPECT_EQ(seen().size(), static_cast<size_t>(settings_.limits.redirects) + 1);
}

}  // namespace
}  // namespace gridseal::oci
