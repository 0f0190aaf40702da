#include <sys/socket.h>
#include <unistd.h>

#include <barrier>
#include <thread>

#include "client_fixture.hpp"

namespace gridseal::http {
namespace {

using std::chrono::milliseconds;

Answer hello(const SeenRequest& /*request*/) {
  return https_server::text("hello");
}

// GS-HTTP-050: requests follow each other over one kept connection with one handshake.
TEST_F(ClientTest, KeepsItsConnection) {
  const ScriptedServer server(tls_settings(), hello);
  const auto client = transport(server);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->send(request("HEAD", "/v2/app/manifests/latest"), {}));
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.handshakes(), 1);
}

// GS-HTTP-051: a kept connection that the server closed is found before sending, for every method.
TEST_F(ClientTest, FindsStaleConnections) {
  for (const bool tls : {true, false}) {
    ScriptedServer server(tls ? tls_settings() : plain_settings(), hello);
    const auto client = transport(server);
    ASSERT_TRUE(client->send(request("GET", "/"), {}));
    server.drop_connections();
    server.wait_closed(1);
    Request patch = request("PATCH", "/");
    patch.body = "{}";
    const auto answer = client->send(patch, {});
    ASSERT_TRUE(answer) << answer.error().describe();
    EXPECT_EQ(server.connections(), 2);
    EXPECT_EQ(server.requests().size(), 2U);
  }
}

// GS-HTTP-052: a safe request that meets the end of a kept connection is sent once more; others are not.
TEST_F(ClientTest, RepeatsOnlySafeRequests) {
  const ScriptedServer server(plain_settings(), [](const SeenRequest& seen) {
    Answer answer = https_server::text("ok");
    if (seen.target == "/cut" && seen.connection == 1) answer.cut_after = 0;
    if (seen.target == "/cut" && seen.method == "POST") answer.cut_after = 0;
    return answer;
  });
  const auto client = transport(server);
  ASSERT_TRUE(client->send(request("GET", "/"), {}));
  const auto repeated = client->send(request("GET", "/cut"), {});
  ASSERT_TRUE(repeated) << repeated.error().describe();
  EXPECT_EQ(server.connections(), 2);
  expect_error(client->send(request("POST", "/cut"), {}), "http.cut");
  EXPECT_EQ(server.requests().size(), 4U);
}

// GS-HTTP-053: "Connection: close" is honoured.
TEST_F(ClientTest, HonoursClose) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("bye");
    answer.headers = {{"Connection", "close"}};
    return answer;
  });
  const auto client = transport(server);
  ASSERT_TRUE(client->send(request("GET", "/"), {}));
  ASSERT_TRUE(client->send(request("GET", "/"), {}));
  EXPECT_EQ(server.connections(), 2);
}

// GS-HTTP-054: threads run side by side over connections of their own.
TEST_F(ClientTest, ServesThreadsSideBySide) {
  constexpr int kThreads = 4;
  std::barrier all(kThreads);
  const ScriptedServer server(tls_settings(), [&all](const SeenRequest&) {
    all.arrive_and_wait();  // answers only when all are waiting
    return https_server::text("ok");
  });
  const auto client = transport(server);
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] { good += client->send(request("GET", "/"), {}) ? 1 : 0; });
    }
  }
  EXPECT_EQ(good, kThreads);
  EXPECT_EQ(server.connections(), kThreads);
}

// GS-HTTP-055: a port where nobody listens, a name nobody knows: http.connect, in words.
TEST_F(ClientTest, ExplainsConnectFailures) {
  uint16_t port = 0;
  { port = ScriptedServer(plain_settings(), hello).port(); }
  const auto refused = (*connector_.connect({"http", "127.0.0.1", port}, {}))->send(request("GET", "/"), {});
  expect_error(refused, "http.connect",
               {"http://127.0.0.1:" + std::to_string(port), "refused", "is the service running"});
  const auto unknown =
      (*connector_.connect({"http", "no-such-host.invalid", 80}, {}))->send(request("GET", "/"), {});
  expect_error(unknown, "http.connect", {"no-such-host.invalid", "cannot be resolved"});
  const auto path =
      unix_transport(base::system_clock(), "/nonexistent/control.sock")->send(request("GET", "/"), {});
  expect_error(path, "http.connect", {"/nonexistent/control.sock"});
}

