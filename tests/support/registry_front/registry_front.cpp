#include "support/registry_front/registry_front.hpp"

#include <utility>

#include "base/clock.hpp"

namespace gridseal::test {
namespace {

http::Request pass_on(const https_server::SeenRequest& seen) {
  http::Request request;
  request.method = seen.method;
  request.target = seen.target;
  request.body = seen.body;
  request.max_body = uint64_t{256} << 20U;
  for (const char* name : {"Accept", "Range", "If-Range", "Content-Type"}) {
    if (const auto value = seen.header(name); !value.empty()) request.headers.set(name, std::string(value));
  }
  return request;
}

}  // namespace

RegistryFront::RegistryFront(const std::string& registry, https_server::ServerSettings settings,
                             std::string ca)
    : connector_(base::system_clock()) {
  auto url = http::Url::parse(registry);
  registry_ = connector_.connect(url.value().origin, {std::move(ca), {}, {}, {}}).value();
  server_ = std::make_unique<https_server::ScriptedServer>(
      std::move(settings), [this](const https_server::SeenRequest& request) { return answer(request); });
}

void RegistryFront::set_forge(Forge forge) {
  const std::scoped_lock lock(mutex_);
  forge_ = std::move(forge);
}

https_server::Answer RegistryFront::answer(const https_server::SeenRequest& request) {
  https_server::Answer answer;
  auto response = registry_->send(pass_on(request), {});
  if (!response) {
    answer.status = 502;
    answer.body = response.error().describe();
    return answer;
  }
  answer.status = response->status;
  for (const auto& [name, value] : response->headers.items()) {
    if (name == "Transfer-Encoding" || name == "Connection" || name == "Date") continue;
    if (name == "Content-Length" && request.method != "HEAD") continue;  // added to fit the body
    answer.headers.emplace_back(name, value);
  }
  answer.body = std::move(response->body);
  Forge forge;
  {
    const std::scoped_lock lock(mutex_);
    forge = forge_;
  }
  if (forge) forge(request, answer);
  return answer;
}

}  // namespace gridseal::test
