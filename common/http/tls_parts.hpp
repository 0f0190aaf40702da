// What a TlsContext holds; for the sources of TLS alone.
#pragma once

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include <mutex>

#include "http/certificate_check.hpp"
#include "http/tls.hpp"

namespace gridseal::http {

// Of mbedtls/net_sockets.h, which need not be installed.
inline constexpr int kReceiveFailed = -0x004C;
inline constexpr int kSendFailed = -0x004E;

inline bool is_wait(int rc) {
  return rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE;
}

// "SSL - The connection indicated an EOF (-0x7280)".
std::string mbedtls_text(int code);

// What client and server have in common: randomness, cipher suites, groups, TLS 1.2 at least.
void set_common(mbedtls_ssl_config& config);
// 0, or mbedTLS' code.
int parse_certificates(mbedtls_x509_crt& into, const std::string& pem);
// A private key, checked against the certificate. Error (refused): http.tls_settings, `whose` in front.
base::Result<void> load_key(mbedtls_pk_context& key, mbedtls_x509_crt& certificate, const std::string& pem,
                            const std::string& whose);

// The last session with the origin, so that a reconnect needs no full handshake (RFC 5246 section 7.3). It is
// offered only while the chain that was verified for it is still valid.
class SessionCache {
 public:
  SessionCache() { mbedtls_ssl_session_init(&session_); }
  ~SessionCache() { mbedtls_ssl_session_free(&session_); }
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;

  // Whether there was one to offer.
  bool offer(mbedtls_ssl_context& ssl, base::Time now);
  void keep(const mbedtls_ssl_context& ssl, const CertificateCheck& check);
  void drop();

 private:
  std::mutex mutex_;
  mbedtls_ssl_session session_;
  bool have_ = false;
  base::Time valid_from_;
  base::Time valid_until_;
};

struct TlsContext::Parts {
  Parts();
  ~Parts();
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  base::Result<void> load(const TlsSettings& settings);
  base::Result<void> load_client(const TlsSettings& settings);

  mbedtls_ssl_config config;
  mbedtls_x509_crt ca;
  mbedtls_x509_crt certificate;
  mbedtls_pk_context key;
  bool has_client = false;
  std::string name;
  std::function<base::Time()> now;
  SessionCache sessions;
};

}  // namespace gridseal::http
