#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "http/tls_parts.hpp"

namespace gridseal::http {
namespace {

// Of mbedtls/net_sockets.h, which need not be installed.
constexpr int kReset = -0x0050;

// RFC 8446 section 6.2, those that an operator can act on.
std::string alert_name(int alert) {
  switch (alert) {
    case 40:
      return "handshake failure";
    case 42:
      return "bad certificate";
    case 43:
      return "unsupported certificate";
    case 44:
      return "certificate revoked";
    case 45:
      return "certificate expired";
    case 46:
      return "certificate unknown";
    case 48:
      return "unknown CA";
    case 49:
      return "access denied";
    case 70:
      return "protocol version";
    case 71:
      return "insufficient security";
    case 80:
      return "internal error";
    case 112:
      return "unrecognized name";
    case 116:
      return "certificate required";
    default:
      return alert < 0 ? "unknown alert" : "alert " + std::to_string(alert);
  }
}

bool is_ticket(int rc) {
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
  return rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
#else
  (void)rc;  // only TLS 1.3 sends them so
  return false;
#endif
}

bool is_eof(int rc) {
  return rc == MBEDTLS_ERR_SSL_CONN_EOF || rc == kReset || rc == kSendFailed || rc == kReceiveFailed;
}

}  // namespace

class TlsConnection : public Connection {
 public:
  TlsConnection(std::shared_ptr<TlsContext> context, int fd)
      : context_(std::move(context)), parts_(*context_->parts_), fd_(fd), check_(parts_.name, parts_.now()) {
    mbedtls_ssl_init(&ssl_);
  }
  ~TlsConnection() override { mbedtls_ssl_free(&ssl_); }
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  base::Result<void> handshake(const Waiter& waiter);
  base::Result<size_t> read(char* buffer, size_t size, const Waiter& waiter) override;
  base::Result<void> write(std::string_view bytes, const Waiter& waiter) override;
  bool stale() override;
  void goodbye() override {
    if (!closed_) (void)mbedtls_ssl_close_notify(&ssl_);
    closed_ = true;
  }

 private:
  static int send_bytes(void* self, const unsigned char* bytes, size_t size);
  static int receive_bytes(void* self, unsigned char* bytes, size_t size);

  base::Result<void> prepare();
  base::Result<void> wait(int rc, const Waiter& waiter) const {
    return waiter.wait(fd_, rc == MBEDTLS_ERR_SSL_WANT_READ ? POLLIN : POLLOUT);
  }
  void note(const unsigned char* bytes, size_t size);
  void drain();
  int last_alert() const;
  base::Error explain(int rc, const std::string& peer) const;
  std::string explain_alert() const;
  base::Error fail(int rc, const Waiter& waiter);

