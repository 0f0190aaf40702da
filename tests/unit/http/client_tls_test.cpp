#include <sys/socket.h>
#include <unistd.h>

#include "client_fixture.hpp"

namespace gridseal::http {
namespace {

using https_server::LeafOptions;

class ClientTlsTest : public ClientTest {
 protected:
  static ServerSettings with_certificate(const LeafOptions& options) {
    ServerSettings settings;
    settings.certificate = pki().issue(options);
    return settings;
  }
  static LeafOptions for_loopback() {
    LeafOptions options;
    options.addresses = {"127.0.0.1"};
    return options;
  }
  static Answer hello(const SeenRequest& /*request*/) { return https_server::text("hello"); }
};

// GS-HTTP-020: a server whose certificate the configured CA signed for this very host is trusted.
TEST_F(ClientTlsTest, TrustsTheConfiguredCa) {
  const ScriptedServer server(tls_settings(), hello);
  const auto answer = get(server);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
}

// GS-HTTP-021: a certificate of any other CA is refused.
TEST_F(ClientTlsTest, RefusesAnotherCa) {
  const ScriptedServer server(tls_settings(), hello);
  const TestPki other("Other CA");
  TlsSettings tls;
  tls.ca_pem = other.ca_pem();
  expect_error(get(server, tls), "http.tls", {"not signed by a configured CA", "CN=Test CA"});
  EXPECT_TRUE(server.requests().empty());
}

// GS-HTTP-022: a certificate for another host is refused, and the error names the hosts it is for.
TEST_F(ClientTlsTest, RefusesAnotherHost) {
  LeafOptions options;
  options.dns_names = {"mirror.example", "*.mirror.example"};
  options.addresses = {"10.9.8.7"};
  const ScriptedServer server(with_certificate(options), hello);
  expect_error(get(server), "http.tls", {"mirror.example, *.mirror.example, 10.9.8.7", "not for 127.0.0.1"});
}

// GS-HTTP-082: a certificate for another host is refused, and the error names the hosts it is for.
TEST_F(ClientTlsTest, RefusesACommonNameAlone) {
  LeafOptions options;
  options.common_name = "127.0.0.1";
  const ScriptedServer server(with_certificate(options), hello);
  expect_error(get(server), "http.tls", {"no subject alternative name"});
}

// GS-HTTP-023: names are checked against dNSName entries, addresses against iPAddress entries.
TEST_F(ClientTlsTest, ChecksNamesAndAddresses) {
  LeafOptions name_as_address;
  name_as_address.dns_names = {"127.0.0.1"};
  expect_error(get(ScriptedServer(with_certificate(name_as_address), hello)), "http.tls",
               {"not for 127.0.0.1"});

  LeafOptions wildcard;
  wildcard.dns_names = {"*.mirror.example"};
  const ScriptedServer server(with_certificate(wildcard), hello);
  TlsSettings tls = trust();
  tls.server_name = "a.mirror.example";
  EXPECT_TRUE(get(server, tls));
  tls.server_name = "A.Mirror.Example";
  EXPECT_TRUE(get(server, tls));
  for (const char* name : {"mirror.example", "a.b.mirror.example", ".mirror.example", "xmirror.example"}) {
    tls.server_name = name;
    expect_error(get(server, tls), "http.tls");
  }
}

// GS-HTTP-083: names are checked against dNSName entries, addresses against iPAddress entries.
TEST_F(ClientTlsTest, ChecksIpv6Addresses) {
  ServerSettings settings = tls_settings();
  settings.address = "::1";
  const ScriptedServer server(settings, hello);
  const auto answer = get(server);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(server.requests().front().header("Host"), "[::1]:" + std::to_string(server.port()));
}

// GS-HTTP-024: validity is judged by the clock that is handed in, both ways, and the error says so.
TEST_F(ClientTlsTest, JudgesValidityByTheInjectedClock) {
  LeafOptions options = for_loopback();
  options.not_before = "20300101000000";
  options.not_after = "20301231235959";
  const ScriptedServer server(with_certificate(options), hello);
  const auto at = [&](const char* time) {
    ClientOptions client;
    client.now = [when = *base::parse_rfc3339(time)] { return when; };
    ClientConnector connector(base::system_clock(), client);
    return (*connector.connect(origin_of(server), trust()))->send(request("GET", "/"), {});
  };
  expect_error(at("2029-12-31T23:59:59Z"), "http.tls",
               {"valid only from 2030-01-01", "clock may be wrong", "2029-12-31"});
  EXPECT_TRUE(at("2030-06-01T00:00:00Z"));
  expect_error(at("2031-01-01T00:00:00Z"), "http.tls", {"expired at 2030-12-31", "2031-01-01"});
}

// GS-HTTP-025: a demanded client certificate is shown; without one the error says what is missing.
TEST_F(ClientTlsTest, ShowsItsClientCertificate) {
  ServerSettings settings = tls_settings();
  settings.client_ca_pem = pki().ca_pem();
  // In TLS 1.3 mbedTLS' server encrypts its refusal with keys that the client no longer uses.
  settings.tls12_only = true;
  const ScriptedServer server(settings, hello);
  expect_error(get(server), "http.tls", {"client certificate", "none is configured"});

  const auto pair = pki().client("site-a");
  TlsSettings tls = trust();
  tls.client_cert_pem = pair.cert_pem;
  tls.client_key_pem = pair.key_pem;
  const auto answer = get(server, tls);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(server.requests().back().client_name, "CN=site-a");

  const TestPki other("Other CA");
  const auto foreign = other.client("site-b");
  tls.client_cert_pem = foreign.cert_pem;
  tls.client_key_pem = foreign.key_pem;
  expect_error(get(server, tls), "http.tls", {"refuses the configured client certificate"});
}

// GS-HTTP-026: unusable TLS settings are found before anything is opened.
TEST_F(ClientTlsTest, RefusesUnusableSettings) {
  const Origin origin{"https", "localhost", 1};
  const auto pair = pki().client();
  const auto other = pki().client();
  TlsSettings no_ca;
  TlsSettings broken_ca = trust();
  broken_ca.ca_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  TlsSettings no_key = trust();
  no_key.client_cert_pem = pair.cert_pem;
  TlsSettings mixed = no_key;
  mixed.client_key_pem = other.key_pem;
  for (const auto& settings : {no_ca, broken_ca, no_key, mixed}) {
    const auto made = connector_.connect(origin, settings);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), "http.tls_settings");
    EXPECT_EQ(made.error().describe().find("PRIVATE"), std::string::npos);
  }
}

