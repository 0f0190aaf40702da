// trusted_root.json: the logs and authorities that Sigstore signatures are checked against
// (sigstore/protobuf-specs, sigstore_trustroot.proto, in proto-JSON).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/public_key.hpp"

namespace gridseal::sigstore {

// A closed interval: both ends belong to it.
struct Validity {
  base::Time start;
  std::optional<base::Time> end;

  bool contains(base::Time time) const { return start <= time && (!end || time <= *end); }
};

// The public key of a log and how it signs.
struct LogKey {
  crypto::PublicKey key;
  crypto::Scheme scheme;  // of keyDetails
};

// A transparency log (Rekor) or a log of certificates (Certificate Transparency).
struct Log {
  std::string base_url;       // "https://rekor.sigstore.dev"
  std::string host;           // "rekor.sigstore.dev", without port
  std::string host_and_port;  // the same when the address names no port
  std::string key_id;         // bytes: what a log entry or an SCT names its log by
  std::optional<LogKey> key;  // none: the log cannot be used, the file still can
  std::string unusable;       // why there is no key
  Validity validity;          // of the key
};

struct Authority {
  std::string uri;
  std::string organization;
  std::string common_name;
  // Leaf or lowest intermediate first, the trust anchor last; each is signed by the next. Empty: the
  // authority cannot be used, the file still can.
  std::vector<crypto::Certificate> chain;
  std::string unusable;  // why the chain is empty
  Validity validity;
};

// A value: nothing changes it after parsing.
struct TrustedRoot {
  std::vector<Log> transparency_logs;
  std::vector<Log> certificate_logs;
  std::vector<Authority> certificate_authorities;
  std::vector<Authority> timestamp_authorities;
  base::Digest fingerprint;  // SHA-256 of the file
};

inline constexpr size_t kMaxTrustedRoot = size_t{2} << 20U;  // bytes

// Strict: camel-case names only, no unknown members. Key ids are computed anew: SHA-256 of the
// SubjectPublicKeyInfo, for Ed25519 also SHA-256(host 0x0A 0x01 key) as Rekor v2 has it. keyDetails must fit
// the key; one key id stands once in each list; the last certificate of a chain leads to the first. Keys and
// certificates of algorithms that are not supported make their log or authority unusable, nothing more.
// Errors (refused): root.media_type, root.entry_invalid, parse.json, parse.duplicate_key, parse.base64,
// parse.limit.
base::Result<TrustedRoot> parse_trusted_root(std::string_view json);

// The log with these bytes as key id, usable or not; nullptr when there is none.
const Log* find_log(const std::vector<Log>& logs, std::string_view key_id);

}  // namespace gridseal::sigstore
