#include "http/certificate_check.hpp"

#include <arpa/inet.h>
#include <mbedtls/asn1.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/encoding.hpp"

namespace gridseal::http {
namespace {

constexpr int kDnsName = 2;  // RFC 5280 section 4.2.1.6, GeneralName
constexpr int kIpAddress = 7;
constexpr std::string_view kSubjectAltName{"\x55\x1d\x11", 3};  // 2.5.29.17
constexpr size_t kMaxShownNames = 8;

// A reader over DER that only moves forward.
struct Der {
  unsigned char* at;
  const unsigned char* end;

  bool enter(int tag, size_t& size) { return mbedtls_asn1_get_tag(&at, end, &size, tag) == 0; }
};

constexpr int kSequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;

void read_names(Der value, SubjectNames& names) {
  size_t size = 0;
  if (!value.enter(kSequence, size)) return;
  while (value.end - value.at >= 2) {
    const int tag = *value.at++;
    if (mbedtls_asn1_get_len(&value.at, value.end, &size) != 0) return;
    std::string text(reinterpret_cast<const char*>(value.at), size);
    value.at += size;
    if (tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | kDnsName)) names.dns.push_back(std::move(text));
    if (tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | kIpAddress)) names.addresses.push_back(std::move(text));
  }
}

// RFC 9525 section 6.3: "*." stands for exactly one whole left-most label.
bool match_dns(const std::string& pattern, const std::string& host) {
  if (pattern.find('\0') != std::string::npos) return false;
  if (pattern == host) return true;
  if (!pattern.starts_with("*.") || pattern.find('.', 2) == std::string::npos) return false;
  const size_t dot = host.find('.');
  return dot != std::string::npos && dot > 0 && host.substr(dot) == pattern.substr(1);
}

base::Time to_time(const mbedtls_x509_time& time) {
  const std::chrono::year_month_day day(std::chrono::year(time.year),
                                        std::chrono::month(static_cast<unsigned>(time.mon)),
                                        std::chrono::day(static_cast<unsigned>(time.day)));
  return std::chrono::sys_days(day) + std::chrono::hours(time.hour) + std::chrono::minutes(time.min) +
         std::chrono::seconds(time.sec);
}

std::string name_of(const mbedtls_x509_name& name) {
  std::array<char, 256> text{};
  if (mbedtls_x509_dn_gets(text.data(), text.size(), &name) < 0) return "?";
  return base::printable(text.data(), 120);
}

}  // namespace

std::string address_bytes(const std::string& host) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

// RFC 5280 section 4.1: Extensions, each with an OID, an optional critical flag and an octet string.
SubjectNames subject_names(const mbedtls_x509_crt& certificate) {
  SubjectNames names;
  if (certificate.v3_ext.p == nullptr) return names;
  Der all{certificate.v3_ext.p, certificate.v3_ext.p + certificate.v3_ext.len};
  size_t size = 0;
  if (!all.enter(kSequence, size)) return names;
  while (all.at < all.end) {
    if (!all.enter(kSequence, size)) return names;
    Der one{all.at, all.at + size};
    all.at += size;
    if (!one.enter(MBEDTLS_ASN1_OID, size)) return names;
    const std::string_view oid(reinterpret_cast<const char*>(one.at), size);
    one.at += size;
    int critical = 0;
    (void)mbedtls_asn1_get_bool(&one.at, one.end, &critical);
    if (!one.enter(MBEDTLS_ASN1_OCTET_STRING, size)) return names;
    if (oid == kSubjectAltName) read_names({one.at, one.at + size}, names);
  }
  return names;
}

