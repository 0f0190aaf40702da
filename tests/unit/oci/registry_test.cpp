#include <gmock/gmock.h>

#include "registry_fixture.hpp"

namespace gridseal::oci {
namespace {

using testing::ElementsAre;

const std::string kDocument = R"({"schemaVersion":2})";

// GS-OCI-040: a poll without change is one HEAD on a kept connection.
TEST_F(RegistryTest, HeadIsOneRequest) {
  auto& registry = client([](const SeenRequest&) { return manifest_answer(kDocument); });
  for (int i = 0; i < 3; ++i) {
    auto head = registry.head_manifest(kPumps, "v1", stop_);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->digest, crypto::sha256(kDocument));
    EXPECT_EQ(head->size, kDocument.size());
    EXPECT_EQ(head->media_type, kOciManifest);
  }
  EXPECT_THAT(lines(), ElementsAre("HEAD https://a.example/v2/plant/pumps/manifests/v1",
                                   "HEAD https://a.example/v2/plant/pumps/manifests/v1",
                                   "HEAD https://a.example/v2/plant/pumps/manifests/v1"));
  EXPECT_EQ(net_->connections(), 1U);
}

// GS-OCI-041: where HEAD is not served, or names no digest, GET decides by hashing.
TEST_F(RegistryTest, HeadFallsBackToGet) {
  for (const int status : {404, 405, 200}) {
    auto& registry = client([&](const SeenRequest& r) {
      return r.request.method == "HEAD" ? answer(status) : answer(200, kDocument);
    });
    auto head = registry.head_manifest(kPumps, "v1", stop_);
    ASSERT_TRUE(head) << status;
    EXPECT_EQ(head->digest, crypto::sha256(kDocument));
  }
}

// GS-OCI-042: bytes that do not hash to what was asked for, or to what was announced, are refused.
TEST_F(RegistryTest, LyingManifest) {
  auto& registry = client([](const SeenRequest&) { return manifest_answer(kDocument); });
  auto wrong = registry.get_manifest(kPumps, crypto::sha256("other"), stop_);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), "oci.digest_mismatch");
  EXPECT_EQ(wrong.error().outcome(), base::Outcome::refused);
  EXPECT_TRUE(registry.get_manifest(kPumps, crypto::sha256(kDocument), stop_));

  auto& liar = client([](const SeenRequest&) {
    return answer(200, kDocument).with("Docker-Content-Digest", crypto::sha256("x").to_string());
  });
  EXPECT_EQ(liar.get_manifest(kPumps, std::string("v1"), stop_).error().code(), "oci.digest_mismatch");
}

// GS-OCI-043: when a mirror lies, is away or lacks the artifact, the next one is asked, in order.
TEST_F(RegistryTest, NextMirror) {
  for (const auto& first :
       {answer(200, "lie"), unreachable(), answer(404), answer(503), answer(403), answer(401)}) {
    auto& registry = client(
        [&](const SeenRequest& r) {
          return r.origin.host == "a.example" ? first : manifest_answer(kDocument);
        },
        {"https://a.example", "https://b.example:5000/proxy"});
    auto manifest = registry.get_manifest(kPumps, crypto::sha256(kDocument), stop_);
    ASSERT_TRUE(manifest) << first.status;
    EXPECT_EQ(manifest->mirror, "https://b.example:5000/proxy");
    EXPECT_EQ(seen().back().request.target,
              "/v2/proxy/plant/pumps/manifests/" + crypto::sha256(kDocument).to_string());
    EXPECT_TRUE(clock_.slept.empty());
  }
}

