// trustpolicy.json: what is read, what is selected, what is refused.
#include "notation/trust_policy.hpp"

#include <gtest/gtest.h>

#include "support/notary/notary.hpp"

namespace gridseal::notation {
namespace {

using base::Json;
using test::notary::policy;
using test::notary::policy_text;

Json one(const Json& change = Json::object()) {
  return Json::parse(policy_text(change))["trustPolicies"][0];
}

std::string code(const std::string& text) {
  const auto document = TrustPolicyDocument::parse(text);
  return document ? "" : document.error().code();
}

std::string document(const std::vector<Json>& policies) {
  return Json{{"version", "1.0"}, {"trustPolicies", policies}}.dump();
}

Json verification(const Json& object) {
  return {{"signatureVerification", object}};
}

// GS-NOTATION-010: every part of a trust policy is read; the level is strict unless it says permissive.
TEST(TrustPolicy, Reads) {
  const auto strict =
      policy({{"trustStores", {"ca:acme", "signingAuthority:acme", "tsa:time"}}}).policies().front();
  EXPECT_EQ(strict.name, "p");
  EXPECT_EQ(strict.scopes, std::vector<std::string>{"*"});
  EXPECT_EQ(strict.level, Level::strict);
  EXPECT_EQ(strict.expiry, Action::enforce);
  EXPECT_EQ(strict.authentic_timestamp, Action::enforce);
  EXPECT_EQ(strict.revocation, Action::enforce);
  EXPECT_EQ(strict.verify_timestamp, VerifyTimestamp::always);
  ASSERT_EQ(strict.stores.size(), 3U);
  EXPECT_EQ(to_string(strict.stores[0]), "ca:acme");
  EXPECT_EQ(to_string(strict.stores[1]), "signingAuthority:acme");
  EXPECT_EQ(to_string(strict.stores[2]), "tsa:time");
  EXPECT_FALSE(strict.any_identity);
  ASSERT_EQ(strict.identities.size(), 1U);
  EXPECT_EQ(policy(verification({{"level", nullptr}})).policies().front().level, Level::strict);
  EXPECT_TRUE(policy({{"trustedIdentities", {"*"}}}).policies().front().any_identity);
}

// GS-NOTATION-011: permissive logs timestamp, expiry and revocation; overrides change single validations.
TEST(TrustPolicy, LevelsAndOverrides) {
  const auto permissive = policy(verification({{"level", "permissive"}})).policies().front();
  EXPECT_EQ(permissive.level, Level::permissive);
  EXPECT_EQ(permissive.expiry, Action::log);
  EXPECT_EQ(permissive.authentic_timestamp, Action::log);
  EXPECT_EQ(permissive.revocation, Action::log);
  const auto mixed =
      policy(verification({{"level", "permissive"},
                           {"verifyTimestamp", "afterCertExpiry"},
                           {"override",
                            {{"expiry", "enforce"}, {"authenticity", "enforce"}, {"revocation", "skip"}}}}))
          .policies()
          .front();
  EXPECT_EQ(mixed.expiry, Action::enforce);
  EXPECT_EQ(mixed.authentic_timestamp, Action::log);
  EXPECT_EQ(mixed.revocation, Action::skip);
  EXPECT_EQ(mixed.verify_timestamp, VerifyTimestamp::after_certificate_expiry);
  const auto logged =
      policy(verification({{"override", {{"authenticTimestamp", "log"}, {"revocation", "log"}}}}))
          .policies()
          .front();
  EXPECT_EQ(logged.authentic_timestamp, Action::log);
  EXPECT_EQ(logged.revocation, Action::log);
  EXPECT_EQ(logged.expiry, Action::enforce);
}

// GS-NOTATION-012: levels and overrides that would let unsigned content pass are refused, and the error says
// so.
TEST(TrustPolicy, RefusesWhatLetsUnsignedContentPass) {
  for (const Json& bad : {Json{{"level", "audit"}}, Json{{"level", "skip"}},
                          Json{{"level", "strict"}, {"override", {{"authenticity", "log"}}}},
                          Json{{"level", "permissive"}, {"override", {{"authenticity", "skip"}}}}}) {
    const auto refused = TrustPolicyDocument::parse(policy_text(verification(bad)));
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code(), "notary.policy");
    EXPECT_EQ(refused.error().outcome(), base::Outcome::refused);
    EXPECT_NE(refused.error().message().find("nothing unsigned is applied here"), std::string::npos);
  }
}

// GS-NOTATION-013: the policy that names the repository wins over the one of "*"; without either nothing
// applies.
TEST(TrustPolicy, Selects) {
  const auto both = TrustPolicyDocument::parse(
      document({one({{"name", "all"}}),
                one({{"name", "edge"}, {"registryScopes", {"registry.example:5000/fleet/edge"}}})}));
  ASSERT_TRUE(both) << both.error().describe();
  EXPECT_EQ(both->select("registry.example:5000/fleet/edge")->name, "edge");
  EXPECT_EQ(both->select("registry.example:5000/fleet/edge2")->name, "all");
  EXPECT_EQ(both->select("registry.example/fleet/edge")->name, "all");
  const auto none =
      policy({{"registryScopes", {"registry.example/a", "registry.example/b"}}}).select("registry.example/c");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), "notary.policy_none");
  EXPECT_TRUE(policy({{"registryScopes", {"registry.example/a", "registry.example/b"}}})
                  .select("registry.example/b"));
}

