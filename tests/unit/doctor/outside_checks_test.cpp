// Registry, cluster, k3s, service: what this host talks to.
#include <algorithm>

#include "base/encoding.hpp"
#include "doctor/needed_rights.hpp"
#include "support/pki/pki.hpp"
#include "unit/doctor/doctor_fixture.hpp"

namespace gridseal::doctor {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- registry

// GS-DOCTOR-020: A name that does not resolve, a certificate of another CA, and something that is no registry
// are told apart, each with its cure.
TEST_F(DoctorTest, RegistryThatIsNotThere) {
  addresses_ = base::Error::blocked("http.connect", "mirror.test: the name is not known");
  EXPECT_THAT(lines("registry.name"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("/etc/hosts"))));
  EXPECT_EQ(level("registry.reach"), "");
  addresses_ = std::vector<std::string>{"192.0.2.7"};
  registry_ = [](const test::SeenRequest&) {
    return failing("http.tls", "it is not signed by a configured CA");
  };
  EXPECT_THAT(lines("registry.reach"), ElementsAre(HasSubstr("put it into " + etc() + "/mirror-ca.crt")));
  registry_ = [](const test::SeenRequest&) { return test::answer(404, "nginx"); };
  EXPECT_THAT(lines("registry.reach"), ElementsAre(HasSubstr("not as a registry")));
  registry_ = [](const test::SeenRequest&) { return test::unreachable(); };
  EXPECT_THAT(lines("registry.reach"), ElementsAre(HasSubstr("firewall")));
  ASSERT_TRUE(base::system_files().remove(etc() + "/mirror-ca.crt"));
  EXPECT_THAT(lines("registry.reach"), ElementsAre(HasSubstr("put the registry's CA as PEM")));
}

// GS-DOCTOR-021: A certificate that ends within a month is warned of; nothing else is asked of later.
TEST_F(DoctorTest, RegistryCertificateThatEnds) {
  EXPECT_EQ(level("registry.certificate"), "");
  ending_.insert("https://mirror.test");
  EXPECT_THAT(lines("registry.certificate"),
              ElementsAre(AllOf(HasSubstr("warning"), HasSubstr("2027-02-01"))));
  EXPECT_EQ(level("registry.reach"), "good");
}

// GS-DOCTOR-022: Of several mirrors one is enough: the others are warned of.
TEST_F(DoctorTest, SecondMirrorIsAway) {
  auto text = base::read_file(base::system_files(), etc() + "/agent.toml").value();
  const std::string one = "url = \"https://mirror.test\"";
  put(etc() + "/agent.toml",
      text.replace(text.find(one), one.size(), "url = [\"https://mirror.test\", \"https://second.test\"]"));
  const auto good = registry_;
  registry_ = [good](const test::SeenRequest& seen) {
    return seen.origin.host == "second.test" ? test::unreachable() : good(seen);
  };
  EXPECT_THAT(lines("registry.reach"), ElementsAre(HasSubstr("good"), HasSubstr("warning")));
  EXPECT_EQ(level("registry.release"), "good");
}

// GS-DOCTOR-023: Refused credentials are wrong; a tag that is not there yet is warned of; a credential that
// only the service is handed is unseen.
TEST_F(DoctorTest, ReleaseThatIsNotThere) {
  const auto refuse = [this](int status) {
    registry_ = [status](const test::SeenRequest& seen) {
      if (seen.request.target == "/v2/") return test::answer(401);
      return test::answer(status).with("WWW-Authenticate", "Basic realm=\"registry\"");
    };
  };
  refuse(401);
  EXPECT_THAT(lines("registry.release"),
              ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("registry.mirror.credentials"))));
  refuse(404);
  EXPECT_THAT(lines("registry.release"),
              ElementsAre(AllOf(HasSubstr("warning"), HasSubstr("artifact push"))));
  refuse(401);
  auto text = base::read_file(base::system_files(), etc() + "/agent.toml").value();
  const std::string file = "credentials = \"password\"";
  put(etc() + "/agent.toml",
      text.replace(text.find(file), file.size(), "credentials = \"credential:mirror\""));
  EXPECT_THAT(lines("registry.release"), ElementsAre(HasSubstr("unseen")));
}

// GS-DOCTOR-024: A release that would be refused is wrong, one without a signature yet is warned of, one that
// could not be judged is unseen.
TEST_F(DoctorTest, SignatureOfTheRelease) {
  verified_ = base::Error::refused("key.wrong", "not signed by a pinned key");
  EXPECT_THAT(lines("registry.signature"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("key.wrong"))));
  verified_ = base::Error::pending("registry.no_signature", "no signature is there");
  EXPECT_EQ(level("registry.signature"), "warning");
  verified_ = base::Error::blocked("oci.unavailable", "no answer");
  EXPECT_EQ(level("registry.signature"), "unseen");
}

