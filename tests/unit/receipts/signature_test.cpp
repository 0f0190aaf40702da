// A receipt never stands in for a signature, whoever signed it and wherever it lies.
#include "receipts/referrer.hpp"
#include "support/signing/signing.hpp"
#include "unit/receipts/fixture.hpp"

namespace gridseal::receipts {
namespace {

// GS-RECEIPT-030: a receipt on an artifact is never counted as a signature, not even when the host's own key
// is one that may release, and not when it is put where signatures lie or into a signature's form.
TEST_F(ReceiptsTest, IsNeverASignature) {
  const auto signing = load_or_create_key(files_, places());
  trust::Evidence evidence = test::unsigned_artifact({{"org.opencontainers.image.version", "1.0.0"}});
  const test::Trust trusted = test::trust_in({test::pin("host.pub", signing->public_key())});
  DeploymentFacts what{history::Deployment{7, "pump", evidence.digest}};
  what.deployment.outcome = history::DeploymentOutcome::healthy;
  const history::ReceiptPlace place{1, std::nullopt, 1, std::string(64, 'a'), facts().host_clock};
  const std::string statement = compose_receipt(facts(), what, signing->public_key(), place);
  const auto sealed = seal(*signing, statement);
  history::Receipt receipt{
      1, history::ReceiptKind::receipt, 1, "pump", evidence.digest, {}, sealed->statement, sealed->envelope};
  const Referrer referrer = make_referrer(
      receipt, {std::string(oci::kOciManifest), evidence.digest, evidence.manifest.size(), {}, {}, {}});
  for (const auto position : {trust::Place::referrer, trust::Place::referrer_tag, trust::Place::legacy_tag})
    evidence.signatures.push_back({position,
                                   referrer.descriptor.digest,
                                   referrer.manifest,
                                   {{referrer.layer.digest, receipt.envelope}}});
  // The same statement in a Sigstore bundle, as a careless tool might push it.
  test::add_bundle(evidence, *sigstore::make_bundle(*signing, statement));
  const auto verdict = trust::verify_signatures(trusted.state, trusted.policy, evidence, {});
  ASSERT_FALSE(verdict);
  EXPECT_NE(verdict.error().outcome(), base::Outcome::failed);
  // The very same place with a real signature is good.
  test::sign_bundle(evidence, *signing);
  EXPECT_TRUE(trust::verify_signatures(trusted.state, trusted.policy, evidence, {}));
}

}  // namespace
}  // namespace gridseal::receipts