// GS-OCI-044: every status has its own clear error, and says which mirror.
TEST_F(RegistryTest, ClearErrors) {
  const std::map<int, std::string> codes{{401, "oci.unauthorized"}, {403, "oci.forbidden"},
                                         {404, "oci.not_found"},    {429, "oci.too_many_requests"},
                                         {500, "oci.unavailable"},  {418, "oci.protocol"}};
  for (const auto& [status, code] : codes) {
    auto& registry = client([status = status](const SeenRequest&) {
      return answer(status, R"({"errors":[{"code":"WHY","message":"bad \u001b[2J"}]})");
    });
    auto manifest = registry.get_manifest(kPumps, std::string("v1"), stop_);
    ASSERT_FALSE(manifest);
    EXPECT_EQ(manifest.error().code(), code);
    EXPECT_EQ(manifest.error().outcome(), base::Outcome::blocked);
    EXPECT_NE(manifest.error().message().find("https://a.example"), std::string::npos);
    EXPECT_NE(manifest.error().message().find("WHY"), std::string::npos);
    EXPECT_EQ(manifest.error().message().find('\x1b'), std::string::npos);
  }
}

// GS-OCI-045: 429 and 5xx are tried again after a growing pause, at least Retry-After, a bounded number of
// times.
TEST_F(RegistryTest, RetriesWithPause) {
  int calls = 0;
  auto& registry = client([&](const SeenRequest&) {
    ++calls;
    if (calls == 1) return answer(503);
    if (calls == 2) return answer(429).with("Retry-After", "7");
    return manifest_answer(kDocument);
  });
  ASSERT_TRUE(registry.get_manifest(kPumps, std::string("v1"), stop_));
  EXPECT_THAT(clock_.slept, ElementsAre(base::milliseconds(500), base::seconds(7)));

  clock_.slept.clear();
  auto& down = client([](const SeenRequest&) { return unreachable(); });
  auto manifest = down.get_manifest(kPumps, std::string("v1"), stop_);
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code(), "http.connect");
  EXPECT_EQ(seen().size(), 4U);
  EXPECT_THAT(clock_.slept,
              ElementsAre(base::milliseconds(500), base::milliseconds(1000), base::milliseconds(2000)));
}

// GS-OCI-046: a Retry-After longer than the limit ends the call at once.
TEST_F(RegistryTest, LongRetryAfter) {
  auto& registry = client([](const SeenRequest&) { return answer(429).with("Retry-After", "86400"); });
  EXPECT_FALSE(registry.get_manifest(kPumps, std::string("v1"), stop_));
  EXPECT_EQ(seen().size(), 1U);
  EXPECT_TRUE(clock_.slept.empty());
}

// GS-OCI-047: a stop request ends the call without another try.
TEST_F(RegistryTest, Stops) {
  std::stop_source source;
  auto& registry = client([&](const SeenRequest&) {
    source.request_stop();
    return answer(503);
  });
  auto manifest = registry.get_manifest(kPumps, std::string("v1"), source.get_token());
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().code(), "oci.cancelled");
  EXPECT_EQ(seen().size(), 1U);
}

// GS-OCI-048: a manifest larger than the limit is refused, endless ones too.
TEST_F(RegistryTest, EndlessManifest) {
  auto& registry = client([](const SeenRequest&) {
    auto script = answer(200, "[[[[");
    script.endless = uint64_t{1} << 40U;
    return script;
  });
  EXPECT_EQ(registry.get_manifest(kPumps, std::string("v1"), stop_).error().code(), "oci.too_large");
  EXPECT_EQ(registry.list_tags(kPumps, stop_).error().code(), "oci.too_large");
}

// GS-OCI-049: an absent tag is an answer, also while another mirror is away.
TEST_F(RegistryTest, FindManifest) {
  auto& registry =
      client([](const SeenRequest& r) { return r.origin.host == "a.example" ? answer(404) : unreachable(); },
             {"https://a.example", "https://b.example"});
  auto found = registry.find_manifest(kPumps, "v1", stop_);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_TRUE(clock_.slept.empty());
  auto& away = client([](const SeenRequest&) { return unreachable(); });
  EXPECT_FALSE(away.find_manifest(kPumps, "v1", stop_));
}

