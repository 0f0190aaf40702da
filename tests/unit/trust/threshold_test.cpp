// How many different ones must have signed, what counts as different, and what is said when too few have.
#include "base/encoding.hpp"
#include "mixed.hpp"
#include "sigstore/cosign_sign.hpp"
#include "support/notary/notary.hpp"

namespace gridseal::trust::mixed {
namespace {

namespace notary = test::notary;
namespace pki = test::pki;

std::string threshold(int number) {
  return "threshold = " + std::to_string(number) + "\n";
}

using Threshold = MixedTest;

// GS-TRUST-100: a key, a workflow's certificate and a notation store count together, each once, whatever the
// order in which their signatures lie there; the evidence says who counted for what.
TEST_F(Threshold, KeyKeylessAndNotationTogether) {
  const std::string policy = threshold(3) + kKey + kKeyless + kNotation;
  Evidence evidence = stored({"cosign3-keyless-rekor1", "cosign3-keyed-bundle"});
  add_notation(evidence, envelope("jws-p256.jws"));
  for (size_t turn = 0; turn < 3; ++turn) {
    const auto verdict = judge(policy, evidence);
    ASSERT_TRUE(verdict) << verdict.error().describe();
    ASSERT_EQ(verdict->signatures.size(), 3U);
    std::map<std::string, std::string> schemes;
    for (const auto& one : verdict->signatures) schemes[one.authority] = one.scheme;
    EXPECT_EQ(schemes,
              (std::map<std::string, std::string>{
                  {"key", "sigstore-bundle"}, {"workflow", "sigstore-bundle"}, {"notary", "notary"}}));
    std::rotate(evidence.signatures.begin(), evidence.signatures.begin() + 1, evidence.signatures.end());
  }
}

// GS-TRUST-101: each number from one to all of three authorities is reached by so many signatures and not by
// one less; then it is pending, and the sentence says who has signed and who is missing.
TEST_F(Threshold, EachNumber) {
  Evidence evidence = none();
  const std::vector<Evidence> parts = {stored({"cosign3-keyed-bundle"}), stored({"cosign2-keyless-legacy"}),
                                       [] {
                                         Evidence one = none();
                                         add_notation(one, envelope("cose-p256.cose"));
                                         return one;
                                       }()};
  for (int have = 0; have < 3; ++have) {
    for (int needed = 1; needed <= 3; ++needed) {
      const std::string found = answer(threshold(needed) + kKey + kKeyless + kNotation, evidence);
      const std::string missing = have == 0 ? "pending registry.no_signature" : "pending policy.threshold";
      EXPECT_EQ(found, have >= needed ? "" : missing) << have << " of " << needed;
    }
    const auto& part = parts[static_cast<size_t>(have)].signatures;
    evidence.signatures.insert(evidence.signatures.end(), part.begin(), part.end());
  }
  EXPECT_EQ(code(threshold(3) + kKey + kKeyless + kNotation, evidence), "");
  EXPECT_EQ(code(threshold(3) + kKey + kKeyless + kNotation, parts[0]), "policy.threshold");
  EXPECT_TRUE(says("1 of 3 needed authorities have signed: key; missing: notary, workflow")) << said_;
}

// GS-TRUST-102: one valid signature and nothing wrong is pending; one valid and one wrong in the place of
// what is missing is refused with what is wrong.
TEST_F(Threshold, AWrongOneRefuses) {
  const std::string policy = threshold(2) + kKey + "[authority.approver]\nkeys = [\"p384.pub\"]\n";
  const Evidence good = stored({"cosign3-keyed-bundle"});
  EXPECT_EQ(answer(policy, good), "pending policy.threshold");
  EXPECT_EQ(answer(policy, stored({"cosign3-keyed-bundle", "cosign3-keyed-bundle-p384"})), "");

  // Names the approver's key and is not by it.
  Evidence altered = stored({"cosign3-keyed-bundle-p384"});
  base::Json bundle = base::Json::parse(test::first_blob(altered));
  bundle["dsseEnvelope"]["payload"] =
      base::encode_base64(sigstore::sign_statement(altered.digest, {{"a", "b"}}));
  Evidence both = good;
  test::add_bundle(both, bundle.dump());
  EXPECT_EQ(answer(policy, both), "refused sig.invalid");
  EXPECT_TRUE(says("1 of 2 needed authorities have signed: key; missing: approver")) << said_;
  // Beside enough good ones it is no matter.
  both.signatures.insert(both.signatures.end(), altered.signatures.begin(), altered.signatures.end());
  EXPECT_EQ(answer(policy, both), "");

  // A signature by the approver of something else.
  Evidence moved = test::unsigned_artifact();
  Evidence copied = good;
  const auto key = test::new_key();
  content_.keys.push_back(test::pin("approver.pub", key.public_key()));
  const std::string own = threshold(2) + kKey + "[authority.approver]\nkeys = [\"approver.pub\"]\n";
  const auto layer = *sigstore::make_legacy_signature(key, "r", moved.digest);
  test::add_legacy(copied, {layer});
  EXPECT_EQ(answer(own, copied), "refused simplesigning.digest");
  // A listed one whose content is not there yet.
  Evidence listed = good;
  test::sign_bundle(listed, key);
  listed.signatures.back().blobs.clear();
  EXPECT_EQ(answer(own, listed), "pending policy.threshold");
}

// GS-TRUST-103: a good signature of somebody who is not asked for neither helps nor harms: alone it is
// refused, beside some of those that are asked for the rest is pending.
TEST_F(Threshold, StrangersAreNoMatter) {
  const std::string policy = threshold(2) + kKey + "[authority.approver]\nkeys = [\"p384.pub\"]\n";
  EXPECT_EQ(answer(policy, stored({"cosign3-keyless-rekor1"})), "refused key.expected_key_got_cert");
  EXPECT_EQ(answer(policy, stored({"cosign3-keyed-bundle", "cosign3-keyless-rekor1"})),
            "pending policy.threshold");
  const std::string keyless = threshold(2) + kKey + kKeyless;
  EXPECT_EQ(answer(keyless, stored({"cosign3-keyless-email"})), "refused identity.issuer");
  EXPECT_EQ(answer(keyless, stored({"cosign3-keyless-email", "cosign3-keyed-bundle"})),
            "pending policy.threshold");
  EXPECT_TRUE(says("identity.issuer")) << said_;
  EXPECT_EQ(
      answer(keyless, stored({"cosign3-keyless-email", "cosign3-keyed-bundle", "cosign2-keyless-legacy"})),
      "");
}

// GS-TRUST-104: the same key counts once: signed twice, in two forms, and under two authorities.
TEST_F(Threshold, TheSameKey) {
  const std::string twice =
      threshold(2) + kKey + "[authority.again]\nkeys = [\"cosign.pub\", \"p384.pub\"]\n";
  EXPECT_EQ(answer(twice, stored({"cosign3-keyed-bundle", "cosign2-keyed-legacy", "cosign2-keyed-rekor"})),
            "pending policy.threshold");
  EXPECT_TRUE(says("signed by somebody who counts once already")) << said_;
  // The other key of the second authority makes two of them, in either order.
  EXPECT_EQ(answer(twice, stored({"cosign3-keyed-bundle", "cosign3-keyed-bundle-p384"})), "");
  EXPECT_EQ(answer(twice, stored({"cosign3-keyed-bundle-p384", "cosign2-keyed-legacy"})), "");
}

// GS-TRUST-105: one key cannot be pinned under two names.
TEST_F(Threshold, OneKeyTwoNames) {
  content_.keys.push_back(test::pin("same.pub", content_.keys.front().key));
  const auto state = TrustState::make(content_);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code(), "trust.key_duplicate");
}

// GS-TRUST-106: two certificates of one identity are one signer, whatever form and log.
TEST_F(Threshold, OneIdentityTwoCertificates) {
  const std::string again =
      "[authority.again]\ntrusted_root = \"local\"\n"
      "[[authority.again.identity]]\nissuer_regexp = \"^https://\"\nsubject_regexp = \".\"\n";
  const std::string policy = threshold(2) + kKeyless + again;
  EXPECT_EQ(answer(policy, stored({"cosign3-keyless-rekor1", "cosign2-keyless-legacy",
                                   "cosign3-keyless-rekor2-tsa"})),
            "pending policy.threshold");
  EXPECT_EQ(answer(policy, stored({"cosign3-keyless-rekor1", "cosign3-keyless-email"})), "");
}

// GS-TRUST-107: a key that signs as cosign does, and with a certificate over it as notation does, is one
// signer.
TEST_F(Threshold, OneKeyAsCosignAndAsNotation) {
  const notary::Authority acme;
  const notary::Signer signer = acme.signer(test::new_key());
  content_.notation_stores = {{"ca:acme", std::string(acme.root.certificate.der())}};
  content_.keys.push_back(test::pin("own.pub", signer.key.public_key()));
  Evidence evidence = none();
  test::sign_bundle(evidence, signer.key);
  notary::Jws jws(signer);
  jws.payload = notary::payload(
      {"application/vnd.oci.image.manifest.v1+json", evidence.digest, evidence.manifest.size()});
  add_notation(evidence, jws.text());
  circumstances_.now = pki::at("2026-03-02T00:00:00Z");
  const std::string own = "[authority.own]\nkeys = [\"own.pub\"]\n";
  EXPECT_EQ(answer(threshold(2) + own + kNotation, evidence), "pending policy.threshold");
  EXPECT_EQ(answer(threshold(1) + own + kNotation, evidence), "");
  // Another key makes it two.
  Evidence other = none();
  other.signatures = stored({"cosign3-keyed-bundle"}).signatures;
  other.signatures.push_back(evidence.signatures.back());
  EXPECT_EQ(answer(threshold(2) + kKey + kNotation, other), "");
}

// GS-TRUST-108: as many authorities as can be are counted: who could stand for two of them stands for the one
// that nobody else stands for.
TEST_F(Threshold, BestAssignment) {
  const std::string policy = threshold(3) +
                             "[authority.a]\nkeys = [\"cosign.pub\", \"p384.pub\", \"second.pub\"]\n"
                             "[authority.b]\nkeys = [\"cosign.pub\", \"p384.pub\"]\n"
                             "[authority.c]\nkeys = [\"cosign.pub\"]\n";
  EXPECT_EQ(answer(policy, stored({"cosign3-keyed-bundle", "cosign3-keyed-bundle-p384",
                                   "cosign2-keyed-legacy-two-signatures"})),
            "");
  EXPECT_EQ(answer(policy, stored({"cosign3-keyed-bundle-p384", "cosign3-keyed-bundle"})),
            "pending policy.threshold");
}

// GS-TRUST-109: what an authority asks of a key beside the signature is asked for it alone.
TEST_F(Threshold, EachAuthorityByItsOwnRules) {
  const std::string logged =
      "[authority.key]\nkeys = [\"cosign.pub\"]\nlog = true\ntrusted_root = \"local\"\n";
  EXPECT_EQ(answer(logged, stored({"cosign3-keyed-bundle"})), "refused tlog.missing");
  EXPECT_EQ(answer(logged, stored({"cosign3-keyed-rekor1-tsa"})), "");
  const std::string stamped =
      "[authority.key]\nkeys = [\"cosign.pub\"]\ntimestamp = true\ntrusted_root = \"local\"\n";
  EXPECT_EQ(answer(stamped, stored({"cosign3-keyed-bundle"})), "refused tsa.missing");
  EXPECT_EQ(answer(stamped, stored({"cosign3-keyed-tsa-only"})), "");
  EXPECT_EQ(answer("[authority.key]\nkeys = [\"cosign.pub\"]\nlog = true\ntrusted_root = \"mock\"\n",
                   stored({"cosign3-keyed-rekor1-tsa"})),
            "refused tlog.unknown_log");
  // The evidence is that of the authority it counts for.
  const auto verdict = judge(threshold(1) + logged + "[authority.lax]\nkeys = [\"p384.pub\"]\n",
                             stored({"cosign3-keyed-rekor1-tsa"}));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->signatures.front().log_entries.size(), 1U);
  EXPECT_TRUE(verdict->latest_proven_time());
}

