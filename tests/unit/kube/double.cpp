#include "double.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace gridseal::kube::testing {

base::Result<http::Response> FakeTransport::send(const http::Request& request, const std::stop_token& stop) {
  if (stop.stop_requested()) return broken("http.cancelled");
  requests.push_back(request);
  if (!answers.empty()) {
    auto next = std::move(answers.front());
    answers.pop_front();
    return next;
  }
  if (handler) return handler(request);
  ADD_FAILURE() << "no answer for " << request.method << " " << request.target;
  return broken("http.connect");
}

base::Result<http::Response> FakeTransport::stream(const http::Request& request, const http::HeadCheck& check,
                                                   const http::BodySink& sink, const std::stop_token& stop) {
  if (streamer) return streamer(request, check, sink, stop);
  ADD_FAILURE() << "no stream is expected: " << request.target;
  return broken("http.protocol");
}

http::Response answer(int status, const base::Json& body) {
  http::Response response = text_answer(status, body.dump());
  response.headers.set("Content-Type", "application/json");
  return response;
}

http::Response text_answer(int status, const std::string& body) {
  http::Response response;
  response.status = status;
  response.body = body;
  return response;
}

base::Error broken(const std::string& code) {
  return base::Error::blocked(code, "made up by the test");
}

base::Json fixture(const std::string& name) {
  std::ifstream file(GRIDSEAL_FIXTURES "/kube/" + name);
  std::stringstream text;
  text << file.rdbuf();
  auto json = base::parse_json(text.str());
  if (!json) {
    ADD_FAILURE() << name << ": " << json.error().describe();
    return nullptr;
  }
  return *json;
}

std::optional<http::Response> discovery_answer(const http::Request& request) {
  static const base::Json recorded = fixture("discovery.json");
  if (request.method != "GET" || (request.target != "/api" && request.target != "/apis")) return std::nullopt;
  return answer(200, recorded.at(request.target).at("body"));
}

}  // namespace gridseal::kube::testing
