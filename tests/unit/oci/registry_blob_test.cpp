#include <gmock/gmock.h>

#include "registry_fixture.hpp"

namespace gridseal::oci {
namespace {

class RegistryBlobTest : public RegistryTest {
 protected:
  RegistryBlobTest() {
    for (int i = 0; i < 1000; ++i) content_ += "line " + std::to_string(i) + "\n";
    blob_ = descriptor_of(content_);
  }

  // What a well-behaved registry says to the Range of a request.
  ScriptedAnswer ranged(const SeenRequest& request) const {
    const std::string range(request.request.headers.get("Range"));
    if (range.empty()) return answer(200, content_);
    const size_t from = std::stoul(range.substr(6));
    return answer(206, content_.substr(from))
        .with("Content-Range", "bytes " + std::to_string(from) + "-" + std::to_string(content_.size() - 1) +
                                   "/" + std::to_string(content_.size()));
  }

  base::Result<void> get(Registry& registry, StringSink& sink) {
    return registry.get_blob(kPumps, blob_, sink, stop_);
  }

  std::string content_;
  Descriptor blob_ = descriptor_of("");
};

// GS-OCI-070: a cut transfer goes on where it was cut, by Range.
TEST_F(RegistryBlobTest, ResumesAfterCut) {
  int calls = 0;
  auto& registry = client([&](const SeenRequest& r) {
    auto script = ranged(r);
    if (++calls <= 3) script.cut_after = 2000;
    return script;
  });
  StringSink sink(blob_);
  ASSERT_TRUE(get(registry, sink));
  EXPECT_EQ(sink.bytes, content_);
  EXPECT_EQ(sink.restarts, 0);
  EXPECT_EQ(seen()[3].request.headers.get("Range"), "bytes=6000-");
}

// GS-OCI-071: what an earlier run left is taken up.
TEST_F(RegistryBlobTest, ResumesFromBefore) {
  auto& registry = client([&](const SeenRequest& r) { return ranged(r); });
  StringSink sink(blob_, content_.substr(0, 500));
  ASSERT_TRUE(get(registry, sink));
  EXPECT_EQ(seen().size(), 1U);
  EXPECT_EQ(seen()[0].request.headers.get("Range"), "bytes=500-");
  StringSink whole(blob_, content_);
  net_->clear();
  ASSERT_TRUE(get(registry, whole));
  EXPECT_TRUE(seen().empty());
}

// GS-OCI-072: a registry that ignores Range sends all, and all is taken from the start.
TEST_F(RegistryBlobTest, IgnoredRange) {
  auto& registry = client([&](const SeenRequest&) { return answer(200, content_); });
  StringSink sink(blob_, content_.substr(0, 500));
  ASSERT_TRUE(get(registry, sink));
  EXPECT_EQ(sink.restarts, 1);
}

// GS-OCI-073: another part than asked for, or none, is never mixed in.
TEST_F(RegistryBlobTest, WrongRanges) {
  const std::string total = std::to_string(content_.size());
  const std::string last = std::to_string(content_.size() - 1);
  for (const std::string& range :
       {"bytes 0-" + last + "/" + total, "bytes 499-" + last + "/" + total, "bytes 500-" + last + "/99999",
        std::string(), std::string("bytes 500-99999/*")}) {
    auto& registry = client([&](const SeenRequest& r) {
      if (r.request.headers.has("Range"))
        return answer(206, content_.substr(500)).with("Content-Range", range);
      return answer(200, content_);
    });
    StringSink sink(blob_, content_.substr(0, 500));
    ASSERT_TRUE(get(registry, sink)) << range;
    EXPECT_EQ(sink.bytes, content_);
    EXPECT_GE(sink.restarts, 1);
  }
  auto& unsatisfiable = client([&](const SeenRequest& r) {
    return r.request.headers.has("Range") ? answer(416) : answer(200, content_);
  });
  StringSink sink(blob_, content_.substr(0, 500));
  ASSERT_TRUE(get(unsatisfiable, sink));
  auto& unasked = client([&](const SeenRequest&) { return answer(206, content_.substr(5)); });
  StringSink fresh(blob_);
  EXPECT_FALSE(get(unasked, fresh));
}

// GS-OCI-074: wrong bytes left by an earlier transfer cost a restart, not the mirror's good name.
TEST_F(RegistryBlobTest, DamagedRemainder) {
  auto& registry = client([&](const SeenRequest& r) { return ranged(r); });
  StringSink sink(blob_, std::string(500, 'x'));
  ASSERT_TRUE(get(registry, sink));
  EXPECT_EQ(sink.bytes, content_);
  EXPECT_EQ(sink.restarts, 1);
}

// GS-OCI-075: a mirror that sends wrong bytes is passed over; when all do, the blob is refused and nothing
// kept.
TEST_F(RegistryBlobTest, LyingMirror) {
  std::string wrong = content_;
  wrong[100] ^= 1;
  auto& registry = client(
      [&](const SeenRequest& r) { return answer(200, r.origin.host == "a.example" ? wrong : content_); },
      {"https://a.example", "https://b.example"});
  StringSink sink(blob_);
  ASSERT_TRUE(get(registry, sink));
  EXPECT_EQ(sink.bytes, content_);

  auto& liar = client([&](const SeenRequest&) { return answer(200, wrong); });
  StringSink never(blob_);
  auto result = get(liar, never);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), "oci.digest_mismatch");
  EXPECT_FALSE(never.finished);
  EXPECT_EQ(never.size(), 0U);
  EXPECT_EQ(seen().size(), 1U);
}