  std::shared_ptr<TlsContext> context_;
  TlsContext::Parts& parts_;
  int fd_;
  CertificateCheck check_;
  mbedtls_ssl_context ssl_;
  bool eof_ = false;
  bool closed_ = false;
  std::array<unsigned char, 7> last_{};  // the newest bytes received: an alert in the clear is as long
};

int TlsConnection::send_bytes(void* self, const unsigned char* bytes, size_t size) {
  const ssize_t sent =
      ::send(static_cast<TlsConnection*>(self)->fd_, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<int>(sent);
  return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : kSendFailed;
}

int TlsConnection::receive_bytes(void* self, unsigned char* bytes, size_t size) {
  auto& connection = *static_cast<TlsConnection*>(self);
  const ssize_t got = ::recv(connection.fd_, bytes, size, MSG_DONTWAIT);
  if (got == 0) connection.eof_ = true;
  if (got > 0) connection.note(bytes, static_cast<size_t>(got));
  if (got >= 0) return static_cast<int>(got);
  if (errno == EAGAIN || errno == EINTR) return MBEDTLS_ERR_SSL_WANT_READ;
  return errno == ECONNRESET ? kReset : kReceiveFailed;
}

void TlsConnection::note(const unsigned char* bytes, size_t size) {
  const size_t n = std::min(size, last_.size());
  std::rotate(last_.begin(), last_.begin() + static_cast<std::ptrdiff_t>(n), last_.end());
  std::copy_n(bytes + size - n, n, last_.end() - static_cast<std::ptrdiff_t>(n));
}

// A peer that refuses our certificate says why and closes, often before it has read all that we send: then
// sending fails first, while its alert waits to be received.
void TlsConnection::drain() {
  std::array<unsigned char, 512> rest{};
  for (int i = 0; i < 64 && receive_bytes(this, rest.data(), rest.size()) > 0; ++i) {
  }
}

// RFC 5246 section 6.2.1: type 21, version, length 2, level, description. -1: no alert in the clear.
int TlsConnection::last_alert() const {
  return last_[0] == 21 && last_[1] == 3 && last_[3] == 0 && last_[4] == 2 ? last_[6] : -1;
}

base::Result<void> TlsConnection::prepare() {
  int rc = mbedtls_ssl_setup(&ssl_, &parts_.config);
  // No SNI for an address (RFC 6066 section 3); the name itself is checked by CertificateCheck.
  if (rc == 0)
    rc = mbedtls_ssl_set_hostname(&ssl_, address_bytes(parts_.name).empty() ? parts_.name.c_str() : nullptr);
  if (rc != 0) return base::Error::blocked("http.tls", "TLS cannot be set up: " + mbedtls_text(rc));
  mbedtls_ssl_set_verify(&ssl_, &CertificateCheck::callback, &check_);
  mbedtls_ssl_set_bio(&ssl_, this, &send_bytes, &receive_bytes, nullptr);
  (void)parts_.sessions.offer(ssl_, parts_.now());
  return {};
}

base::Result<void> TlsConnection::handshake(const Waiter& waiter) {
  if (auto ready = prepare(); !ready) return ready;
  for (;;) {
    if (auto good = waiter.check(); !good) return good;
    const int rc = mbedtls_ssl_handshake(&ssl_);
    if (rc == 0) break;
    if (!is_wait(rc)) {
      parts_.sessions.drop();
      if (is_eof(rc)) drain();
      return explain(rc, waiter.peer());
    }
    if (auto ready = wait(rc, waiter); !ready) return ready;
  }
  parts_.sessions.keep(ssl_, check_);
  return {};
}

std::string TlsConnection::explain_alert() const {
  const int alert = last_alert();
  const std::string name = " (its alert: " + alert_name(alert) + ")";
  const bool about_client = check_.seen() || alert == 116;
  if (about_client && !parts_.has_client)
    return "it demands a client certificate, and none is configured" + name;
  if (about_client) return "it refuses the configured client certificate" + name;
  if (alert == 112) return "it does not know the name " + parts_.name + name;
  return "it refuses the handshake" + name + ": TLS 1.2 or newer with an ECDHE cipher is needed";
}

base::Error TlsConnection::explain(int rc, const std::string& peer) const {
  const auto error = [&](const std::string& why) {
    return base::Error::blocked("http.tls", "TLS with " + peer + ": " + why);
  };
  const uint32_t flags = mbedtls_ssl_get_verify_result(&ssl_);
  const bool judged = check_.seen() && flags != UINT32_MAX && flags != 0;
  if (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED || (judged && rc != MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)) {
    return error(check_.explain(flags));
  }
  if (rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) return error(explain_alert());
  if (is_eof(rc) && last_alert() >= 0) return error(explain_alert());
  if (is_eof(rc) && check_.seen()) {
    return error(parts_.has_client
                     ? "it closed the connection during the handshake; it may refuse the client certificate"
                     : "it closed the connection during the handshake; it may demand a client certificate, "
                       "and none is configured");
  }
  if (is_eof(rc)) return error("it closed the connection during the handshake; is this port for https?");
  if (rc == MBEDTLS_ERR_SSL_INVALID_RECORD || rc == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE) {
    return error("it does not speak TLS on this port");
  }
  return error(mbedtls_text(rc));
}

// After the handshake.
base::Error TlsConnection::fail(int rc, const Waiter& waiter) {
  closed_ = true;
  parts_.sessions.drop();
  if (rc == 0 || is_eof(rc)) {
    return base::Error::blocked("http.cut",
                                "the connection with " + waiter.peer() + " was cut (no close_notify)");
  }
  return explain(rc, waiter.peer());
}

base::Result<size_t> TlsConnection::read(char* buffer, size_t size, const Waiter& waiter) {
  for (;;) {
    if (auto good = waiter.check(); !good) return std::move(good).error();
    const int rc = mbedtls_ssl_read(&ssl_, reinterpret_cast<unsigned char*>(buffer), size);
    if (rc > 0) return static_cast<size_t>(rc);
    if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
      closed_ = true;
      return size_t{0};
    }
    // 0 is an empty record, unless the socket has ended: then the end was not announced.
    if ((rc == 0 && !eof_) || is_ticket(rc)) continue;
    if (!is_wait(rc)) return fail(rc, waiter);
    if (auto ready = wait(rc, waiter); !ready) return std::move(ready).error();
  }
}

base::Result<void> TlsConnection::write(std::string_view bytes, const Waiter& waiter) {
  while (!bytes.empty()) {
    if (auto good = waiter.check(); !good) return good;
    const int rc =
        mbedtls_ssl_write(&ssl_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    if (rc > 0) {
      bytes.remove_prefix(static_cast<size_t>(rc));
    } else if (is_wait(rc)) {
      if (auto ready = wait(rc, waiter); !ready) return ready;
    } else if (!is_ticket(rc)) {
      return fail(rc, waiter);
    }
  }
  return {};
}

bool TlsConnection::stale() {
  for (;;) {
    if (closed_ || mbedtls_ssl_get_bytes_avail(&ssl_) > 0) return true;
    pollfd entry{fd_, POLLIN, 0};
    if (::poll(&entry, 1, 0) == 0) return false;
    const int rc = mbedtls_ssl_read(&ssl_, nullptr, 0);
    if (rc == MBEDTLS_ERR_SSL_WANT_READ) return false;
    if (!is_ticket(rc)) return true;
  }
}

base::Result<std::unique_ptr<Connection>> tls_connection(std::shared_ptr<TlsContext> context, int fd,
                                                         const Waiter& waiter) {
  auto connection = std::make_unique<TlsConnection>(std::move(context), fd);
  if (auto done = connection->handshake(waiter); !done) return std::move(done).error();
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace gridseal::http
