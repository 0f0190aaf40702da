// The agent with an account of its own, as `gridseal k3s setup` makes it: its rights suffice, and go no
// further; its token stays alive.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/encoding.hpp"
#include "integration/agent/bad_input_fixture.hpp"
#include "k3s/setup.hpp"

namespace gridseal::test {
namespace {

using base::Json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OwnAccountTest : public BadInputTest {
 protected:
  void SetUp() override {
    BadInputTest::SetUp();
    if (HasFatalFailure()) return;
    places_ = {settings_.kubernetes.kubeconfig, directory_ + "/kubeconfig", directory_ + "/state"};
    settings_.kubernetes.kubeconfig = places_.kubeconfig;
  }

  k3s::Outside outside() {
    return {base::system_files(), base::system_clock(), direct_, nullptr, "gridseal/test"};
  }

  base::Result<k3s::Outcome> set_up() {
    auto setup = k3s::Setup::open(outside(), settings_, places_);
    if (!setup) return std::move(setup).error();
    return (*setup)->run(std::chrono::hours(1), {});
  }

  static size_t count(const k3s::Outcome& outcome, const std::string& action) {
    return static_cast<size_t>(std::ranges::count(outcome.steps, action, &k3s::Step::action));
  }

  std::string token() { return base::read_file(base::system_files(), places_.token_file()).value(); }

  // Status of a request with the agent's own account.
  int status(const std::string& method, const std::string& path, const std::string& body = {},
             const std::string& as = {}) {
    kube::KubeconfigAccess access(places_.kubeconfig, base::system_files(), direct_, base::system_clock());
    kube::ClientSettings settings;
    settings.impersonate_user = as;
    kube::Client client(access, base::system_clock(), settings);
    kube::ClientRequest request;
    request.method = method;
    request.path = path;
    request.body = body;
    if (!body.empty())
      request.content_type = method == "PATCH" ? "application/apply-patch+yaml" : "application/json";
    const auto answer = client.request(request, {});
    return answer ? answer->status : answer.error().status;
  }
  int apply(const std::string& path, const std::string& api_version, const std::string& kind,
            const std::string& name, const std::string& as = {}) {
    const Json body{{"apiVersion", api_version}, {"kind", kind}, {"metadata", {{"name", name}}}};
    return status("PATCH", path + "/" + name + "?fieldManager=test&force=true", body.dump(), as);
  }

  // A token that began and ends so many seconds from now, and that the cluster takes.
  std::string take_token(int64_t begin, int64_t end) {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(base::system_clock().now().time_since_epoch())
            .count();
    const Json claims{
        {"sub", "system:serviceaccount:gridseal:gridseal"}, {"iat", now + begin}, {"exp", now + end}};
    const auto part = [](const std::string& text) { return base::encode_base64(text, base::Base64::url); };
    std::string token = part("{}") + "." + part(claims.dump()) + "." + part("s" + std::to_string(end));
    script_["tokens"][token] = {{"user", "system:serviceaccount:gridseal:gridseal"},
                                {"groups", {"system:serviceaccounts", "system:serviceaccounts:gridseal"}}};
    EXPECT_TRUE(cluster_->set_script(script_));
    EXPECT_TRUE(base::write_file(base::system_files(), places_.token_file(), token, 0600));
    return token;
  }

  k3s::Places places_;
  Json script_ = Json::object();
};

// GS-K3S-020: setup makes an account, a token and a kubeconfig that only its owner can read; a second run
// changes no object; a plan writes nothing.
TEST_F(OwnAccountTest, SetupIsIdempotent) {
  auto setup = k3s::Setup::open(outside(), settings_, places_);
  ASSERT_TRUE(setup) << setup.error().describe();
  const auto planned = (*setup)->plan({});
  ASSERT_TRUE(planned) << planned.error().describe();
  EXPECT_FALSE(cluster_->get("/api/v1/namespaces/gridseal").is_object());
  EXPECT_FALSE(std::filesystem::exists(places_.kubeconfig));

  const auto first = set_up();
  ASSERT_TRUE(first) << first.error().describe();
  EXPECT_EQ(count(*first, "created"), first->steps.size() - 1)
      << "all but the token's file, which is written";
  EXPECT_EQ(first->steps.size(), planned->steps.size());
  EXPECT_THAT(first->remarks, IsEmpty());
  const auto second = set_up();
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_EQ(count(*second, "unchanged") + 1, second->steps.size());
  for (const std::string& path : {places_.kubeconfig, places_.token_file()}) {
    const auto info = base::system_files().stat(path).value();
    EXPECT_EQ(info.mode, 0600U) << path;
  }
  const std::string text = base::read_file(base::system_files(), places_.kubeconfig).value();
  EXPECT_EQ(text.find(token()), std::string::npos);
  EXPECT_EQ(text.find("client-key"), std::string::npos);
}

// GS-K3S-021: what the settings no longer ask for is taken away.
TEST_F(OwnAccountTest, StaleRightsGo) {
  settings().ceiling.cluster_scoped = {"PriorityClass"};
  settings().ceiling.namespaces = {"shop", "shop-extra"};
  ASSERT_TRUE(set_up());
  ASSERT_EQ(status("GET", "/api/v1/namespaces/shop-extra/configmaps"), 200);
  settings().ceiling.namespaces = {"shop"};
  const auto again = set_up();
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_GE(count(*again, "deleted"), 2U);
  EXPECT_EQ(status("GET", "/api/v1/namespaces/shop-extra/configmaps"), 403);
  EXPECT_EQ(status("GET", "/api/v1/namespaces/shop/configmaps"), 200);
  EXPECT_TRUE(cluster_->get("/api/v1/namespaces/shop-extra").is_object()) << "namespaces stay";
}

// GS-K3S-022: the account reaches what the ceilings name and nothing beside it: no other namespace, no RBAC,
// no other account's token, no other account to act as.
TEST_F(OwnAccountTest, RightsEndAtTheCeiling) {
  config::Component tenant = settings();
  tenant.name = "tenant";
  tenant.service_account = "shop/deployer";
  settings_.components["tenant"] = tenant;
  ASSERT_EQ(cluster_->send("POST", "/api/v1/namespaces/shop/serviceaccounts", "application/json",
                           R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"deployer"}})"),
            201);
  ASSERT_TRUE(set_up());
  EXPECT_EQ(apply("/api/v1/namespaces/shop/configmaps", "v1", "ConfigMap", "mine"), 201);
  EXPECT_EQ(apply("/api/v1/namespaces/default/configmaps", "v1", "ConfigMap", "not-mine"), 403);
  EXPECT_EQ(status("GET", "/api/v1/namespaces/kube-system/secrets"), 403);
  EXPECT_EQ(status("GET", "/api/v1/secrets"), 403);
  EXPECT_EQ(status("GET", "/api/v1/nodes"), 200);
  EXPECT_EQ(apply("/apis/rbac.authorization.k8s.io/v1/clusterroles", "rbac.authorization.k8s.io/v1",
                  "ClusterRole", "more"),
            403);
  EXPECT_EQ(apply("/api/v1/namespaces", "v1", "Namespace", "shop"), 200);
  EXPECT_EQ(apply("/api/v1/namespaces", "v1", "Namespace", "other"), 403);
  EXPECT_EQ(status("DELETE", "/api/v1/namespaces/shop"), 403);
  const std::string ask = R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}})";
  EXPECT_EQ(status("POST", "/api/v1/namespaces/gridseal/serviceaccounts/gridseal/token", ask), 201);
  EXPECT_EQ(status("POST", "/api/v1/namespaces/shop/serviceaccounts/deployer/token", ask), 403);
  // As the tenant's account: admitted, and then held to what that account may, which is nothing.
  EXPECT_EQ(apply("/api/v1/namespaces/shop/configmaps", "v1", "ConfigMap", "theirs",
                  "system:serviceaccount:shop:deployer"),
            403);
  EXPECT_EQ(status("GET", "/version", {}, "system:serviceaccount:shop:deployer"), 200);
  EXPECT_EQ(status("GET", "/version", {}, "system:serviceaccount:kube-system:default"), 403);
  EXPECT_EQ(status("GET", "/version", {}, "admin"), 403);
}

