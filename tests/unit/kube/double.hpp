// Doubles of the outside for the tests of kube: a clock that only moves when told, a scripted API server
// behind http::Transport.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "http/transport.hpp"
#include "kube/kubeconfig.hpp"

namespace gridseal::kube::testing {

class FakeClock : public base::Clock {
 public:
  base::Time now() override { return base::Time(at_); }
  Monotonic monotonic() override { return Monotonic(std::chrono::hours(1) + at_); }
  bool sleep_for(base::milliseconds duration, const std::stop_token& stop) override {
    if (stop.stop_requested()) return false;
    slept.push_back(duration);
    at_ += duration;
    return true;
  }
  void advance(base::milliseconds duration) { at_ += duration; }

  std::vector<base::milliseconds> slept;

 private:
  base::milliseconds at_{0};
};

// Answers with what `handler` makes of each request and remembers the requests.
class FakeTransport : public http::Transport {
 public:
  using Handler = std::function<base::Result<http::Response>(const http::Request&)>;

  base::Result<http::Response> send(const http::Request& request, const std::stop_token& stop) override;
  base::Result<http::Response> stream(const http::Request& request, const http::HeadCheck& check,
                                      const http::BodySink& sink, const std::stop_token& stop) override;

  // The next request gets this answer, in turn; without one, `handler` is asked.
  void expect(base::Result<http::Response> answer) { answers.push_back(std::move(answer)); }

  // What answers a stream; null: none is expected.
  std::function<base::Result<http::Response>(const http::Request&, const http::HeadCheck&,
                                             const http::BodySink&, const std::stop_token&)>
      streamer;
  Handler handler;
  std::deque<base::Result<http::Response>> answers;
  std::vector<http::Request> requests;
};

class FakeConnector : public http::Connector {
 public:
  base::Result<std::shared_ptr<http::Transport>> connect(const http::Origin& origin,
                                                         const http::TlsSettings& tls) override {
    origins.push_back(origin);
    settings.push_back(tls);
    return std::shared_ptr<http::Transport>(transport);
  }

  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
  std::vector<http::Origin> origins;
  std::vector<http::TlsSettings> settings;
};

// A fixed session.
class FakeAccess : public Access {
 public:
  base::Result<Session> session() override { return current; }
  void refused() override {
    ++refusals;
    if (!next_authorization.empty()) current.authorization = next_authorization;
  }

  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
  Session current{transport, "", "Bearer one", "", {}};
  std::string next_authorization;
  int refusals = 0;
};

http::Response answer(int status, const base::Json& body);
http::Response text_answer(int status, const std::string& body);
base::Error broken(const std::string& code);

// A JSON file of tests/fixtures/kube.
base::Json fixture(const std::string& name);

// Answers GET /api and /apis with the recorded aggregated discovery; nothing for other paths.
std::optional<http::Response> discovery_answer(const http::Request& request);

}  // namespace gridseal::kube::testing
