#include "docs/site.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, const std::string& text, int mode = 0644) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  fs::permissions(path, fs::perms(mode));
}

std::string plural(const std::string& kind) {
  return kind.ends_with("s") ? kind : kind + "s";
}

}  // namespace

std::unique_ptr<DocsSite> DocsSite::start(std::string& why) {
  std::string name = fs::temp_directory_path() / "gs-docs-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    why = "no temporary folder";
    return nullptr;
  }
  std::unique_ptr<DocsSite> site(new DocsSite(name));
  return site->prepare(why) ? std::move(site) : nullptr;
}

bool DocsSite::prepare(std::string& why) {
  fs::permissions(folder_, fs::perms(0755));
  for (const char* part : {"bin", "work", "registry", "cluster", "tls", "run", "etc/gridseal/trust/keys"})
    fs::create_directories(folder_ + "/" + part);
  for (const char* part : {"etc", "etc/gridseal", "etc/gridseal/trust", "etc/gridseal/trust/keys"})
    fs::permissions(folder_ + "/" + part, fs::perms(0755));
  const auto certificate = pki_.server();
  write(folder_ + "/tls/registry.crt", certificate.cert_pem);
  write(folder_ + "/tls/registry.key", certificate.key_pem, 0600);
  write(folder_ + "/work/site-ca.crt", pki_.ca_pem());
  write(folder_ + "/work/gridseal_0.1.0_amd64.deb", "");
  RegistryOptions options;
  options.directory = folder_ + "/registry";
  options.certificate_file = folder_ + "/tls/registry.crt";
  options.key_file = folder_ + "/tls/registry.key";
  registry_ = RegistryProcess::start(options, why);
  if (!registry_) return false;
  cluster_ = KubesimProcess::start(folder_ + "/cluster", {}, 20, why);
  if (!cluster_) return false;
  // The longest first: what is replaced once is left alone.
  translations_ = {
      {"/etc/gridseal", folder_ + "/etc/gridseal"},
      {"/var/lib/gridseal", folder_ + "/state"},
      {"/run/gridseal", folder_ + "/run"},
      {"mirror.example:5000", "localhost:" + std::to_string(registry_->port())},
      {"interval = \"1m\"", "interval = \"1s\""},
      {"soak = \"10s\"", "soak = \"1s\"\ngrace = \"1s\""},
      {"[kubernetes]", "[control]\nsocket = \"" + folder_ + "/run/control.sock\"\n\n[kubernetes]"}};
  agent_ = std::make_unique<AgentProcess>(folder_, folder_ + "/etc/gridseal", folder_ + "/state");
  add_program("sudo", "exec \"$@\"");
  add_program("usermod", ":");
  add_program("apt", "[[ $1 != install || -f $2 ]] || { echo \"no such package: $2\" >&2; exit 100; }");
  const std::string ask = "echo \"$(basename \"$0\") $*\" >'" + folder_ + "/requests'\nread -r answer <'" +
                          folder_ + "/answers'\n[[ -z $answer ]] || { echo \"$answer\" >&2; exit 1; }";
  add_program("systemctl", ask);
  add_program("k3s", ask);
  add_program("gridseal", "options=()\n[[ \"${1:-} ${2:-}\" != 'k3s setup' ]] || options=(--kubeconfig '" +
                              cluster_->kubeconfig() + "')\nexec '" GRIDSEAL_PROGRAM "' --config-dir '" +
                              folder_ + "/etc/gridseal' --state-dir '" + folder_ +
                              "/state' \"$@\" \"${options[@]}\"");
  for (const char* pipe : {"/requests", "/answers"})
    if (::mkfifo((folder_ + pipe).c_str(), 0600) != 0) {
      why = "no pipes";
      return false;
    }
  answering_ = std::thread([this] { answer_requests(); });
  return true;
}

DocsSite::~DocsSite() {
  if (answering_.joinable()) {
    std::ofstream(folder_ + "/requests") << "end\n";
    answering_.join();
  }
  agent_.reset();
  cluster_.reset();
  registry_.reset();
  fs::remove_all(folder_);
}

void DocsSite::add_program(const std::string& name, const std::string& script) {
  write(folder_ + "/bin/" + name, "#!/usr/bin/env bash\nset -euo pipefail\n" + script + "\n", 0755);
}

std::string DocsSite::translated(std::string text) const {
  for (size_t at = 0; at < text.size();) {
    size_t step = 1;
    for (const auto& [from, to] : translations_) {
      if (text.compare(at, from.size(), from) != 0) continue;
      text.replace(at, from.size(), to);
      step = to.size();
      break;
    }
    at += step;
  }
  return text;
}

Ran DocsSite::run(const std::string& commands) {
  write(folder_ + "/block", translated(commands));
  return run_program("cd '" + folder_ + "/work' && NO_COLOR=1 PATH='" + folder_ +
                     "/bin':\"$PATH\" bash -euo pipefail '" + folder_ + "/block'");
}

std::string DocsSite::log() const {
  return agent_ ? agent_->log() : std::string();
}

// One request at a time: whoever asks waits for the answer.
void DocsSite::answer_requests() {
  for (;;) {
    std::ifstream requests(folder_ + "/requests");
    std::string request;
    std::getline(requests, request);
    if (request == "end") return;
    const std::string reply = answer(request);
    std::ofstream(folder_ + "/answers") << reply << "\n";
  }
}

std::string DocsSite::answer(const std::string& request) {
  const size_t space = request.find(' ');
  const std::string program = request.substr(0, space);
  const std::string arguments = space == std::string::npos ? std::string() : request.substr(space + 1);
  if (program == "k3s") return kubectl(arguments);
  constexpr std::string_view kUnit = " gridseald";
  if (!arguments.ends_with(kUnit)) return "systemctl: what unit is meant by '" + arguments + "'?";
  return systemctl(arguments.substr(0, arguments.size() - kUnit.size()));
}

std::string DocsSite::kubectl(const std::string& arguments) {
  std::istringstream words(arguments);
  std::string get;
  std::string kind;
  std::string name;
  std::string option;
  std::string name_space;
  words >> get >> get >> kind >> name >> option >> name_space;
  if (get != "get" || option != "-n") return "kubectl: '" + arguments + "' is not known here";
  const std::string path = "/apis/apps/v1/namespaces/" + name_space + "/" + plural(kind) + "/" + name;
  return cluster_->get(path).is_null() ? "kubectl: not found: " + arguments : std::string();
}

std::string DocsSite::systemctl(const std::string& verb) {
  if (verb == "enable") return {};
  if (verb == "stop" || verb == "restart") {
    if (agent_->alive()) {
      agent_->signal(SIGTERM);
      if (agent_->await_exit() != 0) return "gridseald did not stop";
    }
    if (verb == "stop") return {};
  }
  if (verb == "reload") {
    if (!agent_->alive()) return "gridseald does not run";
    agent_->forget_told();
    agent_->signal(SIGHUP);
    return agent_->await_told("READY=1") ? std::string() : "gridseald did not reload";
  }
  if (verb != "restart" && verb != "start" && verb != "enable --now") return "systemctl: " + verb + "?";
  if (agent_->alive()) return {};
  agent_->start();
  return agent_->await_told("READY=1") ? std::string() : "gridseald did not start";
}

}  // namespace gridseal::test