// GS-TRUST-110: a policy that is bound is for these repositories and environments alone.
TEST_F(Threshold, Binding) {
  const Evidence evidence = stored({"cosign3-keyed-bundle"});
  const std::string keys = "keys = [\"cosign.pub\"]\n";
  EXPECT_EQ(answer(keys + "repositories = [\"ex/*\"]\n", evidence), "");
  EXPECT_EQ(answer(keys + "repositories = [\"127.0.0.1:5511/**\"]\n", evidence), "");
  EXPECT_EQ(answer(keys + "repositories = [\"*\", \"water/**\"]\n", evidence),
            "refused policy.not_for_repository");
  EXPECT_EQ(answer(keys + "environments = [\"production\"]\n", evidence), "");
  EXPECT_EQ(answer(keys + "environments = [\"prod*\"]\n", evidence), "");
  EXPECT_EQ(answer(keys + "environments = [\"staging\"]\n", evidence), "refused policy.not_for_environment");
  circumstances_.environment.clear();
  EXPECT_EQ(answer(keys + "environments = [\"**\"]\n", evidence), "refused policy.not_for_environment");
  circumstances_.repository.clear();
  EXPECT_EQ(answer(keys + "repositories = [\"**\"]\n", evidence), "refused policy.not_for_repository");
}

