#include "kube/watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "double.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using ::testing::HasSubstr;

std::string line(const char* type, const Json& object = {{"metadata", {{"name", "web"}}}}) {
  return Json({{"type", type}, {"object", object}}).dump() + "\n";
}

class WatchTest : public ::testing::Test {
 protected:
  using Stream = std::function<base::Result<void>(const http::BodySink&, const std::stop_token&)>;

  // Answers every watch with this status, and with 200 with this stream.
  void serve(int status, Stream stream) {
    server().streamer = [this, status, stream = std::move(stream)](
                            const http::Request& request, const http::HeadCheck& check,
                            const http::BodySink& sink,
                            const std::stop_token& stop) -> base::Result<http::Response> {
      target = request.target;
      accept = request.headers.get("Accept");
      http::Response response = testing::answer(status, {{"kind", "Status"}, {"code", status}});
      const auto to_sink = check(response);
      if (!to_sink) return to_sink.error();
      if (!*to_sink) return response;
      if (auto done = stream(sink, stop); !done) return done.error();
      return response;
    };
  }
  testing::FakeTransport& server() { return *access_.transport; }
  Answer<void> watch() {
    return client_.watch("/api/v1/namespaces/n/pods", "a=b",
                         [this](bool opened) { ++(opened ? opens : events); }, {});
  }

  testing::FakeClock clock_;
  testing::FakeAccess access_;
  Client client_{access_, clock_, {}};
  std::string target;
  std::string accept;
  int opens = 0;
  int events = 0;
};

// GS-KUBE-218: a watch asks for metadata alone, counts events however they are cut into pieces, and takes a
// bookmark for none.
TEST_F(WatchTest, HearsEvents) {
  serve(200, [](const http::BodySink& sink, const std::stop_token&) -> base::Result<void> {
    const std::string all = line("ADDED") + line("BOOKMARK") + line("MODIFIED") + line("DELETED");
    for (size_t i = 0; i < all.size(); i += 7)
      if (auto r = sink(std::string_view(all).substr(i, 7)); !r) return r;
    return {};
  });
  const auto ended = watch();
  ASSERT_TRUE(ended) << ended.error().error.describe();
  EXPECT_EQ(opens, 1);
  EXPECT_EQ(events, 3);
  EXPECT_THAT(target, HasSubstr("/api/v1/namespaces/n/pods?watch=1&allowWatchBookmarks=true"));
  EXPECT_THAT(target, HasSubstr("labelSelector=a%3Db"));
  EXPECT_THAT(accept, HasSubstr("as=PartialObjectMetadata"));
}

// GS-KUBE-219: a 410 inside the stream, a refusal, and what is no event end the watch with their reason; an
// event without end is given up.
TEST_F(WatchTest, EndsWithItsReason) {
  const auto code_of = [&](int status, const std::string& text) {
    serve(status, [text](const http::BodySink& sink, const std::stop_token&) { return sink(text); });
    const auto ended = watch();
    return ended ? std::string("ok") : ended.error().error.code();
  };
  EXPECT_EQ(code_of(200, line("ERROR", {{"kind", "Status"}, {"code", 410}, {"reason", "Expired"}})),
            "kube.gone");
  EXPECT_EQ(code_of(200, line("ERROR", nullptr)), "kube.unreachable");
  EXPECT_EQ(code_of(403, ""), "kube.forbidden");
  EXPECT_EQ(code_of(410, ""), "kube.gone");
  EXPECT_EQ(code_of(200, "nonsense\n"), "kube.protocol");
  EXPECT_EQ(code_of(200, "{}\n"), "kube.protocol");
  EXPECT_EQ(code_of(200, std::string((size_t{4} << 20U) + 1, 'x')), "kube.answer_too_large");
}

// Counts calls of the other thread and waits for them.
class Counter {
 public:
  void add() {
    const std::scoped_lock lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void wait_for(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// GS-KUBE-220: a watch that breaks is news, so that a look follows; it is opened again only after a pause
// that grows; asked for again while it is open it goes on.
TEST_F(WatchTest, ComesBackAfterAPause) {
  Counter heard;
  Counter opened;
  serve(200, [&](const http::BodySink& sink, const std::stop_token&) -> base::Result<void> {
    opened.add();
    if (auto r = sink(line("ADDED")); !r) return r;
    return testing::broken("http.cut");
  });
  Watch watch([&] { heard.add(); });
  const WatchTarget target{"/api/v1/namespaces/n/pods", "a=b"};
  watch.follow(client_, target);
  heard.wait_for(2);  // the event and the end
  EXPECT_FALSE(watch.is_open());
  EXPECT_TRUE(watch.take_news());
  EXPECT_FALSE(watch.take_news());
  server().streamer = nullptr;
  watch.follow(client_, target);
  watch.follow(client_, target);

  Counter second;
  serve(200, [&](const http::BodySink&, const std::stop_token& stop) -> base::Result<void> {
    second.add();
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any until;
    until.wait(lock, stop, [] { return false; });
    return testing::broken("http.cancelled");
  });
  clock_.advance(base::milliseconds(2'000));
  watch.follow(client_, target);
  second.wait_for(1);
  watch.follow(client_, target);
  EXPECT_TRUE(watch.is_open());
  watch.stop();
  EXPECT_FALSE(watch.is_open());
  EXPECT_FALSE(watch.has_news());
}

}  // namespace
}  // namespace gridseal::kube
