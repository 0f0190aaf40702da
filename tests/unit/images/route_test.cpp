#include "images/route.hpp"

#include <gtest/gtest.h>

namespace gridseal::images {
namespace {

using Kind = Route::Kind;

// GS-IMAGES-010: The paths of the distribution spec are understood, whatever words the name of a repository
// consists of.
TEST(Route, OfTheSpec) {
  struct Case {
    const char* path;
    Kind kind;
    const char* repository;
    const char* reference;
  };
  const Case cases[] = {{"/v2/", Kind::base, "", ""},
                        {"/v2", Kind::base, "", ""},
                        {"/v2/a/manifests/latest", Kind::manifest, "a", "latest"},
                        {"/v2/a/b/c/manifests/sha256:00", Kind::manifest, "a/b/c", "sha256:00"},
                        {"/v2/a/blobs/sha256:00", Kind::blob, "a", "sha256:00"},
                        {"/v2/a/tags/list", Kind::tags, "a", "list"},
                        {"/v2/a/referrers/sha256:00", Kind::referrers, "a", "sha256:00"},
                        {"/v2/manifests/manifests/manifests", Kind::manifest, "manifests", "manifests"},
                        {"/v2/a/blobs/manifests/x", Kind::manifest, "a/blobs", "x"}};
  for (const Case& one : cases) {
    const auto route = parse_route(one.path, {});
    ASSERT_TRUE(route) << one.path << ": " << route.error().describe();
    EXPECT_EQ(route->kind, one.kind) << one.path;
    EXPECT_EQ(route->repository.path, one.repository) << one.path;
    if (one.kind != Kind::base) {
      EXPECT_EQ(route->reference, one.reference) << one.path;
    }
  }
}

// GS-IMAGES-011: Nothing else is a path: no tricks with dots, slashes, escapes or lengths.
TEST(Route, TricksAreRefused) {
  const std::string paths[] = {"",
                               "/",
                               "/v1/",
                               "/v2//manifests/x",
                               "/v2/manifests/x",
                               "/v2/a/manifests/",
                               "/v2/../a/manifests/x",
                               "/v2/a/../../etc/manifests/x",
                               "/v2/./a/manifests/x",
                               "/v2/A/manifests/x",
                               "/v2/a//b/manifests/x",
                               "/v2/a%2fb/manifests/x",
                               "/v2/a\\b/manifests/x",
                               std::string("/v2/a\0b/manifests/x", 19),
                               "/v2/a/blobs/uploads/",
                               "/v2/a/tags/other",
                               "/v2/_catalog",
                               "/v2/a/manifests/" + std::string(300, 'x'),
                               "/v2/" + std::string(300, 'a') + "/manifests/x",
                               "//v2/a/manifests/x"};
  for (const std::string& path : paths) {
    const auto route = parse_route(path, {});
    ASSERT_FALSE(route) << path;
    EXPECT_TRUE(route.error().code() == "NAME_INVALID" || route.error().code() == "NOT_FOUND") << path;
  }
  for (const char* ns : {"", "a b", "../x", "a/b", "a\n"})
    EXPECT_FALSE(parse_route("/v2/a/manifests/x", {{"ns", ns}})) << ns;
}

// GS-IMAGES-012: The host of an image is what containerd says in `ns`, or stands in front of the path, or
// does not matter; docker.io counts under all its names.
TEST(Route, MeansRepositories) {
  const oci::Repository nginx{"docker.io", "library/nginx"};
  const auto asked = [](const char* path, const char* ns = nullptr) {
    return parse_route(std::string("/v2/") + path + "/manifests/x",
                       ns == nullptr ? std::map<std::string, std::string>()
                                     : std::map<std::string, std::string>{{"ns", ns}})
        .value()
        .repository;
  };
  EXPECT_TRUE(asked("library/nginx", "docker.io").means(nginx));
  EXPECT_TRUE(asked("library/nginx", "registry-1.docker.io").means(nginx));
  EXPECT_TRUE(asked("library/nginx", "Index.Docker.IO").means(nginx));
  EXPECT_TRUE(asked("library/nginx").means(nginx));
  EXPECT_TRUE(asked("docker.io/library/nginx").means(nginx));
  EXPECT_FALSE(asked("library/nginx", "ghcr.io").means(nginx));
  EXPECT_FALSE(asked("docker.io/library/nginx", "docker.io").means(nginx));
  EXPECT_FALSE(asked("nginx").means(nginx));
  EXPECT_TRUE(asked("x", "127.0.0.1:5000").means({"127.0.0.1:5000", "x"}));
}

// GS-IMAGES-013: Ranges are those of RFC 9110: what lies outside is said, what cannot be understood is
// ignored, and no number is too large.
TEST(Range, OfRfc9110) {
  struct Case {
    const char* header;
    int64_t first;  // -1: all of it, -2: outside
    int64_t end;
  };
  const Case cases[] = {{"bytes=0-", 0, 10},
                        {"bytes=0-0", 0, 1},
                        {"bytes=3-5", 3, 6},
                        {"bytes=9-", 9, 10},
                        {"bytes=3-99999999999999999999999999", 3, 10},
                        {"bytes=-3", 7, 10},
                        {"bytes=-99", 0, 10},
                        {"bytes=10-", -2, 0},
                        {"bytes=10-20", -2, 0},
                        {"bytes=99999999999999999999999999-", -2, 0},
                        {"bytes=-0", -2, 0},
                        {"", -1, 0},
                        {"bytes=", -1, 0},
                        {"bytes=-", -1, 0},
                        {"bytes=5-3", -1, 0},
                        {"bytes=a-b", -1, 0},
                        {"bytes=0x1-2", -1, 0},
                        {"bytes=+1-2", -1, 0},
                        {"bytes=1-2,4-5", -1, 0},
                        {"pages=1-2", -1, 0},
                        {"bytes 1-2", -1, 0}};
  for (const Case& one : cases) {
    const auto range = parse_range(one.header, 10);
    if (one.first == -2) {
      ASSERT_FALSE(range) << one.header;
      EXPECT_EQ(range.error().code(), "RANGE_INVALID");
      continue;
    }
    ASSERT_TRUE(range) << one.header;
    ASSERT_EQ(range->has_value(), one.first >= 0) << one.header;
    if (one.first < 0) continue;
    EXPECT_EQ((*range)->first, static_cast<uint64_t>(one.first)) << one.header;
    EXPECT_EQ((*range)->end, static_cast<uint64_t>(one.end)) << one.header;
  }
  EXPECT_FALSE(parse_range("bytes=0-", 0));
  EXPECT_FALSE(parse_range("bytes=-1", 0));
}

}  // namespace
}  // namespace gridseal::images
