// An HTTP/1.1 server for tests, with TLS or without, that answers exactly as a test writes it down,
// well-formed or not: raw bytes, wrong lengths, cuts, delays, endless bodies. One thread for each connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/https_server/test_pki.hpp"

namespace gridseal::https_server {

struct SeenRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string client_name;  // subject of the client certificate
  int connection = 0;       // counted from 1

  // The first value, names without case; empty when absent.
  std::string_view header(std::string_view name) const;
};

struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>>
      headers;  // Content-Length is added when absent and not chunked
  std::string body;
  bool chunked = false;                      // Transfer-Encoding: chunked, one chunk for each piece
  std::optional<std::string> raw;            // these bytes instead of all of the above
  bool endless = false;                      // the body again and again until the client goes away
  size_t piece = 0;                          // bytes written at a time; 0: all
  std::chrono::milliseconds piece_delay{0};  // before each piece
  std::chrono::milliseconds delay{0};        // before the first byte
  std::optional<uint64_t> cut_after;         // closes after so many bytes, without close_notify
  bool hang = false;                         // sends what it has (see cut_after), then nothing, keeps open
  bool close = false;                        // closes in order after the answer
};

struct ServerSettings {
  bool tls = true;
  KeyPair certificate;        // for TLS
  std::string client_ca_pem;  // not empty: a client certificate is demanded
  bool tls12_only = false;
  bool stop_after_accept = false;  // accepts and never says a word
  std::string greeting;            // without TLS: sent as soon as a client connects
  std::string address = "127.0.0.1";
};

using Script = std::function<Answer(const SeenRequest& request)>;

// Listens on a free port at once; the destructor closes every connection and joins. Thread safe.
class ScriptedServer {
 public:
  ScriptedServer(ServerSettings settings, Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const;
  std::string url() const;  // "https://127.0.0.1:12345"

  int connections() const;  // accepted so far
  int handshakes() const;   // finished so far, resumed ones too
  int resumed() const;
  std::vector<SeenRequest> requests() const;
  // Closes every open connection; the next request meets a kept connection that is gone.
  void drop_connections();
  // Returns when `count` connections have been closed on the server's side, for whatever reason.
  void wait_closed(int count) const;
  // Returns when `count` requests have been read.
  void wait_requests(size_t count) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// An answer of 200 with a body, for short scripts.
Answer text(std::string body);

}  // namespace gridseal::https_server
