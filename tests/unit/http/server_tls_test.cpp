// The server under TLS on loopback.
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "http/client.hpp"
#include "http/connection.hpp"
#include "http/server.hpp"
#include "support/https_server/test_pki.hpp"

namespace gridseal::http {
namespace {

using https_server::TestPki;

const TestPki& pki() {
  static const TestPki one;
  return one;
}

class ServerTlsTest : public testing::Test {
 protected:
  void start(const std::string& body, const ServerOptions& more = {}) {
    auto listener = Listener::loopback(0);
    ASSERT_TRUE(listener) << listener.error().describe();
    ServerOptions options = more;
    const auto pair = pki().server();
    options.tls = ServerTls{pair.cert_pem, pair.key_pem};
    auto server = Server::start(
        base::system_clock(), std::move(*listener),
        [body](const ServerRequest& request) {
          ServerResponse response;
          response.body = request.path == "/big" ? std::string() : body + request.body;
          if (request.path == "/big") {
            response.length = body.size();
            response.stream = [body](const ServerResponse::Write& write) { (void)write(body); };
          }
          return response;
        },
        options);
    ASSERT_TRUE(server) << server.error().describe();
    server_ = std::move(*server);
  }
  base::Result<Response> ask(const std::string& method, const std::string& target, std::string body = {}) {
    ClientConnector connector(base::system_clock(), {});
    TlsSettings tls;
    tls.ca_pem = pki().ca_pem();
    auto transport = connector.connect({"https", "127.0.0.1", server_->port()}, tls);
    if (!transport) return std::move(transport).error();
    Request request;
    request.method = method;
    request.target = target;
    request.body = std::move(body);
    request.max_body = uint64_t{64} << 20U;
    return (*transport)->send(request, {});
  }

  std::unique_ptr<Server> server_;
};

// GS-HTTP-113: A server with a certificate speaks TLS; requests and answers of many records pass whole.
TEST_F(ServerTlsTest, SpeaksTls) {
  start(std::string(3'000'000, 'y'));
  const auto small = ask("POST", "/", std::string(200'000, 'z'));
  ASSERT_TRUE(small) << small.error().describe();
  EXPECT_EQ(small->body.size(), 3'200'000U);
  const auto big = ask("GET", "/big");
  ASSERT_TRUE(big) << big.error().describe();
  EXPECT_EQ(big->body, std::string(3'000'000, 'y'));
}

// GS-HTTP-114: A client that does not speak TLS gets nothing, and keeps nobody else from being served.
TEST_F(ServerTlsTest, IgnoresWhatIsNoTls) {
  ServerOptions options;
  options.threads = 1;
  start("hello", options);
  const UniqueFd plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server_->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(plain.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_GT(::send(plain.get(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, MSG_NOSIGNAL), 0);
  const auto answer = ask("GET", "/");
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, "hello");
}

// GS-HTTP-115: A key that does not belong to the certificate is an error at start.
TEST_F(ServerTlsTest, RefusesAStrangeKey) {
  auto listener = Listener::loopback(0);
  ASSERT_TRUE(listener);
  ServerOptions options;
  options.tls = ServerTls{pki().server().cert_pem, pki().client().key_pem};
  const auto server = Server::start(
      base::system_clock(), std::move(*listener), [](const ServerRequest&) { return ServerResponse(); },
      options);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), "http.tls_settings") << server.error().describe();
}

// GS-HTTP-116: Only loopback addresses are listened on.
TEST_F(ServerTlsTest, ListensOnLoopbackAlone) {
  EXPECT_TRUE(Listener::loopback(0, "127.0.0.2"));
  for (const char* address : {"0.0.0.0", "10.0.0.1", "localhost", "::1", ""}) {
    const auto listener = Listener::loopback(0, address);
    ASSERT_FALSE(listener) << address;
    EXPECT_EQ(listener.error().code(), "http.listen");
  }
}

}  // namespace
}  // namespace gridseal::http
