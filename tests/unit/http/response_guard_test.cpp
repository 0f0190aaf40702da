#include "http/response_guard.hpp"

#include <gtest/gtest.h>

namespace gridseal::http {
namespace {

// Feeds byte by byte, as the worst network would.
base::Result<size_t> feed_slowly(ResponseGuard& guard, std::string_view bytes) {
  size_t used = 0;
  for (const char& c : bytes) {
    auto one = guard.feed({&c, 1});
    if (!one) return one;
    used += *one;
  }
  return used;
}

// GS-HTTP-010: the end of an answer is found by its length, its chunks or an orderly end, and by nothing
// else.
TEST(ResponseGuard, FindsTheEndByLength) {
  ResponseGuard guard(false);
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX:  a b \r\n\r\nabc";
  ASSERT_TRUE(feed_slowly(guard, answer.substr(0, answer.size() - 1)));
  EXPECT_FALSE(guard.complete());
  EXPECT_EQ(guard.head().status, 200);
  EXPECT_EQ(guard.head().headers.get("x"), "a b");
  ASSERT_TRUE(feed_slowly(guard, "c"));
  EXPECT_TRUE(guard.complete());
  EXPECT_TRUE(guard.reusable());
}

// GS-HTTP-085: the end of an answer is found by its length, its chunks or an orderly end, and by nothing
// else.
TEST(ResponseGuard, FindsTheEndByChunks) {
  ResponseGuard guard(false);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r";
  ASSERT_TRUE(feed_slowly(guard, answer));
  EXPECT_FALSE(guard.complete());
  ASSERT_TRUE(feed_slowly(guard, "\n"));
  EXPECT_TRUE(guard.complete());
}

// GS-HTTP-086: the end of an answer is found by its length, its chunks or an orderly end, and by nothing
// else.
TEST(ResponseGuard, CountsAnEndWithoutFramingAsWhole) {
  ResponseGuard guard(false);
  ASSERT_TRUE(guard.feed("HTTP/1.1 200 OK\r\n\r\nabc"));
  EXPECT_FALSE(guard.complete());
  ASSERT_TRUE(guard.finish());
  EXPECT_TRUE(guard.complete());
  EXPECT_FALSE(guard.reusable());
}

// GS-HTTP-011: the answer to HEAD, 204 and 304 have no body, whatever their heads say.
TEST(ResponseGuard, KnowsAnswersWithoutBody) {
  ResponseGuard head(true);
  ASSERT_TRUE(head.feed("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"));
  EXPECT_TRUE(head.complete());
  ResponseGuard unmodified(false);
  ASSERT_TRUE(unmodified.feed("HTTP/1.1 304 Not Modified\r\nContent-Length: 900\r\n\r\n"));
  EXPECT_TRUE(unmodified.complete());
}

// GS-HTTP-012: bytes after an answer are left alone and the connection is not used again.
TEST(ResponseGuard, StopsAtTheEnd) {
  ResponseGuard guard(false);
  const auto used = guard.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n");
  ASSERT_TRUE(used);
  EXPECT_EQ(*used, 39U);
  EXPECT_TRUE(guard.complete());
  EXPECT_FALSE(guard.reusable());
}

// GS-HTTP-013: an interim 100 is skipped; heads stay bounded however many there are.
TEST(ResponseGuard, SkipsContinue) {
  ResponseGuard guard(false);
  ASSERT_TRUE(guard.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_EQ(guard.head().status, 204);
  ResponseGuard endless(false);
  bool refused = false;
  for (int i = 0; i < 10'000 && !refused; ++i) refused = !endless.feed("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(refused);
}

class MalformedAnswer : public testing::TestWithParam<std::string> {};

// GS-HTTP-014: an answer that is not strict HTTP/1.1 is http.protocol.
TEST_P(MalformedAnswer, IsRefused) {
  ResponseGuard guard(false);
  const auto used = feed_slowly(guard, GetParam());
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code(), "http.protocol");
}

const std::string kHead = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kHead + "Transfer-Encoding: chunked\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    All, MalformedAnswer,
    testing::Values(
        "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n", "HTTP/1.1 20x OK\r\n", "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 200 OK\n", "HTTP/1.1 101 Switching\r\n\r\n", kHead + "no colon\r\n", kHead + "A : b\r\n",
        kHead + " folded: x\r\n", kHead + "A: b\rc\r\n", kHead + "A: \x01\r\n", kHead + ": b\r\n",
        kHead + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", kHead + "Content-Length: -3\r\n\r\n",
        kHead + "Content-Length: 3, 3\r\n\r\n", kHead + "Content-Length: 99999999999999999999\r\n\r\n",
        kHead + "Content-Length: %33\r\n\r\n", kHead + "Transfer-Encoding: gzip, chunked\r\n\r\n",
        kHead + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", kChunked + "x\r\n", kChunked + "\r\n",
        kChunked + "-1\r\n", kChunked + "0x3\r\n", kChunked + "ffffffffffffffffffff\r\n",
        kChunked + "3\r\nabcd\r\n", kChunked + "3\nabc\r\n", kChunked + "0\r\nTrailer: x\r\n\r\n",
        kHead + "A: " + std::string(9'000, 'x') + "\r\n", "HTTP/1.1 200 " + std::string(600, 'x') + "\r\n"));

// GS-HTTP-015: heads are bounded to 64 KiB and 100 fields.
TEST(ResponseGuard, BoundsTheHead) {
  ResponseGuard many(false);
  std::string fields = kHead;
  for (int i = 0; i < 101; ++i) fields += "A: b\r\n";
  EXPECT_FALSE(many.feed(fields));
  ResponseGuard large(false);
  std::string bytes = kHead;
  for (int i = 0; i < 10; ++i) bytes += "A: " + std::string(7'000, 'x') + "\r\n";
  EXPECT_FALSE(large.feed(bytes));
}

// GS-HTTP-016: an end in the middle of an answer is http.cut.
TEST(ResponseGuard, CallsAnEarlyEndACut) {
  for (const std::string& part :
       {std::string(), kHead, kHead + "Content-Length: 3\r\n\r\nab", kChunked + "3\r\nabc\r\n"}) {
    ResponseGuard guard(false);
    ASSERT_TRUE(guard.feed(part));
    const auto end = guard.finish();
    ASSERT_FALSE(end) << part;
    EXPECT_EQ(end.error().code(), "http.cut");
  }
}

}  // namespace
}  // namespace gridseal::http
