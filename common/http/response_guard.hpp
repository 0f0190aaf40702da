// Follows the bytes of one answer (RFC 9112 sections 2 to 7) while cpp-httplib reads them: stricter than the
// library, keeps the head as it was sent, and knows whether the answer is whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/transport.hpp"

namespace gridseal::http {

// Errors: http.protocol, http.cut.
class ResponseGuard {
 public:
  // `head_request`: the answer to HEAD has no body, whatever its head says.
  explicit ResponseGuard(bool head_request) : head_request_(head_request) {}

  // Looks at the next bytes; returns how many of them belong to this answer.
  base::Result<size_t> feed(std::string_view bytes);
  // The peer ended the connection in order.
  base::Result<void> finish();

  bool started() const { return started_; }
  bool head_ready() const { return state_ != State::head; }
  // Status and headers; valid when head_ready().
  const Response& head() const { return head_; }
  std::optional<uint64_t> content_length() const { return content_length_; }
  bool complete() const { return state_ == State::complete; }
  // Whether the connection may carry another request; valid when complete().
  bool reusable() const { return reusable_; }

 private:
  enum class State { head, length, chunk_size, chunk_data, chunk_end, last_end, until_close, complete };

  base::Result<void> take(char c);
  base::Result<void> end_line();
  base::Result<void> read_status_line(std::string_view line);
  base::Result<void> read_field(std::string_view line);
  base::Result<void> end_head();
  base::Result<void> read_chunk_size(std::string_view line);
  size_t skip_data(size_t available);

  bool head_request_;
  State state_ = State::head;
  Response head_;
  std::string line_;
  size_t head_bytes_ = 0;
  bool started_ = false;
  bool http10_ = false;
  bool reusable_ = true;
  std::optional<uint64_t> content_length_;
  uint64_t left_ = 0;
};

}  // namespace gridseal::http