// GS-OCI-050: tags come in pages; pages of another host and pages without end are refused.
TEST_F(RegistryTest, TagPages) {
  auto& registry = client([](const SeenRequest& r) {
    if (r.request.target.find("last=") == std::string::npos)
      return answer(200, R"({"tags":["v1","bad tag",7]})")
          .with("Link", "</v2/plant/pumps/tags/list?last=v1>; rel=next");
    return answer(200, R"({"tags":["v2"]})");
  });
  auto tags = registry.list_tags(kPumps, stop_);
  ASSERT_TRUE(tags);
  EXPECT_THAT(*tags, ElementsAre("v1", "v2"));

  auto& elsewhere = client([](const SeenRequest&) {
    return answer(200, R"({"tags":["v1"]})").with("Link", "<https://evil.example/v2/>; rel=next");
  });
  EXPECT_EQ(elsewhere.list_tags(kPumps, stop_).error().code(), "oci.protocol");
  auto& loop = client([](const SeenRequest& r) {
    return answer(200, R"({"tags":["v1"]})").with("Link", "<" + r.request.target + ">; rel=next");
  });
  EXPECT_EQ(loop.list_tags(kPumps, stop_).error().code(), "oci.protocol");
  int page = 0;
  auto& endless = client([&](const SeenRequest&) {
    return answer(200, R"({"tags":["v1"]})").with("Link", "</next" + std::to_string(++page) + ">; rel=next");
  });
  EXPECT_EQ(endless.list_tags(kPumps, stop_).error().code(), "oci.protocol");
  EXPECT_EQ(seen().size(), settings_.limits.pages);
}

std::string index_of(const std::vector<std::string>& names) {
  base::Json list = base::Json::array();
  for (const auto& name : names)
    list.push_back({{"mediaType", kOciManifest}, {"digest", crypto::sha256(name).to_string()}, {"size", 1}});
  return base::Json{{"schemaVersion", 2}, {"mediaType", kOciIndex}, {"manifests", list}}.dump();
}

// GS-OCI-051: the Referrers API and the fallback tag are merged, without repetition.
TEST_F(RegistryTest, ReferrersMerge) {
  auto& registry = client([](const SeenRequest& r) {
    const bool api = r.request.target.find("/referrers/") != std::string::npos;
    return answer(200,
                  index_of(api ? std::vector<std::string>{"x", "y"} : std::vector<std::string>{"y", "z"}))
        .with("Content-Type", std::string(kOciIndex));
  });
  auto list = registry.referrers(kPumps, crypto::sha256("s"), stop_);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->referrers.size(), 3U);
  EXPECT_TRUE(list->referrers[1].from_api);
  EXPECT_EQ(list->referrers[2].descriptor.digest, crypto::sha256("z"));
  EXPECT_FALSE(list->referrers[2].from_api);
}

// GS-OCI-052: junk under the fallback tag is noted and hides nothing; nothing at all is an empty list.
TEST_F(RegistryTest, ReferrersJunk) {
  auto& registry = client([](const SeenRequest& r) {
    if (r.request.target.find("/referrers/") == std::string::npos) return answer(200, "junk");
    return answer(200, index_of({"x"})).with("Content-Type", std::string(kOciIndex));
  });
  auto list = registry.referrers(kPumps, crypto::sha256("s"), stop_);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->referrers.size(), 1U);
  EXPECT_EQ(list->notes.size(), 1U);
  auto& none = client([](const SeenRequest&) { return answer(404); });
  EXPECT_TRUE(none.referrers(kPumps, crypto::sha256("s"), stop_)->referrers.empty());
  auto& away = client([](const SeenRequest&) { return answer(500); });
  EXPECT_FALSE(away.referrers(kPumps, crypto::sha256("s"), stop_));
}

// GS-OCI-053: plain http is spoken to loopback only; a URL without sense is refused.
TEST_F(RegistryTest, Settings) {
  test::ScriptedHttp net([](const SeenRequest&) { return answer(200); });
  const Surroundings outside{net, clock_, base::null_log(), {}};
  for (const std::string url : {"http://mirror.example", "ftp://mirror.example", "mirror.example", "",
                                "https://mirror.example/Bad Prefix"}) {
    RegistrySettings settings;
    settings.mirrors.push_back({url, {}, {}});
    auto registry = Registry::create(std::move(settings), outside);
    ASSERT_FALSE(registry) << url;
    EXPECT_EQ(registry.error().code(), "oci.settings");
  }
  EXPECT_FALSE(Registry::create({}, outside));
}

}  // namespace
}  // namespace gridseal::oci