// GS-HTTP-027: a port without TLS is named as such.
TEST_F(ClientTlsTest, NamesAPortWithoutTls) {
  ServerSettings settings = plain_settings();
  settings.greeting = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
  const ScriptedServer server(settings, hello);
  Origin origin = origin_of(server);
  origin.scheme = "https";
  expect_error((*connector_.connect(origin, trust()))->send(request("GET", "/"), {}), "http.tls",
               {"does not speak TLS"});
}

// GS-HTTP-028: reconnecting to an origin offers the session that it had.
TEST_F(ClientTlsTest, ResumesSessions) {
  ServerSettings settings = tls_settings();
  settings.tls12_only = true;
  ScriptedServer server(settings, hello);
  const auto client = transport(server);
  ASSERT_TRUE(client->send(request("GET", "/"), {}));
  server.drop_connections();
  server.wait_closed(1);
  ASSERT_TRUE(client->send(request("GET", "/"), {}));
  EXPECT_EQ(server.handshakes(), 2);
  EXPECT_EQ(server.resumed(), 1);
}

// GS-HTTP-029: a session is offered no longer than the certificate it stands for is valid.
TEST_F(ClientTlsTest, DoesNotResumeBeyondTheValidity) {
  LeafOptions options = for_loopback();
  options.not_after = "20301231235959";
  ServerSettings settings = with_certificate(options);
  settings.tls12_only = true;
  ScriptedServer server(settings, hello);
  auto now = std::make_shared<std::atomic<int64_t>>(
      base::parse_rfc3339("2030-01-01T00:00:00Z")->time_since_epoch().count());
  ClientOptions client;
  client.now = [now] { return base::Time(base::milliseconds(now->load())); };
  ClientConnector connector(base::system_clock(), client);
  const auto kept = *connector.connect(origin_of(server), trust());
  ASSERT_TRUE(kept->send(request("GET", "/"), {}));
  server.drop_connections();
  server.wait_closed(1);
  *now = base::parse_rfc3339("2031-06-01T00:00:00Z")->time_since_epoch().count();
  expect_error(kept->send(request("GET", "/"), {}), "http.tls", {"expired"});
}

}  // namespace
}  // namespace gridseal::http