// GS-NOTATION-014: a document that is not exactly a version 1.0 policy document is refused.
TEST(TrustPolicy, RefusesOtherDocuments) {
  const std::string good = one().dump();
  EXPECT_EQ(code(R"({"version":"1.0","trustPolicies":[)" + good + "]}"), "");
  for (const std::string& bad :
       {std::string("[]"), std::string("{}"), R"({"version":"1.1","trustPolicies":[)" + good + "]}",
        R"({"trustPolicies":[)" + good + "]}", std::string(R"({"version":"1.0","trustPolicies":[]})"),
        std::string(R"({"version":"1.0","trustPolicies":[1]})"),
        R"({"version":"1.0","more":1,"trustPolicies":[)" + good + "]}"})
    EXPECT_EQ(code(bad), "notary.policy") << bad;
  EXPECT_EQ(code(R"({"version":"1.0","version":"1.0","trustPolicies":[)" + good + "]}"),
            "parse.duplicate_key");
  EXPECT_EQ(code("{"), "parse.json");
  EXPECT_EQ(code(std::string(70000, ' ')), "parse.limit");
}

// GS-NOTATION-015: a policy with a part that is missing, unknown, of the wrong type or doubled is refused.
TEST(TrustPolicy, RefusesOtherPolicies) {
  for (const Json& bad : {Json{{"name", ""}},
                          Json{{"name", nullptr}},
                          Json{{"extra", 1}},
                          Json{{"registryScopes", Json::array()}},
                          Json{{"registryScopes", {"*", "a.example/b"}}},
                          Json{{"registryScopes", {"a.example/b", "a.example/b"}}},
                          Json{{"registryScopes", {"a.example/*"}}},
                          Json{{"registryScopes", {"a.example"}}},
                          Json{{"registryScopes", {"a.example/b:v1"}}},
                          Json{{"registryScopes", {"a.example/b@sha256:00"}}},
                          Json{{"registryScopes", {"a.example/B"}}},
                          Json{{"registryScopes", {"a.example//b"}}},
                          Json{{"registryScopes", {"a.example/b/"}}},
                          Json{{"registryScopes", {"a.example/../b"}}},
                          Json{{"registryScopes", {1}}},
                          Json{{"registryScopes", "*"}},
                          Json{{"signatureVerification", nullptr}},
                          verification({{"level", "STRICT"}}),
                          verification({{"level", 1}}),
                          verification({{"mode", "strict"}}),
                          verification({{"override", 1}}),
                          verification({{"override", {{"integrity", "enforce"}}}}),
                          verification({{"override", {{"expiry", "skip"}}}}),
                          verification({{"override", {{"authenticTimestamp", "skip"}}}}),
                          verification({{"override", {{"expiry", "off"}}}}),
                          verification({{"override", {{"unknown", "log"}}}}),
                          verification({{"verifyTimestamp", "never"}}),
                          verification({{"verifyTimestamp", 1}}),
                          Json{{"trustStores", Json::array()}},
                          Json{{"trustStores", nullptr}},
                          Json{{"trustStores", {"acme"}}},
                          Json{{"trustStores", {"ca:"}}},
                          Json{{"trustStores", {"ca:.."}}},
                          Json{{"trustStores", {"ca:a/b"}}},
                          Json{{"trustStores", {"CA:acme"}}},
                          Json{{"trustStores", {"tsa:time"}}},
                          Json{{"trustStores", {"ca:acme", "ca:acme"}}},
                          Json{{"trustedIdentities", Json::array()}},
                          Json{{"trustedIdentities", nullptr}},
                          Json{{"trustedIdentities", {"*", "x509.subject: C=NO, ST=Oslo, O=Acme"}}},
                          Json{{"trustedIdentities", {"C=NO, ST=Oslo, O=Acme"}}},
                          Json{{"trustedIdentities", {"spiffe://acme"}}}})
    EXPECT_EQ(code(policy_text(bad)), "notary.policy") << bad;
  EXPECT_EQ(code(document({one(), one({{"registryScopes", {"a.example/b"}}})})), "notary.policy");
  EXPECT_EQ(code(document({one(), one({{"name", "q"}})})), "notary.policy");
}

