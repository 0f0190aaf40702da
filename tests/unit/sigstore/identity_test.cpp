// Identity patterns, and lists of certificate timestamps.
#include <gtest/gtest.h>

#include "sigstore/identity_matcher.hpp"
#include "sigstore/sct.hpp"
#include "sigstore/verified_signature.hpp"

namespace gridseal::sigstore {
namespace {

CertificateIdentity release() {
  return {
      SubjectKind::uri,
      "https://github.com/acme/fleet/.github/workflows/release.yml@refs/heads/main",
      "https://token.actions.githubusercontent.com",
      {{"source_repository_uri", "https://github.com/acme/fleet"}, {"runner_environment", "github-hosted"}}};
}

std::string judge(const IdentityPattern& pattern, const CertificateIdentity& identity = release()) {
  const auto matcher = IdentityMatcher::make({pattern});
  if (!matcher) return matcher.error().code();
  const auto matched = matcher->match(identity);
  return matched ? "matched" : matched.error().code();
}

IdentityPattern exact() {
  return {release().issuer, {}, release().subject, {}, {}};
}

// GS-SIGSTORE-210: exact values are compared byte by byte: no prefix, no suffix, no case folding, no
// expression.
TEST(IdentityMatcher, ComparesExactly) {
  EXPECT_EQ(judge(exact()), "matched");
  IdentityPattern pattern = exact();
  pattern.subject += "/";
  EXPECT_EQ(judge(pattern), "identity.san");
  pattern.subject = release().subject.substr(0, release().subject.size() - 1);
  EXPECT_EQ(judge(pattern), "identity.san");
  pattern.subject = release().subject.substr(1);
  EXPECT_EQ(judge(pattern), "identity.san");
  pattern.subject = ".*";
  EXPECT_EQ(judge(pattern), "identity.san");
  pattern = exact();
  pattern.subject[8] = 'G';
  EXPECT_EQ(judge(pattern), "identity.san");
  pattern = exact();
  pattern.issuer = "https://token.actions.githubusercontent.com/";
  EXPECT_EQ(judge(pattern), "identity.issuer");
}

// GS-SIGSTORE-211: expressions are RE2's and searched for, as Flux does.
TEST(IdentityMatcher, SearchesExpressions) {
  EXPECT_EQ(judge({{}, "githubusercontent", {}, "acme/fleet", {}}), "matched");
  EXPECT_EQ(judge({{}, "^https://token\\.actions\\.githubusercontent\\.com$", {}, "@refs/heads/main$", {}}),
            "matched");
  EXPECT_EQ(judge({{}, ".*", {}, "^acme", {}}), "identity.san");
  EXPECT_EQ(judge({{}, "^https://accounts", {}, ".*", {}}), "identity.issuer");
  EXPECT_EQ(judge({{}, "(?i)TOKEN\\.ACTIONS", {}, "\\pL+", {}}), "matched");
}

// GS-SIGSTORE-212: an empty list, half a pattern, a pair twice, and an expression that does not compile or is
// too large are errors of the configuration.
TEST(IdentityMatcher, RefusesPatternsThatSayNothing) {
  EXPECT_EQ(IdentityMatcher::make({}).error().code(), "identity.none_configured");
  EXPECT_EQ(judge({}), "identity.pattern");
  EXPECT_EQ(judge({release().issuer, {}, {}, {}, {}}), "identity.pattern");
  EXPECT_EQ(judge({{}, {}, release().subject, {}, {}}), "identity.pattern");
  EXPECT_EQ(judge({release().issuer, ".*", release().subject, {}, {}}), "identity.pattern");
  EXPECT_EQ(judge({{}, "(", {}, ".*", {}}), "identity.pattern");
  EXPECT_EQ(judge({{}, "(?=a)", {}, ".*", {}}), "identity.pattern");
  EXPECT_EQ(judge({{}, "(a)\\1", {}, ".*", {}}), "identity.pattern");
  EXPECT_EQ(judge({{}, "((a{100}){100}){100}", {}, ".*", {}}), "identity.pattern");
  EXPECT_EQ(judge({{}, std::string(1025, 'a'), {}, ".*", {}}), "identity.pattern");
  EXPECT_EQ(judge({{}, ".*", {}, ".*", {{"no_such_extension", "x"}}}), "identity.pattern");
  EXPECT_EQ(judge({{}, ".*", {}, ".*", {{"token_subject", ""}}}), "identity.pattern");
  EXPECT_EQ(IdentityMatcher::make(std::vector<IdentityPattern>(65, exact())).error().code(),
            "identity.pattern");
}

// GS-SIGSTORE-213: patterns are OR'ed, and the refusal is that of the closest one.
TEST(IdentityMatcher, TriesEveryPattern) {
  IdentityPattern issuer = exact();
  issuer.issuer = "https://accounts.google.com";
  IdentityPattern subject = exact();
  subject.subject = "someone else";
  EXPECT_EQ(IdentityMatcher::make({issuer, subject, exact()})->match(release()).value(), 2U);
  const auto refused = IdentityMatcher::make({subject, issuer})->match(release());
  EXPECT_EQ(refused.error().code(), "identity.san");
  EXPECT_NE(refused.error().message().find("asked for is"), std::string::npos) << refused.error().message();
  EXPECT_EQ(IdentityMatcher::make({issuer})->match(release()).error().code(), "identity.issuer");
}

// GS-SIGSTORE-214: extensions are compared exactly, and one that the certificate lacks never agrees.
TEST(IdentityMatcher, HoldsExtensions) {
  IdentityPattern pattern = exact();
  pattern.extensions = {{"source_repository_uri", "https://github.com/acme/fleet"}};
  EXPECT_EQ(judge(pattern), "matched");
  pattern.extensions["runner_environment"] = "self-hosted";
  EXPECT_EQ(judge(pattern), "identity.extension");
  pattern.extensions = {{"deployment_environment", "production"}};
  EXPECT_EQ(judge(pattern), "identity.extension");
  for (const std::string& name : extension_names()) {
    pattern.extensions = {{name, "value"}};
    EXPECT_EQ(judge(pattern), "identity.extension") << name;
  }
}

// GS-SIGSTORE-215: an identity that no issuer vouches for matches nothing, not even every expression.
TEST(IdentityMatcher, NeedsAnIssuer) {
  CertificateIdentity identity = release();
  identity.issuer.clear();
  EXPECT_EQ(judge({{}, ".*", {}, ".*", {}}, identity), "identity.issuer");
}

// GS-SIGSTORE-216: expressions that say more than they seem to are warned of.
TEST(IdentityMatcher, WarnsOfLooseExpressions) {
  const auto warnings = [](const std::string& expression) {
    return IdentityMatcher::make({{"issuer", {}, {}, expression, {}}})->warnings().size();
  };
  EXPECT_EQ(IdentityMatcher::make({exact()})->warnings().size(), 0U);
  EXPECT_EQ(warnings("^https://github\\.com/acme/.*$"), 0U);
  EXPECT_EQ(warnings("\\Ahttps://github\\.com/[a-z.$]+\\z"), 0U);
  EXPECT_EQ(warnings("https://github\\.com/acme"), 1U);
  EXPECT_EQ(warnings("^https://github\\.com/acme"), 1U);
  EXPECT_EQ(warnings("^a|b$"), 1U);
  EXPECT_EQ(warnings("^(a|b)$"), 0U);
  EXPECT_EQ(warnings("^a\\$"), 1U);
  EXPECT_EQ(warnings("^https://github.com/acme$"), 1U);
  EXPECT_EQ(warnings("https://github.com"), 2U);
}

std::string be16(size_t value) {
  return {static_cast<char>(value >> 8U), static_cast<char>(value & 0xFFU)};
}

std::string sct_bytes(char version = 0, char hash = 4, char algorithm = 3) {
  return std::string(1, version) + std::string(32, 'L') + std::string("\0\0\1\2\3\4\5\6", 8) + be16(2) +
         "ex" + std::string(1, hash) + std::string(1, algorithm) + be16(3) + "sig";
}

std::string list_of(const std::vector<std::string>& scts) {
  std::string body;
  for (const std::string& sct : scts) body += be16(sct.size()) + sct;
  return be16(body.size()) + body;
}

// GS-SIGSTORE-217: lists of certificate timestamps are read to the last byte; what is of another version or
// algorithm is left out, what is cut or padded is refused.
TEST(SctList, IsReadStrictly) {
  const auto good =
      parse_sct_list(list_of({sct_bytes(), sct_bytes(0, 4, 1), sct_bytes(1), sct_bytes(0, 5, 3)}));
  ASSERT_TRUE(good);
  ASSERT_EQ(good->size(), 2U);
  EXPECT_EQ(good->at(0).log_id, std::string(32, 'L'));
  EXPECT_EQ(good->at(0).timestamp, 0x010203040506U);
  EXPECT_EQ(good->at(0).extensions, "ex");
  EXPECT_EQ(good->at(0).signature, "sig");
  EXPECT_TRUE(good->at(0).ecdsa);
  EXPECT_FALSE(good->at(1).ecdsa);
  const std::string whole = list_of({sct_bytes()});
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_sct_list(whole.substr(0, size))) << size;
  EXPECT_EQ(parse_sct_list(whole + "x").error().code(), "sct.invalid");
  EXPECT_EQ(parse_sct_list(list_of({sct_bytes() + "x"})).error().code(), "sct.invalid");
  EXPECT_EQ(parse_sct_list(list_of({""})).error().code(), "sct.invalid");
  EXPECT_EQ(parse_sct_list(list_of(std::vector<std::string>(33, sct_bytes()))).error().code(), "parse.limit");
}

// GS-SIGSTORE-218: an artifact of which only the digest is known answers for that digest alone.
TEST(Artifact, KnowsItsDigests) {
  const auto bytes = Artifact::of_bytes("manifest");
  EXPECT_EQ(bytes.digest(crypto::Hash::sha512), crypto::sha512("manifest"));
  const auto digest = Artifact::of_digest(crypto::sha256("manifest"));
  EXPECT_EQ(digest.digest(crypto::Hash::sha256), bytes.digest(crypto::Hash::sha256));
  EXPECT_FALSE(digest.digest(crypto::Hash::sha512));
  EXPECT_TRUE(Artifact::of_digest(crypto::Hash::sha384, crypto::sha384("manifest")));
  EXPECT_EQ(Artifact::of_digest(crypto::Hash::sha384, "short").error().code(), "artifact.digest_mismatch");
}

}  // namespace
}  // namespace gridseal::sigstore
