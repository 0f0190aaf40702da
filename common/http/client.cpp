#include "http/client.hpp"

#include <mutex>

#include "http/exchange.hpp"
#include "http/tls.hpp"

namespace gridseal::http {
namespace {

class PooledTransport : public Transport {
 public:
  PooledTransport(base::Clock& clock, ClientOptions options, std::string name, std::string host,
                  Dialer dialer)
      : clock_(clock),
        options_(std::move(options)),
        name_(std::move(name)),
        host_(std::move(host)),
        dialer_(std::move(dialer)) {}

  base::Result<Response> send(const Request& request, const std::stop_token& stop) override {
    return exchange(request, {}, {}, stop);
  }
  base::Result<Response> stream(const Request& request, const HeadCheck& check, const BodySink& sink,
                                const std::stop_token& stop) override {
    return exchange(request, check, sink, stop);
  }

 private:
  base::Result<Response> exchange(const Request& request, const HeadCheck& check, const BodySink& sink,
                                  const std::stop_token& stop);
  std::unique_ptr<Exchange> make() const {
    return std::make_unique<Exchange>(Exchange::Identity{host_, options_.user_agent}, dialer_);
  }
  std::unique_ptr<Exchange> take();
  void put_back(std::unique_ptr<Exchange> exchange);

  base::Clock& clock_;
  ClientOptions options_;
  std::string name_;
  std::string host_;
  Dialer dialer_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Exchange>> idle_;
};

std::unique_ptr<Exchange> PooledTransport::take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto newest = std::move(idle_.back());
  idle_.pop_back();
  return newest;
}

void PooledTransport::put_back(std::unique_ptr<Exchange> exchange) {
  if (!exchange->is_open()) return;
  const std::lock_guard lock(mutex_);
  if (idle_.size() < options_.kept_connections) idle_.push_back(std::move(exchange));
}

base::Result<Response> PooledTransport::exchange(const Request& request, const HeadCheck& check,
                                                 const BodySink& sink, const std::stop_token& stop) {
  if (auto good = check_request(request); !good) return std::move(good).error();
  const Waiter waiter(clock_, stop, {request.timeout, request.idle_timeout}, name_);
  if (auto good = waiter.check(); !good) return std::move(good).error();
  auto connection = take();
  if (!connection) connection = make();
  auto answer = connection->run(request, check, sink, waiter);
  // RFC 9110 section 9.2.2: a safe request may be sent again; nobody has seen a byte of an answer.
  const bool safe = request.method == "GET" || request.method == "HEAD";
  if (!answer && safe && connection->lost_kept_connection()) {
    connection = make();
    answer = connection->run(request, check, sink, waiter);
  }
  put_back(std::move(connection));
  return answer;
}

// The Host field (RFC 9110 section 7.2).
std::string host_field(const Origin& origin) {
  const std::string text = origin.to_string();
  return text.substr(text.find("://") + 3);
}

}  // namespace

ClientConnector::ClientConnector(base::Clock& clock, ClientOptions options)
    : clock_(clock), options_(std::move(options)) {
  if (!options_.now) options_.now = [&clock] { return clock.now(); };
}

base::Result<std::shared_ptr<Transport>> ClientConnector::connect(const Origin& origin,
                                                                  const TlsSettings& tls) {
  const auto limit = options_.connect_timeout;
  Dialer dialer;
  if (origin.scheme == "http") {
    dialer = [origin, limit](const Waiter& waiter) -> base::Result<Dialed> {
      auto fd = connect_tcp(origin, waiter.bounded(limit, "connecting to"));
      if (!fd) return std::move(fd).error();
      const int number = fd->get();
      return Dialed{std::move(*fd), plain_connection(number)};
    };
  } else {
    auto context =
        TlsContext::make(tls, tls.server_name.empty() ? origin.host : tls.server_name, options_.now);
    if (!context) return std::move(context).error();
    dialer = [origin, limit, shared = *context](const Waiter& waiter) -> base::Result<Dialed> {
      const Waiter part = waiter.bounded(limit, "connecting to");
      auto fd = connect_tcp(origin, part);
      if (!fd) return std::move(fd).error();
      auto connection = tls_connection(shared, fd->get(), part);
      if (!connection) return std::move(connection).error();
      return Dialed{std::move(*fd), std::move(*connection)};
    };
  }
  return std::make_shared<PooledTransport>(clock_, options_, origin.to_string(), host_field(origin),
                                           std::move(dialer));
}

std::shared_ptr<Transport> unix_transport(base::Clock& clock, const std::string& path,
                                          const ClientOptions& options) {
  const auto limit = options.connect_timeout;
  Dialer dialer = [path, limit](const Waiter& waiter) -> base::Result<Dialed> {
    auto fd = connect_unix(path, waiter.bounded(limit, "connecting to"));
    if (!fd) return std::move(fd).error();
    const int number = fd->get();
    return Dialed{std::move(*fd), plain_connection(number)};
  };
  return std::make_shared<PooledTransport>(clock, options, path, "localhost", std::move(dialer));
}

}  // namespace gridseal::http
