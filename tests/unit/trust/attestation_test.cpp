// Attestations that a policy asks for beside signatures.
#include "base/encoding.hpp"
#include "mixed.hpp"

namespace gridseal::trust::mixed {
namespace {

using base::Json;

const std::string kProvenance =
    "[[attestation]]\nname = \"provenance\"\ntype = \"slsaprovenance1\"\n"
    "[[attestation.condition]]\nfield = \"/runDetails/builder/id\"\nequals = "
    "\"https://example.com/builder\"\n"
    "[[attestation.condition]]\nfield = \"/buildDefinition/resolvedDependencies/0/uri\"\n"
    "matches = \"^git\\\\+https://github\\\\.com/acme/\"\n";
const std::string kSbom =
    "[[attestation]]\nname = \"sbom\"\ntype = \"spdxjson\"\n"
    "[[attestation.condition]]\nfield = \"/spdxVersion\"\n"
    "one_of = [\"SPDX-2.2\", \"SPDX-2.3\"]\n";
const std::string kKeys = "keys = [\"cosign.pub\"]\n";

// A statement of this type and predicate about the artifact.
std::string statement(const Evidence& evidence, const std::string& type, const Json& predicate) {
  return Json{{"_type", "https://in-toto.io/Statement/v1"},
              {"subject", Json::array({{{"digest", {{"sha256", evidence.digest.hex()}}}}})},
              {"predicateType", type},
              {"predicate", predicate}}
      .dump();
}

class Attestations : public MixedTest {
 protected:
  Attestations() : scanner_(test::new_key()) {
    content_.keys.push_back(test::pin("scanner.pub", scanner_.public_key()));
  }

  static std::string scan(const std::string& more = "") {
    return "[authority.ci]\nkeys = [\"cosign.pub\"]\n[authority.scanner]\nkeys = [\"scanner.pub\"]\n"
           "[[attestation]]\nname = \"scan\"\ntype = \"https://acme.example/scan/v1\"\n" +
           more + "[[attestation.condition]]\nfield = \"/critical\"\nat_most = 0\n";
  }
  void add_scan(Evidence& evidence, const Json& predicate) const {
    test::add_bundle(evidence, *sigstore::make_bundle(
                                   scanner_, statement(evidence, "https://acme.example/scan/v1", predicate)));
  }

