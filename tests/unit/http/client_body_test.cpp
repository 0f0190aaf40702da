#include "client_fixture.hpp"

namespace gridseal::http {
namespace {

// GS-HTTP-030: request and answer pass unchanged: method, encoded target, headers, body, status.
TEST_F(ClientTest, PassesRequestAndAnswer) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest& seen) {
    Answer answer = https_server::text(seen.body);
    answer.status = 422;
    answer.headers = {{"X-Percent", "a%20b%41"}, {"Link", "<1>"}, {"Link", "<2>"}};
    return answer;
  });
  Request sent = request("PATCH", "/a%2Fb?x=%20&y=+");
  sent.headers.add("Content-Type", "application/apply-patch+yaml");
  sent.headers.add("X-Twice", "1");
  sent.body = std::string("\0\xff{}", 4);
  const auto answer = transport(server)->send(sent, {});
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->status, 422);
  EXPECT_EQ(answer->body, sent.body);
  EXPECT_EQ(answer->headers.get("x-percent"), "a%20b%41");
  EXPECT_EQ(answer->headers.all("Link"), (std::vector<std::string_view>{"<1>", "<2>"}));
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.target, "/a%2Fb?x=%20&y=+");
  EXPECT_EQ(seen.header("content-type"), "application/apply-patch+yaml");
  EXPECT_EQ(seen.header("user-agent"), "gridseal");
  EXPECT_EQ(seen.header("accept-encoding"), "identity");
  EXPECT_EQ(seen.header("host"), "127.0.0.1:" + std::to_string(server.port()));
}

// GS-HTTP-031: a request that could smuggle another one is not sent.
TEST_F(ClientTest, RefusesUnsendableRequests) {
  const ScriptedServer server(plain_settings(), [](const SeenRequest&) { return https_server::text(""); });
  std::vector<Request> bad(5, request("GET", "/"));
  bad[0].method = "GET /x";
  bad[1].target = "x";
  bad[2].target = "/a\r\nHost: b";
  bad[3].headers.add("A", "b\r\nC: d");
  bad[4].headers.add("A b", "c");
  for (const auto& sent : bad) {
    const auto answer = transport(server)->send(sent, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), "http.request");
  }
  EXPECT_EQ(server.connections(), 0);
}

// GS-HTTP-032: a redirect is an answer like any other; nothing follows it.
TEST_F(ClientTest, FollowsNoRedirect) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("");
    answer.status = 307;
    answer.headers = {{"Location", "https://elsewhere.example/"}};
    return answer;
  });
  const auto answer = get(server);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(answer->headers.get("Location"), "https://elsewhere.example/");
  EXPECT_EQ(server.requests().size(), 1U);
}

// GS-HTTP-033: a compressed body is handed on as it was sent.
TEST_F(ClientTest, DoesNotDecompress) {
  const ScriptedServer server(plain_settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("not really gzip");
    answer.headers = {{"Content-Encoding", "gzip"}};
    return answer;
  });
  const auto answer = get(server);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, "not really gzip");
}

class ClientCutTest : public ClientTest, public testing::WithParamInterface<bool> {
 protected:
  static ServerSettings settings() { return GetParam() ? tls_settings() : plain_settings(); }
};

// GS-HTTP-034: a body that ends before its announced length, or within its chunks, is http.cut and never an
// answer.
TEST_P(ClientCutTest, FindsCutBodies) {
  for (const bool chunked : {false, true}) {
    const ScriptedServer server(settings(), [chunked](const SeenRequest&) {
      Answer answer = https_server::text(std::string(1'000, 'x'));
      answer.chunked = chunked;
      answer.cut_after = 600;
      return answer;
    });
    expect_error(get(server), "http.cut");
  }
}

// GS-HTTP-081: a body that ends before its announced length, or within its chunks, is http.cut and never an
// answer.
TEST_P(ClientCutTest, FindsLyingLengths) {
  const ScriptedServer server(settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("short");
    answer.headers = {{"Content-Length", "100"}};
    answer.close = true;
    return answer;
  });
  expect_error(get(server), "http.cut");
}

INSTANTIATE_TEST_SUITE_P(PlainAndTls, ClientCutTest, testing::Bool());

// GS-HTTP-035: over TLS a body without length is whole only with close_notify.
TEST_F(ClientTest, WantsCloseNotify) {
  const auto answer_with = [](bool in_order) {
    return [in_order](const SeenRequest&) {
      Answer answer;
      answer.raw = "HTTP/1.1 200 OK\r\n\r\nall of it";
      answer.close = in_order;
      if (!in_order) answer.cut_after = answer.raw->size();
      return answer;
    };
  };
  const ScriptedServer polite(tls_settings(), answer_with(true));
  const auto whole = get(polite);
  ASSERT_TRUE(whole) << whole.error().describe();
  EXPECT_EQ(whole->body, "all of it");
  const ScriptedServer rude(tls_settings(), answer_with(false));
  expect_error(get(rude), "http.cut", {"close_notify"});
}

// GS-HTTP-036: a complete body counts, even if the connection is cut right after it.
TEST_F(ClientTest, AcceptsACutAfterTheWholeBody) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest&) {
    Answer answer;
    answer.raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    answer.cut_after = answer.raw->size();
    return answer;
  });
  const auto answer = get(server);
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body, "ok");
}

