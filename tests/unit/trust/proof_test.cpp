// What is kept of a verification: enough to tell years later who signed what, when, and through whom.
#include "mixed.hpp"

namespace gridseal::trust::mixed {
namespace {

using base::Json;

using Kept = MixedTest;

// Every name that a consumer of the evidence may rely on.
void expect_common(const Json& one, const Evidence& evidence) {
  EXPECT_EQ(one["policy"], "mixed");
  EXPECT_EQ(one["artifact"], evidence.digest.to_string());
  for (const char* name :
       {"scheme", "authority", "signer", "algorithm", "place", "signatureManifest", "signature"})
    EXPECT_FALSE(one[name].get<std::string>().empty()) << name;
  EXPECT_GT(one["trustGeneration"].get<int64_t>(), 0);
  ASSERT_FALSE(one["checks"].empty());
  EXPECT_EQ(one["checks"][0]["name"], "content");
  for (const Json& check : one["checks"]) EXPECT_FALSE(check["detail"].get<std::string>().empty());
}

Json first_signature(const base::Result<Satisfied>& verdict) {
  EXPECT_TRUE(verdict) << verdict.error().describe();
  return verdict ? to_json(*verdict)["signatures"][0] : Json();
}

// GS-TRUST-150: of a certificate: root, identity, every extension it carries (workflow, commit, run), serial,
// chain, log entry with its index, and the proven time.
TEST_F(Kept, Keyless) {
  const Evidence evidence = stored({"cosign3-keyless-rekor1"});
  const Json one = first_signature(judge(kKeyless, evidence));
  expect_common(one, evidence);
  EXPECT_EQ(one["signer"].get<std::string>().find(kWorkflow), 0U);
  const Json& certificate = one["certificate"];
  EXPECT_EQ(certificate["trustedRoot"], "local");
  EXPECT_EQ(certificate["subject"], kWorkflow);
  EXPECT_EQ(certificate["issuer"], kActions);
  EXPECT_FALSE(certificate["extensions"].empty());
  EXPECT_FALSE(certificate["serial"].get<std::string>().empty());
  EXPECT_TRUE(certificate["fingerprint"].get<std::string>().starts_with("sha256:"));
  EXPECT_EQ(certificate["chain"].size(), certificate["issuers"].size());
  for (const Json& issuer : certificate["issuers"])
    EXPECT_TRUE(issuer.get<std::string>().starts_with("sha256:"));
  ASSERT_EQ(one["logEntries"].size(), 1U);
  EXPECT_GE(one["logEntries"][0]["index"].get<int64_t>(), 0);
  ASSERT_EQ(one["times"].size(), 1U);
  EXPECT_EQ(one["times"][0]["source"], "log");
  EXPECT_TRUE(base::parse_rfc3339(one["times"][0]["time"].get<std::string>()));
  EXPECT_FALSE(one.contains("key"));
}

// GS-TRUST-151: of a key: its name and id; of notation: policy, level, store, the whole chain.
TEST_F(Kept, KeyAndNotation) {
  const Evidence keyed = stored({"cosign2-keyed-legacy"});
  const Json key = first_signature(judge(kKey, keyed));
  expect_common(key, keyed);
  EXPECT_EQ(key["key"], "cosign.pub");
  EXPECT_EQ(key["keyId"], content_.keys.front().key.key_id());
  EXPECT_EQ(key["place"], "signature tag");
  EXPECT_FALSE(key["reference"].get<std::string>().empty());

  Evidence notation = none();
  add_notation(notation, envelope("cose-p384.cose"));
  const Json one = first_signature(judge(kNotation, notation));
  expect_common(one, notation);
  EXPECT_EQ(one["scheme"], "notary");
  EXPECT_EQ(one["notation"]["policy"], "p");
  EXPECT_EQ(one["notation"]["level"], "strict");
  EXPECT_EQ(one["notation"]["store"], "ca:acme");
  EXPECT_EQ(one["notation"]["subjects"].size(), 2U);
  EXPECT_EQ(one["notation"]["fingerprints"].size(), 2U);
  EXPECT_TRUE(one["notation"].contains("signingTime"));
  EXPECT_TRUE(one["times"].empty());  // the signer's own word is no proof
}

// GS-TRUST-152: a timestamp is a proven time with its authority; what lay there and was not judged is told.
TEST_F(Kept, TimesAndIgnored) {
  const std::string judged = kKey + "trusted_root = \"local\"\n";
  const Json stamped = first_signature(judge(judged, stored({"cosign3-keyed-tsa-only"})));
  ASSERT_EQ(stamped["times"].size(), 1U);
  EXPECT_EQ(stamped["times"][0]["source"], "timestamp authority");
  EXPECT_FALSE(stamped["times"][0]["authority"].get<std::string>().empty());
  const Json plain = first_signature(judge(kKey, stored({"cosign3-keyed-tsa-only"})));
  EXPECT_TRUE(plain["times"].empty());
  EXPECT_EQ(plain["ignored"].size(), 1U);
}

// GS-TRUST-153: what lay beside and did not count is kept with its reason code.
TEST_F(Kept, Others) {
  const auto verdict = judge(kKey, stored({"cosign3-keyless-rekor1", "cosign3-keyed-bundle"}));
  ASSERT_TRUE(verdict);
  ASSERT_EQ(verdict->others.size(), 1U);
  EXPECT_NE(verdict->others[0].find("[key.expected_key_got_cert]"), std::string::npos);
}

// GS-TRUST-154: the whole proof says what was verified: component, version, times, content, and the trust it
// was judged under, which changes with everything that is trusted or denied.
TEST_F(Kept, Generation) {
  const auto generation = [&] { return TrustState::make(content_)->generation(); };
  const int64_t before = generation();
  std::set<int64_t> seen{before};
  content_.denials = Denials({.keys = {{crypto::sha256("x"), {}, "why"}}});
  EXPECT_TRUE(seen.insert(generation()).second);
  content_.denials = Denials({.keys = {{crypto::sha256("x"), {}, "another reason"}}});
  EXPECT_FALSE(seen.insert(generation()).second);
  content_.denials = {};
  content_.keys.pop_back();
  EXPECT_TRUE(seen.insert(generation()).second);
  content_.sigstore_roots.pop_back();
  EXPECT_TRUE(seen.insert(generation()).second);
  content_.notation_stores.push_back(content_.notation_stores.front());
  EXPECT_TRUE(seen.insert(generation()).second);
}

// GS-TRUST-155: too old is what was created longer ago than the policy allows, at admission; the limit itself
// is not.
TEST_F(Kept, Age) {
  const auto key = test::new_key();
  content_.keys.push_back(test::pin("own.pub", key.public_key()));
  const auto state = TrustState::make(content_);
  const auto settings = config::parse_policy("keys = [\"own.pub\"]\nmax_age = \"24h\"\n", "/p/aged.toml");
  const auto policy = make_policy(*state, *settings);
  ASSERT_TRUE(policy);
  Evidence evidence = test::unsigned_artifact({{"org.opencontainers.image.title", "pumps"},
                                               {"org.opencontainers.image.version", "1.0.0"},
                                               {"org.opencontainers.image.created", "2026-11-23T00:00:00Z"}});
  test::sign_bundle(evidence, key);
  const auto verified = verify(*state, *policy, {}, evidence);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_TRUE(check_age(*policy, *verified, at("2026-11-24T00:00:00Z")));
  EXPECT_TRUE(check_age(*policy, *verified, at("2020-01-01T00:00:00Z")));
  const auto old = check_age(*policy, *verified, at("2026-11-24T00:00:01Z"));
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code(), "policy.too_old");
  EXPECT_NE(old.error().message().find("aged"), std::string::npos);
  const Json json = to_json(*verified);
  EXPECT_EQ(json["created"], "2026-11-23T00:00:00Z");
  EXPECT_EQ(json["trustGeneration"], state->generation());
}

}  // namespace
}  // namespace gridseal::trust::mixed
