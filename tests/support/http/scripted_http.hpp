// Scripted answers instead of a network: a Connector whose transports ask a function. No sockets, no time.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "http/transport.hpp"

namespace gridseal::test {

// What a scripted server says. The body reaches a sink in pieces of `piece` bytes.
struct ScriptedAnswer {
  int status = 200;
  http::Headers headers;
  std::string body;
  std::optional<size_t> cut_after;   // the connection is cut after so many bytes: http.cut
  std::optional<base::Error> error;  // nothing is answered at all
  uint64_t endless = 0;              // repeats the body up to so many bytes
  size_t piece = 4096;

  ScriptedAnswer& with(std::string name, std::string value) {
    headers.set(std::move(name), std::move(value));
    return *this;
  }
};

ScriptedAnswer answer(int status, std::string body = {});
ScriptedAnswer unreachable(std::string why = "connection refused");

struct SeenRequest {
  http::Origin origin;
  http::Request request;
  http::TlsSettings tls;

  std::string line() const { return request.method + " " + origin.to_string() + request.target; }
};

// Thread safe.
class ScriptedHttp final : public http::Connector {
 public:
  using Handler = std::function<ScriptedAnswer(const SeenRequest&)>;

  explicit ScriptedHttp(Handler handler) : handler_(std::move(handler)) {}
  base::Result<std::shared_ptr<http::Transport>> connect(const http::Origin& origin,
                                                         const http::TlsSettings& tls) override;

  std::vector<SeenRequest> requests() const;
  size_t connections() const;
  void clear();

 private:
  class Transport;
  base::Result<http::Response> exchange(const SeenRequest& seen, const http::HeadCheck* check,
                                        const http::BodySink* sink);

  Handler handler_;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> requests_;
  size_t connections_ = 0;
};

// Sleeping moves it on at once.
class ManualClock final : public base::Clock {
 public:
  base::Time now() override { return now_; }
  Monotonic monotonic() override {
    return Monotonic(std::chrono::duration_cast<Monotonic::duration>(passed_));
  }
  bool sleep_for(base::milliseconds duration, const std::stop_token& stop) override {
    if (stop.stop_requested()) return false;
    slept.push_back(duration);
    advance(duration);
    return true;
  }
  void advance(base::milliseconds duration) {
    now_ += duration;
    passed_ += duration;
  }

  std::vector<base::milliseconds> slept;

 private:
  base::Time now_{std::chrono::seconds(1'800'000'000)};
  base::milliseconds passed_{1'000'000};
};

}  // namespace gridseal::test
