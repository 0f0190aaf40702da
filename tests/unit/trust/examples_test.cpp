// What real signers stored in a registry, with the keys they used.
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "support/signing/signing.hpp"

namespace gridseal::trust {
namespace {

using test::load_pinned;
using test::load_registry;

std::string directory(const std::string& name) {
  return std::string(GRIDSEAL_FIXTURES) + "/signing/" + name;
}

struct Example {
  std::string name;
  std::string scheme;
  std::string algorithm;
  bool log_entries = false;
  bool timestamps = false;
};

class GoodExample : public testing::TestWithParam<Example> {};

// GS-TRUST-001: what cosign 2 and 3 signed with a key verifies with that key, and the evidence says how.
TEST_P(GoodExample, VerifiesWithItsKey) {
  const Evidence evidence = load_registry(directory(GetParam().name));
  const auto trust = test::trust_in({load_pinned(directory(GetParam().name) + "/cosign.pub")});
  const auto verified = verify_signatures(trust.state, trust.policy, evidence);
  ASSERT_TRUE(verified) << verified.error().describe();
  ASSERT_EQ(verified->signatures.size(), 1U);
  const SignatureEvidence& signature = verified->signatures.front();
  EXPECT_EQ(signature.scheme, GetParam().scheme);
  EXPECT_EQ(signature.algorithm, GetParam().algorithm);
  EXPECT_EQ(signature.key_name, "cosign.pub");
  EXPECT_EQ(signature.key_id, trust.state.keys().front().key.key_id());
  EXPECT_EQ(signature.artifact, evidence.digest.to_string());
  // Without a trusted root they are not judged, and that is said.
  EXPECT_EQ(!signature.ignored.empty(), GetParam().log_entries || GetParam().timestamps);
  EXPECT_EQ(to_json(*verified).at("signatures").at(0).contains("ignored"), !signature.ignored.empty());
}

// GS-TRUST-002: the same signature is refused for every other artifact and by every other key.
TEST_P(GoodExample, IsRefusedForAnotherArtifactAndByAnotherKey) {
  const Evidence signed_evidence = load_registry(directory(GetParam().name));
  const auto trust = test::trust_in({load_pinned(directory(GetParam().name) + "/cosign.pub")});
  const auto other = test::trust_in({test::pin("other.pub", test::new_key().public_key())});
  const auto by_other = verify_signatures(other.state, other.policy, signed_evidence);
  ASSERT_FALSE(by_other);
  EXPECT_EQ(by_other.error().outcome(), base::Outcome::refused);
  EXPECT_EQ(by_other.error().code(), "key.wrong");

  Evidence moved = test::unsigned_artifact({{"org.opencontainers.image.title", "another"}});
  moved.signatures = signed_evidence.signatures;
  const auto elsewhere = verify_signatures(trust.state, trust.policy, moved);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().outcome(), base::Outcome::refused);
  const bool legacy = GetParam().scheme == "cosign-simplesigning";
  EXPECT_EQ(elsewhere.error().code(), legacy ? "simplesigning.digest" : "registry.subject_mismatch");
}

INSTANTIATE_TEST_SUITE_P(
    Signers, GoodExample,
    testing::Values(Example{"cosign2-keyed-legacy", "cosign-simplesigning", "ecdsa-p256-sha256"},
                    Example{"cosign2-keyed-legacy-ed25519", "cosign-simplesigning", "ed25519"},
                    Example{"cosign2-keyed-legacy-p521", "cosign-simplesigning", "ecdsa-p521-sha256"},
                    Example{"cosign2-keyed-legacy-rsa3072", "cosign-simplesigning", "rsa-sha256"},
                    Example{"cosign2-keyed-legacy-two-signatures", "cosign-simplesigning",
                            "ecdsa-p256-sha256"},
                    Example{"cosign2-keyed-rekor", "cosign-simplesigning", "ecdsa-p256-sha256", true},
                    Example{"referrers-api-registry", "cosign-simplesigning", "ecdsa-p256-sha256"},
                    Example{"cosign3-keyed-bundle", "sigstore-bundle", "ecdsa-p256-sha256"},
                    Example{"cosign3-keyed-bundle-ed25519", "sigstore-bundle", "ed25519ph"},
                    Example{"cosign3-keyed-bundle-p384", "sigstore-bundle", "ecdsa-p384-sha384"},
                    Example{"cosign3-keyed-bundle-rsa2048", "sigstore-bundle", "rsa-sha256"},
                    Example{"cosign3-keyed-bundle-rsa4096", "sigstore-bundle", "rsa-sha256"},
                    Example{"cosign3-keyed-rekor1-tsa", "sigstore-bundle", "ecdsa-p256-sha256", true, true},
                    Example{"cosign3-keyed-tsa-only", "sigstore-bundle", "ecdsa-p256-sha256", false, true},
                    Example{"cosign3-sign-and-attest", "sigstore-bundle", "ecdsa-p256-sha256"}),
    [](const auto& info) {
      std::string name = info.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

class AttestationExample : public testing::TestWithParam<std::string> {};

// GS-TRUST-003: an attestation by a trusted key is no signature: the artifact stays pending.
TEST_P(AttestationExample, IsPending) {
  const auto trust = test::trust_in({load_pinned(directory(GetParam()) + "/cosign.pub")});
  const auto verified = verify_signatures(trust.state, trust.policy, load_registry(directory(GetParam())));
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().outcome(), base::Outcome::pending);
  EXPECT_EQ(verified.error().code(), "registry.no_signature");
  EXPECT_NE(verified.error().describe().find("attestation"), std::string::npos)
      << verified.error().describe();
}

INSTANTIATE_TEST_SUITE_P(Signers, AttestationExample,
                         testing::Values("cosign2-attest-keyed-custom",
                                         "cosign2-attest-keyed-slsaprovenance1", "cosign2-attest-keyed-vuln",
                                         "cosign3-attest-keyed-custom",
                                         "cosign3-attest-keyed-slsaprovenance1", "cosign3-attest-keyed-vuln"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// GS-TRUST-004: each of two signatures in one manifest verifies with its own key.
TEST(Examples, TwoSignaturesVerifyWithEitherKey) {
  const std::string at = directory("cosign2-keyed-legacy-two-signatures");
  for (const std::string name : {"cosign.pub", "second.pub"}) {
    const auto trust = test::trust_in({load_pinned(at + "/" + name)});
    const auto verified = verify_signatures(trust.state, trust.policy, load_registry(at));
    ASSERT_TRUE(verified) << verified.error().describe();
    EXPECT_EQ(verified->signatures.front().key_name, name);
  }
}

// GS-TRUST-005: a signature with a certificate does not satisfy a policy of pinned keys, and the reason says
// so.
TEST(Examples, CertificateIsNotAKey) {
  for (const std::string name : {"cosign3-keyless-rekor1", "cosign2-keyless-legacy"}) {
    const auto trust = test::trust_in({test::pin("ci.pub", test::new_key().public_key())});
    const auto verified = verify_signatures(trust.state, trust.policy, load_registry(directory(name)));
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().outcome(), base::Outcome::refused);
    EXPECT_EQ(verified.error().code(), "key.expected_key_got_cert");
  }
}

// GS-TRUST-006: signatures of a kind that is not judged leave the artifact pending.
TEST(Examples, NotationIsPending) {
  const auto trust = test::trust_in({test::pin("ci.pub", test::new_key().public_key())});
  const auto verified =
      verify_signatures(trust.state, trust.policy, load_registry(directory("notation-jws-p256")));
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().outcome(), base::Outcome::pending);
  EXPECT_EQ(verified.error().code(), "registry.no_signature");
}

// GS-TRUST-007: a missing signature is pending; the identity of an example without title is refused, not
// guessed.
TEST(Examples, NoSignatureIsPendingAndNoTitleIsRefused) {
  const std::string at = directory("cosign3-keyed-bundle");
  const auto trust = test::trust_in({load_pinned(at + "/cosign.pub")});
  Evidence evidence = load_registry(at);
  const auto verified = verify(trust.state, trust.policy, {}, evidence);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code(), "identity.component");
  evidence.signatures.clear();
  const auto nothing = verify(trust.state, trust.policy, {}, evidence);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().outcome(), base::Outcome::pending);
}

}  // namespace
}  // namespace gridseal::trust
