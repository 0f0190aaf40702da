#include "support/http/scripted_http.hpp"

#include <algorithm>

namespace gridseal::test {

using base::Error;
using base::Result;

ScriptedAnswer answer(int status, std::string body) {
  ScriptedAnswer out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

ScriptedAnswer unreachable(std::string why) {
  ScriptedAnswer out;
  out.error = Error::blocked("http.connect", std::move(why));
  return out;
}

class ScriptedHttp::Transport final : public http::Transport {
 public:
  Transport(ScriptedHttp& owner, http::Origin origin, http::TlsSettings tls)
      : owner_(owner), origin_(std::move(origin)), tls_(std::move(tls)) {}

  Result<http::Response> send(const http::Request& request, const std::stop_token& stop) override {
    if (stop.stop_requested()) return Error::blocked("http.cancelled", "stopped");
    return owner_.exchange({origin_, request, tls_}, nullptr, nullptr);
  }
  Result<http::Response> stream(const http::Request& request, const http::HeadCheck& check,
                                const http::BodySink& sink, const std::stop_token& stop) override {
    if (stop.stop_requested()) return Error::blocked("http.cancelled", "stopped");
    return owner_.exchange({origin_, request, tls_}, &check, &sink);
  }

 private:
  ScriptedHttp& owner_;
  const http::Origin origin_;
  const http::TlsSettings tls_;
};

Result<std::shared_ptr<http::Transport>> ScriptedHttp::connect(const http::Origin& origin,
                                                               const http::TlsSettings& tls) {
  const std::lock_guard lock(mutex_);
  ++connections_;
  return std::shared_ptr<http::Transport>(std::make_shared<Transport>(*this, origin, tls));
}

Result<http::Response> ScriptedHttp::exchange(const SeenRequest& seen, const http::HeadCheck* check,
                                              const http::BodySink* sink) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(seen);
  }
  const ScriptedAnswer script = handler_(seen);
  if (script.error) return *script.error;
  http::Response response;
  response.status = script.status;
  response.headers = script.headers;
  bool streamed = false;
  if (check != nullptr) {
    auto wanted = (*check)(response);
    if (!wanted) return std::move(wanted).error();
    streamed = *wanted;
  }
  if (seen.request.method == "HEAD") return response;
  const uint64_t total = std::max<uint64_t>(script.endless, script.body.size());
  uint64_t sent = 0;
  while (sent < total) {
    if (script.cut_after && sent >= *script.cut_after)
      return Error::blocked("http.cut", "the connection was cut");
    const uint64_t at = script.body.empty() ? 0 : sent % script.body.size();
    uint64_t length = std::min<uint64_t>({script.piece, script.body.size() - at, total - sent});
    if (script.cut_after) length = std::min<uint64_t>(length, *script.cut_after - sent);
    const auto piece = std::string_view(script.body).substr(at, length);
    sent += length;
    if (sent > seen.request.max_body) return Error::blocked("http.too_large", "the answer is too long");
    if (!streamed) {
      response.body += piece;
    } else if (auto r = (*sink)(piece); !r) {
      return std::move(r).error();
    }
  }
  if (script.cut_after) return Error::blocked("http.cut", "the connection was cut");
  return response;
}

std::vector<SeenRequest> ScriptedHttp::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

size_t ScriptedHttp::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void ScriptedHttp::clear() {
  const std::lock_guard lock(mutex_);
  requests_.clear();
}

}  // namespace gridseal::test
