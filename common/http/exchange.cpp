#include "http/exchange.hpp"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <optional>

#include "http/response_guard.hpp"

namespace gridseal::http {
namespace {

constexpr size_t kBlock = size_t{16} << 10U;

// What one run knows and has met; the first failure counts.
struct Run {
  Run(const Request& sent, const HeadCheck& head_check, const BodySink& body_sink, Waiter& patience)
      : request(sent), check(head_check), sink(body_sink), waiter(patience), guard(sent.method == "HEAD") {}

  bool fail(base::Error error) {
    if (!failure) failure = std::move(error);
    return false;
  }
  base::Error too_large() const {
    return base::Error::blocked("http.too_large", "the answer of " + waiter.peer() +
                                                      " is longer than the limit of " +
                                                      std::to_string(request.max_body) + " bytes");
  }
  bool on_head();
  bool on_piece(std::string_view piece);

  const Request& request;
  const HeadCheck& check;
  const BodySink& sink;
  Waiter& waiter;
  ResponseGuard guard;
  std::optional<base::Error> failure;
  Response response;
  bool head_seen = false;
  bool to_sink = false;
  uint64_t received = 0;
};

bool Run::on_head() {
  if (head_seen) return true;
  head_seen = true;
  response = guard.head();
  if (check) {
    auto wanted = check(response);
    if (!wanted) return fail(std::move(wanted).error());
    to_sink = *wanted && sink;
  }
  const bool has_body = !guard.complete();
  if (has_body && guard.content_length().value_or(0) > request.max_body) return fail(too_large());
  if (to_sink) waiter.lift_whole();
  return true;
}

bool Run::on_piece(std::string_view piece) {
  received += piece.size();
  if (received > request.max_body) return fail(too_large());
  if (!to_sink) {
    response.body.append(piece);
    return true;
  }
  auto taken = sink(piece);
  return taken ? true : fail(std::move(taken).error());
}

// The functions whose set differs between versions of the library are declared in all forms, without
// "override".
#ifdef __clang__
#pragma clang diagnostic ignored "-Winconsistent-missing-override"
#endif
class GuardedStream : public httplib::Stream {
 public:
  GuardedStream(Connection& connection, int fd, Run& run) : connection_(connection), fd_(fd), run_(run) {}

  bool is_readable() const { return true; }    // NOLINT(modernize-use-override)
  bool is_writable() const { return true; }    // NOLINT(modernize-use-override)
  bool wait_readable() const { return true; }  // NOLINT(modernize-use-override)
  bool wait_writable() const { return true; }  // NOLINT(modernize-use-override)
  bool is_peer_alive() const { return true; }  // NOLINT(modernize-use-override)
  time_t duration() const { return 0; }        // NOLINT(modernize-use-override)
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const {}  // NOLINT(modernize-use-override)
  socket_t socket() const override { return fd_; }

  ssize_t read(char* buffer, size_t size) override {
    if (at_ == end_ && !fill()) return run_.failure ? -1 : 0;
    const size_t n = std::min(size, end_ - at_);
    std::memcpy(buffer, block_.data() + at_, n);
    at_ += n;
    return static_cast<ssize_t>(n);
  }

  ssize_t write(const char* bytes, size_t size) override {
    auto written = connection_.write({bytes, size}, run_.waiter);
    if (written) return static_cast<ssize_t>(size);
    run_.fail(std::move(written).error());
    return -1;
  }

 private:
  // False at the end of the answer and at a failure.
  bool fill() {
    if (run_.failure || run_.guard.complete()) return false;
    auto got = connection_.read(block_.data(), block_.size(), run_.waiter);
    if (!got) return run_.fail(std::move(got).error());
    if (*got == 0) {
      if (auto end = run_.guard.finish(); !end) run_.fail(std::move(end).error().with_context(context()));
      return false;
    }
    auto used = run_.guard.feed({block_.data(), *got});
    if (!used) return run_.fail(std::move(used).error().with_context(context()));
    at_ = 0;
    end_ = *used;
    return true;
  }
  std::string context() const { return "no whole answer from " + run_.waiter.peer(); }

  Connection& connection_;
  int fd_;
  Run& run_;
  std::array<char, kBlock> block_;
  size_t at_ = 0;
  size_t end_ = 0;
};

bool is_token_char(unsigned char c) {
  return c > ' ' && c < 0x7F &&
         std::string_view("\"(),/:;<=>?@[\\]{}").find(static_cast<char>(c)) == std::string_view::npos;
}

}  // namespace

class Exchange::Client : public httplib::ClientImpl {
 public:
  Client(Identity identity, Dialer dialer)
      : httplib::ClientImpl("localhost", 80), identity_(std::move(identity)), dialer_(std::move(dialer)) {
    set_keep_alive(true);
    set_follow_location(false);
    set_decompress(false);
    keep_target(*this);
  }
  ~Client() override { stop(); }  // here, while the virtual functions are still these

  base::Result<Response> run(const Request& request, const HeadCheck& check, const BodySink& sink,
                             Waiter& waiter);
  bool is_open() const { return socket_.is_open(); }
  bool lost_kept() const { return lost_kept_; }

