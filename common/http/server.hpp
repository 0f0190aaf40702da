// A small HTTP/1.1 server (RFC 9112) for the control socket and for loopback TCP: a fixed pool of threads,
// each request bounded in size and time. cpp-httplib reads and writes the messages.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http/transport.hpp"

namespace gridseal::http {

// Who is at the other end of a Unix socket, as the kernel recorded it at connect(2) (unix(7): SO_PEERCRED,
// SO_PEERGROUPS).
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};

struct ServerRequest {
  std::string method;
  std::string path;                          // percent-decoded, without the query
  std::map<std::string, std::string> query;  // decoded; of a repeated name the first
  Headers headers;
  std::string body;
  std::optional<Peer> peer;  // absent over TCP
  std::stop_token stop;      // requested when the server stops; a long handler must watch it
};

struct ServerResponse {
  // Writes one piece to the client; false when the client is gone or the server stops.
  using Write = std::function<bool(std::string_view piece)>;

  int status = 200;
  Headers headers;
  std::string content_type = "application/json";
  std::string body;
  std::function<void(const Write& write)> stream;  // when set: the body, chunked, instead of `body`
  // Of what `stream` writes: then it is announced and not chunked. A stream that writes less ends the
  // connection, so the client sees that something is missing. Not called for HEAD.
  std::optional<uint64_t> length;
};

// Called from several threads at a time. An exception becomes status 500 without details. Ranges (RFC 9110
// section 14) are the handler's matter; one that cannot be read at all is answered with 416.
using Handler = std::function<ServerResponse(const ServerRequest& request)>;

// A listening stream socket, closed by its destructor.
// Errors (blocked): http.listen.
class Listener {
 public:
  struct UnixOptions {
    std::string path;
    uint32_t mode = 0660;
    std::optional<gid_t> group;
  };

  // A socket file that a dead process left behind is removed first; a live one is http.listen. Mode and group
  // are in place before the first client can connect. The file is removed again by the destructor.
  static base::Result<Listener> unix_socket(const UnixOptions& options);
  // 127.0.0.1, or another address of 127.0.0.0/8; port 0: one that is free.
  static base::Result<Listener> loopback(uint16_t port, const std::string& address = "127.0.0.1");
  // A socket that systemd listens on (sd_listen_fds(3)); the file, if any, stays systemd's.
  static base::Result<Listener> adopt(int fd);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  int fd() const { return fd_; }
  bool is_unix() const { return is_unix_; }
  uint16_t port() const { return port_; }  // 0 for a Unix socket

 private:
  Listener(int fd, bool is_unix) : fd_(fd), is_unix_(is_unix) {}

  int fd_ = -1;
  bool is_unix_ = false;
  uint16_t port_ = 0;
  std::string path_;
};

// What a server shows under TLS 1.2 or newer. PEM text.
struct ServerTls {
  std::string certificate_pem;  // with the chain behind it
  std::string key_pem;
};

struct ServerOptions {
  size_t threads = 4;
  size_t max_waiting = 128;            // connections without a thread yet; more are closed at once
  size_t max_body = size_t{1} << 20U;  // a longer request is answered with 413
  std::chrono::milliseconds request_timeout{5'000};  // from its first byte to its last
  std::chrono::milliseconds write_timeout{10'000};   // a client that takes nothing for so long is dropped
  std::chrono::milliseconds keep_alive{1'000};       // a silent connection keeps its thread for so long
  std::optional<ServerTls> tls{};                    // empty: in the clear
};

class Server {
 public:
  // Starts to answer. Errors: http.listen (blocked), http.tls_settings (refused). `clock` must outlive the
  // server.
  static base::Result<std::unique_ptr<Server>> start(base::Clock& clock, Listener listener, Handler handler,
                                                     const ServerOptions& options = {});

  // Accepts nothing more, wakes every connection, waits for the handlers. Idempotent.
  virtual void stop() = 0;
  virtual uint16_t port() const = 0;
  // Calls stop().
  virtual ~Server() = default;
};

}  // namespace gridseal::http