// GS-K3S-023: with these rights the main job is done: a deployment, a rollback of one that fails, pruning.
TEST_F(OwnAccountTest, RightsSuffice) {
  ASSERT_TRUE(set_up());
  const std::string extra = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: shop}\n";
  const std::string one = publish("1.0.0", application("1.0.0", extra));
  promote(one);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(one); })) << component().sentence;
  Manifests broken = application("1.1.0");
  broken["web.yaml"].replace(broken["web.yaml"].find("registry.test/web"), 17, "registry.test/nonesuch");
  promote(publish("1.1.0", broken));
  ASSERT_TRUE(run_until([&] { return state() == "failed"; }, 40'000)) << state() << component().sentence;
  EXPECT_EQ(live_version(), "1.0.0");
  const std::string three = publish("1.2.0", application("1.2.0"));
  promote(three);
  ASSERT_TRUE(run_until([&] { return runs(three); }, 40'000)) << component().sentence;
  EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/old").is_object());
}

// GS-K3S-024: a token of which two thirds are over is replaced, whole, before it ends; the agent goes on with
// the new one.
TEST_F(OwnAccountTest, TokenIsRenewed) {
  ASSERT_TRUE(set_up());
  const std::string old = take_token(-1000, 400);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return token() != old; }));
  const auto claims = kube::read_token_claims(token());
  ASSERT_TRUE(claims) << claims.error().describe();
  EXPECT_EQ(claims->name, "gridseal");
  EXPECT_GT(claims->expires, base::system_clock().now() + std::chrono::minutes(20))
      << "as long as the old one";
  EXPECT_EQ(base::system_files().stat(places_.token_file()).value().mode, 0600U);
  EXPECT_THAT(engine_->trust_warnings(), IsEmpty());
  const std::string one = publish("1.0.0", application("1.0.0"));
  promote(one);
  EXPECT_TRUE(run_until([&] { return runs(one); })) << component().sentence;
  EXPECT_NE(token(), old);
}

