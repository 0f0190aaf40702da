#include "kube/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "double.hpp"
#include "kube/permission.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using testing::answer;
using testing::broken;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::text_answer;

http::Response recorded_answer(const Json& entry) {
  const Json& body = entry.at("body");
  http::Response response =
      text_answer(entry.at("status").get<int>(), body.is_string() ? body.get<std::string>() : body.dump());
  for (const auto& [name, value] : entry.at("headers").items())
    response.headers.set(name, value.is_string() ? value.get<std::string>() : value.dump());
  return response;
}

class ClientTest : public ::testing::Test {
 protected:
  testing::FakeTransport& server() { return *access_.transport; }
  Answer<Written> apply(const Json& object = {{"apiVersion", "v1"},
                                              {"kind", "ConfigMap"},
                                              {"metadata", {{"name", "a"}, {"namespace", "n"}}}}) {
    return client_.apply("/api/v1/namespaces/n/configmaps/a", object, {}, {});
  }

  testing::FakeClock clock_;
  testing::FakeAccess access_;
  Client client_{access_, clock_, [] {
                   ClientSettings settings;
                   settings.user_agent = "gridseal/1.2";
                   return settings;
                 }()};
};

// GS-KUBE-010: every recorded refusal of the API server gets its code, and only what may succeed later is
// transient.
TEST(Failure, EveryRecordedAnswerHasItsCode) {
  const Json recorded = testing::fixture("errors.json");
  ASSERT_GT(recorded.size(), 50U);
  for (const Json& entry : recorded) {
    const Failure failure = failure_of(recorded_answer(entry), "apply of ConfigMap n/a", false);
    const std::string text = entry.dump().substr(0, 400);
    EXPECT_EQ(failure.error.code(), entry.at("code").get<std::string>()) << text;
    EXPECT_EQ(is_transient(failure, entry.at("method") == "PATCH"), entry.at("transient").get<bool>())
        << text;
    const bool refused = failure.error.code() == "kube.invalid" || failure.error.code() == "kube.immutable" ||
                         failure.error.code() == "kube.rejected" || failure.error.code() == "kube.too_large";
    EXPECT_EQ(failure.error.outcome() == base::Outcome::refused, refused) << text;
    EXPECT_THAT(failure.error.describe(), HasSubstr("apply of ConfigMap n/a"));
  }
}

// GS-KUBE-011: of a Secret nothing of the answer gets into an error but status, reason and field paths.
TEST(Failure, SecretsKeepTheirText) {
  const Json body = Json::parse(R"({"kind":"Status","status":"Failure","reason":"Invalid","code":422,
    "message":"Secret \"s\" is invalid: data[password]: Invalid value: \"hunter2\": too short",
    "details":{"causes":[{"reason":"FieldValueInvalid","field":"data[password]",
    "message":"Invalid value: \"hunter2\": too short"}]}})");
  const Failure failure = failure_of(answer(422, body), "apply of Secret n/s", true);
  EXPECT_THAT(failure.error.describe(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(failure.error.describe(), HasSubstr("422 Invalid"));
  EXPECT_THAT(failure.error.describe(), HasSubstr("data[password]"));
  ASSERT_EQ(failure.causes.size(), 1U);
  EXPECT_EQ(failure.causes[0].message, "");
  const Failure text = failure_of(text_answer(500, "hunter2"), "apply of Secret n/s", true);
  EXPECT_THAT(text.error.describe(), Not(HasSubstr("hunter2")));
}

// GS-KUBE-012: a conflict names who owns which field.
TEST(Failure, ConflictsNameManagerAndField) {
  const Json body =
      Json::parse(R"({"kind":"Status","reason":"Conflict","message":"Apply failed with 1 conflict",
    "details":{"causes":[{"reason":"FieldManagerConflict","field":".spec.replicas",
    "message":"conflict with \"autoscaler\" with subresource \"scale\" using apps/v1"}]}})");
  EXPECT_THAT(failure_of(answer(409, body), "x", false).conflicts(),
              ElementsAre(Conflict{"autoscaler", ".spec.replicas"}));
}

