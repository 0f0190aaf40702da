#include "e2e/e2e_fixture.hpp"

#include <filesystem>
#include <fstream>

#include "base/files.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDigest = "@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097";

}  // namespace

base::Json at(const base::Json& document, const std::string& where) {
  const base::Json::json_pointer pointer(where);
  return document.contains(pointer) ? document[pointer] : base::Json();
}

std::string config_map(const std::string& name) {
  return "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", namespace: shop}\n";
}

std::string shop(const std::string& version, const std::string& extra, const std::string& image) {
  const std::string quoted = "'" + version + "'";
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {version: " +
         quoted +
         "}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: "
         "{version: " +
         quoted +
         "}}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: "
         "{labels: {app: web, version: " +
         quoted + "}}\n    spec: {containers: [{name: web, image: '" + image + kDigest + "'}]}\n" + extra;
}

void E2eTest::SetUp() {
  std::string name = fs::temp_directory_path() / "gs-e2e-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  directory_ = name;
  fs::permissions(directory_, fs::perms(0755));
  for (const char* part : {"registry", "cluster", "state", "etc/conf.d", "etc/trust/keys", "tls"})
    fs::create_directories(directory_ + "/" + part);
  for (const char* part : {"etc", "etc/conf.d", "etc/trust", "etc/trust/keys"})
    fs::permissions(directory_ + "/" + part, fs::perms(0755));
  put("etc/ca.crt", pki_.ca_pem());
  start_registry(pki_.server());
  if (HasFatalFailure()) return;
  std::string why;
  cluster_ = KubesimProcess::start(directory_ + "/cluster", {}, 20, why);
  ASSERT_TRUE(cluster_) << why;
  ASSERT_EQ(cluster_->send("POST", "/api/v1/namespaces", "application/json",
                           R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})"),
            201);
  const Ran keys = gridseal("artifact keygen --output " + directory_ + "/release");
  ASSERT_EQ(keys.code, 0) << keys.output;
  fs::copy_file(directory_ + "/release.pub", directory_ + "/etc/trust/keys/release.pub");
  fs::permissions(directory_ + "/etc/trust/keys/release.pub", fs::perms(0644));
  put("etc/agent.toml", "[site]\nname = \"test\"\n\n[registry.mirror]\nurl = \"" + registry_->url() +
                            "\"\nca = \"ca.crt\"\n\n[trust]\ndirectory = \"trust\"\n\n"
                            "[trust.policy.release]\nkeys = [\"release.pub\"]\n\n"
                            "[kubernetes]\nkubeconfig = \"" +
                            cluster_->kubeconfig() + "\"\n\n[storage]\nfree_space_min = \"1MiB\"\n\n" +
                            "[control]\nsocket = \"" + directory_ + "/control.sock\"\n\n" +
                            component_toml("shop", "stable"));
  agent_ = std::make_unique<AgentProcess>(directory_, directory_ + "/etc", directory_ + "/state");
}

void E2eTest::TearDown() {
  if (HasFailure() && agent_) GTEST_LOG_(INFO) << "gridseald's log:\n" << agent_->log();
  agent_.reset();
  cluster_.reset();
  registry_.reset();
  if (!directory_.empty()) fs::remove_all(directory_);
}

void E2eTest::put(const std::string& path, const std::string& text, int mode) {
  std::ofstream(directory_ + "/" + path, std::ios::binary | std::ios::trunc) << text;
  fs::permissions(directory_ + "/" + path, fs::perms(mode));
}

void E2eTest::put_settings(const std::string& name, const std::string& toml) {
  put("etc/conf.d/" + name + ".toml", toml);
}

std::string E2eTest::component_toml(const std::string& name, const std::string& tag) const {
  return "[component." + name +
         "]\nregistry = \"mirror\"\nrepository = \"team/shop\"\npolicy = \"release\"\ninterval = \"1s\"\n"
         "timeout = \"20s\"\nsoak = \"1s\"\ngrace = \"1s\"\nceiling.namespaces = [\"shop\"]\ntag = \"" +
         tag + "\"\n";
}

void E2eTest::start_registry(const https_server::KeyPair& certificate) {
  registry_.reset();
  put("tls/registry.crt", certificate.cert_pem);
  put("tls/registry.key", certificate.key_pem, 0600);
  RegistryOptions options;
  options.directory = directory_ + "/registry";
  options.certificate_file = directory_ + "/tls/registry.crt";
  options.key_file = directory_ + "/tls/registry.key";
  options.port = port_;
  std::string why;
  registry_ = RegistryProcess::start(options, why);
  ASSERT_TRUE(registry_) << why;
  port_ = registry_->port();
}

