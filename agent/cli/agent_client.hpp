// Talks to gridseald over its control socket: HTTP/1.1 with JSON over a Unix socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "http/transport.hpp"

namespace gridseal::cli {

// Errors (blocked): agent.not_running (nobody listens), agent.permission (this user may not connect),
// agent.answer (an answer that makes no sense); what gridseald itself answers keeps its code.
class AgentClient {
 public:
  AgentClient(base::Clock& clock, std::string socket);

  base::Result<base::Json> get(const std::string& target);
  base::Result<base::Json> post(const std::string& target, const base::Json& body);

 private:
  base::Result<base::Json> exchange(http::Request request);

  std::string socket_;
  std::shared_ptr<http::Transport> transport_;
};

// For a query: everything but unreserved characters is encoded (RFC 3986 section 2.3).
std::string query_encode(std::string_view text);

}  // namespace gridseal::cli
