#include "cli/agent_client.hpp"

#include <unistd.h>

#include <cctype>
#include <cerrno>

#include "base/encoding.hpp"
#include "http/client.hpp"

namespace gridseal::cli {
namespace {

constexpr uint64_t kMaxAnswer = uint64_t{64} << 20U;

// The error that an answer carries; its class follows from the status.
base::Error error_of(const http::Response& response) {
  auto body = base::parse_json(response.body);
  const base::Json* error = body ? base::find_object(*body, "error") : nullptr;
  const std::string* code = error == nullptr ? nullptr : base::find_string(*error, "code");
  const std::string* message = error == nullptr ? nullptr : base::find_string(*error, "message");
  if (code == nullptr || message == nullptr)
    return base::Error::blocked("agent.answer", "gridseald answered with status " +
                                                    std::to_string(response.status) + " and no reason");
  return response.status >= 500 ? base::Error::blocked(*code, *message)
                                : base::Error::refused(*code, *message);
}

}  // namespace

AgentClient::AgentClient(base::Clock& clock, std::string socket)
    : socket_(std::move(socket)), transport_(http::unix_transport(clock, socket_)) {}

base::Result<base::Json> AgentClient::get(const std::string& target) {
  http::Request request;
  request.target = target;
  return exchange(std::move(request));
}

base::Result<base::Json> AgentClient::post(const std::string& target, const base::Json& body) {
  http::Request request;
  request.method = "POST";
  request.target = target;
  request.headers.set("Content-Type", "application/json");
  request.body = base::dump_json(body);
  return exchange(std::move(request));
}

base::Result<base::Json> AgentClient::exchange(http::Request request) {
  if (access(socket_.c_str(), R_OK | W_OK) != 0 && errno == EACCES)
    return base::Error::blocked("agent.permission", "this user may not talk to gridseald (" + socket_ + ")");
  request.max_body = kMaxAnswer;
  auto response = transport_->send(request, {});
  if (!response) {
    if (response.error().code() != "http.connect") return std::move(response).error();
    return base::Error::blocked("agent.not_running",
                                "gridseald is not running: nobody listens at " + socket_);
  }
  if (response->status < 200 || response->status > 299) return error_of(*response);
  auto body = base::parse_json(response->body, {kMaxAnswer, 64, 2'000'000});
  if (!body) return std::move(body).error().with_context("gridseald's answer cannot be read");
  return body;
}

std::string query_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += "%" + base::encode_hex(std::string_view(&c, 1));
    }
  }
  return out;
}

}  // namespace gridseal::cli