// GS-HTTP-037: no more than max_body bytes are taken, announced or not.
TEST_F(ClientTest, BoundsTheBody) {
  Request small = request("GET", "/");
  small.max_body = 1'000;
  const ScriptedServer announced(
      plain_settings(), [](const SeenRequest&) { return https_server::text(std::string(1'001, 'x')); });
  expect_error(get(announced, {}, small), "http.too_large", {"1000 bytes"});
  for (const bool chunked : {false, true}) {
    const ScriptedServer endless(tls_settings(), [chunked](const SeenRequest&) {
      Answer answer = https_server::text(std::string(100, 'x'));
      answer.endless = true;
      answer.chunked = chunked;
      return answer;
    });
    expect_error(get(endless, trust(), small), "http.too_large");
  }
  const ScriptedServer exact(plain_settings(),
                             [](const SeenRequest&) { return https_server::text(std::string(1'000, 'x')); });
  EXPECT_TRUE(get(exact, {}, small));
}

// GS-HTTP-038: endless and huge heads are refused.
TEST_F(ClientTest, BoundsTheHead) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("");
    for (int i = 0; i < 12; ++i) answer.headers.emplace_back("X-Large", std::string(7'000, 'x'));
    return answer;
  });
  expect_error(get(server), "http.protocol", {"64 KiB"});
}

// GS-HTTP-039: HEAD and answers without body need none; the connection stays usable.
TEST_F(ClientTest, ReadsAnswersWithoutBody) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest& seen) {
    Answer answer = https_server::text("body");
    if (seen.target == "/204") answer.status = 204;
    if (seen.target == "/304") answer.status = 304;
    return seen.target == "/head" ? answer : Answer{answer.status, {},   "", false, {}, false, 0, {}, {}, {},
                                                    false,         false};
  });
  const auto client = transport(server);
  const auto head = client->send(request("HEAD", "/head"), {});
  ASSERT_TRUE(head) << head.error().describe();
  EXPECT_EQ(head->headers.get("Content-Length"), "4");
  EXPECT_EQ(client->send(request("GET", "/204"), {})->status, 204);
  EXPECT_EQ(client->send(request("GET", "/304"), {})->status, 304);
  EXPECT_EQ(server.connections(), 1);
}

// GS-HTTP-040: the head is looked at once before the body, and decides where the body goes.
TEST_F(ClientTest, StreamsToTheSink) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest& seen) {
    Answer answer = https_server::text(std::string(100'000, 'x'));
    if (seen.target == "/missing") answer = https_server::text("why not");
    if (seen.target == "/missing") answer.status = 404;
    return answer;
  });
  const auto client = transport(server);
  int heads = 0;
  uint64_t bytes = 0;
  const HeadCheck check = [&](const Response& head) -> base::Result<bool> {
    ++heads;
    return head.status == 200;
  };
  const BodySink sink = [&](std::string_view piece) -> base::Result<void> {
    bytes += piece.size();
    return {};
  };
  const auto found = client->stream(request("GET", "/"), check, sink, {});
  ASSERT_TRUE(found) << found.error().describe();
  EXPECT_EQ(heads, 1);
  EXPECT_EQ(bytes, 100'000U);
  EXPECT_EQ(found->body, "");
  const auto missing = client->stream(request("GET", "/missing"), check, sink, {});
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->body, "why not");
  EXPECT_EQ(bytes, 100'000U);
  const auto head = client->stream(request("HEAD", "/"), check, sink, {});
  ASSERT_TRUE(head);
  EXPECT_EQ(heads, 3);
}

// GS-HTTP-041: an error of the head check or of the sink ends the exchange and is returned unchanged.
TEST_F(ClientTest, ReturnsTheErrorsOfItsCaller) {
  const ScriptedServer server(tls_settings(), [](const SeenRequest&) {
    Answer answer = https_server::text("x");
    answer.endless = true;
    answer.chunked = true;
    return answer;
  });
  const auto client = transport(server);
  const auto no = [](const Response&) -> base::Result<bool> {
    return base::Error::refused("test.head", "no");
  };
  const auto yes = [](const Response&) -> base::Result<bool> { return true; };
  const auto full = [](std::string_view) -> base::Result<void> {
    return base::Error::blocked("test.full", "full");
  };
  EXPECT_EQ(client->stream(request("GET", "/"), no, full, {}).error().code(), "test.head");
  EXPECT_EQ(client->stream(request("GET", "/"), yes, full, {}).error().code(), "test.full");
}

}  // namespace
}  // namespace gridseal::http
