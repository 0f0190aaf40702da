// The server's side of one TLS connection over a blocking socket, for tests.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>

namespace gridseal::https_server {

// getrandom(2) in the shape mbedTLS asks for.
int random_bytes(void* unused, unsigned char* output, size_t size);

struct TlsServerSettings {
  std::string cert_pem;
  std::string key_pem;
  std::string client_ca_pem;  // not empty: a client certificate from it is demanded
  bool tls12_only = false;    // with mbedTLS 3; version 2.28 has nothing newer
};

// Certificates, keys and the session cache, shared by the connections.
class TlsServerContext {
 public:
  explicit TlsServerContext(const TlsServerSettings& settings);
  ~TlsServerContext();
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;

  int handshakes() const { return handshakes_; }  // full and resumed
  int resumed() const { return resumed_; }

 private:
  friend class TlsServerSession;
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::atomic<int> handshakes_{0};
  std::atomic<int> resumed_{0};
};

class TlsServerSession {
 public:
  TlsServerSession(TlsServerContext& context, int fd);
  ~TlsServerSession();
  TlsServerSession(const TlsServerSession&) = delete;
  TlsServerSession& operator=(const TlsServerSession&) = delete;

  bool handshake();
  ssize_t read(char* buffer, size_t size);  // 0 or less: the connection is over
  bool write(const char* bytes, size_t size);
  void close_notify();
  std::string client_name() const;  // the client certificate's subject; empty without one

 private:
  struct Parts;
  TlsServerContext& context_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gridseal::https_server
