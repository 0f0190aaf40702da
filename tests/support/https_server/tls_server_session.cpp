#include "support/https_server/tls_server_session.hpp"

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif
#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace gridseal::https_server {
namespace {

void must_serve(int rc, const char* what) {
  if (rc == 0) return;
  std::fprintf(stderr, "test server: %s failed: -0x%04x\n", what, static_cast<unsigned>(-rc));
  std::abort();
}

void parse_certificate(mbedtls_x509_crt& crt, const std::string& pem) {
  must_serve(
      mbedtls_x509_crt_parse(&crt, reinterpret_cast<const unsigned char*>(pem.c_str()), pem.size() + 1),
      "reading a certificate");
}

int send_bytes(void* fd, const unsigned char* bytes, size_t size) {
  const ssize_t sent = ::send(*static_cast<int*>(fd), bytes, size, MSG_NOSIGNAL);
  return sent >= 0 ? static_cast<int>(sent) : -0x004E;
}

int receive_bytes(void* fd, unsigned char* bytes, size_t size) {
  const ssize_t got = ::recv(*static_cast<int*>(fd), bytes, size, 0);
  return got >= 0 ? static_cast<int>(got) : -0x004C;
}

}  // namespace

int random_bytes(void* /*unused*/, unsigned char* output, size_t size) {
  while (size > 0) {
    const ssize_t got = getrandom(output, size, 0);
    if (got < 0 && errno != EINTR) return -1;
    if (got > 0) {
      output += got;
      size -= static_cast<size_t>(got);
    }
  }
  return 0;
}

struct TlsServerContext::Parts {
  Parts() {
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_cache_init(&cache);
    mbedtls_x509_crt_init(&cert);
    mbedtls_x509_crt_init(&client_ca);
    mbedtls_pk_init(&key);
  }
  ~Parts() {
    mbedtls_ssl_config_free(&config);
    mbedtls_ssl_cache_free(&cache);
    mbedtls_x509_crt_free(&cert);
    mbedtls_x509_crt_free(&client_ca);
    mbedtls_pk_free(&key);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  mbedtls_ssl_config config;
  mbedtls_ssl_cache_context cache;
  mbedtls_x509_crt cert;
  mbedtls_x509_crt client_ca;
  mbedtls_pk_context key;
  std::atomic<int>* resumed = nullptr;

#if MBEDTLS_VERSION_MAJOR >= 3
  static int get(void* self, const unsigned char* id, size_t id_size, mbedtls_ssl_session* session) {
    auto* parts = static_cast<Parts*>(self);
    const int rc = mbedtls_ssl_cache_get(&parts->cache, id, id_size, session);
    if (rc == 0) ++*parts->resumed;
    return rc;
  }
  static int set(void* self, const unsigned char* id, size_t id_size, const mbedtls_ssl_session* session) {
    return mbedtls_ssl_cache_set(&static_cast<Parts*>(self)->cache, id, id_size, session);
  }
#else
  static int get(void* self, mbedtls_ssl_session* session) {
    auto* parts = static_cast<Parts*>(self);
    const int rc = mbedtls_ssl_cache_get(&parts->cache, session);
    if (rc == 0) ++*parts->resumed;
    return rc;
  }
  static int set(void* self, const mbedtls_ssl_session* session) {
    return mbedtls_ssl_cache_set(&static_cast<Parts*>(self)->cache, session);
  }
#endif
};

TlsServerContext::TlsServerContext(const TlsServerSettings& settings) : parts_(std::make_unique<Parts>()) {
#if MBEDTLS_VERSION_MAJOR >= 3
  must_serve(static_cast<int>(psa_crypto_init()), "psa_crypto_init");
#endif
  auto& config = parts_->config;
  must_serve(mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                         MBEDTLS_SSL_PRESET_DEFAULT),
             "defaults");
  mbedtls_ssl_conf_rng(&config, random_bytes, nullptr);
  parse_certificate(parts_->cert, settings.cert_pem);
  const auto* key = reinterpret_cast<const unsigned char*>(settings.key_pem.c_str());
#if MBEDTLS_VERSION_MAJOR >= 3
  must_serve(
      mbedtls_pk_parse_key(&parts_->key, key, settings.key_pem.size() + 1, nullptr, 0, random_bytes, nullptr),
      "reading a key");
  if (settings.tls12_only) mbedtls_ssl_conf_max_tls_version(&config, MBEDTLS_SSL_VERSION_TLS1_2);
#else
  must_serve(mbedtls_pk_parse_key(&parts_->key, key, settings.key_pem.size() + 1, nullptr, 0),
             "reading a key");
#endif
  must_serve(mbedtls_ssl_conf_own_cert(&config, &parts_->cert, &parts_->key), "own certificate");
  if (!settings.client_ca_pem.empty()) {
    parse_certificate(parts_->client_ca, settings.client_ca_pem);
    mbedtls_ssl_conf_ca_chain(&config, &parts_->client_ca, nullptr);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
  }
  parts_->resumed = &resumed_;
  mbedtls_ssl_conf_session_cache(&config, parts_.get(), &Parts::get, &Parts::set);
}

TlsServerContext::~TlsServerContext() = default;

struct TlsServerSession::Parts {
  explicit Parts(int socket) : fd(socket) { mbedtls_ssl_init(&ssl); }
  ~Parts() { mbedtls_ssl_free(&ssl); }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  int fd;
  mbedtls_ssl_context ssl;
};

TlsServerSession::TlsServerSession(TlsServerContext& context, int fd)
    : context_(context), parts_(std::make_unique<Parts>(fd)) {
  must_serve(mbedtls_ssl_setup(&parts_->ssl, &context.parts_->config), "setup");
  mbedtls_ssl_set_bio(&parts_->ssl, &parts_->fd, send_bytes, receive_bytes, nullptr);
}

TlsServerSession::~TlsServerSession() = default;

bool TlsServerSession::handshake() {
  if (mbedtls_ssl_handshake(&parts_->ssl) != 0) return false;
  ++context_.handshakes_;
  return true;
}

ssize_t TlsServerSession::read(char* buffer, size_t size) {
  return mbedtls_ssl_read(&parts_->ssl, reinterpret_cast<unsigned char*>(buffer), size);
}

bool TlsServerSession::write(const char* bytes, size_t size) {
  while (size > 0) {
    const int sent = mbedtls_ssl_write(&parts_->ssl, reinterpret_cast<const unsigned char*>(bytes), size);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

void TlsServerSession::close_notify() {
  (void)mbedtls_ssl_close_notify(&parts_->ssl);
}

std::string TlsServerSession::client_name() const {
  const mbedtls_x509_crt* crt = mbedtls_ssl_get_peer_cert(&parts_->ssl);
  std::array<char, 256> name{};
  if (crt == nullptr || mbedtls_x509_dn_gets(name.data(), name.size(), &crt->subject) < 0) return {};
  return name.data();
}

}  // namespace gridseal::https_server
