#include "http/server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "http/connection.hpp"
#include "http/responder.hpp"

namespace gridseal::http {
namespace {

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59  // Linux 4.13
#endif

std::optional<Peer> peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  Peer peer{credentials.pid, credentials.uid, credentials.gid, {}};
  socklen_t bytes = 0;
  // The first call fails with ERANGE and says how much room is needed.
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, nullptr, &bytes) != 0 && errno == ERANGE) {
    peer.groups.resize(bytes / sizeof(gid_t));
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &bytes) != 0) bytes = 0;
    peer.groups.resize(bytes / sizeof(gid_t));
  }
  return peer;
}

class PooledServer : public Server {
 public:
  PooledServer(base::Clock& clock, Listener listener, Handler handler, const ServerOptions& options,
               std::shared_ptr<TlsServer> tls)
      : listener_(std::move(listener)),
        options_(options),
        responder_(clock, std::move(handler), options, std::move(tls)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~PooledServer() override { PooledServer::stop(); }
  PooledServer(const PooledServer&) = delete;
  PooledServer& operator=(const PooledServer&) = delete;

  void start() {
    acceptor_ = std::thread([this] { accept_connections(); });
    for (size_t i = 0; i < options_.threads; ++i) workers_.emplace_back([this] { work(); });
  }
  void stop() override;
  uint16_t port() const override { return listener_.port(); }

 private:
  void accept_connections();
  void work();
  // Blocks; an invalid descriptor when the server stops.
  UniqueFd next();

  Listener listener_;
  ServerOptions options_;
  Responder responder_;
  UniqueFd wake_;
  std::stop_source stop_;
  std::mutex stopping_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<UniqueFd> waiting_;
  std::thread acceptor_;
  std::vector<std::thread> workers_;
};

void PooledServer::stop() {
  const std::lock_guard once(stopping_);
  stop_.request_stop();
  (void)::eventfd_write(wake_.get(), 1);
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
    arrived_.notify_all();
  }
  if (acceptor_.joinable()) acceptor_.join();
  for (auto& worker : workers_) worker.join();
  workers_.clear();
}

void PooledServer::accept_connections() {
  std::array<pollfd, 2> fds{{{listener_.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
  while (!stop_.stop_requested()) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    if (fds[0].revents == 0) continue;
    UniqueFd fd(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.get() < 0) {
      // Out of descriptors: a pause that a stop still ends, instead of a spin.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) (void)::poll(&fds[1], 1, 100);
      continue;
    }
    const int yes = 1;
    if (!listener_.is_unix()) (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < options_.max_waiting) waiting_.push_back(std::move(fd));
    arrived_.notify_one();
  }
}

UniqueFd PooledServer::next() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return stop_.stop_requested() || !waiting_.empty(); });
  if (stop_.stop_requested()) return UniqueFd();
  UniqueFd fd = std::move(waiting_.front());
  waiting_.pop_front();
  return fd;
}

void PooledServer::work() {
  for (;;) {
    const UniqueFd fd = next();
    if (fd.get() < 0) return;
    const auto peer = listener_.is_unix() ? peer_of(fd.get()) : std::nullopt;
    if (listener_.is_unix() && !peer) continue;  // nobody is served without a name
    responder_.serve(fd.get(), peer, stop_.get_token());
  }
}

}  // namespace

base::Result<std::unique_ptr<Server>> Server::start(base::Clock& clock, Listener listener, Handler handler,
                                                    const ServerOptions& options) {
  std::shared_ptr<TlsServer> tls;
  if (options.tls) {
    auto made = TlsServer::make(*options.tls);
    if (!made) return std::move(made).error();
    tls = std::move(*made);
  }
  auto server =
      std::make_unique<PooledServer>(clock, std::move(listener), std::move(handler), options, std::move(tls));
  try {
    server->start();
  } catch (const std::system_error&) {
    return base::Error::blocked("http.listen", "the threads of the server cannot be started");
  }
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace gridseal::http
