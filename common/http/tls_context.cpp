#include <mbedtls/error.h>
#include <mbedtls/ssl_ciphersuites.h>

#include <array>
#include <cstdio>

#include "crypto/random.hpp"
#include "http/tls_parts.hpp"
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

namespace gridseal::http {
namespace {

base::Error settings_error(const std::string& what, int code) {
  return base::Error::refused(
      "http.tls_settings",
      what + ": " + (code > 0 ? std::to_string(code) + " entries cannot be read" : mbedtls_text(code)));
}

// Forward secrecy and AEAD only (RFC 9325 section 4.2); what is quick without AES instructions comes first.
constexpr std::array kSuites {
#if MBEDTLS_VERSION_MAJOR >= 3
  MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
      MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
#endif
      MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
      MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, 0,
};

// Version 2.28 offers P-521 first otherwise, three times the work of a handshake.
void set_groups(mbedtls_ssl_config& config) {
#if MBEDTLS_VERSION_MAJOR >= 3
  static constexpr std::array<uint16_t, 5> groups{
      MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
      MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
      MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
  mbedtls_ssl_conf_groups(&config, groups.data());
  mbedtls_ssl_conf_min_tls_version(&config, MBEDTLS_SSL_VERSION_TLS1_2);
#else
  static constexpr std::array<mbedtls_ecp_group_id, 5> curves{
      MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_SECP521R1,
      MBEDTLS_ECP_DP_NONE};
  mbedtls_ssl_conf_curves(&config, curves.data());
  mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

}  // namespace

int parse_certificates(mbedtls_x509_crt& into, const std::string& pem) {
  return mbedtls_x509_crt_parse(&into, reinterpret_cast<const unsigned char*>(pem.c_str()), pem.size() + 1);
}

void set_common(mbedtls_ssl_config& config) {
  mbedtls_ssl_conf_rng(&config, crypto::Random::fill, crypto::Random::context());
  mbedtls_ssl_conf_ciphersuites(&config, kSuites.data());
  set_groups(config);
}

base::Result<void> load_key(mbedtls_pk_context& key, mbedtls_x509_crt& certificate, const std::string& text,
                            const std::string& whose) {
  const auto* pem = reinterpret_cast<const unsigned char*>(text.c_str());
  const size_t size = text.size() + 1;
#if MBEDTLS_VERSION_MAJOR >= 3
  int rc = mbedtls_pk_parse_key(&key, pem, size, nullptr, 0, crypto::Random::fill, crypto::Random::context());
#else
  int rc = mbedtls_pk_parse_key(&key, pem, size, nullptr, 0);
#endif
  if (rc != 0) return settings_error("the key for " + whose + " is not usable", rc);
#if MBEDTLS_VERSION_MAJOR >= 3
  rc = mbedtls_pk_check_pair(&certificate.pk, &key, crypto::Random::fill, crypto::Random::context());
#else
  rc = mbedtls_pk_check_pair(&certificate.pk, &key);
#endif
  if (rc != 0) return settings_error("certificate and key for " + whose + " do not belong together", rc);
  return {};
}

std::string mbedtls_text(int code) {
  std::array<char, 160> text{};
  mbedtls_strerror(code, text.data(), text.size());
  std::array<char, 24> number{};
  (void)std::snprintf(number.data(), number.size(), " (-0x%04x)", static_cast<unsigned>(-code));
  return std::string(text.data()) + number.data();
}

bool SessionCache::offer(mbedtls_ssl_context& ssl, base::Time now) {
  const std::lock_guard lock(mutex_);
  return have_ && now >= valid_from_ && now <= valid_until_ && mbedtls_ssl_set_session(&ssl, &session_) == 0;
}

void SessionCache::keep(const mbedtls_ssl_context& ssl, const CertificateCheck& check) {
  const std::lock_guard lock(mutex_);
  mbedtls_ssl_session_free(&session_);
  mbedtls_ssl_session_init(&session_);
  have_ = mbedtls_ssl_get_session(&ssl, &session_) == 0;
  if (check.seen()) {  // a resumed session shows no certificate: what was known of it stays
    valid_from_ = check.valid_from();
    valid_until_ = check.valid_until();
  }
}

void SessionCache::drop() {
  const std::lock_guard lock(mutex_);
  have_ = false;
}

TlsContext::Parts::Parts() {
  mbedtls_ssl_config_init(&config);
  mbedtls_x509_crt_init(&ca);
  mbedtls_x509_crt_init(&certificate);
  mbedtls_pk_init(&key);
}

TlsContext::Parts::~Parts() {
  mbedtls_ssl_config_free(&config);
  mbedtls_x509_crt_free(&ca);
  mbedtls_x509_crt_free(&certificate);
  mbedtls_pk_free(&key);
}

base::Result<void> TlsContext::Parts::load(const TlsSettings& settings) {
#if MBEDTLS_VERSION_MAJOR >= 3
  if (psa_crypto_init() != PSA_SUCCESS)
    return base::Error::blocked("http.tls", "the cryptography library does not start");
#endif
  int rc = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                       MBEDTLS_SSL_PRESET_DEFAULT);
  if (rc != 0) return settings_error("TLS cannot be set up", rc);
  if (settings.ca_pem.empty()) {
    return base::Error::refused("http.tls_settings",
                                "no CA is configured for " + name + "; the system's pool is never used");
  }
  rc = parse_certificates(ca, settings.ca_pem);
  if (rc != 0) return settings_error("the CA certificates for " + name + " are not usable", rc);
  mbedtls_ssl_conf_ca_chain(&config, &ca, nullptr);
  mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
  set_common(config);
  return settings.client_cert_pem.empty() && settings.client_key_pem.empty() ? base::Result<void>()
                                                                             : load_client(settings);
}

base::Result<void> TlsContext::Parts::load_client(const TlsSettings& settings) {
  if (const int parsed = parse_certificates(certificate, settings.client_cert_pem); parsed != 0)
    return settings_error("the client certificate for " + name + " is not usable", parsed);
  if (auto loaded = load_key(key, certificate, settings.client_key_pem, "the client certificate of " + name);
      !loaded)
    return loaded;
  const int rc = mbedtls_ssl_conf_own_cert(&config, &certificate, &key);
  if (rc != 0) return settings_error("the client certificate for " + name + " cannot be used", rc);
  has_client = true;
  return {};
}

TlsContext::TlsContext() : parts_(std::make_unique<Parts>()) {}
TlsContext::~TlsContext() = default;

base::Result<std::shared_ptr<TlsContext>> TlsContext::make(const TlsSettings& settings, std::string name,
                                                           std::function<base::Time()> now) {
  std::shared_ptr<TlsContext> context(new TlsContext());
  context->parts_->name = std::move(name);
  context->parts_->now = std::move(now);
  if (auto loaded = context->parts_->load(settings); !loaded) return std::move(loaded).error();
  return context;
}

}  // namespace gridseal::http