// GS-HTTP-056: a silent server ends in http.timeout, in the handshake, before the head and within the body.
TEST_F(ClientTest, LimitsSilence) {
  Request impatient = request("GET", "/");
  impatient.idle_timeout = milliseconds(50);
  ServerSettings mute = tls_settings();
  mute.stop_after_accept = true;
  const ScriptedServer silent(mute, hello);
  expect_error(get(silent, trust(), impatient), "http.timeout", {"silent"});
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{10}, uint64_t{100}}) {
    const ScriptedServer server(tls_settings(), [bytes](const SeenRequest&) {
      Answer answer = https_server::text(std::string(1'000, 'x'));
      answer.cut_after = bytes;
      answer.hang = true;
      return answer;
    });
    expect_error(get(server, trust(), impatient), "http.timeout", {"silent"});
  }
}

// GS-HTTP-057: a server that dribbles is cut by the limit of the whole exchange.
TEST_F(ClientTest, LimitsTheWhole) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("x");
    answer.endless = true;
    answer.piece_delay = milliseconds(5);
    answer.headers = {{"Content-Length", "1000000"}};
    return answer;
  });
  Request bounded = request("GET", "/");
  bounded.timeout = milliseconds(150);
  expect_error(get(server, trust(), bounded), "http.timeout", {"within"});
}

// GS-HTTP-058: a stop request ends the exchange in every phase: handshake, head, body of a stream.
TEST_F(ClientTest, StopsInEveryPhase) {
  ServerSettings mute = tls_settings();
  mute.stop_after_accept = true;
  const ScriptedServer silent(mute, hello);
  std::stop_source source;
  Request patient = request("GET", "/");
  patient.timeout = patient.idle_timeout = milliseconds(0);  // no limit: only the stop can end it
  {
    const std::jthread stopper([&] {
      while (silent.connections() == 0) std::this_thread::yield();
      source.request_stop();
    });
    expect_error(transport(silent)->send(patient, source.get_token()), "http.cancelled");
  }
  const ScriptedServer hanging(tls_settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("first bytes");
    answer.chunked = true;
    answer.hang = true;
    answer.cut_after = 120;
    return answer;
  });
  std::stop_source during_body;
  const auto yes = [](const Response&) -> base::Result<bool> { return true; };
  const auto stop_at_first = [&](std::string_view) -> base::Result<void> {
    during_body.request_stop();
    return {};
  };
  expect_error(transport(hanging)->stream(patient, yes, stop_at_first, during_body.get_token()),
               "http.cancelled");
  std::stop_source before;
  before.request_stop();
  expect_error(transport(hanging)->send(patient, before.get_token()), "http.cancelled");
}

// GS-HTTP-059: with a sink the whole-exchange limit ends with the head; only silence ends the body.
TEST_F(ClientTest, LetsStreamsRunLongerThanTheLimit) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("xxxxxxxxxxxxxxxxxxxx");
    answer.piece = 1;
    answer.piece_delay = milliseconds(20);
    return answer;
  });
  Request watch = request("GET", "/");
  watch.timeout = milliseconds(300);
  uint64_t bytes = 0;
  const auto yes = [](const Response&) -> base::Result<bool> { return true; };
  const auto count = [&](std::string_view piece) -> base::Result<void> {
    bytes += piece.size();
    return {};
  };
  const auto answer = transport(server)->stream(watch, yes, count, {});
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(bytes, 20U);
}

}  // namespace
}  // namespace gridseal::http