// GS-OCI-076: more bytes than the manifest says end the transfer, said before or not.
TEST_F(RegistryBlobTest, TooManyBytes) {
  auto& endless = client([&](const SeenRequest&) {
    auto script = answer(200, content_);
    script.endless = uint64_t{1} << 40U;
    return script;
  });
  StringSink sink(blob_);
  auto result = get(endless, sink);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().outcome(), base::Outcome::refused);
  auto& honest =
      client([&](const SeenRequest&) { return answer(200, content_ + "x").with("Content-Length", "99999"); });
  StringSink other(blob_);
  EXPECT_EQ(get(honest, other).error().code(), "oci.size_mismatch");
  blob_.size = settings_.limits.blob_bytes + 1;
  EXPECT_EQ(get(honest, other).error().code(), "oci.too_large");
}

// GS-OCI-077: fewer bytes than the manifest says are no blob.
TEST_F(RegistryBlobTest, TooFewBytes) {
  auto& registry = client([&](const SeenRequest& r) {
    return r.request.headers.has("Range") ? answer(416) : answer(200, content_.substr(0, 50));
  });
  StringSink sink(blob_);
  auto result = get(registry, sink);
  ASSERT_FALSE(result);
  EXPECT_FALSE(sink.finished);
  EXPECT_LT(seen().size(), 200U);
}

// GS-OCI-078: an error of the sink (a full disk) is no fault of a mirror: no other is asked.
TEST_F(RegistryBlobTest, SinkError) {
  auto& registry = client([&](const SeenRequest&) { return answer(200, content_); },
                          {"https://a.example", "https://b.example"});
  StringSink sink(blob_);
  sink.fail_with = base::Error::blocked("files.no_space", "full");
  EXPECT_EQ(get(registry, sink).error().code(), "files.no_space");
  EXPECT_EQ(seen().size(), 1U);
}

// GS-OCI-079: an empty blob is fetched like any other; a small one is read into memory within its limit.
TEST_F(RegistryBlobTest, SmallBlobs) {
  auto& registry = client([&](const SeenRequest&) { return answer(200, ""); });
  EXPECT_EQ(registry.read_blob(kPumps, descriptor_of(""), 10, stop_).value(), "");
  EXPECT_EQ(registry.read_blob(kPumps, blob_, 10, stop_).error().code(), "oci.too_large");
}

}  // namespace
}  // namespace gridseal::oci