// GS-KUBE-013: an apply is one PATCH with everything that the API server needs to know.
TEST_F(ClientTest, ApplyIsOnePatch) {
  server().expect(answer(201, {{"kind", "ConfigMap"}}));
  ApplyOptions options;
  options.force = true;
  options.dry_run = true;
  options.strict = true;
  const Json object = {{"kind", "ConfigMap"}, {"data", {{"k", "a/b \U0001F600 \x01\n"}}}};
  auto written = client_.apply("/api/v1/namespaces/n/configmaps/a", object, options, {});
  ASSERT_TRUE(written);
  EXPECT_TRUE(written->created);
  const http::Request& request = server().requests.at(0);
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(
      request.target,
      "/api/v1/namespaces/n/configmaps/a?fieldManager=gridseal&force=true&dryRun=All&fieldValidation=Strict");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/apply-patch+yaml");
  EXPECT_EQ(request.headers.get("User-Agent"), "gridseal/1.2");
  EXPECT_EQ(request.headers.get("Authorization"), "Bearer one");
  // The body is read as YAML: no escaped solidus, no surrogates, the rest as JSON writes it.
  EXPECT_EQ(request.body, "{\"data\":{\"k\":\"a/b \U0001F600 \\u0001\\n\"},\"kind\":\"ConfigMap\"}");
}

// GS-KUBE-014: Retry-After is kept to; the call ends at its deadline.
TEST_F(ClientTest, WaitsAsLongAsTheServerSays) {
  http::Response busy = text_answer(429, "Too many requests, please try again later.\n");
  busy.headers.set("Retry-After", "7");
  server().expect(busy);
  server().expect(answer(200, Json::object()));
  ASSERT_TRUE(apply());
  ASSERT_EQ(clock_.slept.size(), 1U);
  EXPECT_GE(clock_.slept[0], std::chrono::seconds(7));

  server().handler = [&](const http::Request&) { return busy; };
  Limits limits;
  limits.deadline = clock_.monotonic() + std::chrono::seconds(20);
  auto failed = client_.get("/api/v1/namespaces/n/configmaps/a", limits);
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().is("kube.unreachable"));
  EXPECT_LE(clock_.monotonic(), *limits.deadline);
  EXPECT_EQ(server().requests.size(), 5U);
}

// GS-KUBE-079: without a deadline of the caller's, a call with all its repetitions ends within the request
// timeout, so that one dead API server does not hold up whoever else waits.
TEST_F(ClientTest, GivesUpWithinTheRequestTimeout) {
  server().handler = [&](const http::Request&) { return text_answer(503, "service unavailable\n"); };
  const auto began = clock_.monotonic();
  auto failed = client_.get("/api/v1/namespaces/n/configmaps/a", {});
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().is("kube.unreachable"));
  EXPECT_LE(clock_.monotonic() - began, ClientSettings().request_timeout);
  EXPECT_GT(server().requests.size(), 1U);
}

// GS-KUBE-080: a full data store is the cluster's trouble, not the object's.
TEST(Failure, FullStorageBlocks) {
  const auto code = [](int status, const char* message) {
    return failure_of(answer(status, {{"kind", "Status"}, {"status", "Failure"}, {"message", message}}),
                      "apply", false)
        .error;
  };
  for (const auto& error : {code(500, "etcdserver: mvcc: database space exceeded"),
                            code(500, "rpc error: code = Unknown desc = database or disk is full"),
                            failure_of(text_answer(507, "Insufficient Storage"), "apply", false).error}) {
    EXPECT_EQ(error.code(), "kube.storage");
    EXPECT_EQ(error.outcome(), base::Outcome::blocked);
  }
  EXPECT_EQ(code(500, "failed to create typed patch object").code(), "kube.rejected");
}

// GS-KUBE-015: broken connections and passing troubles are repeated with growing pauses.
TEST_F(ClientTest, RepeatsWhatPasses) {
  for (const char* code : {"http.cut", "http.timeout", "http.connect"}) server().expect(broken(code));
  server().expect(text_answer(503, "service unavailable\n"));
  server().expect(
      answer(409, {{"kind", "Status"}, {"reason", "Conflict"}, {"message", "the object has been modified"}}));
  server().expect(answer(200, Json::object()));
  ASSERT_TRUE(apply());
  EXPECT_EQ(server().requests.size(), 6U);
  ASSERT_EQ(clock_.slept.size(), 5U);
  EXPECT_LT(clock_.slept.front(), clock_.slept.back());
}