// GS-K3S-025: a young token is left alone; when the server refuses it all the same, a new one is asked for.
TEST_F(OwnAccountTest, RefusedTokenIsRenewed) {
  ASSERT_TRUE(set_up());
  const std::string young = take_token(-10, 4000);
  promote(publish("1.0.0", application("1.0.0")));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << component().sentence;
  EXPECT_EQ(token(), young);
  script_["faults"] = Json::parse(
      R"([{"match": {"path_glob": "*/namespaces/shop/*", "count": 2}, "fault": {"status": 401}}])");
  ASSERT_TRUE(cluster_->set_script(script_));
  const std::string two = publish("1.1.0", application("1.1.0"));
  promote(two);
  ASSERT_TRUE(run_until([&] { return runs(two) && token() != young; }, 40'000)) << component().sentence;
}

// GS-K3S-026: a renewal that does not work is a warning in the status that says when the token ends and what
// to do; the old token stays in use.
TEST_F(OwnAccountTest, FailedRenewalIsAWarning) {
  ASSERT_TRUE(set_up());
  script_["faults"] =
      Json::parse(R"([{"match": {"path_glob": "*/token"}, "fault": {"status": 403, "message": "no"}}])");
  const std::string old = take_token(-1000, 400);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return !engine_->trust_warnings().empty(); }));
  const std::string warning = engine_->trust_warnings().front();
  EXPECT_THAT(warning, HasSubstr("ends at"));
  EXPECT_THAT(warning, HasSubstr("gridseal k3s setup"));
  EXPECT_EQ(warning.find(old), std::string::npos);
  EXPECT_EQ(token(), old);
}

// GS-K3S-027: a token file outside the state directory belongs to others: it is never written; when it is
// about to end, the status warns.
TEST_F(OwnAccountTest, ForeignTokenFileIsLeftAlone) {
  ASSERT_TRUE(set_up());
  const std::string old = take_token(-1000, 400);
  const std::string foreign = directory_ + "/foreign-token";
  std::filesystem::rename(places_.token_file(), foreign);
  std::string text = base::read_file(base::system_files(), places_.kubeconfig).value();
  text.replace(text.find(places_.token_file()), places_.token_file().size(), foreign);
  ASSERT_TRUE(base::write_file(base::system_files(), places_.kubeconfig, text, 0600));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return !engine_->trust_warnings().empty(); }));
  EXPECT_THAT(engine_->trust_warnings().front(), HasSubstr(foreign));
  EXPECT_EQ(base::read_file(base::system_files(), foreign).value(), old);
}

// GS-K3S-028: the administrator's own kubeconfig is never made the agent's.
TEST_F(OwnAccountTest, AdminKubeconfigIsNotOverwritten) {
  places_.kubeconfig = places_.admin_kubeconfig;
  const auto setup = k3s::Setup::open(outside(), settings_, places_);
  ASSERT_FALSE(setup);
  EXPECT_EQ(setup.error().code(), "k3s.own_kubeconfig");
}

}  // namespace
}  // namespace gridseal::test
