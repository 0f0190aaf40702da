#include "http/tls_server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "http/tls_parts.hpp"
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

namespace gridseal::http {
struct TlsServer::Parts {
  Parts() {
    mbedtls_ssl_config_init(&config);
    mbedtls_x509_crt_init(&certificate);
    mbedtls_pk_init(&key);
  }
  ~Parts() {
    mbedtls_ssl_config_free(&config);
    mbedtls_x509_crt_free(&certificate);
    mbedtls_pk_free(&key);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  base::Result<void> load(const ServerTls& settings);

  mbedtls_ssl_config config;
  mbedtls_x509_crt certificate;
  mbedtls_pk_context key;
};

base::Result<void> TlsServer::Parts::load(const ServerTls& settings) {
  const auto bad = [](const char* what, int code) {
    return base::Error::refused("http.tls_settings", std::string(what) + ": " + mbedtls_text(code));
  };
#if MBEDTLS_VERSION_MAJOR >= 3
  if (psa_crypto_init() != PSA_SUCCESS)
    return base::Error::blocked("http.tls", "the cryptography library does not start");
#endif
  int rc = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                       MBEDTLS_SSL_PRESET_DEFAULT);
  if (rc != 0) return bad("TLS cannot be set up", rc);
  set_common(config);
  rc = parse_certificates(certificate, settings.certificate_pem);
  if (rc != 0)
    return base::Error::refused("http.tls_settings", "the server's certificate cannot be read as PEM");
  if (auto loaded = load_key(key, certificate, settings.key_pem, "the server"); !loaded) return loaded;
  rc = mbedtls_ssl_conf_own_cert(&config, &certificate, &key);
  if (rc != 0) return bad("the server's certificate cannot be used", rc);
  return {};
}

TlsServer::TlsServer() : parts_(std::make_unique<Parts>()) {}
TlsServer::~TlsServer() = default;

base::Result<std::shared_ptr<TlsServer>> TlsServer::make(const ServerTls& settings) {
  std::shared_ptr<TlsServer> server(new TlsServer());
  if (auto loaded = server->parts_->load(settings); !loaded) return std::move(loaded).error();
  return server;
}

class TlsServerConnection final : public Connection {
 public:
  TlsServerConnection(std::shared_ptr<TlsServer> server, int fd) : server_(std::move(server)), fd_(fd) {
    mbedtls_ssl_init(&ssl_);
  }
  ~TlsServerConnection() override { mbedtls_ssl_free(&ssl_); }
  TlsServerConnection(const TlsServerConnection&) = delete;
  TlsServerConnection& operator=(const TlsServerConnection&) = delete;

  base::Result<void> handshake(const Waiter& waiter) {
    if (const int rc = mbedtls_ssl_setup(&ssl_, &server_->parts_->config); rc != 0) return fail(rc, waiter);
    mbedtls_ssl_set_bio(&ssl_, this, &send_bytes, &receive_bytes, nullptr);
    for (;;) {
      if (auto good = waiter.check(); !good) return good;
      const int rc = mbedtls_ssl_handshake(&ssl_);
      if (rc == 0) return {};
      if (!is_wait(rc)) return fail(rc, waiter);
      if (auto ready = wait(rc, waiter); !ready) return ready;
    }
  }

  base::Result<size_t> read(char* buffer, size_t size, const Waiter& waiter) override {
    for (;;) {
      if (auto good = waiter.check(); !good) return std::move(good).error();
      const int rc = mbedtls_ssl_read(&ssl_, reinterpret_cast<unsigned char*>(buffer), size);
      if (rc > 0) return static_cast<size_t>(rc);
      if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        closed_ = true;
        return size_t{0};
      }
      if (rc == 0 && !eof_) continue;  // an empty record
      if (!is_wait(rc)) return fail(rc, waiter);
      if (auto ready = wait(rc, waiter); !ready) return std::move(ready).error();
    }
  }

  base::Result<void> write(std::string_view bytes, const Waiter& waiter) override {
    while (!bytes.empty()) {
      if (auto good = waiter.check(); !good) return good;
      const int rc =
          mbedtls_ssl_write(&ssl_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      if (rc > 0) {
        bytes.remove_prefix(static_cast<size_t>(rc));
      } else if (is_wait(rc)) {
        if (auto ready = wait(rc, waiter); !ready) return ready;
      } else {
        return fail(rc, waiter);
      }
    }
    return {};
  }

  bool stale() override {
    pollfd entry{fd_, POLLIN, 0};
    return closed_ || mbedtls_ssl_get_bytes_avail(&ssl_) > 0 || ::poll(&entry, 1, 0) != 0;
  }

  void goodbye() override {
    if (!closed_) (void)mbedtls_ssl_close_notify(&ssl_);
    closed_ = true;
  }

 private:
  static int send_bytes(void* self, const unsigned char* bytes, size_t size) {
    const ssize_t sent =
        ::send(static_cast<TlsServerConnection*>(self)->fd_, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<int>(sent);
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : kSendFailed;
  }
  static int receive_bytes(void* self, unsigned char* bytes, size_t size) {
    auto& connection = *static_cast<TlsServerConnection*>(self);
    const ssize_t got = ::recv(connection.fd_, bytes, size, MSG_DONTWAIT);
    if (got == 0) connection.eof_ = true;
    if (got >= 0) return static_cast<int>(got);
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : kReceiveFailed;
  }
  base::Result<void> wait(int rc, const Waiter& waiter) const {
    return waiter.wait(fd_, rc == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT);
  }
  base::Error fail(int rc, const Waiter& waiter) {
    closed_ = true;  // a goodbye would claim an orderly end
    return base::Error::blocked("http.tls", "TLS with " + waiter.peer() + ": " + mbedtls_text(rc));
  }

  std::shared_ptr<TlsServer> server_;
  int fd_;
  mbedtls_ssl_context ssl_;
  bool eof_ = false;
  bool closed_ = false;
};

base::Result<std::unique_ptr<Connection>> tls_accept(std::shared_ptr<TlsServer> server, int fd,
                                                     const Waiter& waiter) {
  auto connection = std::make_unique<TlsServerConnection>(std::move(server), fd);
  if (auto done = connection->handshake(waiter); !done) return std::move(done).error();
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace gridseal::http
