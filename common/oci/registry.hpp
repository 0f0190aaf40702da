// Client of a registry with its mirrors (OCI distribution spec 1.1; RFC 9110 for ranges, redirects and
// Retry-After; the token protocol of Docker/distribution for Bearer challenges).
//
// Mirrors are asked in order. The next one is asked when a mirror cannot be reached, answers 404, 401, 403,
// 429 or 5xx, or lies. When all were asked and at least one may recover, another round follows after a
// jittered, growing pause; rounds are bounded. A poll that finds nothing new is one HEAD on a kept
// connection.
//
// Where secrets go: credentials only to the mirror itself or to the https realm it names; a token only to the
// origin whose challenge it answers; neither ever across a redirect. The client certificate is shown only to
// the mirror and its realm. Plain http is spoken to loopback addresses only.
//
// Errors (blocked unless said): oci.unauthorized, oci.forbidden, oci.not_found,
// oci.too_many_requests, oci.unavailable (5xx), oci.cancelled, oci.protocol (an answer that makes no sense),
// oci.redirect, oci.token, oci.credentials, oci.ca (a provider failed), http.* with the mirror's name in
// front; oci.digest_mismatch, oci.size_mismatch, oci.too_large (refused: every mirror that has it gave wrong
// or too many bytes). Each names the mirrors, what happened and what to do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "http/transport.hpp"
#include "oci/blob_sink.hpp"
#include "oci/descriptor.hpp"
#include "oci/reference.hpp"

namespace gridseal::oci {

struct Credentials {
  std::string username;
  std::string password;
};

// Called for each use, so that changed files count at once. An empty optional: anonymous.
using CredentialsProvider = std::function<base::Result<std::optional<Credentials>>()>;
using TlsProvider = std::function<base::Result<http::TlsSettings>()>;

struct Mirror {
  std::string url;  // "https://host[:port][/prefix]"; a prefix goes in front of every repository path
  TlsProvider tls;  // empty: no trust anchors (only good for http on loopback)
  CredentialsProvider credentials;  // empty: anonymous
};

struct Limits {
  uint64_t manifest_bytes = uint64_t{4} << 20U;
  uint64_t blob_bytes = uint64_t{4} << 30U;
  size_t tags = 50'000;
  size_t pages = 200;
  size_t referrers = 4096;  // listed; how many are fetched is artifact.hpp's matter
  int redirects = 5;
};

struct RetryPolicy {
  int rounds = 4;  // over all mirrors
  base::milliseconds first_pause{500};
  base::milliseconds longest_pause{20'000};
  base::milliseconds longest_retry_after{60'000};  // a longer Retry-After ends the call
};

struct RegistrySettings {
  std::vector<Mirror> mirrors;  // in order of preference, at least one
  Limits limits;
  RetryPolicy retry;
  base::milliseconds request_timeout{30'000};
  base::milliseconds idle_timeout{30'000};  // between two pieces of a blob
  std::string user_agent = "gridseal";
};

// What a client needs of the outside; all outlive it.
struct Surroundings {
  http::Connector& connector;
  base::Clock& clock;
  base::Log& log;
  std::function<double()> jitter;  // uniform in [0, 1); empty: no jitter
};

struct ManifestHead {
  base::Digest digest;
  std::string media_type;
  uint64_t size = 0;
  std::string mirror;  // which one answered
};

struct ManifestBytes {
  std::string bytes;  // hash to `digest`
  base::Digest digest;
  std::string media_type;
  std::string mirror;

  Descriptor descriptor() const { return {media_type, digest, bytes.size(), {}, {}, {}}; }
};

struct Referrer {
  Descriptor descriptor;  // an unauthenticated hint but for the digest, which names the bytes
  bool from_api = false;  // else from the fallback tag
};

struct ReferrerList {
  std::vector<Referrer> referrers;  // without repetition, in the order found
  bool truncated = false;           // there were more than Limits::referrers or Limits::pages
  std::vector<std::string> notes;   // what was junk and is left out
};

// Thread safe.
class Registry {
 public:
  // Error (refused): oci.settings (no mirror, bad URL, plain http beyond loopback).
  static base::Result<std::unique_ptr<Registry>> create(RegistrySettings settings, Surroundings outside);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Only `path` of the repository is used: the mirrors stand in for its registry.

  // HEAD; GET when HEAD is not answered (404, 405) or names no digest.
  base::Result<ManifestHead> head_manifest(const Repository& repository, const std::string& tag,
                                           const std::stop_token& stop);
  base::Result<ManifestBytes> get_manifest(const Repository& repository, const std::string& tag,
                                           const std::stop_token& stop);
  base::Result<ManifestBytes> get_manifest(const Repository& repository, const base::Digest& digest,
                                           const std::stop_token& stop);
  // Like get_manifest; empty when at least one mirror answered and none has the tag.
  base::Result<std::optional<ManifestBytes>> find_manifest(const Repository& repository,
                                                           const std::string& tag,
                                                           const std::stop_token& stop);
  base::Result<std::vector<std::string>> list_tags(const Repository& repository, const std::stop_token& stop);

  // Streams into the sink, starting at sink.size(), and calls sink.finish(). A cut is resumed with Range
  // (RFC 9110 section 14), at the next mirror too.
  base::Result<void> get_blob(const Repository& repository, const Descriptor& blob, BlobSink& sink,
                              const std::stop_token& stop);
  // A small blob in memory. Error (refused): oci.too_large above `limit` bytes.
  base::Result<std::string> read_blob(const Repository& repository, const Descriptor& blob, uint64_t limit,
                                      const std::stop_token& stop);

  // Whether the blob is there: HEAD; the head of a GET where HEAD is not answered. Errors beside those above:
  // oci.not_found when no mirror has it; oci.size_mismatch when it is cut short there.
  base::Result<void> head_blob(const Repository& repository, const Descriptor& blob,
                               const std::stop_token& stop);

  // What the Referrers API lists merged with the index under the fallback tag (signers write that tag even
  // where the API exists). artifactType filters are not used: entries lie about it.
  base::Result<ReferrerList> referrers(const Repository& repository, const base::Digest& subject,
                                       const std::stop_token& stop);

 private:
  struct Parts;
  explicit Registry(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gridseal::oci
