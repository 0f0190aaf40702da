// Log entries, timestamps and the certificate's path.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/certificate_path.hpp"
#include "crypto/timestamp.hpp"
#include "sigstore/signature_material.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;
using crypto::Certificate;

std::string host_of_uri(const std::string& uri) {
  const size_t scheme = uri.find("://");
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  return uri.substr(begin, uri.find('/', begin) - begin);
}

bool is_known(const TrustedRoot& root, const LogEntry& entry) {
  const Log* log = find_log(root.transparency_logs, entry.log_id);
  return log != nullptr && log->key;
}

void add_entry(const VerifiedEntry& entry, VerifiedSignature& verified) {
  verified.log_entries.push_back({entry.log_host, entry.log_index, entry.integrated_time});
  std::string detail = "entry " + std::to_string(entry.log_index) + " of " + entry.log_host;
  if (entry.proof) detail += ", included in a tree of " + std::to_string(*entry.tree_size);
  if (entry.promise) detail += ", promised";
  verified.checks.push_back({"log", std::move(detail)});
  if (entry.integrated_time)
    verified.times.push_back({*entry.integrated_time, TimeSource::log, entry.log_host});
}

Error too_few(const char* code, const std::string& what, size_t have, unsigned needed) {
  return Error::refused(
      code, what + ": " + std::to_string(needed) + " asked for, " + std::to_string(have) + " that count");
}

// The authorities that can be used, as crypto takes them, with their names beside them.
struct Authorities {
  explicit Authorities(const TrustedRoot& root) {
    for (const Authority& authority : root.timestamp_authorities) {
      if (authority.chain.empty()) continue;
      known.push_back({authority.chain, authority.validity.start, authority.validity.end});
      hosts.push_back(host_of_uri(authority.uri));
    }
  }

  std::vector<crypto::TimestampAuthority> known;
  std::vector<std::string> hosts;
};

// Validity of the whole path at a further time; the rest of it does not depend on time.
bool valid_at(const std::vector<Certificate>& path, const Authority& authority, base::Time time) {
  return authority.validity.contains(time) &&
         std::all_of(path.begin(), path.end(),
                     [time](const Certificate& certificate) { return certificate.valid_at(time); });
}

struct FoundPath {
  std::vector<Certificate> path;  // with the leaf
  const Authority* authority;
};

// That an authority which is not trusted for this time issued the certificate.
std::optional<Error> out_of_use(const Certificate& leaf, const TrustedRoot& root, base::Time time) {
  for (const Authority& authority : root.certificate_authorities) {
    if (authority.chain.empty() || authority.validity.contains(time)) continue;
    if (!crypto::validate_path(leaf, authority.chain, crypto::Purpose::code_signing, time)) continue;
    return Error::refused("cert.ca_not_valid_at_signing_time",
                          "the trusted root does not trust the authority " + host_of_uri(authority.uri) +
                              " for signatures made at " + base::format_rfc3339(time));
  }
  return std::nullopt;
}

Result<FoundPath> find_path(const Certificate& leaf, const TrustedRoot& root, base::Time time) {
  std::optional<Error> telling;
  for (const Authority& authority : root.certificate_authorities) {
    if (authority.chain.empty() || !authority.validity.contains(time)) continue;
    auto path = crypto::validate_path(leaf, authority.chain, crypto::Purpose::code_signing, time);
    if (path) return FoundPath{std::move(*path), &authority};
    if (!telling || telling->code() == "cert.untrusted_chain") telling = std::move(path).error();
  }
  if (auto unused = out_of_use(leaf, root, time)) {
    if (!telling || telling->code() == "cert.untrusted_chain") return *unused;
  }
  if (telling) return *telling;
  return Error::refused(
      "cert.untrusted_chain",
      "no certificate authority of the trusted root was in use at " + base::format_rfc3339(time));
}

// RFC 5280 section 4.2.1.6: where the subject is empty, the alternative name must not be overlooked.
Result<void> check_subject(const Certificate& leaf) {
  const auto& names = leaf.subject_alt_names();
  if (!leaf.subject().empty() || (names && names->critical)) return {};
  return Error::refused("cert.san",
                        "the certificate has no subject, and its alternative name is not critical");
}

}  // namespace

Result<void> check_log_entries(const SignatureMaterial& material, const TrustedRoot& root,
                               const crypto::PublicKey& key, std::string_view certificate, unsigned needed,
                               VerifiedSignature& verified) {
  const Logged logged{material.signature, material.logged, key, certificate};
  std::set<std::string> logs;
  std::optional<Error> unknown;
  for (const LogEntry& entry : material.log_entries) {
    auto good = verify_log_entry(root, material.version, entry, logged);
    if (!good) {
      if (is_known(root, entry)) return std::move(good).error();
      verified.ignored.push_back(good.error().message());
      unknown = std::move(good).error();
      continue;
    }
    logs.insert(good->log_id);
    add_entry(*good, verified);
  }
  if (logs.size() >= needed) return {};
  if (unknown && logs.empty()) return *unknown;
  return too_few("tlog.missing", "not enough transparency logs have recorded the signature", logs.size(),
                 needed);
}

Result<std::optional<Error>> check_timestamps(const SignatureMaterial& material, const TrustedRoot& root,
                                              unsigned needed, VerifiedSignature& verified) {
  std::set<size_t> seen;
  std::optional<Error> unknown;
  if (!material.timestamps.empty()) {
    const Authorities authorities(root);
    for (const std::string& response : material.timestamps) {
      const auto token = crypto::parse_timestamp_response(response);
      if (!token) return token.error();
      const auto stamped = material.stamped.digest(token->imprint_hash);
      auto good = crypto::verify_timestamp(*token, crypto::Stamped::by_digest(stamped.value_or("?")),
                                           authorities.known);
      if (!good) {
        if (good.error().code() != "tsa.untrusted") return std::move(good).error();
        verified.ignored.push_back("a timestamp: " + good.error().message());
        unknown = std::move(good).error();
        continue;
      }
      const std::string& host = authorities.hosts.at(good->authority);
      seen.insert(good->authority);
      verified.times.push_back({good->time, TimeSource::timestamp_authority, host});
      verified.checks.push_back({"timestamp", base::format_rfc3339(good->time) + " by " + host});
    }
  }
  if (seen.size() >= needed) return unknown;
  if (unknown && seen.empty()) return *unknown;
  return too_few("tsa.missing", "not enough known authorities have stamped the signature", seen.size(),
                 needed);
}

Result<std::vector<Certificate>> check_path(const Certificate& leaf, const TrustedRoot& root,
                                            const std::vector<VerifiedTime>& times) {
  if (const auto subject = check_subject(leaf); !subject) return subject.error();
  std::optional<FoundPath> found;
  for (const VerifiedTime& time : times) {
    if (found && valid_at(found->path, *found->authority, time.time)) continue;
    auto path = find_path(leaf, root, time.time);
    if (!path) return std::move(path).error();
    found = std::move(*path);
  }
  return std::vector<Certificate>(found->path.begin() + 1, found->path.end());
}

}  // namespace gridseal::sigstore
