#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "http/connection.hpp"
#include "http/server.hpp"

namespace gridseal::http {
namespace {

constexpr int kBacklog = 128;

base::Error listen_error(const std::string& what) {
  return base::Error::blocked("http.listen", what + ": " + std::generic_category().message(errno));
}

// A socket file without a listener refuses at once; anything else that is there is not ours to remove.
base::Result<void> clear_path(const sockaddr_un& address) {
  struct stat info {};
  const std::string path = address.sun_path;
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) return base::Error::blocked("http.listen", path + " exists and is no socket");
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return base::Error::blocked("http.listen", path + " is in use by another process");
  }
  if (::unlink(path.c_str()) != 0) return listen_error("the stale socket " + path + " cannot be removed");
  return {};
}

}  // namespace

base::Result<Listener> Listener::unix_socket(const UnixOptions& options) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options.path.empty() || options.path.size() >= sizeof address.sun_path) {
    return base::Error::blocked("http.listen",
                                "the socket path is empty or longer than 107 bytes: " + options.path);
  }
  std::memcpy(address.sun_path, options.path.c_str(), options.path.size() + 1);
  if (auto clear = clear_path(address); !clear) return std::move(clear).error();

  Listener listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), true);
  if (listener.fd_ < 0 ||
      ::bind(listener.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return listen_error("the socket " + options.path + " cannot be made");
  }
  listener.path_ = options.path;
  // Nobody can connect before listen(2), so the rights are in place in time.
  if (options.group && ::chown(options.path.c_str(), static_cast<uid_t>(-1), *options.group) != 0) {
    return listen_error("the group of " + options.path + " cannot be set");
  }
  if (::chmod(options.path.c_str(), options.mode) != 0)
    return listen_error("the mode of " + options.path + " cannot be set");
  if (::listen(listener.fd_, kBacklog) != 0) return listen_error("cannot listen on " + options.path);
  return listener;
}

base::Result<Listener> Listener::loopback(uint16_t port, const std::string& host) {
  const std::string where = host + ":" + std::to_string(port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      (ntohl(address.sin_addr.s_addr) >> 24U) != IN_LOOPBACKNET)
    return base::Error::blocked("http.listen", host + " is no address of 127.0.0.0/8");
  Listener listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), false);
  socklen_t size = sizeof address;
  const int yes = 1;
  if (listener.fd_ < 0 || ::setsockopt(listener.fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(listener.fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener.fd_, kBacklog) != 0 ||
      ::getsockname(listener.fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return listen_error("cannot listen on " + where);
  }
  listener.port_ = ntohs(address.sin_port);
  return listener;
}

base::Result<Listener> Listener::adopt(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int listening = 0;
  socklen_t listening_size = sizeof listening;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_size) != 0) {
    return listen_error("the descriptor handed over is no socket");
  }
  if (listening == 0) return base::Error::blocked("http.listen", "the socket handed over does not listen");
  Listener listener(fd, address.ss_family == AF_UNIX);
  if (address.ss_family == AF_INET)
    listener.port_ = ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  if (address.ss_family == AF_INET6)
    listener.port_ = ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  return listener;
}

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      is_unix_(other.is_unix_),
      port_(other.port_),
      path_(std::exchange(other.path_, {})) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(is_unix_, other.is_unix_);
  std::swap(port_, other.port_);
  std::swap(path_, other.path_);
  return *this;
}

Listener::~Listener() {
  if (!path_.empty()) (void)::unlink(path_.c_str());
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace gridseal::http