// GS-KUBE-270: a server that takes no connection is waited for a few seconds, and by the calls after that not
// at all, so that nobody who can come back waits; once it was reached it is waited for again.
TEST_F(ClientTest, AServerThatIsAwayHoldsNobodyUp) {
  const auto away = [](const http::Request&) { return broken("http.connect"); };
  server().handler = away;
  EXPECT_EQ(client_.get("/version", {}).error().error.code(), "kube.unreachable");
  const auto waited = std::accumulate(clock_.slept.begin(), clock_.slept.end(), base::milliseconds(0));
  EXPECT_GT(waited, base::milliseconds(1'000));
  EXPECT_LT(waited, base::milliseconds(10'000));
  clock_.slept.clear();
  EXPECT_FALSE(client_.get("/version", {}));
  EXPECT_THAT(clock_.slept, IsEmpty());
  server().handler = [](const http::Request&) { return answer(200, Json::object()); };
  EXPECT_TRUE(client_.get("/version", {}));
  server().handler = away;
  EXPECT_FALSE(client_.get("/version", {}));
  EXPECT_FALSE(clock_.slept.empty());
}

// GS-KUBE-016: what can never succeed is sent once: permanent 500s, invalid objects, an untrusted server.
TEST_F(ClientTest, NeverRepeatsARefusal) {
  for (const Json& entry : testing::fixture("errors.json")) {
    if (entry.at("transient").get<bool>() || entry.at("status") == 401 || entry.at("method") == "DELETE")
      continue;
    server().requests.clear();
    server().expect(recorded_answer(entry));
    EXPECT_FALSE(apply());
    EXPECT_EQ(server().requests.size(), 1U) << entry.at("body").dump().substr(0, 200);
  }
  EXPECT_THAT(clock_.slept, IsEmpty());
}

// GS-KUBE-017: a creation is not sent twice once it may have arrived.
TEST_F(ClientTest, CreationIsNotRepeatedBlindly) {
  server().expect(broken("http.connect"));
  server().expect(broken("http.cut"));
  EXPECT_FALSE(client_.create("/api/v1/namespaces/n/configmaps", {{"kind", "ConfigMap"}}, {}));
  EXPECT_EQ(server().requests.size(), 2U);
}

// GS-KUBE-018: a 401 has the credentials read again, once.
TEST_F(ClientTest, ReadsCredentialsAgain) {
  access_.next_authorization = "Bearer two";
  server().expect(answer(401, {{"kind", "Status"}, {"reason", "Unauthorized"}, {"message", "Unauthorized"}}));
  server().expect(answer(200, Json::object()));
  ASSERT_TRUE(apply());
  EXPECT_EQ(server().requests.at(1).headers.get("Authorization"), "Bearer two");
  server().handler = [](const http::Request&) {
    return answer(401, {{"kind", "Status"}, {"reason", "Unauthorized"}});
  };
  auto refused = apply();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is("kube.unauthorized"));
  EXPECT_EQ(server().requests.size(), 4U);
}

// GS-KUBE-019: a stop ends the call, also between repetitions.
TEST_F(ClientTest, StopsWhenAsked) {
  std::stop_source stop;
  server().handler = [&](const http::Request&) -> base::Result<http::Response> {
    stop.request_stop();
    return broken("http.cut");
  };
  auto stopped = client_.get("/version", {stop.get_token(), std::nullopt});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(server().requests.size(), 1U);
}

// GS-KUBE-020: a list is read page by page, its items get the kind that the server leaves out.
TEST_F(ClientTest, ListsPageByPage) {
  server().expect(
      answer(200, Json::parse(R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"continue":"t/1",
    "resourceVersion":"9"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})")));
  server().expect(answer(200, Json::parse(R"({"kind":"ConfigMapList","apiVersion":"v1",
    "metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"c"}}]})")));
  std::vector<std::string> seen;
  ListOptions options;
  options.label_selector = "gridseal.dev/component=web";
  auto version = client_.list("/api/v1/configmaps", options,
                              [&](const Json& item) -> base::Result<void> {
                                EXPECT_EQ(item.at("kind"), "ConfigMap");
                                EXPECT_EQ(item.at("apiVersion"), "v1");
                                seen.push_back(item.at("metadata").at("name"));
                                return {};
                              },
                              {});
  ASSERT_TRUE(version);
  EXPECT_EQ(*version, "9");
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_EQ(server().requests.at(1).target,
            "/api/v1/configmaps?limit=500&labelSelector=gridseal.dev%2Fcomponent%3Dweb&continue=t%2F1");
}

// GS-KUBE-021: an expired continue token begins the list anew, once; an answer that is too long halts at
// smaller pages.
TEST_F(ClientTest, ListBeginsAnewWhenItsTokenExpired) {
  const Json first =
      Json::parse(R"({"kind":"PodList","apiVersion":"v1","metadata":{"continue":"t"},"items":[]})");
  const Json gone = Json::parse(R"({"kind":"Status","reason":"Expired","code":410,"message":"too old"})");
  server().expect(answer(200, first));
  server().expect(answer(410, gone));
  server().expect(broken("http.too_large"));
  server().expect(
      answer(200, Json::parse(R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]})")));
  const auto ignore = [](const Json&) -> base::Result<void> { return {}; };
  EXPECT_TRUE(client_.list("/api/v1/pods", {}, ignore, {}));
  EXPECT_EQ(server().requests.at(2).target, "/api/v1/pods?limit=500");
  EXPECT_EQ(server().requests.at(3).target, "/api/v1/pods?limit=125");
  for (int i = 0; i < 2; ++i) {
    server().expect(answer(200, first));
    server().expect(answer(410, gone));
  }
  auto failed = client_.list("/api/v1/pods", {}, ignore, {});
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().is("kube.gone"));
}

// GS-KUBE-095: memory does not follow the size of a list: a page may be 4 MiB, one single item longer.
TEST_F(ClientTest, PagesAreSmall) {
  const auto ignore = [](const Json&) -> base::Result<void> { return {}; };
  server().handler = [](const http::Request& request) -> base::Result<http::Response> {
    if (!request.target.ends_with("limit=1")) return broken("http.too_large");
    return answer(200, Json::parse(R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]})"));
  };
  EXPECT_TRUE(client_.list("/api/v1/pods", {}, ignore, {}));
  ASSERT_EQ(server().requests.size(), 5U);  // 500, 125, 31, 7, 1
  EXPECT_EQ(server().requests.front().max_body, uint64_t{4} << 20U);
  EXPECT_EQ(server().requests.back().max_body, uint64_t{16} << 20U);
}

// GS-KUBE-022: a server that repeats a page for ever, or answers with something else, is found out.
TEST_F(ClientTest, ListMistrustsTheServer) {
  const auto ignore = [](const Json&) -> base::Result<void> { return {}; };
  server().handler = [](const http::Request&) {
    return answer(
        200, Json::parse(R"({"kind":"PodList","apiVersion":"v1","metadata":{"continue":"t"},"items":[]})"));
  };
  EXPECT_EQ(client_.list("/api/v1/pods", {}, ignore, {}).error().error.code(), "kube.protocol");
  for (const char* body : {"[]", "{}", "<html>", R"({"kind":"PodList","apiVersion":"v1","items":7})"}) {
    server().answers.clear();
    server().expect(text_answer(200, body));
    EXPECT_EQ(client_.list("/api/v1/pods", {}, ignore, {}).error().error.code(), "kube.protocol") << body;
  }
}

// GS-KUBE-023: a removal names the very object, and one that is gone already is no failure.
TEST_F(ClientTest, RemoveNamesTheVeryObject) {
  server().expect(answer(200, {{"kind", "Status"}, {"status", "Success"}}));
  RemoveOptions options;
  options.uid = "u-1";
  auto removed = client_.remove("/api/v1/namespaces/n/configmaps/a", options, {});
  ASSERT_TRUE(removed);
  EXPECT_TRUE(*removed);
  EXPECT_EQ(Json::parse(server().requests.at(0).body),
            Json::parse(R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background",
                            "preconditions":{"uid":"u-1"}})"));
  server().expect(answer(404, {{"kind", "Status"}, {"reason", "NotFound"}}));
  removed = client_.remove("/api/v1/namespaces/n/configmaps/a", options, {});
  ASSERT_TRUE(removed);
  EXPECT_FALSE(*removed);
}

// GS-KUBE-024: a component can be applied as a ServiceAccount.
TEST_F(ClientTest, ImpersonatesAnAccount) {
  ClientSettings settings;
  settings.impersonate_user = "system:serviceaccount:shop:deployer";
  settings.impersonate_groups = {"system:serviceaccounts", "system:authenticated"};
  Client tenant(access_, clock_, settings);
  server().expect(answer(200, {{"gitVersion", "v1.36.2"}}));
  EXPECT_EQ(tenant.server_version({}).value(), "v1.36.2");
  const http::Request& request = server().requests.at(0);
  EXPECT_EQ(request.headers.get("Impersonate-User"), "system:serviceaccount:shop:deployer");
  EXPECT_THAT(request.headers.all("Impersonate-Group"),
              ElementsAre("system:serviceaccounts", "system:authenticated"));
}

// GS-KUBE-025: no error of a request for a Secret repeats its body, the answer's body or the credential.
TEST_F(ClientTest, ErrorsShowNoSecret) {
  const Json secret =
      Json::parse(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"n"},
    "data":{"password":"aHVudGVyMg=="}})");
  for (const int status : {400, 403, 409, 422, 500}) {
    server().expect(answer(status, {{"kind", "Status"}, {"message", "expected string, got aHVudGVyMg=="}}));
    auto failed = client_.apply("/api/v1/namespaces/n/secrets/s", secret, {}, {});
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().error.describe(), Not(HasSubstr("aHVudGVyMg")));
    EXPECT_THAT(failed.error().error.describe(), Not(HasSubstr("Bearer")));
    EXPECT_THAT(failed.error().error.describe(), HasSubstr("Secret n/s"));
  }
}