std::vector<SubjectAttribute> attributes(const std::string& text) {
  const auto pattern = parse_subject_pattern(text);
  return pattern ? pattern->attributes : std::vector<SubjectAttribute>{};
}

// GS-NOTATION-016: identities are read with their escapes; spaces around a value do not belong to it.
TEST(TrustedIdentity, ReadsEscapes) {
  const std::vector<SubjectAttribute> plain = {{"2.5.4.6", "NO"}, {"2.5.4.8", "Oslo"}, {"2.5.4.10", "Acme"}};
  EXPECT_EQ(attributes("C=NO,ST=Oslo,O=Acme"), plain);
  EXPECT_EQ(attributes("  C = NO , S=Oslo ,o= Acme  "), plain);
  EXPECT_EQ(attributes("C=NO, ST=Oslo, O=Acme\\, Inc\\; \\\\x\\\"").back().value, "Acme, Inc; \\x\"");
  EXPECT_EQ(attributes("C=NO, ST=Oslo, O=\\ Acme\\ ").back().value, " Acme ");
  EXPECT_EQ(attributes("C=NO, ST=Oslo, O=Acme \\  ").back().value, "Acme  ");
  EXPECT_EQ(attributes("C=NO, ST=Oslo, O=Bl\\C3\\A5").back().value, "Blå");
  EXPECT_EQ(attributes("C=NO, ST=Oslo, O=A=B").back().value, "A=B");
  EXPECT_EQ(attributes("C=NO, ST=Oslo, O=A, 1.2.3=x").back(), (SubjectAttribute{"1.2.3", "x"}));
}

// GS-NOTATION-017: an identity that is not a plain list, or does not name country, state and organization, is
// refused.
TEST(TrustedIdentity, RefusesOtherForms) {
  for (const char* bad : {"",
                          "C=NO",
                          "C=NO, ST=Oslo",
                          "C=NO, O=Acme",
                          "ST=Oslo, O=Acme",
                          "C=NO, ST=Oslo, O=",
                          "C=NO, ST=Oslo, O=Acme,",
                          "C=NO, C=SE, ST=Oslo, O=Acme",
                          "C=NO, ST=Oslo, S=Oslo, O=Acme",
                          "C=NO, ST=Oslo, O=Acme+OU=x",
                          "C=NO, ST=Oslo, O=#0c01",
                          "C=NO, ST=Oslo, O=Acme; Inc",
                          "C=NO, ST=Oslo, O=\"Acme\"",
                          "C=NO, ST=Oslo, O=Acme\\",
                          "C=NO, ST=Oslo, O=Acme\\q",
                          "C=NO, ST=Oslo, O=\\00",
                          "C=NO, ST=Oslo, O=\\FF",
                          "C=NO, ST=Oslo, O=Acme, X=y",
                          "C=NO, ST=Oslo, O=Acme, 1.=y",
                          "C=NO, ST=Oslo, Acme"}) {
    const auto pattern = parse_subject_pattern(bad);
    ASSERT_FALSE(pattern) << bad;
    EXPECT_EQ(pattern.error().code(), "notary.policy");
  }
}

// GS-NOTATION-018: identities of which one covers the other make the policy invalid.
TEST(TrustedIdentity, RefusesOverlap) {
  const std::string base = "x509.subject: C=NO, ST=Oslo, O=Acme";
  EXPECT_EQ(code(policy_text({{"trustedIdentities", {base, base + ", OU=x"}}})), "notary.policy");
  EXPECT_EQ(code(policy_text({{"trustedIdentities", {base + ", OU=x", base}}})), "notary.policy");
  EXPECT_EQ(code(policy_text({{"trustedIdentities", {base, "x509.subject:O=Acme,ST=Oslo,C=NO"}}})),
            "notary.policy");
  EXPECT_EQ(code(policy_text({{"trustedIdentities", {base + ", OU=x", base + ", OU=y"}}})), "");
}

// GS-NOTATION-019: an identity matches when each of its attributes is in the subject, once and equal.
TEST(TrustedIdentity, Matches) {
  const SubjectPattern pattern = *parse_subject_pattern("C=NO, ST=Oslo, O=Acme");
  const SubjectAttribute c{"2.5.4.6", "NO"};
  const SubjectAttribute st{"2.5.4.8", "Oslo"};
  const SubjectAttribute o{"2.5.4.10", "Acme"};
  const SubjectAttribute cn{"2.5.4.3", "signer"};
  EXPECT_TRUE(matches(pattern, {cn, o, st, c}));
  EXPECT_FALSE(matches(pattern, {c, st}));
  EXPECT_FALSE(matches(pattern, {c, st, {"2.5.4.10", "acme"}}));
  EXPECT_FALSE(matches(pattern, {c, st, {"2.5.4.10", "Acme "}}));
  EXPECT_FALSE(matches(pattern, {c, st, o, {"2.5.4.10", "Other"}}));
}

}  // namespace
}  // namespace gridseal::notation
