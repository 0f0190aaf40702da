// Judges the server's chain beyond its signatures: names by RFC 9525 (subject alternative names: dNSName with
// one leading wildcard label, iPAddress), validity by a clock that is handed in. One handshake's.
#pragma once

#include <mbedtls/x509_crt.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace gridseal::http {

// The subject alternative names that count; a malformed extension yields none of them.
struct SubjectNames {
  std::vector<std::string> dns;
  std::vector<std::string> addresses;  // 4 or 16 bytes

  // "localhost, 10.0.0.1", or "no host at all".
  std::string to_string() const;
  bool match(const std::string& host) const;
};

SubjectNames subject_names(const mbedtls_x509_crt& certificate);

// The bytes of an IPv4 or IPv6 address; empty for a name.
std::string address_bytes(const std::string& host);

class CertificateCheck {
 public:
  CertificateCheck(std::string host, base::Time now) : host_(std::move(host)), now_(now) {}

  // For mbedtls_ssl_set_verify, with the object as its context.
  static int callback(void* self, mbedtls_x509_crt* certificate, int depth, uint32_t* flags);

  // Whether the server has shown its certificate.
  bool seen() const { return seen_; }
  // In words what is wrong; `flags` of mbedtls_ssl_get_verify_result are added to what the callback saw.
  std::string explain(uint32_t flags) const;
  // When the whole chain is valid.
  base::Time valid_from() const { return valid_from_; }
  base::Time valid_until() const { return valid_until_; }

 private:
  void judge(const mbedtls_x509_crt& certificate, int depth, uint32_t& flags);
  void judge_time(const mbedtls_x509_crt& certificate, int depth, uint32_t& flags);

  std::string host_;
  base::Time now_;
  bool seen_ = false;
  uint32_t flags_ = 0;
  std::string subject_;
  std::string issuer_;
  std::string names_;
  std::string time_problem_;
  base::Time valid_from_ = base::Time::min();
  base::Time valid_until_ = base::Time::max();
};

}  // namespace gridseal::http
