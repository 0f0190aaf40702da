// The HTTP/1.1 client: cpp-httplib for the exchange, mbedTLS underneath for https, plain sockets for http and
// Unix sockets. Standards: RFC 9110, RFC 9112; TLS 1.2 (RFC 5246) and, with mbedTLS 3, TLS 1.3 (RFC 8446);
// names of certificates by RFC 9525 (subject alternative names only, also iPAddress; no common name).
//
// What is promised beyond http::Transport:
// - Trust: only TlsSettings::ca_pem. Validity of certificates is judged by ClientOptions::now.
// - No proxy, no redirect, no cookie, no decompression: the bytes and the status are the server's.
// - An answer is whole by Content-Length or by the end of its chunks, or by an orderly end of a connection
//   whose answer has neither; everything else is http.cut. Heads are bounded (64 KiB, 100 fields) and strict.
// - Request::timeout bounds resolving, connecting, the handshake and the exchange; with a sink it ends with
// the
//   head of the answer, and the body is bounded by idle_timeout alone. 0 means no such bound.
// - A stop request ends every phase at once. Name resolution that hangs is left behind in its own thread.
// - A kept connection that the server closed is found before sending; a GET or HEAD that meets the end of a
//   kept connection before the first byte of the answer is sent once more over a new one.
//
// Codes (all blocked, unless said otherwise): http.connect (refused, unreachable, name unknown), http.tls,
// http.timeout, http.cut, http.too_large, http.protocol, http.cancelled; http.request (refused): the request
// itself cannot be sent (control characters, a target without "/"); http.tls_settings (refused): the PEM
// texts are not usable.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "http/transport.hpp"

namespace gridseal::http {

struct ClientOptions {
  std::string user_agent = "gridseal";  // product/version, RFC 9110 section 10.1.5
  size_t kept_connections = 4;          // idle ones for each transport; more may be open at one time
  std::chrono::milliseconds connect_timeout{10'000};  // resolve + connect + handshake
  // The time by which certificates are judged, from any thread; empty: the clock's.
  std::function<base::Time()> now;
};

// Thread safe. `clock` must outlive the connector and its transports.
class ClientConnector : public Connector {
 public:
  explicit ClientConnector(base::Clock& clock, ClientOptions options = {});

  // Reads the PEM texts; opens nothing. Errors: http.tls_settings.
  base::Result<std::shared_ptr<Transport>> connect(const Origin& origin, const TlsSettings& tls) override;

 private:
  base::Clock& clock_;
  ClientOptions options_;
};

// Plain HTTP over the Unix stream socket at `path`; opens nothing yet.
std::shared_ptr<Transport> unix_transport(base::Clock& clock, const std::string& path,
                                          const ClientOptions& options = {});

}  // namespace gridseal::http
