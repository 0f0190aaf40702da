#include "support/sim_host/sim_network.hpp"

#include <algorithm>

namespace gridseal::test {
namespace {

constexpr std::chrono::seconds kFirstDate{1'800'000'000};
constexpr base::milliseconds kRoundTrip{1};

bool writes(const http::Request& request) {
  return request.method != "GET" && request.method != "HEAD" &&
         request.target.find("dryRun=All") == std::string::npos;
}

}  // namespace

base::Time SimClock::now() {
  const auto since = std::chrono::duration_cast<base::milliseconds>(cluster_.now().time_since_epoch());
  return base::Time(kFirstDate) + since + jumped_;
}

bool SimClock::sleep_for(base::milliseconds duration, const std::stop_token& stop) {
  if (stop.stop_requested()) return false;
  advance(duration);
  return true;
}

void SimClock::advance(base::milliseconds duration) {
  cluster_.run_until(cluster_.now() + duration);
}

class SimNetwork::Transport final : public http::Transport {
 public:
  Transport(SimNetwork& network, bool to_cluster) : network_(network), to_cluster_(to_cluster) {}
  base::Result<http::Response> send(const http::Request& request, const std::stop_token& stop) override {
    return network_.exchange(to_cluster_, request, stop);
  }
  base::Result<http::Response> stream(const http::Request& request, const http::HeadCheck& check,
                                      const http::BodySink& sink, const std::stop_token& stop) override {
    auto response = network_.exchange(to_cluster_, request, stop);
    if (!response) return response;
    auto wanted = check(*response);
    if (!wanted) return std::move(wanted).error();
    if (!*wanted) return response;
    if (auto r = sink(response->body); !r) return std::move(r).error();
    response->body.clear();
    return response;
  }

 private:
  SimNetwork& network_;
  bool to_cluster_;
};

base::Result<std::shared_ptr<http::Transport>> SimNetwork::connect(const http::Origin& origin,
                                                                   const http::TlsSettings& /*tls*/) {
  return std::shared_ptr<http::Transport>(std::make_shared<Transport>(*this, origin.port == 6443));
}

void SimNetwork::set_fuse(Fuse* fuse, std::stop_source power) {
  fuse_ = fuse;
  power_ = std::move(power);
}

base::Result<http::Response> SimNetwork::exchange(bool to_cluster, const http::Request& request,
                                                  const std::stop_token& stop) {
  if (gate_ && to_cluster) gate_(request);
  const std::scoped_lock lock(mutex_);
  if (stop.stop_requested()) return base::Error::blocked("http.cancelled", "stopped");
  if (fuse_ != nullptr && !fuse_->burn(writes(request) ? Effect::lasting : Effect::read)) {
    power_.request_stop();
    return base::Error::blocked("http.cut", "the power is cut");
  }
  clock_.advance(kRoundTrip);
  if (to_cluster ? cluster_gone_ : registry_gone_)
    return base::Error::blocked("http.connect", "connection refused");
  if (to_cluster) return ask_cluster(request);
  http::Response response = registry_.answer(request);
  if (request.method == "HEAD") response.body.clear();
  return response;
}

base::Result<http::Response> SimNetwork::ask_cluster(const http::Request& request) {
  ++cluster_requests_;
  if (watcher_) watcher_(request);
  kubesim::HttpRequest ask;
  ask.method = request.method;
  ask.target = request.target;
  ask.body = request.body;
  for (const auto& [name, value] : request.headers.items()) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    ask.headers.emplace(std::move(lower), value);
  }
  kubesim::HttpResponse answer = cluster_.ask(std::move(ask));
  if (answer.cut) return base::Error::blocked("http.cut", "the connection was cut");
  if (answer.stream) return base::Error::blocked("http.cut", "the stream has ended");
  http::Response response;
  response.status = answer.status;
  for (auto& [name, value] : answer.headers) response.headers.add(std::move(name), std::move(value));
  response.body = std::move(answer.body);
  if (response.body.size() > request.max_body)
    return base::Error::blocked("http.too_large", "the answer is too long");
  return response;
}

}  // namespace gridseal::test
