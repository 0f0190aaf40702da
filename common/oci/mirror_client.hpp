// Requests to one mirror: its TLS, its authentication, its redirects. Private to this module; what may be
// sent where is said in registry.hpp.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "oci/header_fields.hpp"
#include "oci/registry.hpp"

namespace gridseal::oci {

struct MirrorOptions {
  base::milliseconds request_timeout{30'000};
  base::milliseconds idle_timeout{30'000};
  std::string user_agent;
  int redirects = 5;
};

struct Call {
  std::string method = "GET";
  std::string target;      // path and query on the mirror's origin, from MirrorClient::api()
  std::string repository;  // path, for the scope of a token
  bool push = false;
  http::Headers headers;
  std::string body;
  uint64_t max_body = uint64_t{4} << 20U;
  http::HeadCheck check;  // with `sink`: a streamed answer
  http::BodySink sink;
};

// Thread safe.
class MirrorClient {
 public:
  // Error (refused): oci.settings.
  static base::Result<std::unique_ptr<MirrorClient>> create(Mirror mirror, MirrorOptions options,
                                                            const Surroundings& outside);

  // "/v2/<prefix/><repository>/<rest>"
  std::string api(const std::string& repository, const std::string& rest) const;
  // Any status but redirects; a 401 only when authentication did not help. Errors: http.*, oci.redirect,
  // oci.token, oci.protocol, those of the providers and of the sink.
  base::Result<http::Response> send(const Call& call, const std::stop_token& stop);
  // A reference (Link, Location) against this mirror, when it stays on its origin.
  std::optional<std::string> same_origin_target(const std::string& reference,
                                                const std::string& base_target) const;

  const std::string& name() const { return name_; }  // the URL, without secrets

 private:
  struct Token {
    std::string text;
    base::Clock::Monotonic expires;
  };
  struct Hop;

  MirrorClient(Mirror mirror, http::Url url, MirrorOptions options, const Surroundings& outside);
  base::Result<http::Response> exchange(const Call& call, const Hop& hop, const std::string& authorization,
                                        const std::stop_token& stop);
  base::Result<std::shared_ptr<http::Transport>> transport(const http::Origin& origin);
  base::Result<std::string> authorization(const Call& call);
  // True when it is worth asking again.
  base::Result<bool> answer_challenge(const Call& call, const http::Response& response,
                                      const std::stop_token& stop);
  base::Result<Token> fetch_token(const Challenge& challenge, const Call& call, const std::stop_token& stop);
  base::Result<http::Url> realm_url(const Challenge& challenge, const Call& call) const;
  base::Result<std::optional<Credentials>> credentials() const;
  base::Result<std::string> basic(const Credentials& credentials) const;
  base::Result<Hop> follow(const Call& call, const Hop& from, const http::Response& response) const;
  base::Error with_name(base::Error error) const;

  const Mirror mirror_;
  const http::Url url_;
  const std::string name_;
  const std::string prefix_;
  const MirrorOptions options_;
  const Surroundings outside_;

  std::mutex mutex_;
  bool uses_basic_ = false;
  std::map<std::string, Token> tokens_;  // by scope
  struct Kept {
    http::TlsSettings tls;
    std::shared_ptr<http::Transport> transport;
  };
  std::map<std::string, Kept> transports_;  // by origin
};

bool is_loopback(const http::Origin& origin);

}  // namespace gridseal::oci