// --- cluster

// GS-DOCTOR-030: No kubeconfig, a token that ended, one that was not renewed and one from the future are told
// apart.
TEST_F(DoctorTest, KubeconfigAndToken) {
  const auto token = [this](const char* issued, const char* expires) {
    const auto seconds = [](const char* text) {
      return std::chrono::duration_cast<std::chrono::seconds>(test::pki::at(text).time_since_epoch()).count();
    };
    const base::Json claims{{"sub", "system:serviceaccount:gridseal:gridseal"},
                            {"iat", seconds(issued)},
                            {"exp", seconds(expires)}};
    put(state() + "/kube/token",
        "e30." + base::encode_base64(base::dump_json(claims), base::Base64::url) + ".c2ln", 0600);
  };
  auto text = base::read_file(base::system_files(), etc() + "/kubeconfig").value();
  const std::string inline_token = "token: \"not-shown-anywhere\"";
  put(etc() + "/kubeconfig",
      text.replace(text.find(inline_token), inline_token.size(), "tokenFile: \"" + state() + "/kube/token\""),
      0600);
  token("2027-01-01T00:00:00Z", "2027-04-01T00:00:00Z");
  EXPECT_EQ(level("cluster.token"), "good");
  token("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z");
  EXPECT_THAT(lines("cluster.token"),
              ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("gridseal k3s setup"))));
  token("2026-11-01T00:00:00Z", "2027-02-01T00:00:00Z");
  EXPECT_EQ(level("cluster.token"), "warning");
  token("2027-06-01T00:00:00Z", "2027-09-01T00:00:00Z");
  EXPECT_THAT(lines("cluster.token"), ElementsAre(HasSubstr("set the clock")));
  ASSERT_TRUE(base::system_files().remove(state() + "/kube/token"));
  EXPECT_EQ(level("cluster.token"), "wrong");
  ASSERT_TRUE(base::system_files().remove(etc() + "/kubeconfig"));
  EXPECT_THAT(lines("cluster.kubeconfig"), ElementsAre(HasSubstr("gridseal k3s setup")));
}

// GS-DOCTOR-031: An API server that does not answer, one with a certificate that a wrong clock made, and one
// whose certificate ends soon are told apart.
TEST_F(DoctorTest, ApiServer) {
  EXPECT_THAT(lines("cluster.api"), ElementsAre(HasSubstr("Kubernetes v1.36.2+k3s1")));
  ending_.insert("https://127.0.0.1:6443");
  EXPECT_THAT(lines("cluster.certificate"), ElementsAre(HasSubstr("restart k3s")));
  cluster_ = [](const test::SeenRequest&) { return test::unreachable(); };
  EXPECT_THAT(lines("cluster.api"),
              ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("systemctl status k3s"))));
  cluster_ = [](const test::SeenRequest&) {
    return failing("http.tls", "it is valid only from 2031-01-01T00:00:00Z: the clock may be wrong");
  };
  EXPECT_THAT(lines("cluster.api"), ElementsAre(HasSubstr("set the clock")));
}

// GS-DOCTOR-032: A right that a ceiling needs and the account lacks is named with verb, kind and namespace; a
// kubeconfig that may do everything is warned of.
TEST_F(DoctorTest, Rights) {
  EXPECT_EQ(level("cluster.rights"), "good");
  const auto good = cluster_;
  const auto refuse = [&](const std::string& verb, const std::string& resource) {
    cluster_ = [=](const test::SeenRequest& seen) {
      test::ScriptedAnswer answer = good(seen);
      const auto body = base::parse_json(answer.body).value_or(base::Json());
      const base::Json::json_pointer at("/spec/resourceAttributes");
      if (body.contains(at) && body[at]["verb"] == verb && body[at]["resource"] == resource) {
        base::Json changed = body;
        changed["status"]["allowed"] = false;
        answer.body = base::dump_json(changed);
      }
      return answer;
    };
  };
  refuse("patch", "deployments");
  EXPECT_THAT(
      lines("cluster.rights"),
      ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("patch deployments.apps in the namespace water-works"),
                        HasSubstr("gridseal k3s setup"))));
  refuse("list", "nodes");
  EXPECT_EQ(level("cluster.rights"), "warning");
  cluster_ = [good](const test::SeenRequest& seen) {
    test::ScriptedAnswer answer = good(seen);
    auto body = base::parse_json(answer.body).value_or(base::Json());
    if (body.contains("spec")) body["status"]["allowed"] = true;
    answer.body = base::dump_json(body);
    return answer;
  };
  EXPECT_THAT(lines("cluster.rights"), ElementsAre(AllOf(HasSubstr("warning"), HasSubstr("administrator"))));
}

