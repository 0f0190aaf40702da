#include "support/https_server/test_pki.hpp"

#include <arpa/inet.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "support/https_server/tls_server_session.hpp"

namespace gridseal::https_server {
namespace {

void must_make(int rc, const char* what) {
  if (rc >= 0) return;
  std::fprintf(stderr, "test certificates: %s failed: -0x%04x\n", what, static_cast<unsigned>(-rc));
  std::abort();
}

// One DER element with a definite length below 64 KiB (X.690 section 8.1.3).
std::string der(unsigned char tag, const std::string& content) {
  std::string text(1, static_cast<char>(tag));
  const size_t n = content.size();
  if (n >= 256) {
    text += {static_cast<char>(0x82), static_cast<char>(n >> 8U)};
  } else if (n >= 128) {
    text += static_cast<char>(0x81);
  }
  text += static_cast<char>(n & 0xFFU);
  return text + content;
}

std::string address_bytes(const std::string& text) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  must_make(inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1 ? 0 : -1, "reading an address");
  return {bytes.data(), 16};
}

// RFC 5280 section 4.2.1.6: dNSName is [2], iPAddress is [7].
std::string subject_alternative_names(const LeafOptions& options) {
  std::string names;
  for (const auto& name : options.dns_names) names += der(0x82, name);
  for (const auto& address : options.addresses) names += der(0x87, address_bytes(address));
  return der(0x30, names);
}

class Key {
 public:
  Key() {
    mbedtls_pk_init(&pk);
    must_make(mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), "key setup");
    must_make(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(pk), random_bytes, nullptr), "key");
  }
  ~Key() { mbedtls_pk_free(&pk); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  std::string pem() {
    std::array<unsigned char, 2048> buffer{};
    must_make(mbedtls_pk_write_key_pem(&pk, buffer.data(), buffer.size()), "key PEM");
    return reinterpret_cast<const char*>(buffer.data());
  }

  mbedtls_pk_context pk;
};

class Writer {
 public:
  Writer() {
    mbedtls_x509write_crt_init(&crt);
    mbedtls_x509write_crt_set_version(&crt, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
    static std::atomic<unsigned> next{1};
    const unsigned number = next++;
    std::array<unsigned char, 4> serial{0x10, static_cast<unsigned char>(number >> 16U),
                                        static_cast<unsigned char>(number >> 8U),
                                        static_cast<unsigned char>(number)};
#if MBEDTLS_VERSION_MAJOR >= 3
    must_make(mbedtls_x509write_crt_set_serial_raw(&crt, serial.data(), serial.size()), "serial");
#else
    mbedtls_mpi value;
    mbedtls_mpi_init(&value);
    must_make(mbedtls_mpi_read_binary(&value, serial.data(), serial.size()), "serial");
    must_make(mbedtls_x509write_crt_set_serial(&crt, &value), "serial");
    mbedtls_mpi_free(&value);
#endif
  }
  ~Writer() {
    mbedtls_x509write_crt_free(&crt);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void names(const std::string& subject, const std::string& issuer) {
    must_make(mbedtls_x509write_crt_set_subject_name(&crt, ("CN=" + subject).c_str()), "subject");
    must_make(mbedtls_x509write_crt_set_issuer_name(&crt, ("CN=" + issuer).c_str()), "issuer");
  }
  void keys(Key& subject, Key& issuer) {
    mbedtls_x509write_crt_set_subject_key(&crt, &subject.pk);
    mbedtls_x509write_crt_set_issuer_key(&crt, &issuer.pk);
  }
  void extension(const char* oid, size_t oid_size, const std::string& value) {
    must_make(mbedtls_x509write_crt_set_extension(
                  &crt, oid, oid_size, 0, reinterpret_cast<const unsigned char*>(value.data()), value.size()),
              "extension");
  }
  std::string pem() {
    std::array<unsigned char, 4096> buffer{};
    must_make(mbedtls_x509write_crt_pem(&crt, buffer.data(), buffer.size(), random_bytes, nullptr),
              "certificate PEM");
    return reinterpret_cast<const char*>(buffer.data());
  }

  mbedtls_x509write_cert crt;
};

}  // namespace

struct TestPki::Authority {
  std::string name;
  mutable Key key;
};

TestPki::TestPki(const std::string& name) : authority_(std::make_unique<Authority>()) {
  authority_->name = name;
  Writer writer;
  writer.names(name, name);
  writer.keys(authority_->key, authority_->key);
  must_make(mbedtls_x509write_crt_set_validity(&writer.crt, "20000101000000", "20991231235959"), "validity");
  must_make(mbedtls_x509write_crt_set_basic_constraints(&writer.crt, 1, -1), "basic constraints");
  must_make(mbedtls_x509write_crt_set_subject_key_identifier(&writer.crt), "subject key identifier");
  ca_pem_ = writer.pem();
}

TestPki::~TestPki() = default;

KeyPair TestPki::issue(const LeafOptions& options) const {
  Key key;
  Writer writer;
  writer.names(options.common_name, authority_->name);
  writer.keys(key, authority_->key);
  must_make(
      mbedtls_x509write_crt_set_validity(&writer.crt, options.not_before.c_str(), options.not_after.c_str()),
      "validity");
  must_make(mbedtls_x509write_crt_set_basic_constraints(&writer.crt, 0, -1), "basic constraints");
  if (!options.dns_names.empty() || !options.addresses.empty()) {
    writer.extension(MBEDTLS_OID_SUBJECT_ALT_NAME, MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME),
                     subject_alternative_names(options));
  }
  const std::string usage =
      options.for_client ? std::string(MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH))
                         : std::string(MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
  writer.extension(MBEDTLS_OID_EXTENDED_KEY_USAGE, MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE),
                   der(0x30, der(0x06, usage)));
  return {writer.pem(), key.pem()};
}

KeyPair TestPki::server() const {
  LeafOptions options;
  options.common_name = "localhost";
  options.dns_names = {"localhost"};
  options.addresses = {"127.0.0.1", "::1"};
  return issue(options);
}

KeyPair TestPki::client(const std::string& common_name) const {
  LeafOptions options;
  options.common_name = common_name;
  options.for_client = true;
  return issue(options);
}

}  // namespace gridseal::https_server
