#include "k3s/setup.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "base/encoding.hpp"

namespace gridseal::k3s {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr std::string_view kManager = "gridseal-setup";
constexpr std::array kManagedKinds{"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"};

std::string describe(const Json& object) {
  const auto key = kube::key_of(object);
  if (!key) return "an object";
  return key->kind + " " + (key->namespace_.empty() ? "" : key->namespace_ + "/") + key->name;
}

Json namespace_object(const std::string& name) {
  return {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}};
}

kube::ClientSettings client_settings(const Outside& outside) {
  kube::ClientSettings settings;
  settings.user_agent = outside.user_agent;
  settings.call_deadline = base::milliseconds(15'000);  // somebody is waiting at a terminal
  return settings;
}

std::string quoted(const std::string& text) {
  return base::dump_json(Json(text));  // a JSON text is a YAML one
}

}  // namespace

std::string kubeconfig_text(const kube::Kubeconfig& admin, const std::string& token_file) {
  std::string cluster = "    server: " + quoted(admin.origin.to_string() + admin.base_path) + "\n";
  if (!admin.tls.ca_pem.empty())
    cluster += "    certificate-authority-data: " + base::encode_base64(admin.tls.ca_pem) + "\n";
  if (!admin.tls.server_name.empty())
    cluster += "    tls-server-name: " + quoted(admin.tls.server_name) + "\n";
  return "# Made by 'gridseal k3s setup'; run it again after the cluster's CA or address has changed.\n"
         "apiVersion: v1\nkind: Config\ncurrent-context: gridseal\n"
         "clusters:\n- name: k3s\n  cluster:\n" +
         cluster + "users:\n- name: gridseal\n  user:\n    tokenFile: " + quoted(token_file) +
         "\ncontexts:\n- name: gridseal\n  context:\n    cluster: k3s\n    user: gridseal\n";
}

Setup::Setup(const Outside& outside, const config::Settings& settings, Places places, kube::Kubeconfig admin)
    : outside_(outside),
      settings_(settings),
      places_(std::move(places)),
      admin_(std::move(admin)),
      access_(places_.admin_kubeconfig, outside.files, outside.connector, outside.clock),
      cluster_(access_, outside.clock, client_settings(outside)) {}

Result<std::unique_ptr<Setup>> Setup::open(const Outside& outside, const config::Settings& settings,
                                           Places places) {
  if (places.kubeconfig == places.admin_kubeconfig)
    return Error::refused("k3s.own_kubeconfig",
                          "the settings name the administrator's own " + places.admin_kubeconfig +
                              " as the agent's kubeconfig; set kubernetes.kubeconfig to a file of its own");
  auto admin = kube::load_kubeconfig(outside.files, places.admin_kubeconfig);
  if (!admin) return std::move(admin).error();
  return std::unique_ptr<Setup>(new Setup(outside, settings, std::move(places), std::move(*admin)));
}

Result<Rights> Setup::rights(Outcome& outcome, const std::stop_token& stop) {
  auto served = cluster_.discovery().all(limits(stop));
  if (!served) return std::move(served).error();
  Rights rights = rights_for(settings_, *served);
  outcome.remarks = rights.remarks;
  for (const auto& [name, component] : settings_.components) {
    const size_t slash = component.service_account.find('/');
    if (slash == std::string::npos) continue;
    const auto account = cluster_.get({"", "v1", "ServiceAccount", component.service_account.substr(0, slash),
                                       component.service_account.substr(slash + 1)},
                                      limits(stop));
    if (account) continue;
    if (!account.error().is("kube.not_found")) return account.error().error;
    outcome.remarks.push_back("component." + name + ": the ServiceAccount " + component.service_account +
                              " is not there yet; make it, with the rights that the component needs");
  }
  return rights;
}

Result<std::vector<std::string>> Setup::absent_namespaces(const Rights& rights, const std::stop_token& stop) {
  std::vector<std::string> absent;
  for (const std::string& name : rights.namespaces) {
    const auto there = cluster_.get({"", "v1", "Namespace", {}, name}, limits(stop));
    if (there) continue;
    if (!there.error().is("kube.not_found")) return there.error().error;
    absent.push_back(name);
  }
  return absent;
}

// What an earlier run made and the settings no longer ask for.
Result<std::vector<Json>> Setup::stale(const Rights& rights, const std::stop_token& stop) {
  std::set<std::string> wanted;
  for (const Json& object : rights.objects) wanted.insert(describe(object));
  std::vector<Json> out;
  kube::ListOptions options;
  options.label_selector = std::string(kManagedLabel) + "=" + std::string(kManagedValue);
  for (const char* kind : kManagedKinds) {
    auto resource = cluster_.discovery().find("rbac.authorization.k8s.io", "v1", kind, limits(stop));
    if (!resource) return std::move(resource).error();
    auto listed = cluster_.client().list(
        kube::collection_path(*resource, {}), options,
        [&](Json item) -> Result<void> {
          if (!wanted.contains(describe(item))) out.push_back(std::move(item));
          return {};
        },
        limits(stop));
    if (!listed) return std::move(listed).error().error;
  }
  // What binds goes before what is bound.
  std::stable_partition(out.begin(), out.end(), [](const Json& object) {
    return object["kind"].get_ref<const std::string&>().ends_with("Binding");
  });
  return out;
}