// GS-TRUST-111: required annotations must be under each signature that counts, of every kind.
TEST_F(Threshold, Annotations) {
  const std::string asks = "annotations = { stage = \"production\" }\n";
  EXPECT_EQ(answer("keys = [\"cosign.pub\"]\n" + asks, stored({"cosign3-keyed-bundle"})),
            "refused intoto.annotation");
  EXPECT_EQ(answer("keys = [\"cosign.pub\"]\n" + asks, stored({"cosign2-keyed-legacy"})),
            "refused simplesigning.annotation");
  Evidence evidence = none();
  add_notation(evidence, envelope("jws-p256.jws"));
  EXPECT_EQ(answer(asks + kNotation, evidence), "refused notary.metadata");
  EXPECT_EQ(answer(asks + kKeyless, stored({"cosign3-keyless-rekor1"})), "refused intoto.annotation");
  const auto key = test::new_key();
  content_.keys.push_back(test::pin("own.pub", key.public_key()));
  Evidence own = none();
  test::sign_legacy(own, key, {{"stage", "production"}, {"other", "x"}});
  EXPECT_EQ(answer("keys = [\"own.pub\"]\n" + asks, own), "");
  test::sign_legacy(own, key, {{"stage", "Production"}});
  own.signatures.erase(own.signatures.begin());
  EXPECT_EQ(answer("keys = [\"own.pub\"]\n" + asks, own), "refused simplesigning.annotation");
}

}  // namespace
}  // namespace gridseal::trust::mixed
