// One origin (scheme, host, port) to which HTTP/1.1 requests are sent over kept connections (RFC 9112).
// This is the seam where tests drop, delay and forge answers; the real one is http::Client.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace gridseal::http {

// Names compare without case; order and repetition are kept.
class Headers {
 public:
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string name, std::string value);
  // The first value; empty when absent.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

struct Request {
  std::string method = "GET";
  std::string target;  // path and query, already percent-encoded
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{30'000};       // of the whole exchange, without a sink
  std::chrono::milliseconds idle_timeout{30'000};  // between two bytes
  uint64_t max_body = uint64_t{4} << 20U;          // a longer answer is an error: http.too_large
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;  // empty when a sink took it
};

// Takes the body piece by piece; an error ends the exchange and is returned by it.
using BodySink = std::function<base::Result<void>(std::string_view piece)>;
// Looks at status and headers before the body; returns whether the body goes to the sink (else into
// Response::body).
using HeadCheck = std::function<base::Result<bool>(const Response& head)>;

// Any answer, whatever its status, is a Response. Errors (blocked): http.connect, http.tls, http.timeout,
// http.cut, http.too_large, http.protocol, http.cancelled; http.tls names what is wrong with the certificate.
// Thread safe: requests of several threads go over several connections.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual base::Result<Response> send(const Request& request, const std::stop_token& stop) = 0;
  virtual base::Result<Response> stream(const Request& request, const HeadCheck& check, const BodySink& sink,
                                        const std::stop_token& stop) = 0;
};

struct Origin {
  std::string scheme = "https";  // https or http
  std::string host;              // name or address, IPv6 without brackets
  uint16_t port = 443;

  friend bool operator==(const Origin&, const Origin&) = default;
  std::string to_string() const;
};

// "https://host:port/path?query" taken apart. Error (refused): http.url.
struct Url {
  Origin origin;
  std::string target;  // begins with "/"
  static base::Result<Url> parse(std::string_view text);
};

// What a connection trusts and shows. PEM text, not paths: whoever reads the files reads them again when they
// change.
struct TlsSettings {
  std::string ca_pem;           // the only trust anchors; the system pool is never used
  std::string client_cert_pem;  // chain, may be empty
  std::string client_key_pem;
  std::string server_name;  // for SNI and the name check when it differs from the host; empty: the host
};

// Makes transports; injected, so a test can hand out its own. Thread safe.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual base::Result<std::shared_ptr<Transport>> connect(const Origin& origin, const TlsSettings& tls) = 0;
};

}  // namespace gridseal::http
