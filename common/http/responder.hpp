// The messages of one server connection, by cpp-httplib, which this header does not show.
#pragma once

#include <memory>

#include "http/connection.hpp"
#include "http/server.hpp"
#include "http/tls_server.hpp"

namespace gridseal::http {

// Thread safe: each connection is served by one thread.
class Responder {
 public:
  // `tls`: null, in the clear.
  Responder(base::Clock& clock, Handler handler, const ServerOptions& options,
            std::shared_ptr<TlsServer> tls);
  ~Responder();
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  // Answers requests on `fd` until the client leaves, is silent for too long or a stop is requested.
  void serve(int fd, const std::optional<Peer>& peer, const std::stop_token& stop) const;

 private:
  class Library;
  std::unique_ptr<Library> library_;
  std::shared_ptr<TlsServer> tls_;
};

}  // namespace gridseal::http
