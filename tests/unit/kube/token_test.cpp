#include "kube/token.hpp"

#include <gmock/gmock.h>

#include "base/encoding.hpp"
#include "double.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using testing::answer;
using ::testing::HasSubstr;
using ::testing::Not;

std::string encoded(const std::string& text) {
  return base::encode_base64(text, base::Base64::url);
}

std::string token_of(const Json& claims) {
  return encoded(R"({"alg":"RS256"})") + "." + encoded(claims.dump()) + "." + encoded("signature");
}

const Json kClaims{
    {"sub", "system:serviceaccount:gridseal:gridseal"}, {"iat", 1'000'000}, {"exp", 1'900'000}};

// GS-KUBE-310: a token says whose it is and when it ends; it is renewed when two thirds of its life are over.
TEST(TokenClaims, Reads) {
  const auto claims = read_token_claims(token_of(kClaims));
  ASSERT_TRUE(claims) << claims.error().describe();
  EXPECT_EQ(claims->namespace_, "gridseal");
  EXPECT_EQ(claims->name, "gridseal");
  EXPECT_EQ(claims->issued, base::Time(std::chrono::seconds(1'000'000)));
  EXPECT_EQ(claims->expires, base::Time(std::chrono::seconds(1'900'000)));
  EXPECT_EQ(renewal_time(*claims), base::Time(std::chrono::seconds(1'600'000)));
}

// GS-KUBE-311: what is no token of a ServiceAccount is refused, and no part of it is repeated.
TEST(TokenClaims, RefusesOthers) {
  const auto with = [](const char* name, const Json& value) {
    Json claims = kClaims;
    claims[name] = value;
    return token_of(claims);
  };
  const std::string good = token_of(kClaims);
  for (const std::string& text :
       {std::string(),
        std::string("hunter2"),
        std::string("a.b"),
        good + ".x",
        good + "=",
        "." + good,
        std::string(20'000, 'a') + good,
        encoded("{}") + "." + encoded("hunter2") + "." + encoded("s"),
        encoded("{}") + "." + encoded("[1]") + "." + encoded("s"),
        encoded("{}") + "." + encoded(R"({"sub":"a","sub":"b"})") + "." + encoded("s"),
        with("sub", "hunter2"),
        with("sub", "system:serviceaccount:gridseal"),
        with("sub", "system:serviceaccount:grid/seal:x"),
        with("sub", "system:serviceaccount::x"),
        with("sub", 5),
        with("iat", "soon"),
        with("iat", -1),
        with("exp", 1'000'000),
        with("exp", 1.5e6),
        with("exp", int64_t{1} << 60),
        with("exp", nullptr)}) {
    const auto claims = read_token_claims(text);
    ASSERT_FALSE(claims) << text;
    EXPECT_EQ(claims.error().code(), "kube.token") << text;
    EXPECT_THAT(claims.error().describe(), Not(HasSubstr("hunter2")));
  }
}

class TokenRequestTest : public ::testing::Test {
 protected:
  base::Result<IssuedToken> ask() {
    return request_token(client_, "gridseal", "gridseal", std::chrono::hours(1), {});
  }
  testing::FakeClock clock_;
  testing::FakeAccess access_;
  Client client_{access_, clock_, {}};
};

// GS-KUBE-312: a token is asked for as the recorded server wants it, and comes with its claims.
TEST_F(TokenRequestTest, Asks) {
  const std::string token = token_of(kClaims);
  access_.transport->expect(answer(201, {{"kind", "TokenRequest"}, {"status", {{"token", token}}}}));
  const auto issued = ask();
  ASSERT_TRUE(issued) << issued.error().describe();
  EXPECT_EQ(issued->token, token);
  EXPECT_EQ(issued->claims.name, "gridseal");
  const http::Request& request = access_.transport->requests.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/api/v1/namespaces/gridseal/serviceaccounts/gridseal/token");
  const Json body = Json::parse(request.body);
  EXPECT_EQ(body["apiVersion"], "authentication.k8s.io/v1");
  EXPECT_EQ(body["spec"]["expirationSeconds"], 3600);
}

// GS-KUBE-313: a refusal, or an answer without a usable token, is an error that shows no token.
TEST_F(TokenRequestTest, Fails) {
  access_.transport->expect(
      answer(403, {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", "hunter2"}}));
  access_.transport->expect(answer(201, {{"status", Json::object()}}));
  access_.transport->expect(answer(201, {{"status", {{"token", "hunter2"}}}}));
  for (const char* code : {"kube.forbidden", "kube.protocol", "kube.token"}) {
    const auto issued = ask();
    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().code(), code);
    EXPECT_THAT(issued.error().describe(), Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace gridseal::kube
