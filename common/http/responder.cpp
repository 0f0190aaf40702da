#include "http/responder.hpp"

#include <httplib.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

#include "http/waiter.hpp"

namespace gridseal::http {
namespace {

constexpr size_t kMaxRequestHead = size_t{32} << 10U;

// One request's bytes in and one answer's bytes out, bounded in size and time. The functions whose set
// differs between versions of the library are declared in all forms, without "override".
#ifdef __clang__
#pragma clang diagnostic ignored "-Winconsistent-missing-override"
#endif
class RequestStream : public httplib::Stream {
 public:
  RequestStream(Connection& connection, int fd, Waiter reading, Waiter writing, size_t budget)
      : connection_(connection),
        fd_(fd),
        reading_(std::move(reading)),
        writing_(std::move(writing)),
        budget_(budget) {}

  bool is_readable() const { return true; }        // NOLINT(modernize-use-override)
  bool is_writable() const { return !broken_; }    // NOLINT(modernize-use-override)
  bool wait_readable() const { return true; }      // NOLINT(modernize-use-override)
  bool wait_writable() const { return !broken_; }  // NOLINT(modernize-use-override)
  bool is_peer_alive() const { return !broken_; }  // NOLINT(modernize-use-override)
  time_t duration() const { return 0; }            // NOLINT(modernize-use-override)
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const {}  // NOLINT(modernize-use-override)
  socket_t socket() const override { return fd_; }

  ssize_t read(char* buffer, size_t size) override {
    if (at_ == end_ && !fill()) return -1;
    const size_t n = std::min(size, end_ - at_);
    std::memcpy(buffer, block_.data() + at_, n);
    at_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* bytes, size_t size) override {
    if (broken_ || !connection_.write({bytes, size}, writing_)) {
      broken_ = true;
      return -1;
    }
    return static_cast<ssize_t>(size);
  }

  bool broken() const { return broken_; }
  // Bytes of a next request that came too early: the connection ends with this answer.
  bool has_rest() const { return at_ < end_; }

 private:
  bool fill() {
    if (broken_) return false;
    auto got = connection_.read(block_.data(), block_.size(), reading_);
    if (!got || *got == 0 || *got > budget_) {
      broken_ = true;
      return false;
    }
    budget_ -= *got;
    at_ = 0;
    end_ = *got;
    return true;
  }

  Connection& connection_;
  int fd_;
  Waiter reading_;
  Waiter writing_;
  size_t budget_;
  bool broken_ = false;
  std::array<char, 8192> block_;
  size_t at_ = 0;
  size_t end_ = 0;
};

// The library hands nothing of ours through to its handlers; the thread does.
struct Call {
  const std::optional<Peer>* peer = nullptr;
  std::stop_token stop;
};
thread_local const Call* current_call = nullptr;

ServerRequest translate(const httplib::Request& request) {
  ServerRequest translated;
  translated.method = request.method;
  translated.path = request.path;
  for (const auto& [name, value] : request.params) translated.query.emplace(name, value);
  for (const auto& [name, value] : request.headers) translated.headers.add(name, value);
  translated.body = request.body;
  if (current_call != nullptr) {
    translated.peer = *current_call->peer;
    translated.stop = current_call->stop;
  }
  return translated;
}

void translate(ServerResponse&& answer, httplib::Response& response) {
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers.items()) response.set_header(name, value);
  if (!answer.stream) {
    response.set_content(answer.body, answer.content_type);
    return;
  }
  // All of it in one call; how much it was.
  const auto write_all = [stream = std::move(answer.stream),
                          stop = current_call->stop](httplib::DataSink& sink) -> std::optional<uint64_t> {
    bool good = true;
    uint64_t written = 0;
    stream([&](std::string_view piece) {
      good = good && !stop.stop_requested() && (piece.empty() || sink.write(piece.data(), piece.size()));
      written += piece.size();
      return good;
    });
    return good ? std::optional(written) : std::nullopt;
  };
  if (answer.length) {
    // The library takes a length of 0 for one that is not known.
    if (*answer.length == 0) return response.set_content(std::string(), answer.content_type);
    response.set_content_provider(
        static_cast<size_t>(*answer.length), answer.content_type,
        [write_all, length = *answer.length](size_t /*offset*/, size_t /*length*/, httplib::DataSink& sink) {
          return write_all(sink) == length;
        });
    return;
  }
  response.set_chunked_content_provider(answer.content_type,
                                        [write_all](size_t /*offset*/, httplib::DataSink& sink) {
                                          if (!write_all(sink)) return false;
                                          sink.done();
                                          return true;
                                        });
}

}  // namespace