  crypto::PrivateKey scanner_;
};

// GS-TRUST-130: what cosign attested is found and held against its conditions; the evidence names statement,
// signer and every condition that held.
TEST_F(Attestations, Stored) {
  const Evidence evidence = stored({"cosign3-sign-and-attest"});
  const auto verdict = judge(kKeys + kProvenance + kSbom, evidence);
  ASSERT_TRUE(verdict) << verdict.error().describe();
  ASSERT_EQ(verdict->attestations.size(), 2U);
  const AttestationEvidence& provenance = verdict->attestations[0];
  EXPECT_EQ(provenance.name, "provenance");
  EXPECT_EQ(provenance.predicate_type, "https://slsa.dev/provenance/v1");
  EXPECT_EQ(provenance.conditions.size(), 2U);
  EXPECT_TRUE(provenance.statement.starts_with("sha256:"));
  EXPECT_EQ(provenance.signature.key_name, "cosign.pub");
  EXPECT_EQ(provenance.signature.authority, "keys");
  EXPECT_EQ(verdict->attestations[1].name, "sbom");
  const Json json = to_json(*verdict);
  EXPECT_EQ(json["attestations"][1]["conditions"][0], R"(/spdxVersion is one of "SPDX-2.2", "SPDX-2.3")");
  EXPECT_EQ(json["attestations"][0]["signature"]["scheme"], "sigstore-bundle");
  EXPECT_EQ(sentence(*verdict), "signed by cosign.pub; attested: provenance, sbom");
}

// GS-TRUST-131: an attestation under cosign 2's tag counts as one in a bundle does.
TEST_F(Attestations, InEitherForm) {
  for (const char* name : {"cosign2-attest-keyed-slsaprovenance1", "cosign3-attest-keyed-slsaprovenance1"})
    EXPECT_EQ(answer(kKeys + kProvenance, stored({"cosign3-keyed-bundle", name})), "") << name << said_;
  EXPECT_EQ(answer(kKeys + "[[attestation]]\nname = \"scan\"\ntype = \"vuln\"\n",
                   stored({"cosign2-attest-keyed-vuln", "cosign2-keyed-legacy"})),
            "");
}

// GS-TRUST-132: one that is missing is pending, and never stands in for a signature, nor a signature for it.
TEST_F(Attestations, Missing) {
  EXPECT_EQ(answer(kKeys + kProvenance, stored({"cosign3-keyed-bundle"})), "pending attestation.missing");
  EXPECT_TRUE(says("provenance")) << said_;
  EXPECT_EQ(answer(kKeys + kProvenance, stored({"cosign3-keyed-bundle", "cosign3-attest-keyed-vuln"})),
            "pending attestation.missing");
  EXPECT_EQ(answer(kKeys + kProvenance, stored({"cosign3-attest-keyed-slsaprovenance1"})),
            "pending registry.no_signature");
}

// GS-TRUST-133: one that is there and says something else is refused with field and value.
TEST_F(Attestations, WrongContent) {
  Evidence evidence = stored({"cosign3-keyed-bundle"});
  EXPECT_EQ(answer("threshold = 1\n" + scan(), evidence), "pending attestation.missing");
  add_scan(evidence, {{"critical", 3}});
  EXPECT_EQ(answer("threshold = 1\n" + scan(), evidence), "refused attestation.condition");
  EXPECT_TRUE(says("/critical is at most 0")) << said_;
  EXPECT_TRUE(says("it is 3")) << said_;
  add_scan(evidence, {{"critical", 0}});
  EXPECT_EQ(answer("threshold = 1\n" + scan(), evidence), "");
}

// GS-TRUST-134: only those who are asked may attest: another authority of the policy, a key that is not
// pinned, an altered or a moved one is refused and named.
TEST_F(Attestations, WrongSigner) {
  Evidence evidence = stored({"cosign3-keyed-bundle"});
  add_scan(evidence, {{"critical", 0}});
  EXPECT_EQ(answer("threshold = 1\n" + scan("authorities = [\"scanner\"]\n"), evidence), "");
  EXPECT_EQ(answer("threshold = 1\n" + scan("authorities = [\"ci\"]\n"), evidence),
            "refused attestation.authority");
  EXPECT_TRUE(says("signed by scanner; asked for is ci")) << said_;

  const std::string only_ci = "threshold = 1\n" + scan();
  content_.keys.pop_back();
  content_.keys.push_back(test::pin("scanner.pub", test::new_key().public_key()));
  EXPECT_EQ(answer(only_ci, evidence), "refused key.wrong");
  EXPECT_TRUE(says("the attestation scan")) << said_;

  content_ = pinned();
  content_.keys.push_back(test::pin("scanner.pub", scanner_.public_key()));
  Evidence moved = stored({"cosign3-keyed-bundle"});
  const Evidence other = test::unsigned_artifact();
  test::add_bundle(moved, *sigstore::make_bundle(
                              scanner_, statement(other, "https://acme.example/scan/v1", {{"critical", 0}})));
  EXPECT_EQ(answer(only_ci, moved), "refused intoto.subject_mismatch");
  Json bundle = Json::parse(*evidence.signatures.back().blobs.begin()->second.whole(SIZE_MAX));
  std::string payload = *base::decode_base64(std::string(bundle["dsseEnvelope"]["payload"]));
  payload.replace(payload.find("\"critical\":0"), 12, "\"critical\":1");
  bundle["dsseEnvelope"]["payload"] = base::encode_base64(payload);
  Evidence altered = stored({"cosign3-keyed-bundle"});
  test::add_bundle(altered, bundle.dump());
  EXPECT_EQ(answer(only_ci, altered), "refused sig.invalid");
  // Of another type: no matter for this one.
  Evidence vuln = stored({"cosign3-keyed-bundle"});
  test::add_bundle(vuln, *sigstore::make_bundle(test::new_key(), statement(vuln, "https://x.example/y", 1)));
  EXPECT_EQ(answer(only_ci, vuln), "pending attestation.missing");
}

// GS-TRUST-135: a wrong attestation harms no policy that does not ask for it, and no signature is missed
// behind it; when it is all there is, the signature is missing.
TEST_F(Attestations, WrongOnesBesideSignatures) {
  Evidence evidence = none();
  add_scan(evidence, {{"critical", 9}});
  EXPECT_EQ(answer(kKeys, evidence), "pending registry.no_signature");
  EXPECT_EQ(answer("threshold = 1\n" + scan(), evidence), "pending registry.no_signature");
  const Evidence good = stored({"cosign2-keyed-legacy"});
  evidence.signatures.push_back(good.signatures.front());
  EXPECT_EQ(answer(kKeys, evidence), "");
}

// GS-TRUST-136: denials are for attesters too.
TEST_F(Attestations, DeniedAttester) {
  Evidence evidence = stored({"cosign3-keyed-bundle"});
  add_scan(evidence, {{"critical", 0}});
  content_.denials = Denials({.keys = {{scanner_.public_key().fingerprint(), {}, "stolen"}}});
  EXPECT_EQ(answer("threshold = 1\n" + scan(), evidence), "refused trust.denied_key");
}

// GS-TRUST-137: any predicate type may be asked for by its URI, and cosign's short names mean its URIs; the
// type of a signature is none.
TEST_F(Attestations, Types) {
  for (const auto& [name, uri] :
       std::map<std::string, std::string>{{"slsaprovenance", "https://slsa.dev/provenance/v0.2"},
                                          {"slsaprovenance02", "https://slsa.dev/provenance/v0.2"},
                                          {"slsaprovenance1", "https://slsa.dev/provenance/v1"},
                                          {"spdx", "https://spdx.dev/Document"},
                                          {"spdxjson", "https://spdx.dev/Document"},
                                          {"cyclonedx", "https://cyclonedx.org/bom"},
                                          {"link", "https://in-toto.io/Link/v1"},
                                          {"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
                                          {"openvex", "https://openvex.dev/ns"},
                                          {"custom", "https://cosign.sigstore.dev/attestation/v1"},
                                          {"vsa", "https://slsa.dev/verification_summary/v1"},
                                          {"https://acme.example/x", "https://acme.example/x"},
                                          {"urn:acme:x", "urn:acme:x"},
                                          {"Vuln", ""},
                                          {"", ""}})
    EXPECT_EQ(predicate_type_uri(name), uri) << name;
  const auto with = [&](const std::string& type) {
    return answer(kKeys + "[[attestation]]\nname = \"x\"\ntype = \"" + type + "\"\n",
                  stored({"cosign3-keyed-bundle"}));
  };
  EXPECT_EQ(with("Vuln"), "refused trust.policy_attestation");
  EXPECT_EQ(with("https://sigstore.dev/cosign/sign/v1"), "refused trust.policy_attestation");
}

}  // namespace
}  // namespace gridseal::trust::mixed
