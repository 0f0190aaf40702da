// TLS over mbedTLS 2.28 or 3.6: the settings of one origin, shared by its connections.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time.hpp"
#include "http/connection.hpp"

namespace gridseal::http {

// Immutable but for its session cache. Thread safe.
class TlsContext {
 public:
  // `name`: for SNI (RFC 6066) and the name check. Errors: http.tls_settings.
  static base::Result<std::shared_ptr<TlsContext>> make(const TlsSettings& settings, std::string name,
                                                        std::function<base::Time()> now);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsConnection;
  struct Parts;
  TlsContext();

  std::unique_ptr<Parts> parts_;
};

// Shakes hands over a connected socket. Errors: http.tls, http.cut, Waiter's.
base::Result<std::unique_ptr<Connection>> tls_connection(std::shared_ptr<TlsContext> context, int fd,
                                                         const Waiter& waiter);

}  // namespace gridseal::http
