#include "simulator.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

namespace gridseal::kube_contract {

namespace {

struct Free {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

std::string read_line(int fd) {
  std::string out;
  char c = 0;
  while (read(fd, &c, 1) == 1 && c != '\n') out += c;
  return out;
}

Answer parse(const std::string& raw) {
  Answer out;
  const std::size_t head_end = raw.find("\r\n\r\n");
  if (raw.size() < 12 || head_end == std::string::npos) return out;
  out.status = std::atoi(raw.c_str() + 9);
  std::size_t at = raw.find("\r\n") + 2;
  while (at < head_end + 2) {
    const std::size_t end = raw.find("\r\n", at);
    const std::size_t colon = raw.find(": ", at);
    if (colon < end) {
      std::string name = raw.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      out.headers[name] = raw.substr(colon + 2, end - colon - 2);
    }
    at = end + 2;
  }
  out.body = raw.substr(head_end + 4);
  if (out.headers["transfer-encoding"] != "chunked") return out;
  std::string joined;
  for (std::size_t p = 0; p < out.body.size();) {
    const std::size_t line = out.body.find("\r\n", p);
    if (line == std::string::npos) break;
    const std::size_t size = std::strtoull(out.body.c_str() + p, nullptr, 16);
    if (size == 0) break;
    joined += out.body.substr(line + 2, size);
    p = line + 2 + size + 2;
  }
  out.body = joined;
  return out;
}

}  // namespace

Simulator::Simulator(const std::vector<std::string>& options) {
  std::string path = (std::filesystem::temp_directory_path() / "kube-contract-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
  dir_ = path;
  std::array<int, 2> pipe_ends{};
  if (pipe(pipe_ends.data()) != 0) throw std::runtime_error("no pipe");
  std::vector<std::string> words = {KUBESIM_BINARY, "--state-dir", dir_};
  words.insert(words.end(), options.begin(), options.end());
  pid_ = fork();
  if (pid_ == 0) {
    dup2(pipe_ends[1], 1);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(pipe_ends[1]);
  const Json ready = Json::parse(read_line(pipe_ends[0]), nullptr, false);
  close(pipe_ends[0]);
  if (!ready.is_object()) throw std::runtime_error("the simulator did not start");
  const std::string url = ready["url"];
  port_ = std::atoi(url.c_str() + url.rfind(':') + 1);
}

Simulator::~Simulator() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

Answer Simulator::send(const std::string& method, const std::string& target,
                       const std::vector<std::pair<std::string, std::string>>& headers,
                       const std::string& body, bool anonymous) const {
  const std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_load_verify_locations(context.get(), (dir_ + "/ca.crt").c_str(), nullptr);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!anonymous) {
    SSL_CTX_use_certificate_file(context.get(), (dir_ + "/admin.crt").c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context.get(), (dir_ + "/admin.key").c_str(), SSL_FILETYPE_PEM);
  }
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  std::string raw;
  const std::unique_ptr<SSL, Free> ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      SSL_connect(ssl.get()) == 1) {
    std::string request = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
    if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "\r\n" + body;
    for (std::size_t sent = 0; sent < request.size();) {
      const int now = SSL_write(ssl.get(), request.data() + sent, static_cast<int>(request.size() - sent));
      if (now <= 0) break;
      sent += static_cast<std::size_t>(now);
    }
    std::array<char, 16384> block{};
    for (int got = 0; (got = SSL_read(ssl.get(), block.data(), static_cast<int>(block.size()))) > 0;) {
      raw.append(block.data(), static_cast<std::size_t>(got));
    }
  }
  close(fd);
  return parse(raw);
}

Json Simulator::get(const std::string& target) const {
  return Json::parse(send("GET", target, {}, "").body, nullptr, false);
}

Answer Simulator::apply(const std::string& target, const Json& object) const {
  return send("PATCH", target + "?fieldManager=deploy-agent",
              {{"Content-Type", "application/apply-patch+yaml"}}, object.dump());
}

void Simulator::settle() const {
  std::string last;
  for (int quiet = 0; quiet < 6;) {
    const Json list = get("/api/v1/events?limit=1");
    const std::string now = list["metadata"]["resourceVersion"];
    quiet = now == last ? quiet + 1 : 0;
    last = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
  }
}

}  // namespace gridseal::kube_contract