class Responder::Library : public httplib::Server {
 public:
  Library(base::Clock& clock, http::Handler handler, const ServerOptions& options)
      : clock_(clock), handler_(std::move(handler)), options_(options) {
    svr_sock_ = 0;  // never used as a descriptor; -1 means to the library that it shuts down
    set_payload_max_length(options.max_body);
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      call(request, response);
    };
    const char* every = R"([^]*)";
    Get(every, answer);
    Post(every, answer);
    Put(every, answer);
    Patch(every, answer);
    Delete(every, answer);
    Options(every, answer);
  }

  // Null: the client does not speak as it should.
  std::unique_ptr<Connection> open(int fd, const std::shared_ptr<TlsServer>& tls,
                                   const std::stop_token& stop) const {
    if (!tls) return plain_connection(fd);
    auto shaken = tls_accept(tls, fd, Waiter(clock_, stop, {options_.request_timeout, {}}, "the client"));
    return shaken ? std::move(*shaken) : nullptr;
  }

  // Whether another request has begun.
  bool wait(int fd, const std::stop_token& stop) const {
    return Waiter(clock_, stop, {{}, options_.keep_alive}, "the client").wait(fd, POLLIN).has_value();
  }

  // Whether the connection may go on.
  bool answer(Connection& connection, int fd, const std::stop_token& stop) {
    const auto make = [&](std::chrono::milliseconds whole, std::chrono::milliseconds idle) {
      return Waiter(clock_, stop, {whole, idle}, "the client");
    };
    auto stream = std::make_unique<RequestStream>(connection, fd, make(options_.request_timeout, {}),
                                                  make({}, options_.write_timeout),
                                                  kMaxRequestHead + options_.max_body);
    bool closing = false;
    const bool good = process(*this, *stream, closing);
    return good && !closing && !stream->broken() && !stream->has_rest();
  }

 private:
  void call(const httplib::Request& request, httplib::Response& response) const {
    // Else the library cuts the ranges out by itself, other versions of it in other ways. The request is its
    // own variable and not constant.
    const_cast<httplib::Request&>(request).ranges.clear();  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    try {
      translate(handler_(translate(request)), response);
    } catch (const std::exception&) {
      response.status = 500;
      response.set_content(R"({"error":"internal error"})", "application/json");
    }
  }

  // The protected function has one form up to 0.15 and another, with addresses, since.
  template <class T>
  static bool process(T& server, httplib::Stream& stream, bool& closing) {
    if constexpr (requires { server.process_request(stream, false, closing, nullptr); }) {
      return server.process_request(stream, false, closing, nullptr);
    } else {
      return server.process_request(stream, std::string(), 0, std::string(), 0, false, closing, nullptr);
    }
  }

  base::Clock& clock_;
  http::Handler handler_;
  ServerOptions options_;
};

Responder::Responder(base::Clock& clock, Handler handler, const ServerOptions& options,
                     std::shared_ptr<TlsServer> tls)
    : library_(std::make_unique<Library>(clock, std::move(handler), options)), tls_(std::move(tls)) {}

Responder::~Responder() = default;

void Responder::serve(int fd, const std::optional<Peer>& peer, const std::stop_token& stop) const {
  const auto connection = library_->open(fd, tls_, stop);
  if (!connection) return;
  const Call call{&peer, stop};
  current_call = &call;
  try {
    while (library_->wait(fd, stop) && library_->answer(*connection, fd, stop)) {
    }
  } catch (const std::exception&) {  // the library's, about this connection alone
  }
  current_call = nullptr;
  connection->goodbye();
}

}  // namespace gridseal::http
