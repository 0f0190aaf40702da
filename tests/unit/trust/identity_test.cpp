// What the signed manifest says about itself, and what a component expects of it.
#include <gtest/gtest.h>

#include "support/signing/signing.hpp"

namespace gridseal::trust {
namespace {

using Map = std::map<std::string, std::string>;

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() : key_(test::new_key()), trust_(test::trust_in({test::pin("ci.pub", key_.public_key())})) {}

  static Map complete() {
    return {{"org.opencontainers.image.title", "pump-control"},
            {"org.opencontainers.image.version", "v1.4.2"},
            {"org.opencontainers.image.created", "2040-02-29T10:00:00+01:00"},
            {"org.opencontainers.image.revision", "main@sha1:0123"},
            {"org.opencontainers.image.source", "https://git.example/water"}};
  }

  base::Result<Verified> judge(const Map& annotations, const Identity& identity) const {
    Evidence evidence = test::unsigned_artifact(annotations);
    test::sign_bundle(evidence, key_);
    return verify(trust_.state, trust_.policy, identity, evidence);
  }

  // The code for the complete annotations with one changed; an empty value takes it away.
  std::string code_with(const std::string& name, const std::string& value, const Identity& identity) const {
    Map annotations = complete();
    annotations.erase(name);
    if (!value.empty()) annotations[name] = value;
    const auto verdict = judge(annotations, identity);
    if (!verdict) {
      EXPECT_EQ(verdict.error().outcome(), base::Outcome::refused);
    }
    return verdict ? "" : verdict.error().code();
  }

  crypto::PrivateKey key_;
  test::Trust trust_;
};

// GS-TRUST-060: a verified artifact carries what its signed manifest says, and the proof of it.
TEST_F(IdentityTest, VerifiedCarriesSignedValues) {
  const auto verified = judge(complete(), {.component = "pump-control"});
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->component(), "pump-control");
  EXPECT_EQ(verified->version(), "v1.4.2");
  ASSERT_TRUE(verified->semver());
  EXPECT_EQ(verified->semver()->to_string(), "1.4.2");
  EXPECT_EQ(base::format_rfc3339(verified->created()), "2040-02-29T09:00:00Z");
  EXPECT_EQ(verified->revision(), "main@sha1:0123");
  EXPECT_EQ(verified->source(), "https://git.example/water");
  ASSERT_EQ(verified->layers().size(), 1U);
  EXPECT_EQ(verified->layers()[0].digest, crypto::sha256("content"));
  EXPECT_EQ(verified->layers()[0].size, 7U);
  EXPECT_EQ(verified->generation(), trust_.state.generation());
  EXPECT_EQ(verified->signatures().front().key_name, "ci.pub");
  EXPECT_EQ(to_json(*verified).at("component"), "pump-control");
}

// GS-TRUST-061: a sibling's artifact is refused, and so is one that names no component.
TEST_F(IdentityTest, Component) {
  const Identity identity{.component = "pump-control"};
  EXPECT_EQ(code_with("org.opencontainers.image.title", "historian", identity), "identity.component");
  EXPECT_EQ(code_with("org.opencontainers.image.title", "", identity), "identity.component");
  EXPECT_EQ(code_with("dev.gridseal.component", "historian", identity), "identity.component");
  EXPECT_EQ(code_with("dev.gridseal.component", "pump-control", identity), "");
  EXPECT_EQ(code_with("org.opencontainers.image.title", "Pump-control", identity), "identity.component");
}

// GS-TRUST-062: an artifact for another environment is refused; one for none fits, unless one is required.
TEST_F(IdentityTest, Environment) {
  Identity identity{.environment = "production"};
  EXPECT_EQ(code_with("dev.gridseal.environment", "production", identity), "");
  EXPECT_EQ(code_with("dev.gridseal.environment", "staging", identity), "identity.environment");
  EXPECT_EQ(code_with("dev.gridseal.environment", "", identity), "");
  identity.environment_required = true;
  EXPECT_EQ(code_with("dev.gridseal.environment", "", identity), "identity.environment");
  EXPECT_EQ(code_with("dev.gridseal.environment", "staging", {}), "");
}

// GS-TRUST-063: version and creation time must be signed, for the release floor stands on them.
TEST_F(IdentityTest, VersionAndCreated) {
  EXPECT_EQ(code_with("org.opencontainers.image.version", "", {}), "identity.version");
  EXPECT_EQ(code_with("org.opencontainers.image.version", "main-17", {}), "");
  EXPECT_EQ(code_with("org.opencontainers.image.created", "", {}), "identity.created");
  EXPECT_EQ(code_with("org.opencontainers.image.created", "yesterday", {}), "identity.created");
  EXPECT_EQ(code_with("x", "1", {.annotations = {{"x", "1"}}}), "");
  EXPECT_EQ(code_with("x", "2", {.annotations = {{"x", "1"}}}), "identity.annotation");
}

// GS-TRUST-066: a manifest as `flux push artifact` writes it by itself is refused with all annotations to add
// at once.
TEST_F(IdentityTest, MissingAnnotationsAreNamedTogether) {
  Map flux = complete();
  flux.erase("org.opencontainers.image.title");
  flux.erase("org.opencontainers.image.version");
  const auto verdict = judge(flux, {.component = "pump-control"});
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), "identity.component");
  EXPECT_NE(verdict.error().message().find("does not say org.opencontainers.image.title=pump-control, "
                                           "org.opencontainers.image.version=<version>; publish"),
            std::string::npos)
      << verdict.error().message();
  EXPECT_EQ(verdict.error().message().find("created"), std::string::npos);
}

// GS-TRUST-064: only image manifests become Verified, also under a good signature.
TEST_F(IdentityTest, NotAnImageManifest) {
  for (const std::string manifest :
       {"{}", R"({"schemaVersion":2,"manifests":[]})", R"({"schemaVersion":2,"config":{},"layers":[]})"}) {
    Evidence evidence(crypto::sha256(manifest));
    evidence.manifest = manifest;
    test::sign_bundle(evidence, key_);
    const auto verdict = verify(trust_.state, trust_.policy, {}, evidence);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code(), "artifact.manifest");
  }
}

// GS-TRUST-065: a tag that is a version agrees with the signed version; a channel agrees with any.
TEST_F(IdentityTest, TagAgreesWithVersion) {
  const auto verified = judge(complete(), {});
  ASSERT_TRUE(verified);
  for (const char* tag : {"v1.4.2", "1.4.2", "stable", "latest", "1.4", "main-17", "1.4.2+build.9"})
    EXPECT_TRUE(check_tag(*verified, tag)) << tag;
  for (const char* tag : {"v1.4.3", "1.4.2-rc.1", "0.0.1"}) {
    const auto verdict = check_tag(*verified, tag);
    ASSERT_FALSE(verdict) << tag;
    EXPECT_EQ(verdict.error().code(), "identity.tag_version");
  }
  auto opaque = complete();
  opaque["org.opencontainers.image.version"] = "main-17";
  EXPECT_FALSE(check_tag(*judge(opaque, {}), "1.4.2"));
}

}  // namespace
}  // namespace gridseal::trust