bool E2eTest::start_agent() {
  agent_->start();
  return agent_->await_told("READY=1");
}

Ran E2eTest::gridseal(const std::string& arguments, const std::string& as) const {
  return run_program("NO_COLOR=1 " + as + " '" GRIDSEAL_PROGRAM "' --config-dir " + directory_ +
                     "/etc --state-dir " + directory_ + "/state --socket " + directory_ + "/control.sock " +
                     arguments);
}

base::Json E2eTest::json_of(const std::string& arguments) const {
  return base::Json::parse(gridseal(arguments + " --output json").output, nullptr, false);
}

base::Json E2eTest::status(const std::string& component) const {
  const base::Json document = json_of("status");
  if (!document.is_object() || !document.contains("components")) return {};
  for (const auto& one : document["components"]) {
    if (at(one, "/name") == component) return one;
  }
  return {};
}

bool E2eTest::await_status(const std::function<bool(const base::Json&)>& condition,
                           const std::string& component) {
  return await([&] {
    const base::Json one = status(component);
    return one.is_object() && condition(one);
  });
}

bool E2eTest::await_running(const std::string& version, const std::string& component) {
  return await_status(
      [&](const base::Json& one) {
        return at(one, "/state") == "healthy" && at(one, "/running/version") == version;
      },
      component);
}

bool E2eTest::await_state(const std::string& state) {
  return await_status([&](const base::Json& one) { return at(one, "/state") == state; });
}

bool E2eTest::await_deployment(const std::string& state) {
  return await_status([&](const base::Json& one) { return at(one, "/deployment/state") == state; });
}

std::string E2eTest::publish(const std::string& version, const std::string& yaml,
                             const std::string& component) {
  const int number = releases_++;
  const std::string input = "release-" + std::to_string(number);
  const std::string layout = "oci-layout:" + directory_ + "/layout-" + std::to_string(number);
  fs::create_directories(directory_ + "/" + input);
  put(input + "/objects.yaml", yaml);
  const std::string created = "2026-01-05T08:" + std::to_string(10 + number) + ":00Z";
  const Ran built = gridseal("artifact build -o json --path " + directory_ + "/" + input + " --component " +
                             component + " --version " + version + " --created " + created +
                             " --source https://git.example.com/team/shop.git --output " +
                             layout.substr(std::string("oci-layout:").size()));
  EXPECT_EQ(built.code, 0) << built.output;
  const base::Json answer = base::Json::parse(built.output, nullptr, false);
  const std::string from = layout + ":" + version;
  const Ran signing = gridseal("artifact sign --key " + directory_ + "/release.key " + from);
  EXPECT_EQ(signing.code, 0) << signing.output;
  const Ran pushed =
      gridseal("artifact push " + from + " 127.0.0.1:" + std::to_string(port_) + "/team/shop:" + component +
               "-" + version + " --ca " + directory_ + "/etc/ca.crt");
  EXPECT_EQ(pushed.code, 0) << pushed.output;
  return answer.is_object() ? answer.value("digest", "") : "";
}

void E2eTest::promote(const std::string& digest, const std::string& tag) {
  const Ran moved = gridseal("artifact tag 127.0.0.1:" + std::to_string(port_) + "/team/shop@" + digest +
                             " " + tag + " --ca " + directory_ + "/etc/ca.crt");
  EXPECT_EQ(moved.code, 0) << moved.output;
}

std::string E2eTest::live_version() const {
  const base::Json version =
      at(cluster_->get("/apis/apps/v1/namespaces/shop/deployments/web"), "/metadata/labels/version");
  return version.is_string() ? version.get<std::string>() : std::string();
}

void E2eTest::expect_complete_history() const {
  const base::Json history = json_of("history -n 100");
  ASSERT_TRUE(history.is_object() && history.contains("entries"));
  for (const auto& entry : history["entries"]) {
    if (entry["kind"] != "deployment") continue;
    EXPECT_TRUE(entry["finished"].is_string()) << entry.dump(2);
    EXPECT_TRUE(entry["outcome"].is_string()) << entry.dump(2);
  }
  const Ran audit = gridseal("history --audit --output json");
  EXPECT_EQ(audit.code, 0) << audit.output;
  const base::Json document = base::Json::parse(audit.output, nullptr, false);
  ASSERT_TRUE(document.is_object()) << audit.output;
  EXPECT_EQ(document["chain"]["intact"], true) << document["chain"].dump(2);
}

std::string E2eTest::tell() const {
  return gridseal("status --output json").output;
}

}  // namespace gridseal::test
