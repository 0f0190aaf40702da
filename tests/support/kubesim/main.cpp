// kubesim: a simulated Kubernetes API server for tests and demonstrations.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "kubesim/api/api.hpp"
#include "kubesim/controllers/controllers.hpp"
#include "kubesim/net/server.hpp"

namespace {

using namespace gridseal::kubesim;

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string state_dir;
  std::string script;
  std::string kubeconfig;
  ClusterOptions cluster;
};

constexpr const char* kUsage =
    "usage: kubesim --state-dir DIR [--listen 127.0.0.1:0] [--script FILE] [--speed N] [--kubeconfig-out "
    "FILE] [--bare]\n";

bool parse(int argc, char** argv, Options& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--bare") {
      out.cluster.bare = true;
      continue;
    }
    if (i + 1 >= argc) return false;
    const std::string value = argv[++i];
    if (name == "--listen")
      out.listen = value;
    else if (name == "--state-dir")
      out.state_dir = value;
    else if (name == "--script")
      out.script = value;
    else if (name == "--speed")
      out.cluster.speed = std::strtod(value.c_str(), nullptr);
    else if (name == "--kubeconfig-out")
      out.kubeconfig = value;
    else
      return false;
  }
  return !out.state_dir.empty();
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path.string());
  std::filesystem::permissions(path,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

int run(const Options& options) {
  std::filesystem::create_directories(options.state_dir);
  const std::filesystem::path dir(options.state_dir);
  // Never destroyed: connections outlive main.
  auto* cluster = new Cluster(options.cluster);
  if (!options.script.empty()) {
    const std::string wrong = cluster->script.load(Json::parse(read_file(options.script), nullptr, false));
    if (!wrong.empty()) throw std::runtime_error(options.script + ": " + wrong);
  }
  start_controllers(*cluster);
  const KeyPair authority = make_authority("kubesim-ca");
  const KeyPair admin = make_client_certificate(authority, "system:admin", {"system:masters"});
  auto* api = new Api(*cluster);
  auto* server = new Server(make_server_certificate(authority, {"127.0.0.1"}, {"localhost", "kubernetes"}),
                            authority.certificate_pem,
                            [api](const HttpRequest& request) { return api->handle(request); });
  const std::size_t colon = options.listen.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("--listen wants HOST:PORT");
  const std::string host = options.listen.substr(0, colon);
  const std::uint16_t port = server->listen(
      host, static_cast<std::uint16_t>(std::strtoul(options.listen.c_str() + colon + 1, nullptr, 10)));
  const std::string url = "https://" + host + ":" + std::to_string(port);
  const std::string config_path =
      options.kubeconfig.empty() ? (dir / "kubeconfig.yaml").string() : options.kubeconfig;
  write_file(dir / "ca.crt", authority.certificate_pem);
  write_file(dir / "ca.key", authority.key_pem);
  write_file(dir / "admin.crt", admin.certificate_pem);
  write_file(dir / "admin.key", admin.key_pem);
  write_file(config_path, kubeconfig(url, authority.certificate_pem, admin));
  std::cout << Json{{"url", url}, {"kubeconfig", config_path}}.dump() << std::endl;
  server->run();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  if (!parse(argc, argv, options)) {
    std::cerr << kUsage;
    return 2;
  }
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::cerr << "kubesim: " << error.what() << "\n";
    return 1;
  }
}
