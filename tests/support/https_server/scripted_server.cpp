#include "support/https_server/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

#include "support/https_server/tls_server_session.hpp"

namespace gridseal::https_server {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

void must(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::abort();
}

// One connection's bytes, with TLS or without.
class Wire {
 public:
  Wire(TlsServerContext* context, int fd) : fd_(fd) {
    if (context != nullptr) tls_ = std::make_unique<TlsServerSession>(*context, fd);
  }
  bool open() { return !tls_ || tls_->handshake(); }
  ssize_t read(char* buffer, size_t size) {
    return tls_ ? tls_->read(buffer, size) : ::recv(fd_, buffer, size, 0);
  }
  bool write(std::string_view bytes) {
    if (tls_) return tls_->write(bytes.data(), bytes.size());
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void goodbye() {
    if (tls_) tls_->close_notify();
  }
  std::string client_name() const { return tls_ ? tls_->client_name() : std::string(); }

 private:
  int fd_;
  std::unique_ptr<TlsServerSession> tls_;
};

// What was sent last (an alert) is lost if the socket is closed with unread bytes in it.
void linger(int fd) {
  (void)::shutdown(fd, SHUT_WR);
  std::array<char, 1024> rest{};
  while (::recv(fd, rest.data(), rest.size(), 0) > 0) {
  }
}

// Head and body of one request; false when the connection ended.
bool read_request(Wire& wire, std::string& buffer, SeenRequest& request) {
  std::array<char, 4096> block{};
  const auto more = [&] {
    const ssize_t got = wire.read(block.data(), block.size());
    if (got > 0) buffer.append(block.data(), static_cast<size_t>(got));
    return got > 0;
  };
  size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return false;
  }
  const std::string head = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);
  const size_t line_end = head.find("\r\n");
  const size_t first = head.find(' ');
  const size_t last = head.rfind(' ', line_end);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, last - first - 1);
  for (size_t at = line_end + 2; at < head.size();) {
    const size_t stop = head.find("\r\n", at);
    const size_t colon = head.find(':', at);
    const size_t value = head.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(head.substr(at, colon - at), head.substr(value, stop - value));
    at = stop + 2;
  }
  const size_t length = std::strtoull(std::string(request.header("Content-Length")).c_str(), nullptr, 10);
  while (buffer.size() < length) {
    if (!more()) return false;
  }
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return true;
}

std::string chunk(std::string_view piece) {
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
  return size.data() + std::string(piece) + "\r\n";
}

std::string head_of(const Answer& answer) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n";
  bool framed = answer.endless || answer.status == 204 || answer.status == 304;
  for (const auto& [name, value] : answer.headers) {
    head += name + ": " + value + "\r\n";
    framed = framed || same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding");
  }
  if (answer.chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!framed) {
    head += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  }
  return head + "\r\n";
}

}  // namespace

std::string_view SeenRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

struct ScriptedServer::State {
  ServerSettings settings;
  Script script;
  std::unique_ptr<TlsServerContext> tls;
  int listener = -1;
  uint16_t port = 0;

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  bool stopping = false;
  int accepted = 0;
  int closed = 0;
  std::list<int> open;
  std::vector<SeenRequest> requests;
  std::list<std::thread> threads;
  std::thread acceptor;

  void listen_on_free_port();
  void accept_connections();
  void serve(int fd, int number);
  void converse(Wire& wire, int number);
  // Returns whether the connection goes on.
  bool answer(Wire& wire, const SeenRequest& request, const Answer& answer);
  bool pause(std::chrono::milliseconds time);
};

void ScriptedServer::State::listen_on_free_port() {
  const bool v6 = settings.address.find(':') != std::string::npos;
  listener = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(listener >= 0, "test server: socket");
  sockaddr_in6 address6{};
  sockaddr_in address4{};
  address6.sin6_family = AF_INET6;
  address4.sin_family = AF_INET;
  auto* address = v6 ? reinterpret_cast<sockaddr*>(&address6) : reinterpret_cast<sockaddr*>(&address4);
  socklen_t size = v6 ? sizeof address6 : sizeof address4;
  must(inet_pton(v6 ? AF_INET6 : AF_INET, settings.address.c_str(),
                 v6 ? static_cast<void*>(&address6.sin6_addr) : static_cast<void*>(&address4.sin_addr)) == 1,
       "test server: address");
  must(::bind(listener, address, size) == 0, "test server: bind");
  must(::listen(listener, 128) == 0, "test server: listen");
  must(::getsockname(listener, address, &size) == 0, "test server: getsockname");
  port = ntohs(v6 ? address6.sin6_port : address4.sin_port);
}

