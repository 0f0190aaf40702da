// What the tests of the client share: a PKI, a connector, requests.
#pragma once

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "http/client.hpp"
#include "support/https_server/scripted_server.hpp"

namespace gridseal::http {

using https_server::Answer;
using https_server::ScriptedServer;
using https_server::SeenRequest;
using https_server::ServerSettings;
using https_server::TestPki;

class ClientTest : public testing::Test {
 protected:
  static const TestPki& pki() {
    static const TestPki shared;
    return shared;
  }

  static ServerSettings tls_settings() {
    static const https_server::KeyPair certificate = pki().server();
    ServerSettings settings;
    settings.certificate = certificate;
    return settings;
  }
  static ServerSettings plain_settings() {
    ServerSettings settings;
    settings.tls = false;
    return settings;
  }
  static TlsSettings trust() {
    TlsSettings tls;
    tls.ca_pem = pki().ca_pem();
    return tls;
  }

  static Origin origin_of(const ScriptedServer& server) { return Url::parse(server.url())->origin; }

  std::shared_ptr<Transport> transport(const ScriptedServer& server, const TlsSettings& tls = trust()) {
    auto made = connector_.connect(origin_of(server), tls);
    EXPECT_TRUE(made) << made.error().describe();
    return *made;
  }
  // One GET on a transport of its own.
  base::Result<Response> get(const ScriptedServer& server, const TlsSettings& tls = trust(),
                             Request request = {}) {
    if (request.target.empty()) request.target = "/";
    return transport(server, tls)->send(request, {});
  }
  static Request request(std::string method, std::string target) {
    Request made;
    made.method = std::move(method);
    made.target = std::move(target);
    return made;
  }

  ClientConnector connector_{base::system_clock()};
};

// Which code, and which words an operator needs.
inline void expect_error(const base::Result<Response>& answer, const std::string& code,
                         const std::vector<std::string>& words = {}) {
  ASSERT_FALSE(answer) << "status " << answer->status;
  EXPECT_EQ(answer.error().code(), code) << answer.error().describe();
  EXPECT_EQ(answer.error().outcome(), base::Outcome::blocked);
  for (const auto& word : words) {
    EXPECT_NE(answer.error().describe().find(word), std::string::npos)
        << answer.error().describe() << "\nlacks: " << word;
  }
}

}  // namespace gridseal::http