 private:
  bool create_and_connect_socket(Socket& socket, httplib::Error& error) override;
  void shutdown_ssl(Socket& socket, bool graceful) override {
    // Without the check a goodbye could reach whoever got the number of the closed descriptor.
    if (graceful && socket.is_open() && connection_) connection_->goodbye();
  }
  // Both forms of the library's virtual function; newer versions hand in the time of the start.
  bool process_socket(const Socket& /*socket*/, std::function<bool(httplib::Stream&)> callback) {  // NOLINT
    return process(callback);
  }
  bool process_socket(const Socket& /*socket*/, std::chrono::time_point<std::chrono::steady_clock> /*start*/,
                      std::function<bool(httplib::Stream&)> callback) {  // NOLINT
    return process(callback);
  }
  // is_ssl() stays false: true makes the library cast this object to its own SSLClient.

  bool process(const std::function<bool(httplib::Stream&)>& callback) {
    auto stream = std::make_unique<GuardedStream>(*connection_, socket_.sock, *run_);
    return callback(*stream);
  }
  httplib::Request translate(const Request& request);

  // Targets arrive encoded. The setter has two names in the library's history.
  template <class T>
  static void keep_target(T& client) {
    if constexpr (requires { client.set_path_encode(false); }) {
      client.set_path_encode(false);
    } else {
      client.set_url_encode(false);
    }
  }

  Identity identity_;
  Dialer dialer_;
  std::unique_ptr<Connection> connection_;
  Run* run_ = nullptr;
  bool lost_kept_ = false;
};

bool Exchange::Client::create_and_connect_socket(Socket& socket, httplib::Error& error) {
  auto dialed = dialer_(run_->waiter);
  if (!dialed) {
    error = httplib::Error::Connection;
    return run_->fail(std::move(dialed).error());
  }
  connection_ = std::move(dialed->connection);
  socket.sock = dialed->fd.release();  // closed by the library
  return true;
}

httplib::Request Exchange::Client::translate(const Request& request) {
  httplib::Request sent;
  sent.method = request.method;
  sent.path = request.target;
  sent.body = request.body;
  for (const auto& [name, value] : request.headers.items()) sent.headers.emplace(name, value);
  const auto fill = [&](const char* name, const std::string& value) {
    if (!request.headers.has(name)) sent.headers.emplace(name, value);
  };
  fill("Host", identity_.host);
  fill("User-Agent", identity_.user_agent);
  fill("Accept-Encoding", "identity");
  if (!request.body.empty()) fill("Content-Type", "application/octet-stream");
  sent.response_handler = [this](const httplib::Response& /*head*/) { return run_->on_head(); };
  sent.content_receiver = [this](const char* bytes, size_t size, uint64_t /*offset*/, uint64_t /*total*/) {
    return run_->on_piece({bytes, size});
  };
  return sent;
}

base::Result<Response> Exchange::Client::run(const Request& request, const HeadCheck& check,
                                             const BodySink& sink, Waiter& waiter) {
  Run run(request, check, sink, waiter);
  run_ = &run;
  if (socket_.is_open() && connection_->stale()) stop();
  const bool kept = socket_.is_open();
  auto error = httplib::Error::Success;
  try {
    httplib::Request sent = translate(request);
    httplib::Response ignored;
    (void)send(sent, ignored, error);
    if (!run.failure && run.guard.head_ready()) run.on_head();  // HEAD and 204 have no body to announce
  } catch (const std::exception& problem) {
    run.fail(base::Error::blocked("http.protocol",
                                  std::string("the exchange failed inside the library: ") + problem.what()));
  }
  lost_kept_ = kept && run.failure && run.failure->code() == "http.cut" && !run.guard.started();
  if (!run.failure && !run.guard.complete()) {
    run.fail(base::Error::blocked(
        "http.protocol", "the answer of " + waiter.peer() + " cannot be read: " + httplib::to_string(error)));
  }
  if (run.failure || !run.guard.reusable()) stop();
  run_ = nullptr;
  if (run.failure) return std::move(*run.failure);
  return std::move(run.response);
}

Exchange::Exchange(Identity identity, Dialer dialer)
    : client_(std::make_unique<Client>(std::move(identity), std::move(dialer))) {}

Exchange::~Exchange() = default;

base::Result<Response> Exchange::run(const Request& request, const HeadCheck& check, const BodySink& sink,
                                     Waiter waiter) {
  return client_->run(request, check, sink, waiter);
}

bool Exchange::is_open() const {
  return client_->is_open();
}

bool Exchange::lost_kept_connection() const {
  return client_->lost_kept();
}

base::Result<void> check_request(const Request& request) {
  const auto bad = [](const char* what) { return base::Error::refused("http.request", what); };
  const auto is_token = [](std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
  };
  if (!is_token(request.method)) return bad("the method is not a token");
  const bool clean =
      std::all_of(request.target.begin(), request.target.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!request.target.starts_with('/') || !clean)
    return bad("the target does not begin with \"/\" or is not encoded");
  for (const auto& [name, value] : request.headers.items()) {
    if (!is_token(name)) return bad("the name of a header is not a token");
    const bool printable = std::all_of(value.begin(), value.end(),
                                       [](unsigned char c) { return (c >= ' ' || c == '\t') && c != 0x7F; });
    if (!printable) return bad("the value of a header holds control characters");
  }
  return {};
}

}  // namespace gridseal::http
