#include "support/kubesim_process/kubesim_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "http/client.hpp"
#include "kube/kubeconfig.hpp"

namespace gridseal::test {
namespace {

// The simulator prints one line when it is ready; the end of the pipe means that it died.
bool wait_for_line(int fd) {
  std::array<char, 512> buffer{};
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) return false;
    if (std::string_view(buffer.data(), static_cast<size_t>(n)).find('\n') != std::string_view::npos)
      return true;
  }
}

http::ClientConnector& connector() {
  static http::ClientConnector instance(base::system_clock());
  return instance;
}

}  // namespace

std::unique_ptr<KubesimProcess> KubesimProcess::start(const std::string& directory, const std::string& script,
                                                      double speed, std::string& why) {
  const std::string kubeconfig = directory + "/kubeconfig";
  const std::string script_file = directory + "/script.json";
  std::ofstream(script_file) << (script.empty() ? "{}" : script);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return nullptr;
  const std::string state = directory + "/kubesim";
  const std::string log = directory + "/kubesim.log";
  const std::string factor = std::to_string(speed);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(pipe[1], STDOUT_FILENO);
    ::dup2(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0640), STDERR_FILENO);
    ::execl(GRIDSEAL_KUBESIM, GRIDSEAL_KUBESIM, "--listen", "127.0.0.1:0", "--state-dir", state.c_str(),
            "--script", script_file.c_str(), "--speed", factor.c_str(), "--kubeconfig-out",
            kubeconfig.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(pipe[1]);
  std::unique_ptr<KubesimProcess> process(new KubesimProcess(pid, kubeconfig));
  const bool ready = wait_for_line(pipe[0]);
  ::close(pipe[0]);
  if (!ready) {
    why = "kubesim does not start; see " + log;
    return nullptr;
  }
  auto config = kube::load_kubeconfig(base::system_files(), kubeconfig);
  if (!config) {
    why = config.error().describe();
    return nullptr;
  }
  auto transport = connector().connect(config->origin, config->tls);
  if (!transport) {
    why = transport.error().describe();
    return nullptr;
  }
  process->transport_ = *transport;
  return process;
}

KubesimProcess::~KubesimProcess() {
  kill();
}

void KubesimProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

base::Result<http::Response> KubesimProcess::ask(const std::string& method, const std::string& target,
                                                 const std::string& content_type, const std::string& body) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.body = body;
  request.max_body = uint64_t{64} << 20U;
  if (!content_type.empty()) request.headers.set("Content-Type", content_type);
  return transport_->send(request, {});
}

bool KubesimProcess::set_script(const base::Json& script) {
  auto response = ask("PUT", "/_kubesim/script", "application/json", base::dump_json(script));
  return response && response->status == 200;
}

base::Json KubesimProcess::state() {
  auto response = ask("GET", "/_kubesim/state");
  return response ? base::Json::parse(response->body, nullptr, false) : base::Json();
}

base::Json KubesimProcess::requests() {
  auto response = ask("GET", "/_kubesim/requests");
  return response ? base::Json::parse(response->body, nullptr, false) : base::Json();
}

void KubesimProcess::clear_requests() {
  (void)ask("DELETE", "/_kubesim/requests");
}

base::Json KubesimProcess::get(const std::string& path) {
  auto response = ask("GET", path);
  return response && response->status == 200 ? base::Json::parse(response->body, nullptr, false)
                                             : base::Json();
}

int KubesimProcess::send(const std::string& method, const std::string& path, const std::string& content_type,
                         const std::string& body) {
  auto response = ask(method, path, content_type, body);
  return response ? response->status : 0;
}

}  // namespace gridseal::test
