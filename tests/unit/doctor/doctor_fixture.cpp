#include "unit/doctor/doctor_fixture.hpp"

#include <sys/stat.h>

#include "base/encoding.hpp"
#include "history/history.hpp"
#include "support/pki/pki.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kSettings = R"([site]
name = "pump-station-7"
[registry.mirror]
url = "https://mirror.test"
ca = "mirror-ca.crt"
credentials = "password"
[trust]
directory = "trust"
[trust.policy.release]
keys = ["release.pub"]
[component.pump-control]
registry = "mirror"
repository = "water/pump-control"
tag = "stable"
policy = "release"
ceiling.namespaces = ["water-works"]
ceiling.kinds = ["Deployment"]
[kubernetes]
kubeconfig = "kubeconfig"
)";

constexpr const char* kDigest = "sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097";

// Of the legacy discovery, one kind.
test::ScriptedAnswer api_answer(const std::string& target) {
  const auto json = [](const base::Json& body) {
    return test::answer(200, base::dump_json(body)).with("Content-Type", "application/json");
  };
  if (target == "/version") return json({{"gitVersion", "v1.36.2+k3s1"}});
  if (target == "/api") return json({{"kind", "APIVersions"}, {"versions", {"v1"}}});
  if (target == "/api/v1")
    return json({{"kind", "APIResourceList"}, {"groupVersion", "v1"}, {"resources", base::Json::array()}});
  if (target == "/apis")
    return json({{"kind", "APIGroupList"},
                 {"groups",
                  {{{"name", "apps"},
                    {"versions", {{{"groupVersion", "apps/v1"}, {"version", "v1"}}}},
                    {"preferredVersion", {{"groupVersion", "apps/v1"}, {"version", "v1"}}}}}}});
  if (target == "/apis/apps/v1")
    return json({{"kind", "APIResourceList"},
                 {"groupVersion", "apps/v1"},
                 {"resources",
                  {{{"name", "deployments"},
                    {"kind", "Deployment"},
                    {"namespaced", true},
                    {"verbs", {"get", "list", "watch", "create", "patch", "delete"}}}}}});
  return test::answer(404, R"({"kind":"Status","status":"Failure","reason":"NotFound","code":404})");
}

std::string serving_certificate(const char* from, const char* until) {
  namespace pki = test::pki;
  auto spec = pki::code_signing_spec({});
  spec.subject = pki::common_name("kube-apiserver");
  spec.not_before = pki::at(from);
  spec.not_after = pki::at(until);
  return pki::self_signed(spec).certificate.to_pem();
}

std::string kubeconfig() {
  return "apiVersion: v1\nkind: Config\ncurrent-context: gridseal\nclusters:\n- name: k3s\n  cluster:\n"
         "    server: https://127.0.0.1:6443\n    certificate-authority-data: " +
         base::encode_base64(serving_certificate("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z")) +
         "\nusers: [{name: gridseal, user: {token: \"not-shown-anywhere\"}}]\n"
         "contexts: [{name: gridseal, context: {cluster: k3s, user: gridseal}}]\n";
}

}  // namespace

