#include "http/response_guard.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"

namespace gridseal::http {
namespace {

constexpr size_t kMaxResponseHead = size_t{64} << 10U;
constexpr size_t kMaxLine = 8'000;  // cpp-httplib stops at 8192
constexpr size_t kMaxStatusLine = 512;
constexpr size_t kMaxChunkLine = 200;
constexpr size_t kMaxFields = 100;  // newer cpp-httplib stops there

base::Error protocol(std::string why) {
  return base::Error::blocked("http.protocol", "the answer is not valid HTTP/1.1: " + std::move(why));
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7F &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(static_cast<char>(c)) == std::string_view::npos;
  });
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <class T>
bool parse_whole(std::string_view text, T& value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

base::Result<size_t> ResponseGuard::feed(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size() && state_ != State::complete) {
    started_ = true;
    if (const size_t data = skip_data(bytes.size() - at); data > 0) {
      at += data;
      continue;
    }
    if (auto taken = take(bytes[at]); !taken) return std::move(taken).error();
    ++at;
  }
  if (at < bytes.size()) reusable_ = false;  // more than was asked for
  return at;
}

base::Result<void> ResponseGuard::finish() {
  reusable_ = false;
  if (state_ == State::until_close) state_ = State::complete;
  if (state_ == State::complete) return {};
  if (!started_) return base::Error::blocked("http.cut", "the connection was closed before any answer");
  return base::Error::blocked("http.cut", state_ == State::head
                                              ? "the connection was closed within the head of the answer"
                                              : "the connection was closed before the body was whole");
}

// Body bytes need no look of their own.
size_t ResponseGuard::skip_data(size_t available) {
  if (state_ == State::until_close) return available;
  if (state_ != State::length && state_ != State::chunk_data) return 0;
  const auto n = static_cast<size_t>(std::min<uint64_t>(available, left_));
  left_ -= n;
  if (left_ == 0) state_ = state_ == State::length ? State::complete : State::chunk_end;
  return n;
}

base::Result<void> ResponseGuard::take(char c) {
  if (state_ == State::head && ++head_bytes_ > kMaxResponseHead)
    return protocol("its head is longer than 64 KiB");
  if (c != '\n') {
    if (!line_.empty() && line_.back() == '\r') return protocol("a carriage return stands alone");
    size_t limit = kMaxLine;
    if (state_ == State::head && head_.status == 0) limit = kMaxStatusLine;
    if (state_ != State::head) limit = state_ == State::chunk_size ? kMaxChunkLine : 1;
    if (line_.size() >= limit && c != '\r')
      return protocol("a line is too long, or a chunk has another size than it says");
    line_ += c;
    return {};
  }
  if (line_.empty() || line_.back() != '\r')
    return protocol("a line does not end with CR LF; is this an HTTP service?");
  line_.pop_back();
  auto done = end_line();
  line_.clear();
  return done;
}

base::Result<void> ResponseGuard::end_line() {
  switch (state_) {
    case State::head:
      if (head_.status == 0) return read_status_line(line_);
      return line_.empty() ? end_head() : read_field(line_);
    case State::chunk_size:
      return read_chunk_size(line_);
    case State::chunk_end:
      if (!line_.empty()) return protocol("a chunk is longer than it says");
      state_ = State::chunk_size;
      return {};
    case State::last_end:
      if (!line_.empty()) return protocol("fields after the last chunk are not supported");
      state_ = State::complete;
      return {};
    default:
      return protocol("unexpected line");
  }
}

// RFC 9112 section 4.
base::Result<void> ResponseGuard::read_status_line(std::string_view line) {
  const bool known = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  unsigned status = 0;
  if (!known || line.size() < 12 || !parse_whole(line.substr(9, 3), status, 10) || status < 100 ||
      status > 599 || (line.size() > 12 && line[12] != ' ')) {
    return protocol("it begins with \"" + base::printable(line, 40) + "\"");
  }
  http10_ = line[7] == '0';
  head_.status = static_cast<int>(status);
  return {};
}

// RFC 9112 section 5; obsolete line folding is refused.
base::Result<void> ResponseGuard::read_field(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return protocol("a header line is malformed: \"" + base::printable(line, 40) + "\"");
  }
  const std::string_view value = trim(line.substr(colon + 1));
  for (const unsigned char c : value) {
    if ((c < ' ' && c != '\t') || c == 0x7F) return protocol("a header holds control characters");
  }
  if (head_.headers.items().size() >= kMaxFields) return protocol("it has more than 100 headers");
  head_.headers.add(std::string(line.substr(0, colon)), std::string(value));
  return {};
}

// RFC 9112 section 6: how the end of the body is found.
base::Result<void> ResponseGuard::end_head() {
  if (head_.status == 100) {
    head_ = {};
    return {};
  }
  if (head_.status < 200) return protocol("an interim answer that nobody asked for");
  const auto lengths = head_.headers.all("Content-Length");
  const auto encodings = head_.headers.all("Transfer-Encoding");
  const std::string connection = base::ascii_lower(head_.headers.get("Connection"));
  reusable_ = connection.find("close") == std::string::npos && !http10_;
  if (!encodings.empty() &&
      (encodings.size() > 1 || base::ascii_lower(encodings[0]) != "chunked" || !lengths.empty() || http10_)) {
    return protocol("its Transfer-Encoding is ambiguous or unknown");
  }
  if (lengths.size() > 1) return protocol("it has more than one Content-Length");
  if (!lengths.empty()) {
    uint64_t length = 0;
    if (!parse_whole(lengths[0], length, 10)) return protocol("its Content-Length is not a number");
    content_length_ = length;
    left_ = length;
  }
  const bool no_body = head_request_ || head_.status == 204 || head_.status == 304;
  if (no_body || content_length_ == uint64_t{0}) {
    state_ = State::complete;
  } else if (!encodings.empty()) {
    state_ = State::chunk_size;
  } else {
    state_ = content_length_ ? State::length : State::until_close;
  }
  return {};
}

// RFC 9112 section 7.1; extensions are ignored.
base::Result<void> ResponseGuard::read_chunk_size(std::string_view line) {
  const std::string_view digits = trim(line.substr(0, line.find(';')));
  if (digits.size() > 15 || !parse_whole(digits, left_, 16) || line.starts_with(' ')) {
    return protocol("a chunk has no valid size");
  }
  state_ = left_ == 0 ? State::last_end : State::chunk_data;
  return {};
}

}  // namespace gridseal::http
