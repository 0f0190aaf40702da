#include "trust/denial.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"

namespace gridseal::trust {
namespace {

using base::Semver;
using crypto::sha256;

constexpr const char* kEarlier = "2026-01-01T00:00:00Z";
constexpr const char* kMiddle = "2026-03-01T00:00:00Z";
constexpr const char* kLater = "2026-06-01T00:00:00Z";

base::Time at(const char* text) {
  return *base::parse_rfc3339(text);
}
std::string code(const base::Result<void>& verdict) {
  return verdict ? "" : verdict.error().code();
}

const base::Digest kKey = sha256("a key");
const base::Digest kCertificate = sha256("a certificate");
const base::Digest kSuccessor = sha256("a successor");
const base::Digest kArtifact = sha256("an artifact");

std::string signer(const Denials& denials, std::optional<base::Time> proven = {},
                   Occasion occasion = Occasion::admission) {
  const std::vector<SignerId> ids{kCertificate, kKey};
  return code(denials.check_signer(ids, kArtifact, proven, occasion));
}

// GS-TRUST-300: a denied digest is refused, whoever signed it and endorses it.
TEST(DenialTest, DeniedDigest) {
  const Denials denials(
      {.digests = {{kArtifact, "breaks the pumps"}}, .endorsed = {{kArtifact, kSuccessor}}});
  const auto verdict = denials.check_digest(kArtifact);
  EXPECT_EQ(code(verdict), "trust.denied_digest");
  EXPECT_NE(verdict.error().message().find("breaks the pumps"), std::string::npos);
  EXPECT_EQ(code(denials.check_digest(kKey)), "");
  EXPECT_EQ(code(Denials().check_digest(kArtifact)), "");
}

// GS-TRUST-301: a denied key or certificate condemns all that it signed: what runs, and what others endorse.
TEST(DenialTest, DeniedKey) {
  for (const base::Digest& id : {kKey, kCertificate}) {
    const Denials denials({.keys = {{id}}, .endorsed = {{kArtifact, kSuccessor}}});
    EXPECT_EQ(signer(denials), "trust.denied_key");
    EXPECT_EQ(signer(denials, at(kEarlier)), "trust.denied_key");
    EXPECT_EQ(signer(denials, at(kEarlier), Occasion::running), "trust.denied_key");
  }
  EXPECT_EQ(signer(Denials({.keys = {{kSuccessor}}})), "");
}

// GS-TRUST-302: a key denied for what it signed after a time keeps what is proven to be older, and only that.
TEST(DenialTest, DeniedAfterTime) {
  const Denials denials({.keys = {{kKey, at(kMiddle)}}});
  EXPECT_EQ(signer(denials, at(kEarlier)), "");
  EXPECT_EQ(signer(denials, at(kMiddle)), "");
  EXPECT_EQ(signer(denials, at(kLater)), "trust.denied_key");
  EXPECT_EQ(signer(denials), "trust.denied_key");
  EXPECT_EQ(signer(denials, {}, Occasion::running), "trust.denied_key");
}

// GS-TRUST-303: a retired key signs nothing new; what was admitted, is proven older or endorsed stays good.
TEST(DenialTest, Retired) {
  const Denials retired({.retired = {{kKey, at(kMiddle)}}});
  EXPECT_EQ(signer(retired), "trust.retired_key");
  EXPECT_EQ(signer(retired, at(kLater)), "trust.retired_key");
  EXPECT_EQ(signer(retired, at(kEarlier)), "");
  EXPECT_EQ(signer(retired, {}, Occasion::running), "");
  const Denials at_once({.retired = {{kKey}}});
  EXPECT_EQ(signer(at_once, at(kEarlier)), "trust.retired_key");
  EXPECT_EQ(signer(at_once, at(kLater), Occasion::running), "");
  const Denials endorsed({.retired = {{kKey}}, .endorsed = {{kArtifact, kSuccessor}}});
  EXPECT_EQ(signer(endorsed), "");
}

// GS-TRUST-304: the word of a key that is itself denied or retired endorses nothing.
TEST(DenialTest, EndorserMustBeGood) {
  EXPECT_FALSE(
      Denials({.keys = {{kSuccessor}}, .endorsed = {{kArtifact, kSuccessor}}}).is_endorsed(kArtifact));
  EXPECT_FALSE(
      Denials({.retired = {{kSuccessor}}, .endorsed = {{kArtifact, kSuccessor}}}).is_endorsed(kArtifact));
  EXPECT_TRUE(Denials({.keys = {{kSuccessor}}, .endorsed = {{kArtifact, kSuccessor}, {kArtifact, kKey}}})
                  .is_endorsed(kArtifact));
  EXPECT_FALSE(Denials().is_endorsed(kArtifact));
}

// GS-TRUST-305: two sets together are as strict as the stricter of both in every entry, and never looser.
TEST(DenialTest, MergeOnlyTightens) {
  const Denials early({.keys = {{kKey, at(kEarlier)}}, .retired = {{kCertificate, at(kEarlier)}}});
  const Denials late({.keys = {{kKey, at(kLater)}},
                      .digests = {{kArtifact}},
                      .retired = {{kCertificate, at(kLater)}},
                      .endorsed = {{kArtifact, kSuccessor}}});
  for (const Denials& merged : {early.tightened_by(late), late.tightened_by(early)}) {
    EXPECT_EQ(signer(merged, at(kMiddle)), "trust.denied_key");
    EXPECT_EQ(signer(merged, at(kEarlier)), "");
    EXPECT_EQ(code(merged.check_digest(kArtifact)), "trust.denied_digest");
  }
  EXPECT_FALSE(early.tightened_by(late).is_endorsed(kArtifact));
  EXPECT_TRUE(late.tightened_by(early).is_endorsed(kArtifact));
  const Denials always({.keys = {{kKey}}});
  EXPECT_EQ(signer(always.tightened_by(early), at(kEarlier)), "trust.denied_key");
  EXPECT_EQ(signer(early.tightened_by(always), at(kEarlier)), "trust.denied_key");
  EXPECT_EQ(early.tightened_by(Denials()).canonical(), early.canonical());
}

std::string minimum(const Denials& denials, const char* version, const char* created) {
  std::optional<Semver> semver;
  if (auto parsed = Semver::parse(version)) semver = *parsed;
  return code(denials.check_minimum("pumps", semver, at(created)));
}

// GS-TRUST-309: a denied identity is one issuer with one subject; two entries about it are as strict as the
// stricter, and each changes the fingerprint of trust.
TEST(DenialTest, Identities) {
  const Denials early({.identities = {{"i", "s", at(kEarlier)}}});
  const Denials late({.identities = {{"i", "s", at(kLater), "left"}, {"i", "other", at(kLater)}}});
  const auto identity = [](const Denials& denials, std::optional<base::Time> proven) {
    return code(denials.check_identity("i", "s", proven));
  };
  EXPECT_EQ(identity(early, at(kEarlier)), "");
  EXPECT_EQ(identity(early, at(kMiddle)), "trust.denied_identity");
  EXPECT_EQ(identity(early, {}), "trust.denied_identity");
  EXPECT_EQ(identity(Denials({.identities = {{"i", "s"}}}), at(kEarlier)), "trust.denied_identity");
  for (const Denials& merged : {early.tightened_by(late), late.tightened_by(early)}) {
    EXPECT_EQ(identity(merged, at(kMiddle)), "trust.denied_identity");
    EXPECT_EQ(code(merged.check_identity("i", "other", at(kMiddle))), "");
    EXPECT_EQ(merged.entries().identities.size(), 2U);
  }
  EXPECT_EQ(code(early.check_identity("s", "i", {})), "");
  EXPECT_EQ(code(early.check_identity("i", "", {})), "");
  EXPECT_NE(early.canonical(), late.canonical());
  EXPECT_NE(Denials({.identities = {{"a", "b c"}}}).canonical(),
            Denials({.identities = {{"a b", "c"}}}).canonical());
  EXPECT_FALSE(early.empty());
}

// GS-TRUST-306: nothing below a component's minimum release is admitted, by version and by time.
TEST(DenialTest, Minimum) {
  const Denials both({.floors = {{"pumps", *Semver::parse("1.4.0"), at(kMiddle)}}});
  EXPECT_EQ(minimum(both, "1.3.9", kLater), "floor.minimum");
  EXPECT_EQ(minimum(both, "1.5.0", kEarlier), "");
  EXPECT_EQ(minimum(both, "1.4.0", kMiddle), "");
  EXPECT_EQ(minimum(both, "1.4.0", kEarlier), "floor.minimum");
  EXPECT_EQ(minimum(both, "main-7", kEarlier), "floor.minimum");
  EXPECT_EQ(minimum(both, "main-7", kLater), "");
  const Denials version_only({.floors = {{"pumps", *Semver::parse("1.4.0"), {}}}});
  EXPECT_EQ(minimum(version_only, "1.4.0", kEarlier), "");
  EXPECT_EQ(minimum(version_only, "main-7", kLater), "floor.minimum");
  const Denials time_only({.floors = {{"pumps", {}, at(kMiddle)}}});
  EXPECT_EQ(minimum(time_only, "9.9.9", kEarlier), "floor.minimum");
  EXPECT_EQ(minimum(time_only, "0.1.0", kMiddle), "");
  EXPECT_EQ(code(both.check_minimum("valves", Semver(0, 1, 0), at(kEarlier))), "");
}

// GS-TRUST-307: minimum releases of two sets add up to the higher version and the later time.
TEST(DenialTest, MinimumMerge) {
  const Denials a({.floors = {{"pumps", *Semver::parse("1.4.0"), at(kEarlier)}}});
  const Denials b({.floors = {{"pumps", *Semver::parse("1.2.0"), at(kLater)}}});
  for (const Denials& merged : {a.tightened_by(b), b.tightened_by(a)}) {
    EXPECT_EQ(minimum(merged, "1.3.0", kLater), "floor.minimum");
    EXPECT_EQ(minimum(merged, "1.4.0", kMiddle), "floor.minimum");
    EXPECT_EQ(minimum(merged, "1.4.0", kLater), "");
  }
}

// GS-TRUST-308: what is written is read again as the same; every wrong field is refused by name.
TEST(DenialTest, Json) {
  const Denials denials({.keys = {{kKey, at(kMiddle), "lost"}, {kCertificate}},
                         .digests = {{kArtifact, "bad"}},
                         .retired = {{kSuccessor, at(kLater)}},
                         .endorsed = {{kKey, kSuccessor, "keeps running"}},
                         .floors = {{"pumps", *Semver::parse("1.4.0"), at(kEarlier)}},
                         .identities = {{"https://issuer", "a@b", at(kMiddle), "left"}, {"i", "s"}}});
  const base::Json json = to_json(denials.entries());
  auto again = parse_denials(json, "file", "x");
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(Denials(*again).canonical(), denials.canonical());
  EXPECT_EQ(to_json(*again), json);
  EXPECT_TRUE(Denials().empty());
  EXPECT_FALSE(denials.empty());

  const std::string id = kKey.to_string();
  for (const std::string& wrong : std::vector<std::string>{
           R"([])", R"({"other":1})", R"({"denied":[]})", R"({"denied":{"keys":[]}})",
           R"({"denied":{"keys":[{"id":"sha256:00"}]}})",
           R"({"denied":{"keys":[{"id":")" + id + R"(","x":1}]}})",
           R"({"denied":{"keys":[{"id":")" + id + R"(","signedAfter":"yesterday"}]}})",
           R"({"denied":{"keys":[{"id":")" + id + R"(","signedAfter":null}]}})",
           R"({"denied":{"digests":[{"digest":")" + id + R"(","reason":"a\u001bb"}]}})",
           R"({"denied":{"identities":[{"issuer":"i"}]}})", R"({"denied":{"identities":[{"subject":"s"}]}})",
           R"({"denied":{"identities":[{"issuer":"","subject":"s"}]}})",
           R"({"denied":{"identities":[{"issuer":"i","subject":"s\u0000"}]}})",
           R"({"denied":{"identities":[{"issuer":"i","subject":"s","id":"x"}]}})",
           R"({"retired":{"id":")" + id + R"("}})", R"({"endorsements":[{"digest":")" + id + R"("}]})",
           R"({"floors":[{"component":"pumps"}]})", R"({"floors":[{"component":"pumps","version":"new"}]})",
           R"({"floors":[{"version":"1.0.0"}]})"}) {
    auto parsed = parse_denials(*base::parse_json(wrong), "file", "x");
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().code(), "x") << wrong;
  }
}

}  // namespace
}  // namespace gridseal::trust