// GS-KUBE-210: a right that is missing for a Secret is named by account, verb and resource; the words of an
// admission policy, which could hold the body, are withheld.
TEST_F(ClientTest, MissingRightForASecret) {
  const auto ask = [&](const std::string& message) {
    server().expect(answer(403, {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", message}}));
    return client_.get("/api/v1/namespaces/n/secrets/s", {}).error().error.describe();
  };
  const std::string told = ask(
      R"(secrets "s" is forbidden: User "system:serviceaccount:n:deployer" cannot get resource "secrets" in API group "" in the namespace "n")");
  EXPECT_THAT(told, HasSubstr("system:serviceaccount:n:deployer may not get secrets"));
  const std::string policy = ask(R"(denied: User "x" cannot have "pass word" as resource "hunter2 !" )");
  EXPECT_THAT(policy, Not(HasSubstr("hunter2")));
  EXPECT_THAT(policy, Not(HasSubstr("may not")));
}

// GS-KUBE-211: the rights of the account are asked for with a review of the API server; nothing is stored.
TEST_F(ClientTest, AsksForRights) {
  Cluster cluster(access_, clock_, {});
  const Resource deployments{"apps", "v1", "Deployment", "deployments", true, {}};
  server().expect(answer(201, {{"status", {{"allowed", true}}}}));
  server().expect(answer(201, {{"status", {{"allowed", false}, {"denied", true}}}}));
  EXPECT_TRUE(may(cluster, "delete", deployments, "shop", {}).value());
  EXPECT_FALSE(may(cluster, "list", deployments, "", {}).value());
  EXPECT_EQ(
      Json::parse(server().requests.at(0).body)["spec"]["resourceAttributes"],
      Json({{"verb", "delete"}, {"group", "apps"}, {"resource", "deployments"}, {"namespace", "shop"}}));
  EXPECT_FALSE(Json::parse(server().requests.at(1).body)["spec"]["resourceAttributes"].contains("namespace"));
  EXPECT_EQ(describe(deployments, "shop"), "deployments.apps in the namespace shop");
  server().expect(answer(403, {{"kind", "Status"}, {"message", "no"}}));
  EXPECT_EQ(may(cluster, "get", deployments, "shop", {}).error().code(), "kube.forbidden");
}

}  // namespace
}  // namespace gridseal::kube
