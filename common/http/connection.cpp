#include "http/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "http/resolve.hpp"

namespace gridseal::http {
namespace {

std::string reason(int number) {
  return std::generic_category().message(number);
}

base::Error connect_error(const std::string& peer, const std::string& where, int number) {
  std::string text = "cannot connect to " + peer + where + ": " + reason(number);
  if (number == ECONNREFUSED) text += "; nothing listens there: is the service running, is the port right?";
  if (number == EACCES) text += "; this user may not use the socket";
  if (number == ENETUNREACH || number == EHOSTUNREACH)
    text += "; check the network and the routes of this host";
  return base::Error::blocked("http.connect", text);
}

base::Result<UniqueFd> connect_to(const sockaddr* address, socklen_t size, const std::string& where,
                                  const Waiter& waiter) {
  UniqueFd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return connect_error(waiter.peer(), where, errno);
  if (address->sa_family != AF_UNIX) {
    const int yes = 1;
    (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  while (::connect(fd.get(), address, size) != 0) {
    if (errno == EINTR) continue;
    // EAGAIN: the backlog of a Unix socket is full, and poll cannot wait for it.
    if (errno != EINPROGRESS) return connect_error(waiter.peer(), where, errno);
    if (auto ready = waiter.wait(fd.get(), POLLOUT); !ready) return std::move(ready).error();
    int number = 0;
    socklen_t number_size = sizeof number;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &number, &number_size) != 0) number = errno;
    if (number != 0) return connect_error(waiter.peer(), where, number);
    break;
  }
  return fd;
}

class PlainConnection : public Connection {
 public:
  explicit PlainConnection(int fd) : fd_(fd) {}

  base::Result<size_t> read(char* buffer, size_t size, const Waiter& waiter) override {
    for (;;) {
      if (auto good = waiter.check(); !good) return std::move(good).error();
      const ssize_t got = ::recv(fd_, buffer, size, MSG_DONTWAIT);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return cut(waiter, errno);
      if (auto ready = waiter.wait(fd_, POLLIN); !ready) return std::move(ready).error();
    }
  }

  base::Result<void> write(std::string_view bytes, const Waiter& waiter) override {
    while (!bytes.empty()) {
      if (auto good = waiter.check(); !good) return good;
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN) {
        if (auto ready = waiter.wait(fd_, POLLOUT); !ready) return ready;
      } else if (errno != EINTR) {
        return cut(waiter, errno);
      }
    }
    return {};
  }

  bool stale() override {
    pollfd entry{fd_, POLLIN, 0};
    return ::poll(&entry, 1, 0) != 0;
  }

  void goodbye() override {}

 private:
  static base::Error cut(const Waiter& waiter, int number) {
    return base::Error::blocked("http.cut",
                                "the connection with " + waiter.peer() + " was cut: " + reason(number));
  }

  int fd_;
};

}  // namespace

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

base::Result<UniqueFd> connect_tcp(const Origin& origin, const Waiter& waiter) {
  auto addresses = resolve(origin.host, origin.port, waiter);
  if (!addresses) return std::move(addresses).error();
  std::optional<base::Error> last;
  for (size_t i = 0; i < addresses->size(); ++i) {
    const Address& address = (*addresses)[i];
    // A dead first address leaves time for the others.
    const auto share = waiter.remaining().value_or(std::chrono::milliseconds(0)) / (addresses->size() - i);
    const Waiter part = share.count() > 0 ? waiter.bounded(share, "connecting to") : waiter;
    const std::string text = address.to_string();
    auto fd = connect_to(reinterpret_cast<const sockaddr*>(&address.storage), address.size,
                         text == origin.host ? "" : " (" + text + ")", part);
    if (fd) return fd;
    last = std::move(fd).error();
    if (auto good = waiter.check(); !good) return std::move(good).error();
  }
  return std::move(*last);
}

base::Result<UniqueFd> connect_unix(const std::string& path, const Waiter& waiter) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return base::Error::blocked("http.connect",
                                "the socket path \"" + path + "\" is empty or longer than 107 bytes");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, "", waiter);
}

std::unique_ptr<Connection> plain_connection(int fd) {
  return std::make_unique<PlainConnection>(fd);
}

}  // namespace gridseal::http