void ScriptedServer::State::accept_connections() {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int yes = 1;
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const std::lock_guard lock(mutex);
    if (stopping) {
      ::close(fd);
      return;
    }
    open.push_back(fd);
    const int number = ++accepted;
    threads.emplace_back([this, fd, number] { serve(fd, number); });
  }
}

void ScriptedServer::State::serve(int fd, int number) {
  {
    Wire wire(tls.get(), fd);
    if (settings.stop_after_accept) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return stopping; });
    } else if (wire.open() && (settings.greeting.empty() || wire.write(settings.greeting))) {
      converse(wire, number);
    } else {
      linger(fd);
    }
  }
  const std::lock_guard lock(mutex);
  open.remove(fd);
  ::close(fd);
  ++closed;
  changed.notify_all();
}

void ScriptedServer::State::converse(Wire& wire, int number) {
  std::string buffer;
  for (;;) {
    SeenRequest request;
    if (!read_request(wire, buffer, request)) return;
    request.connection = number;
    request.client_name = wire.client_name();
    {
      const std::lock_guard lock(mutex);
      requests.push_back(request);
      changed.notify_all();
    }
    if (!answer(wire, request, script(request))) return;
  }
}

bool ScriptedServer::State::pause(std::chrono::milliseconds time) {
  if (time.count() <= 0) return true;
  std::unique_lock lock(mutex);
  return !changed.wait_for(lock, time, [this] { return stopping; });
}

bool ScriptedServer::State::answer(Wire& wire, const SeenRequest& request, const Answer& answer) {
  if (!pause(answer.delay)) return false;
  uint64_t left = answer.cut_after.value_or(UINT64_MAX);
  const auto send = [&](std::string_view bytes) {
    const size_t n = std::min<uint64_t>(bytes.size(), left);
    left -= n;
    return wire.write(bytes.substr(0, n)) && left > 0;
  };
  const auto send_body = [&](std::string_view body) {
    while (!body.empty()) {
      const std::string_view piece = body.substr(0, answer.piece == 0 ? body.size() : answer.piece);
      body.remove_prefix(piece.size());
      if (!pause(answer.piece_delay)) return false;
      if (!send(answer.chunked ? chunk(piece) : piece)) return false;
    }
    return true;
  };
  bool whole = false;
  if (answer.raw) {
    whole = send_body(*answer.raw);
  } else {
    whole = send(head_of(answer));
    if (whole && request.method != "HEAD") {
      do {
        whole = send_body(answer.body);
      } while (whole && answer.endless);
      if (whole && answer.chunked) whole = send("0\r\n\r\n");
    }
  }
  if (answer.hang) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return stopping; });
    return false;
  }
  if (whole && answer.close) wire.goodbye();
  return whole && !answer.close;
}

ScriptedServer::ScriptedServer(ServerSettings settings, Script script) : state_(std::make_unique<State>()) {
  state_->settings = std::move(settings);
  state_->script = std::move(script);
  const ServerSettings& used = state_->settings;
  if (used.tls) {
    state_->tls = std::make_unique<TlsServerContext>(TlsServerSettings{
        used.certificate.cert_pem, used.certificate.key_pem, used.client_ca_pem, used.tls12_only});
  }
  state_->listen_on_free_port();
  state_->acceptor = std::thread([state = state_.get()] { state->accept_connections(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (const int fd : state_->open) (void)::shutdown(fd, SHUT_RDWR);
    state_->changed.notify_all();
  }
  (void)::shutdown(state_->listener, SHUT_RDWR);
  state_->acceptor.join();
  for (auto& thread : state_->threads) thread.join();
  ::close(state_->listener);
}

uint16_t ScriptedServer::port() const {
  return state_->port;
}

std::string ScriptedServer::url() const {
  const std::string& address = state_->settings.address;
  const bool v6 = address.find(':') != std::string::npos;
  return (state_->tls ? "https://" : "http://") + (v6 ? "[" + address + "]" : address) + ":" +
         std::to_string(state_->port);
}

int ScriptedServer::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->accepted;
}

int ScriptedServer::handshakes() const {
  return state_->tls ? state_->tls->handshakes() : 0;
}

int ScriptedServer::resumed() const {
  return state_->tls ? state_->tls->resumed() : 0;
}

std::vector<SeenRequest> ScriptedServer::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

void ScriptedServer::drop_connections() {
  const std::lock_guard lock(state_->mutex);
  for (const int fd : state_->open) (void)::shutdown(fd, SHUT_RDWR);
}

void ScriptedServer::wait_closed(int count) const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->closed >= count; });
}

void ScriptedServer::wait_requests(size_t count) const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->requests.size() >= count; });
}

Answer text(std::string body) {
  Answer answer;
  answer.body = std::move(body);
  return answer;
}

}  // namespace gridseal::https_server
