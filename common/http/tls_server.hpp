// The server's end of TLS over mbedTLS 2.28 or 3.6.
#pragma once

#include <memory>

#include "http/connection.hpp"
#include "http/server.hpp"

namespace gridseal::http {

// Certificate and key, shared by the connections. Immutable; thread safe.
class TlsServer {
 public:
  // Errors: http.tls_settings (refused).
  static base::Result<std::shared_ptr<TlsServer>> make(const ServerTls& settings);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

 private:
  friend class TlsServerConnection;
  struct Parts;
  TlsServer();

  std::unique_ptr<Parts> parts_;
};

// Shakes hands over an accepted socket. Errors: http.tls, Waiter's.
base::Result<std::unique_ptr<Connection>> tls_accept(std::shared_ptr<TlsServer> server, int fd,
                                                     const Waiter& waiter);

}  // namespace gridseal::http
