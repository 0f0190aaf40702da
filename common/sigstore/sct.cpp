#include "sigstore/sct.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "crypto/der.hpp"
#include "crypto/hash.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;
namespace der = crypto::der;

constexpr size_t kMaxScts = 32;
constexpr size_t kMaxList = 0xFFFF;
constexpr size_t kLogIdSize = 32;
constexpr uint8_t kSha256 = 4;  // RFC 5246 section 7.4.1.4.1
constexpr uint8_t kRsa = 1;
constexpr uint8_t kEcdsa = 3;

Error invalid(const std::string& why) {
  return Error::refused("sct.invalid", "the certificate's transparency timestamp " + why);
}

// The presentation language of TLS (RFC 5246 section 4): big-endian numbers, length before content.
class TlsReader {
 public:
  explicit TlsReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  std::optional<uint64_t> number(size_t width) {
    const auto bytes = take(width);
    if (!bytes) return std::nullopt;
    uint64_t value = 0;
    for (const char byte : *bytes) value = (value << 8U) | static_cast<uint8_t>(byte);
    return value;
  }

  std::optional<std::string_view> take(size_t size) {
    if (rest_.size() < size) return std::nullopt;
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  std::optional<std::string_view> opaque16() {
    const auto size = number(2);
    return size ? take(*size) : std::nullopt;
  }

 private:
  std::string_view rest_;
};

std::string big_endian(uint64_t value, size_t width) {
  std::string bytes(width, '\0');
  for (size_t i = width; i-- > 0; value >>= 8U) bytes[i] = static_cast<char>(value & 0xFFU);
  return bytes;
}

// nullopt in the result: of a version or algorithm that is not known.
Result<std::optional<Sct>> parse_sct(std::string_view bytes) {
  TlsReader reader(bytes);
  const auto version = reader.number(1);
  if (!version) return invalid("is empty");
  if (*version != 0) return std::optional<Sct>();
  const auto log_id = reader.take(kLogIdSize);
  const auto timestamp = reader.number(8);
  const auto extensions = reader.opaque16();
  const auto hash = reader.number(1);
  const auto algorithm = reader.number(1);
  const auto signature = reader.opaque16();
  if (!log_id || !timestamp || !extensions || !hash || !algorithm || !signature)
    return invalid("is cut short");
  if (!reader.at_end()) return invalid("has bytes after its end");
  if (*hash != kSha256 || (*algorithm != kEcdsa && *algorithm != kRsa)) return std::optional<Sct>();
  Sct sct{std::string(*log_id), *timestamp, std::string(*extensions), std::string(*signature),
          *algorithm == kEcdsa};
  return std::optional<Sct>(std::move(sct));
}

// What the log has signed (RFC 6962 section 3.2): the entry of a precertificate.
std::string signed_bytes(const Sct& sct, const std::string& tbs, std::string_view issuer_spki) {
  std::string bytes("\0\0", 2);  // v1, certificate_timestamp
  bytes += big_endian(sct.timestamp, 8);
  bytes += big_endian(1, 2);  // precert_entry
  bytes += crypto::hash_of(crypto::Hash::sha256, issuer_spki);
  bytes += big_endian(tbs.size(), 3) + tbs;
  bytes += big_endian(sct.extensions.size(), 2) + sct.extensions;
  return bytes;
}

Result<base::Time> time_of(const Sct& sct) {
  // Far past every certificate's validity, and safe in any arithmetic on times.
  constexpr uint64_t kLast = 253'402'300'799'999;
  if (sct.timestamp > kLast) return invalid("is of no possible time");
  return base::Time(base::milliseconds(static_cast<int64_t>(sct.timestamp)));
}

Result<VerifiedSct> verify_sct(const Sct& sct, const Log& log, const std::string& tbs,
                               std::string_view issuer_spki) {
  const auto time = time_of(sct);
  if (!time) return time.error();
  if (!log.validity.contains(*time))
    return Error::refused("sct.log_expired", "the key of the certificate transparency log " + log.host +
                                                 " was not valid at the time of its timestamp");
  const bool ecdsa_key = log.key->key.kind() != crypto::KeyKind::rsa;
  if (ecdsa_key != sct.ecdsa) return invalid("is not of the kind of the log's key");
  if (!log.key->key.verify(log.key->scheme, signed_bytes(sct, tbs, issuer_spki), sct.signature))
    return invalid("does not verify with the key of the log " + log.host);
  return VerifiedSct{log.host, *time};
}

// The content of both OCTET STRINGs.
Result<std::string_view> sct_list_of(const crypto::Certificate& leaf) {
  const crypto::Extension* extension = leaf.find_extension(crypto::oid::kSctList);
  if (extension == nullptr)
    return Error::refused("sct.missing",
                          "the certificate carries no timestamp of a certificate transparency log");
  der::Reader reader(extension->value);
  const auto list = reader.octet_string();
  if (!list || !reader.end()) return invalid("is not an OCTET STRING");
  return *list;
}

}  // namespace

Result<std::vector<Sct>> parse_sct_list(std::string_view list) {
  if (list.size() > kMaxList + 2) return Error::refused("parse.limit", "a list of timestamps over 64 KiB");
  TlsReader outer(list);
  const auto entries = outer.opaque16();
  if (!entries || !outer.at_end()) return invalid("list is not of the length it states");
  TlsReader reader(*entries);
  std::vector<Sct> scts;
  size_t seen = 0;
  while (!reader.at_end()) {
    if (++seen > kMaxScts)
      return Error::refused("parse.limit", "a certificate with more than 32 transparency timestamps");
    const auto bytes = reader.opaque16();
    if (!bytes) return invalid("list is cut short");
    auto sct = parse_sct(*bytes);
    if (!sct) return std::move(sct).error();
    if (*sct) scts.push_back(std::move(**sct));
  }
  return scts;
}

Result<std::vector<VerifiedSct>> verify_scts(const crypto::Certificate& leaf,
                                             const crypto::Certificate& issuer, const TrustedRoot& root) {
  const auto list = sct_list_of(leaf);
  if (!list) return list.error();
  const auto scts = parse_sct_list(*list);
  if (!scts) return scts.error();
  if (scts->empty()) return Error::refused("sct.missing", "the certificate's list of timestamps is empty");
  const std::string tbs = leaf.tbs_without_extension(crypto::oid::kSctList);
  std::vector<VerifiedSct> verified;
  std::vector<const Log*> logs;
  for (const Sct& sct : *scts) {
    const Log* log = find_log(root.certificate_logs, sct.log_id);
    if (log == nullptr || !log->key) continue;
    auto good = verify_sct(sct, *log, tbs, issuer.spki_der());
    if (!good) return std::move(good).error();
    if (std::find(logs.begin(), logs.end(), log) != logs.end()) continue;
    logs.push_back(log);
    verified.push_back(std::move(*good));
  }
  if (!verified.empty()) return verified;
  return Error::refused("sct.unknown_log",
                        "no certificate transparency log of the trusted root has seen the certificate");
}

}  // namespace gridseal::sigstore