Result<Outcome> Setup::plan(const std::stop_token& stop) {
  Outcome outcome;
  auto wanted = rights(outcome, stop);
  if (!wanted) return std::move(wanted).error();
  auto absent = absent_namespaces(*wanted, stop);
  if (!absent) return std::move(absent).error();
  for (const std::string& name : *absent) outcome.steps.push_back({"apply", "Namespace " + name});
  for (const Json& object : wanted->objects) outcome.steps.push_back({"apply", describe(object)});
  auto superfluous = stale(*wanted, stop);
  if (!superfluous) return std::move(superfluous).error();
  for (const Json& object : *superfluous) outcome.steps.push_back({"delete", describe(object)});
  outcome.steps.push_back({"write", places_.token_file()});
  outcome.steps.push_back({"write", places_.kubeconfig});
  return outcome;
}

Result<Outcome> Setup::run(base::milliseconds token_lifetime, const std::stop_token& stop) {
  Outcome outcome;
  auto wanted = rights(outcome, stop);
  if (!wanted) return std::move(wanted).error();
  auto absent = absent_namespaces(*wanted, stop);
  if (!absent) return std::move(absent).error();
  for (const std::string& name : *absent) {
    if (auto r = apply(namespace_object(name), outcome, stop); !r) return std::move(r).error();
  }
  for (const Json& object : wanted->objects) {
    if (auto r = apply(object, outcome, stop); !r) return std::move(r).error();
  }
  auto superfluous = stale(*wanted, stop);
  if (!superfluous) return std::move(superfluous).error();
  for (const Json& object : *superfluous) {
    if (auto r = remove(object, outcome, stop); !r) return std::move(r).error();
  }
  auto token = kube::request_token(cluster_.client(), std::string(kNamespace), std::string(kAccount),
                                   token_lifetime, limits(stop));
  if (!token) return std::move(token).error();
  if (auto r = write_files(*token, outcome); !r) return std::move(r).error();
  if (auto r = prove(stop); !r) return std::move(r).error();
  outcome.expires = token->claims.expires;
  return outcome;
}

Result<void> Setup::apply(const Json& object, Outcome& outcome, const std::stop_token& stop) {
  const auto key = kube::key_of(object);
  if (!key) return key.error();
  const auto version_of = [](const Json& live) {
    const Json* metadata = base::find_object(live, "metadata");
    const std::string* version =
        metadata == nullptr ? nullptr : base::find_string(*metadata, "resourceVersion");
    return version == nullptr ? std::string() : *version;
  };
  auto before = cluster_.get(*key, limits(stop));
  if (!before && !before.error().is("kube.not_found")) return std::move(before).error().error;
  kube::ApplyOptions options;
  options.field_manager = kManager;
  options.force = true;
  options.strict = true;
  // A role that is bound cannot be pointed at another one: the binding is made anew.
  if (before && object.contains("roleRef") && (*before)["roleRef"] != object["roleRef"]) {
    if (auto gone = cluster_.remove(*key, {}, limits(stop)); !gone) return std::move(gone).error().error;
  }
  auto written = cluster_.apply(object, options, limits(stop));
  if (!written) return std::move(written).error().error;
  const bool same = before && version_of(*before) == version_of(written->object);
  outcome.steps.push_back(
      {written->created ? "created" : (same ? "unchanged" : "configured"), describe(object)});
  return {};
}

Result<void> Setup::remove(const Json& object, Outcome& outcome, const std::stop_token& stop) {
  const auto key = kube::key_of(object);
  if (!key) return key.error();
  if (auto gone = cluster_.remove(*key, {}, limits(stop)); !gone) return std::move(gone).error().error;
  outcome.steps.push_back({"deleted", describe(object)});
  return {};
}

Result<void> Setup::write_files(const kube::IssuedToken& token, Outcome& outcome) {
  base::Files& files = outside_.files;
  AgentUser* user = outside_.agent_user;
  if (!files.stat(places_.state_directory)) {
    if (auto r = files.make_directories(places_.state_directory, 0750); !r) return r;
    if (user != nullptr) {
      if (auto r = user->own(places_.state_directory); !r) return r;
    }
  }
  const auto work = [&] { return write_token(token.token); };
  if (auto r = user == nullptr ? work() : user->run(work); !r) return r;
  outcome.steps.push_back({"written", places_.token_file()});
  const std::string text = kubeconfig_text(admin_, places_.token_file());
  const auto before = base::read_file(files, places_.kubeconfig, uint64_t{1} << 20U);
  const uint32_t mode = user == nullptr ? 0600 : 0640;
  if (auto r = base::write_file(files, places_.kubeconfig, text, mode); !r) return r;
  if (user != nullptr) {
    if (auto r = user->share(places_.kubeconfig); !r) return r;
  }
  outcome.steps.push_back(
      {!before ? "created" : (*before == text ? "unchanged" : "configured"), places_.kubeconfig});
  return {};
}

Result<void> Setup::write_token(const std::string& token) {
  const std::string path = places_.token_file();
  if (auto r = outside_.files.make_directories(base::parent_directory(path), 0700); !r) return r;
  return base::write_file(outside_.files, path, token, 0600);
}

Result<void> Setup::prove(const std::stop_token& stop) {
  kube::KubeconfigAccess access(places_.kubeconfig, outside_.files, outside_.connector, outside_.clock);
  kube::Client client(access, outside_.clock, client_settings(outside_));
  const auto answer = client.create(
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}}, limits(stop));
  if (!answer) {
    // Clusters before 1.28 do not know the question; their refusal by right or path shows that they know us.
    if (answer.error().is("kube.not_found")) return {};
    return Error(answer.error().error).with_context("the cluster does not take the new kubeconfig");
  }
  const Json::json_pointer at("/status/userInfo/username");
  const std::string expected =
      "system:serviceaccount:" + std::string(kNamespace) + ":" + std::string(kAccount);
  if (answer->object.contains(at) && answer->object[at] == expected) return {};
  return Error::blocked("k3s.account", "the cluster does not take the new token for that of " + expected);
}

}  // namespace gridseal::k3s