// GS-DOCTOR-033: The rights asked for are those that setup gives: of a component with a service account only
// to act as that; its own token's only when the agent renews it.
TEST(NeededRights, AreThoseOfSetup) {
  config::Settings settings;
  config::Component component;
  component.name = "shop";
  component.service_account = "shop/deployer";
  component.ceiling.namespaces = {"shop"};
  settings.components["shop"] = component;
  const auto asked = [&](bool own_token) {
    std::vector<std::string> out;
    for (const NeededRight& right : needed_rights(settings, {}, own_token))
      out.push_back(right.attributes.verb + " " + describe(right.attributes));
    return out;
  };
  EXPECT_THAT(asked(false), Contains("impersonate serviceaccounts deployer in the namespace shop"));
  EXPECT_THAT(asked(true), Contains("create serviceaccounts/token gridseal in the namespace gridseal"));
  EXPECT_THAT(asked(false), Each(::testing::Not(HasSubstr("token"))));
  EXPECT_THAT(asked(true), Each(::testing::Not(HasSubstr("patch"))));
}

// --- k3s

std::string certificate(const char* from, const char* until, bool ca = false) {
  namespace pki = test::pki;
  auto spec = ca ? pki::ca_spec("k3s-server-ca") : pki::code_signing_spec({});
  if (!ca) spec.subject = pki::common_name("kubelet");
  spec.not_before = pki::at(from);
  spec.not_after = pki::at(until);
  return pki::self_signed(spec).certificate.to_pem();
}

// GS-DOCTOR-040: A certificate of k3s that ended, or that is not valid yet, is wrong; one that a restart
// would renew is warned of; an authority is warned of a year before.
TEST_F(DoctorTest, CertificatesOfK3s) {
  const std::string file = k3s() + "/agent/serving-kubelet.crt";
  put(file, certificate("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"));
  EXPECT_THAT(lines("k3s.certificates"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("restart k3s"))));
  put(file, certificate("2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"));
  EXPECT_THAT(lines("k3s.certificates"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("set the clock"))));
  put(file, certificate("2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z"));
  EXPECT_THAT(lines("k3s.certificates"), ElementsAre(HasSubstr("warning")));
  put(file, certificate("2017-03-01T00:00:00Z", "2027-12-01T00:00:00Z", true));
  EXPECT_THAT(lines("k3s.certificates"), ElementsAre(HasSubstr("rotate-ca")));
  put(file, certificate("2026-12-01T00:00:00Z", "2027-12-01T00:00:00Z"));
  EXPECT_THAT(lines("k3s.certificates"), ElementsAre(HasSubstr("2 certificates")));
}

// GS-DOCTOR-041: What lies in k3s' own manifests directory beside its packaged components is told, file by
// file; skip files are not objects.
TEST_F(DoctorTest, ManifestsThatK3sApplies) {
  EXPECT_EQ(level("k3s.manifests"), "good");
  put(k3s() + "/server/manifests/traefik.yaml.skip", "");
  EXPECT_EQ(level("k3s.manifests"), "good");
  put(k3s() + "/server/manifests/backdoor.yaml", "kind: DaemonSet\n");
  put(k3s() + "/agent/pod-manifests/static.yaml", "kind: Pod\n");
  EXPECT_THAT(lines("k3s.manifests"), ElementsAre(HasSubstr("backdoor.yaml"), HasSubstr("static.yaml")));
  EXPECT_EQ(level("k3s.manifests"), "warning");
}

// GS-DOCTOR-042: That containerd asks upstream is warned of, unless config.yaml, a file beside it, the unit
// or its environment says otherwise.
TEST_F(DoctorTest, FallbackOfContainerd) {
  EXPECT_EQ(level("k3s.fallback"), "good");
  put(folder_ + "/etc/rancher/k3s/config.yaml.d/90.yaml", "disable-default-registry-endpoint: false\n");
  EXPECT_THAT(lines("k3s.fallback"), ElementsAre(AllOf(HasSubstr("warning"), HasSubstr("config.yaml"))));
  put(folder_ + "/etc/systemd/system/k3s.service.env",
      "K3S_ARGS=--disable-default-registry-endpoint=false\n");
  EXPECT_EQ(level("k3s.fallback"), "warning");
  put(folder_ + "/etc/systemd/system/k3s.service",
      "[Service]\nExecStart=/usr/local/bin/k3s server '--disable-default-registry-endpoint'\n");
  EXPECT_THAT(lines("k3s.fallback"), ElementsAre(HasSubstr("k3s.service")));
  EXPECT_EQ(level("k3s.fallback"), "good");
}

