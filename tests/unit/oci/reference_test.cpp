#include "oci/reference.hpp"

#include <gtest/gtest.h>

namespace gridseal::oci {
namespace {

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

// GS-OCI-001: a reference is read strictly, and printed as it was written.
TEST(Reference, RoundTrips) {
  for (const std::string& text : {std::string("mirror.example:5000/plant/pumps:v1.4.2"),
                                  "mirror.example/pumps@" + kDigest, "mirror.example/pumps:v1@" + kDigest,
                                  std::string("localhost/app:latest"), std::string("[::1]:5000/a/b-c:x")}) {
    auto reference = Reference::parse(text);
    ASSERT_TRUE(reference) << text;
    EXPECT_EQ(reference->to_string(), text);
  }
}

// GS-OCI-002: Flux's oci:// prefix is accepted, and the host is read without case.
TEST(Reference, AcceptsFluxForm) {
  auto repository = Repository::parse("oci://Mirror.Example/plant/pumps");
  ASSERT_TRUE(repository);
  EXPECT_EQ(repository->registry, "mirror.example");
  EXPECT_EQ(repository->path, "plant/pumps");
  auto reference = Reference::parse("oci://mirror.example/pumps:v1");
  ASSERT_TRUE(reference);
  EXPECT_EQ(reference->tag, "v1");
}

// GS-OCI-003: what is no reference is refused, never guessed.
TEST(Reference, RefusesGarbage) {
  for (const std::string& text : {std::string(),
                                  std::string("pumps"),
                                  std::string("pumps:v1"),
                                  std::string("library/pumps:v1"),
                                  std::string("mirror.example/"),
                                  std::string("mirror.example/Pumps:v1"),
                                  std::string("mirror.example/a//b:v1"),
                                  std::string("mirror.example/a/../b:v1"),
                                  std::string("mirror.example:0/a:v1"),
                                  std::string("mirror.example:99999/a:v1"),
                                  std::string("mirror.example/a:.v1"),
                                  std::string("mirror.example/a:v 1"),
                                  std::string("mirror.example/a"),
                                  std::string("mirror.example/a@sha256:12"),
                                  std::string("mirror.example/a@sha512:") + kHex,
                                  std::string("https://mirror.example/a:v1"),
                                  "mirror.example/a@" + kDigest + "x",
                                  std::string("mirror.example/a:v1\n"),
                                  std::string("-mirror.example/a:v1"),
                                  std::string("mirror..example/a:v1"),
                                  std::string("mirror.example/a._b:v1"),
                                  "mirror.example/" + std::string(300, 'a') + ":v1",
                                  "mirror.example/a:" + std::string(129, 'v')}) {
    auto reference = Reference::parse(text);
    EXPECT_FALSE(reference) << text;
    if (reference) continue;
    EXPECT_EQ(reference.error().code(), "oci.reference");
  }
}

// GS-OCI-004: a revision is written as Flux writes it.
TEST(Revision, RoundTrips) {
  for (const std::string& text : {"v1.4.2@" + kDigest, kDigest}) {
    auto revision = Revision::parse(text);
    ASSERT_TRUE(revision) << text;
    EXPECT_EQ(revision->to_string(), text);
  }
  for (const std::string& text : {"@" + kDigest, std::string("v1"), "v1@" + kDigest + "0", "v1/2@" + kDigest})
    EXPECT_FALSE(Revision::parse(text)) << text;
}

}  // namespace
}  // namespace gridseal::oci