std::string SubjectNames::to_string() const {
  std::vector<std::string> shown;
  for (const auto& name : dns) shown.push_back(base::printable(name, 80));
  for (const auto& bytes : addresses) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool known = bytes.size() == 4 || bytes.size() == 16;
    if (known && inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size()) !=
                     nullptr) {
      shown.emplace_back(text.data());
    }
  }
  if (shown.empty()) return "no host at all (it has no subject alternative name)";
  std::string text;
  for (size_t i = 0; i < std::min(shown.size(), kMaxShownNames); ++i) text += (i == 0 ? "" : ", ") + shown[i];
  return shown.size() > kMaxShownNames ? text + ", ..." : text;
}

bool SubjectNames::match(const std::string& host) const {
  const std::string bytes = address_bytes(host);
  if (!bytes.empty()) return std::find(addresses.begin(), addresses.end(), bytes) != addresses.end();
  std::string name = base::ascii_lower(host);
  if (name.ends_with('.')) name.pop_back();
  return std::any_of(dns.begin(), dns.end(),
                     [&](const std::string& entry) { return match_dns(base::ascii_lower(entry), name); });
}

int CertificateCheck::callback(void* self, mbedtls_x509_crt* certificate, int depth, uint32_t* flags) {
  static_cast<CertificateCheck*>(self)->judge(*certificate, depth, *flags);
  return 0;
}

void CertificateCheck::judge(const mbedtls_x509_crt& certificate, int depth, uint32_t& flags) {
  judge_time(certificate, depth, flags);
  if (depth == 0) {
    seen_ = true;
    subject_ = name_of(certificate.subject);
    issuer_ = name_of(certificate.issuer);
    const SubjectNames names = subject_names(certificate);
    names_ = names.to_string();
    flags &= ~static_cast<uint32_t>(MBEDTLS_X509_BADCERT_CN_MISMATCH);
    if (!names.match(host_)) flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
  }
  flags_ |= flags;
}

void CertificateCheck::judge_time(const mbedtls_x509_crt& certificate, int depth, uint32_t& flags) {
  flags &= ~static_cast<uint32_t>(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
  const base::Time from = to_time(certificate.valid_from);
  const base::Time until = to_time(certificate.valid_to);
  valid_from_ = std::max(valid_from_, from);
  valid_until_ = std::min(valid_until_, until);
  const std::string which = depth == 0 ? "it" : "its issuer " + name_of(certificate.subject);
  const std::string now = ", and this host takes the time to be " + base::format_rfc3339(now_);
  if (now_ > until) {
    flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    time_problem_ =
        which + " expired at " + base::format_rfc3339(until) + now + "; renew it, or set the clock right";
  } else if (now_ < from) {
    flags |= MBEDTLS_X509_BADCERT_FUTURE;
    time_problem_ =
        which + " is valid only from " + base::format_rfc3339(from) + now + ": the clock may be wrong";
  }
}

std::string CertificateCheck::explain(uint32_t flags) const {
  uint32_t left = flags_;
  if (flags != UINT32_MAX) left |= flags;  // UINT32_MAX: nothing was verified
  std::string text;
  const auto add = [&](uint32_t bits, const std::string& words) {
    if ((left & bits) != 0) text += (text.empty() ? "" : "; ") + words;
    left &= ~bits;
  };
  add(MBEDTLS_X509_BADCERT_NOT_TRUSTED,
      "it is not signed by a configured CA (its issuer is " + issuer_ + "): is this the right CA file?");
  add(MBEDTLS_X509_BADCERT_CN_MISMATCH, "it is for " + names_ + ", not for " + base::printable(host_, 120));
  add(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE, time_problem_);
  add(MBEDTLS_X509_BADCERT_EXT_KEY_USAGE | MBEDTLS_X509_BADCERT_KEY_USAGE, "it was not issued for servers");
  add(MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK,
      "it uses a key or a hash that is too weak");
  std::array<char, 512> rest{};
  if (left != 0 && mbedtls_x509_crt_verify_info(rest.data(), rest.size(), "", left) > 0) {
    add(left, base::printable(rest.data(), 200));
  }
  return "the certificate (" + subject_ + ") is refused: " + text;
}

}  // namespace gridseal::http