// GS-DOCTOR-043: A host of images that the settings say a registry here serves, and registries.yaml has no
// mirror for, is warned of; its passwords for everybody and files that are not there are wrong.
TEST_F(DoctorTest, RegistriesOfK3s) {
  auto text = base::read_file(base::system_files(), etc() + "/agent.toml").value();
  const std::string before = "ca = \"mirror-ca.crt\"\n";
  put(etc() + "/agent.toml", text.insert(text.find(before), "serves = [\"ghcr.io\"]\n"));
  const std::string file = folder_ + "/etc/rancher/k3s/registries.yaml";
  EXPECT_THAT(lines("k3s.registries"), ElementsAre(AllOf(HasSubstr("warning"), HasSubstr("ghcr.io"))));
  put(file, "mirrors:\n  ghcr.io:\n    endpoint: [\"https://mirror.test\"]\n");
  EXPECT_EQ(level("k3s.registries"), "good");
  put(file, "mirrors:\n  '*':\n    endpoint: [\"https://mirror.test\"]\n");
  EXPECT_EQ(level("k3s.registries"), "good");
  put(file,
      "configs:\n  mirror.test:\n    auth: {username: a, password: hunter2}\n    tls: {ca_file: "
      "/etc/none.crt}\n");
  EXPECT_THAT(lines("k3s.registries"),
              ElementsAre(HasSubstr("chmod o-rwx"), HasSubstr("/etc/none.crt"), HasSubstr("no mirror")));
  put(file, "mirrors: [\n");
  EXPECT_EQ(level("k3s.registries"), "wrong");
}

// GS-DOCTOR-044: A host without k3s is not blamed for it.
TEST_F(DoctorTest, WithoutK3s) {
  ASSERT_TRUE(base::system_files().remove_tree(folder_ + "/etc/rancher"));
  ASSERT_TRUE(base::system_files().remove_tree(folder_ + "/var/lib/rancher"));
  const Findings findings = look("k3s");
  EXPECT_EQ(findings.size(), 1U);
  EXPECT_EQ(verdict(findings), Verdict::ready);
}

// --- service

// GS-DOCTOR-050: A unit that is not there, masked, failed or stopped is wrong, one that is not enabled is
// warned of; without systemd the unit's file is looked for.
TEST_F(DoctorTest, Unit) {
  const auto becomes = [&](const UnitState& state) {
    unit_ = state;
    return lines("service.unit").at(0);
  };
  EXPECT_THAT(becomes({"loaded", "active", "enabled"}), HasSubstr("good"));
  EXPECT_THAT(becomes({"not-found", "inactive", ""}), HasSubstr("install the package"));
  EXPECT_THAT(becomes({"masked", "inactive", "masked"}), HasSubstr("unmask"));
  EXPECT_THAT(becomes({"loaded", "failed", "enabled"}), HasSubstr("journalctl -u gridseald"));
  EXPECT_THAT(becomes({"loaded", "inactive", "enabled"}), HasSubstr("enable --now"));
  EXPECT_THAT(becomes({"loaded", "active", "disabled"}), HasSubstr("warning"));
  unit_ = base::Error::blocked("doctor.systemd", "no bus");
  EXPECT_EQ(level("service.unit"), "wrong");
  put(folder_ + "/usr/lib/systemd/system/gridseald.service", "[Unit]\n");
  EXPECT_EQ(level("service.unit"), "unseen");
}

// GS-DOCTOR-051: An agent that does not run, one of another version, one that is held, and a second one
// beside it are told apart; who may not ask is told to ask as somebody else.
TEST_F(DoctorTest, Agent) {
  EXPECT_THAT(lines("service.agent"), ElementsAre(HasSubstr("1 of 1 components are healthy")));
  const base::Json good = *status_;
  (*status_)["agent"]["version"] = "1.2.2";
  EXPECT_THAT(lines("service.agent"),
              ElementsAre(AllOf(HasSubstr("warning"), HasSubstr("restart gridseald"))));
  (*status_)["agent"]["held"] = "agent.toml:1:1: is wrong";
  EXPECT_EQ(level("service.agent"), "wrong");
  status_ = good;
  put(state() + "/lock", "900\n");
  put(folder_ + "/proc/900/comm", "bash\n");
  EXPECT_EQ(level("service.lock"), "");
  put(folder_ + "/proc/900/comm", "gridseald\n");
  EXPECT_THAT(lines("service.lock"), ElementsAre(HasSubstr("two of them")));
  status_ = base::Error::blocked("agent.not_running", "nobody listens");
  EXPECT_THAT(lines("service.lock"), ElementsAre(HasSubstr("process 900")));
  put(state() + "/lock", "901\n");
  EXPECT_THAT(lines("service.agent"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("enable --now"))));
  status_ = base::Error::blocked("agent.permission", "this user may not");
  EXPECT_EQ(level("service.agent"), "unseen");
}

}  // namespace
}  // namespace gridseal::doctor
