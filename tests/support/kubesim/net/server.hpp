// An HTTPS server with one thread for each connection: watches may block, connections may be cut.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "kubesim/net/certificates.hpp"
#include "kubesim/net/http.hpp"

struct ssl_ctx_st;

namespace gridseal::kubesim {

class Server {
 public:
  // Client certificates are asked for and checked, but a bad one does not end the handshake: the answer is a
  // 401 (050).
  Server(const KeyPair& certificate, const std::string& authority_pem, HttpHandler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens on host:port (port 0: any). Returns the port; throws std::runtime_error if that fails.
  std::uint16_t listen(const std::string& host, std::uint16_t port);
  // Accepts connections until the process ends.
  [[noreturn]] void run();

 private:
  void serve(int socket) const;

  ssl_ctx_st* context_;
  HttpHandler handler_;
  int listener_ = -1;
};

}  // namespace gridseal::kubesim
