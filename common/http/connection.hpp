// The bytes of one connection, in the clear or under TLS, and how it is opened.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "http/transport.hpp"
#include "http/waiter.hpp"

namespace gridseal::http {

// A descriptor closed by its destructor.
class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_;
};

// One thread's at a time. Errors: http.cut, http.tls and those of Waiter.
class Connection {
 public:
  virtual ~Connection() = default;
  // At least one byte; 0 is the peer's orderly end.
  virtual base::Result<size_t> read(char* buffer, size_t size, const Waiter& waiter) = 0;
  virtual base::Result<void> write(std::string_view bytes, const Waiter& waiter) = 0;
  // Whether an idle connection was closed by the peer, or holds bytes that nobody asked for.
  virtual bool stale() = 0;
  // Says goodbye where the protocol has one; never blocks.
  virtual void goodbye() = 0;
};

// A connection and the socket under it. The connection uses the descriptor but does not close it.
struct Dialed {
  UniqueFd fd;
  std::unique_ptr<Connection> connection;
};

using Dialer = std::function<base::Result<Dialed>(const Waiter& waiter)>;

// Resolves and connects, one address after the other; TCP_NODELAY is set. Errors: http.connect, Waiter's.
base::Result<UniqueFd> connect_tcp(const Origin& origin, const Waiter& waiter);
base::Result<UniqueFd> connect_unix(const std::string& path, const Waiter& waiter);

std::unique_ptr<Connection> plain_connection(int fd);

}  // namespace gridseal::http