void DoctorTest::SetUp() {
  folder_ =
      ::testing::TempDir() + "gs_doctor_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  base::Files& disk = base::system_files();
  ASSERT_TRUE(disk.remove_tree(folder_));
  for (const char* name :
       {"/etc/gridseal/trust/keys", "/etc/gridseal/conf.d", "/var/lib/gridseal", "/proc/self",
        "/etc/rancher/k3s/config.yaml.d", "/etc/systemd/system", "/var/lib/rancher/k3s/server/tls",
        "/var/lib/rancher/k3s/server/manifests/metrics-server"})
    ASSERT_TRUE(disk.make_directories(folder_ + name, 0755));
  files_.owner = {::geteuid(), ::getegid()};
  settings(kSettings);
  put(etc() + "/trust/keys/release.pub", test::pki::new_key().public_key().to_pem());
  put(etc() + "/mirror-ca.crt", serving_certificate("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"));
  put(etc() + "/password", "agent:hunter2\n", 0600);
  put(etc() + "/kubeconfig", kubeconfig(), 0600);
  put(folder_ + "/etc/passwd", "root:x:0:0::/root:/bin/sh\ngridseal:x:990:991::/:/bin/false\n");
  put(folder_ + "/etc/group", "root:x:0:\ngridseal:x:991:\nmirror:x:995:alice,gridseal\n");
  put(folder_ + "/proc/self/mounts", "/dev/sda1 / ext4 rw,relatime 0 0\n");
  put(folder_ + "/etc/rancher/k3s/config.yaml", "disable-default-registry-endpoint: true\n", 0600);
  put(k3s() + "/server/tls/serving-kube-apiserver.crt",
      serving_certificate("2026-12-01T00:00:00Z", "2027-12-01T00:00:00Z"));
  put(k3s() + "/server/manifests/coredns.yaml", "kind: ConfigMap\n");
  put(k3s() + "/server/manifests/metrics-server/metrics-server-service.yaml", "kind: Service\n");
  ASSERT_TRUE(history::History::open(disk, system_clock_, {state(), {}}));
  ASSERT_EQ(::chmod(state().c_str(), 0750), 0);
  registry_ = [](const test::SeenRequest& seen) {
    if (seen.request.target == "/v2/") return test::answer(200, "{}");
    return test::answer(200)
        .with("Docker-Content-Digest", kDigest)
        .with("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        .with("Content-Length", "0");
  };
  cluster_ = [](const test::SeenRequest& seen) {
    if (seen.request.target.find("/selfsubjectaccessreviews") == std::string::npos)
      return api_answer(seen.request.target);
    auto body = base::parse_json(seen.request.body).value();
    body["status"] = {{"allowed", body["spec"]["resourceAttributes"]["verb"] != "*"}};
    return test::answer(201, base::dump_json(body)).with("Content-Type", "application/json");
  };
}

void DoctorTest::TearDown() {
  ASSERT_TRUE(base::system_files().remove_tree(folder_));
}

void DoctorTest::put(const std::string& path, const std::string& text, uint32_t mode) {
  ASSERT_TRUE(base::system_files().make_directories(base::parent_directory(path), 0755));
  ASSERT_TRUE(base::write_file(base::system_files(), path, text, mode));
  ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

void DoctorTest::settings(const std::string& more) {
  const auto before = base::read_file(base::system_files(), etc() + "/agent.toml");
  put(etc() + "/agent.toml", (before ? *before : std::string()) + more);
}

Host DoctorTest::host() {
  Host host{files_, clock_, base::null_log(), http_, later_, etc(), state()};
  host.root = folder_;
  host.version = "1.2.3";
  host.released = base::parse_rfc3339("2026-11-01T00:00:00Z").value();
  host.socket = "/run/gridseal/control.sock";
  host.resolve = [this](const std::string&) { return addresses_; };
  host.synchronised = [this] { return synchronised_; };
  host.unit = [this](const std::string&) { return unit_; };
  host.ask_agent = [this] { return status_; };
  host.verify = [this](const config::Registry&, const config::Component&, const std::string&) {
    return verified_;
  };
  return host;
}

Findings DoctorTest::look(const std::string& group) {
  Findings findings;
  examine(host(), group, [&](const Finding& finding) { findings.push_back(finding); }, {});
  return findings;
}

std::vector<std::string> DoctorTest::lines(const std::string& id) {
  std::vector<std::string> out;
  for (const Finding& finding : look(id.substr(0, id.find('.'))))
    if (finding.id == id)
      out.push_back(std::string(to_string(finding.level)) + ": " + finding.found + " → " + finding.cure);
  return out;
}

std::string DoctorTest::level(const std::string& id) {
  std::optional<Level> worst;
  for (const Finding& finding : look(id.substr(0, id.find('.')))) {
    if (finding.id != id) continue;
    const bool worse = !worst || finding.level == Level::wrong ||
                       (*worst != Level::wrong && static_cast<int>(finding.level) > static_cast<int>(*worst));
    if (worse) worst = finding.level;
  }
  return worst ? std::string(to_string(*worst)) : std::string();
}

test::ScriptedAnswer DoctorTest::failing(const std::string& code, const std::string& message) {
  test::ScriptedAnswer answer;
  answer.error = base::Error::blocked(code, message);
  return answer;
}

}  // namespace gridseal::doctor
