// One wrong thing at a time, in signatures that are right otherwise.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "base/encoding.hpp"
#include "sigstore/cosign_sign.hpp"
#include "sigstore/sct.hpp"
#include "sigstore/verify_legacy.hpp"
#include "support/keyless/world.hpp"

namespace gridseal::sigstore {
namespace {

namespace pki = gridseal::test::pki;
using base::Result;
using pki::at;
using test::Sample;

using test::Change;
using test::drop;
using test::kIssuer;
using test::kIssuerV1;
using test::kIssuerV2;
using test::kWorkflow;
using test::log_of_2026;
using test::replace;
using test::SctChoice;
using test::side_by_side;

const std::string kManifest = R"({"schemaVersion":2})";

crypto::PublicKey rsa_key() {
  std::ifstream file(std::string(GRIDSEAL_FIXTURES) + "/signing/cosign2-keyed-legacy-rsa3072/cosign.pub");
  const std::string pem((std::istreambuf_iterator<char>(file)), {});
  return crypto::PublicKey::from_pem(pem).value();
}

// The artifact is kManifest.
struct World : test::World {
  using test::World::statement_bundle;
  Bundle statement_bundle(const pki::Identity& signer) const {
    return statement_bundle(signer, sign_statement(crypto::sha256(kManifest)));
  }
  std::string judge(const Bundle& bundle, const CertificateRules& rules = {}) const {
    const auto verdict = verify_with_certificate(bundle, Artifact::of_bytes(kManifest), trusted, rules);
    return verdict ? "verified" : verdict.error().code();
  }
  std::string judge_leaf(const Change& change, const SctChoice& choice = {}) const {
    return judge(statement_bundle(leaf(change, choice)));
  }
};

class VerifyRules : public testing::Test {
 protected:
  World world_;
};

// GS-SIGSTORE-220: a good signature with a certificate verifies and tells who, when and what in the order of
// the checks.
TEST_F(VerifyRules, AGoodOneTellsEverything) {
  Bundle bundle = world_.statement_bundle(world_.leaf());
  bundle.timestamps = {world_.stamp(std::get<Envelope>(bundle.content).signature)};
  const auto verified = verify_with_certificate(bundle, Artifact::of_bytes(kManifest), world_.trusted);
  ASSERT_TRUE(verified) << verified.error().describe();
  std::vector<std::string> names;
  for (const VerificationCheck& check : verified->checks) names.push_back(check.name);
  EXPECT_EQ(names, (std::vector<std::string>{"log", "timestamp", "chain", "sct", "signature", "artifact"}));
  const auto& signer = std::get<CertificateSigner>(verified->signer);
  EXPECT_EQ(signer.identity.subject, kWorkflow);
  EXPECT_EQ(signer.identity.issuer, kIssuer);
  EXPECT_EQ(signer.chain, (std::vector<std::string>{"CN=Test intermediate", "CN=Test root"}));
  ASSERT_EQ(verified->times.size(), 2U);
  EXPECT_EQ(verified->times[0].authority, "rekor.example");
  EXPECT_EQ(verified->times[1].authority, "tsa.example");
  EXPECT_EQ(std::get<SignedStatement>(verified->content).statement->predicate_type, kSignPredicateType);
}

// GS-SIGSTORE-221: the certificate must lead to an authority that was trusted then, and everything must have
// been valid then.
TEST_F(VerifyRules, TheChainIsJudgedAtTheTimeOfSigning) {
  const auto stray = pki::self_signed(pki::ca_spec("Test intermediate", 0));
  EXPECT_EQ(world_.judge(world_.statement_bundle(world_.leaf({}, {}, &stray))), "cert.untrusted_chain");
  const auto statement = sign_statement(crypto::sha256(kManifest));
  const auto leaf = world_.leaf();
  EXPECT_EQ(world_.judge(world_.statement_bundle(leaf, statement, "2026-03-01T12:10:00Z")), "verified");
  EXPECT_EQ(world_.judge(world_.statement_bundle(leaf, statement, "2026-03-01T12:10:01Z")),
            "time.integrated_outside_cert");
  EXPECT_EQ(world_.judge(world_.statement_bundle(leaf, statement, "2026-03-01T11:59:59Z")),
            "time.integrated_outside_cert");
  Bundle late = world_.statement_bundle(leaf);
  late.timestamps = {world_.stamp(std::get<Envelope>(late.content).signature, "2026-03-01T12:11:00Z")};
  EXPECT_EQ(world_.judge(late), "cert.not_valid_at_signing_time");
  world_.trusted.certificate_authorities[0].validity.end = at("2026-03-01T12:05:00Z");
  EXPECT_EQ(world_.judge(world_.statement_bundle(leaf)), "verified");
  world_.trusted.certificate_authorities[0].validity.end = at("2026-03-01T12:04:59Z");
  EXPECT_EQ(world_.judge(world_.statement_bundle(leaf)), "cert.ca_not_valid_at_signing_time");
}

// GS-SIGSTORE-222: an issuer that was not valid at the time of signing issued nothing.
TEST_F(VerifyRules, IssuersAreValidToo) {
  auto spec = pki::ca_spec("Test intermediate", 0);
  spec.not_after = at("2026-03-01T12:04:00Z");
  world_.intermediate = pki::issue(spec, world_.root);
  world_.trusted.certificate_authorities[0].chain[0] = world_.intermediate.certificate;
  EXPECT_EQ(world_.judge(world_.statement_bundle(world_.leaf())), "cert.ca_not_valid_at_signing_time");
}

// GS-SIGSTORE-223: a certificate that is not for signing code, or could issue others, does not sign.
TEST_F(VerifyRules, TheLeafIsForSigningCode) {
  const auto eku = [](std::string_view oid) {
    return [oid](pki::CertificateSpec& spec) { replace(spec, pki::extended_key_usage({std::string(oid)})); };
  };
  EXPECT_EQ(world_.judge_leaf(eku(crypto::oid::kClientAuth)), "cert.eku");
  EXPECT_EQ(world_.judge_leaf(eku(crypto::oid::kAnyExtendedKeyUsage)), "cert.eku");
  EXPECT_EQ(world_.judge_leaf([](auto& spec) { drop(spec, crypto::oid::kExtendedKeyUsage); }), "cert.eku");
  EXPECT_EQ(world_.judge_leaf([](auto& spec) { drop(spec, crypto::oid::kKeyUsage); }), "cert.key_usage");
  EXPECT_EQ(world_.judge_leaf([](auto& spec) { replace(spec, pki::key_usage({5})); }), "cert.key_usage");
  EXPECT_EQ(world_.judge_leaf([](auto& spec) { spec.extensions.push_back(pki::basic_constraints(true)); }),
            "cert.key_usage");
  EXPECT_EQ(world_.judge_leaf(
                [](auto& spec) { spec.extensions.push_back(pki::raw_extension("1.2.3.4", "x", true)); }),
            "cert.critical_ext");
}

// GS-SIGSTORE-224: the certificate names exactly one signer, in a form without tricks.
TEST_F(VerifyRules, TheLeafNamesOneSigner) {
  const auto san = [](const std::vector<std::string>& names, bool critical = true) {
    return [=](pki::CertificateSpec& spec) { replace(spec, pki::subject_alt_names(names, critical)); };
  };
  EXPECT_EQ(world_.judge_leaf(san({pki::email("dev@example.org")})), "verified");
  EXPECT_EQ(world_.judge_leaf(san({pki::other_name("1.3.6.1.4.1.57264.1.7", "j\xC3\xB6rg!example.org")})),
            "verified");
  EXPECT_EQ(world_.judge_leaf(san({pki::uri(kWorkflow), pki::email("dev@example.org")})), "cert.san");
  EXPECT_EQ(world_.judge_leaf(san({pki::dns("example.org")})), "cert.san");
  EXPECT_EQ(world_.judge_leaf(san({pki::other_name("1.2.3.4", "somebody")})), "cert.san");
  EXPECT_EQ(world_.judge_leaf(san({pki::uri(std::string("https://good.example\0.evil", 26))})), "cert.san");
  EXPECT_EQ(world_.judge_leaf(san({pki::email("dev@example.org\n")})), "cert.san");
  EXPECT_EQ(world_.judge_leaf(san({pki::uri(kWorkflow)}, false)), "cert.san");
  EXPECT_EQ(world_.judge_leaf([](auto& spec) { drop(spec, crypto::oid::kSubjectAltName); }), "cert.san");
}

// GS-SIGSTORE-225: the issuer is extension .8, .1 only without it, and every extension has its one form.
TEST_F(VerifyRules, TheIssuerIsReadOnce) {
  const auto issuer_of = [&](const Change& change) {
    const auto identity = read_identity(world_.leaf(change).certificate);
    return identity ? identity->issuer : identity.error().code();
  };
  EXPECT_EQ(
      issuer_of([](auto& spec) { spec.extensions.push_back(pki::raw_extension(kIssuerV1, "https://good")); }),
      kIssuer);
  EXPECT_EQ(issuer_of([](auto& spec) {
              drop(spec, kIssuerV2);
              spec.extensions.push_back(pki::raw_extension(kIssuerV1, "https://good"));
            }),
            "https://good");
  EXPECT_EQ(issuer_of([](auto& spec) { drop(spec, kIssuerV2); }), "");
  for (const std::string& value :
       {std::string("https://bare"), std::string("\x16\x01x", 3), std::string("\x0C\x01xy", 4),
        std::string("\x0C\x00", 2), std::string("\x0C\x02x\0", 4), std::string("\x0C\x01\xFF", 3)})
    EXPECT_EQ(issuer_of([&](auto& spec) { replace(spec, pki::raw_extension(kIssuerV2, value)); }),
              "cert.parse");
  EXPECT_EQ(issuer_of([](auto& spec) {
              spec.extensions.push_back(pki::raw_extension("1.3.6.1.4.1.57264.1.14", "refs/heads/main"));
            }),
            "cert.parse");
  const auto identity = read_identity(
      world_
          .leaf([](auto& spec) {
            spec.extensions.push_back(pki::utf8_extension("1.3.6.1.4.1.57264.1.14", "refs/heads/main"));
            spec.extensions.push_back(pki::raw_extension("1.3.6.1.4.1.57264.1.6", "refs/heads/old"));
          })
          .certificate);
  EXPECT_EQ(identity->extensions.at("source_repository_ref"), "refs/heads/main");
  EXPECT_EQ(identity->extensions.at("github_workflow_ref"), "refs/heads/old");
}

// GS-SIGSTORE-226: the certificate was logged by a known log that was in use, over this very certificate.
TEST_F(VerifyRules, TheCertificateWasLogged) {
  SctChoice choice;
  EXPECT_EQ(world_.judge_leaf({}, choice), "verified");
  choice.extensions = "static";
  EXPECT_EQ(world_.judge_leaf({}, choice), "verified");
  choice.copies = 2;
  const auto twice = world_.leaf({}, choice);
  EXPECT_EQ(verify_scts(twice.certificate, world_.intermediate.certificate, world_.trusted)->size(), 1U);
  EXPECT_EQ(verify_scts(twice.certificate, world_.root.certificate, world_.trusted).error().code(),
            "sct.invalid");
  choice.copies = 0;
  EXPECT_EQ(world_.judge_leaf({}, choice), "sct.missing");
  CertificateRules unlogged;
  unlogged.scts = false;
  EXPECT_EQ(world_.judge(world_.statement_bundle(world_.leaf({}, choice)), unlogged), "verified");
  SctChoice other;
  other.over = "another certificate";
  EXPECT_EQ(world_.judge_leaf({}, other), "sct.invalid");
  SctChoice early;
  early.time = "2025-12-31T23:59:59Z";
  EXPECT_EQ(world_.judge_leaf({}, early), "sct.log_expired");
  const auto known = world_.trusted.certificate_logs;
  world_.trusted.certificate_logs.clear();
  EXPECT_EQ(world_.judge_leaf({}), "sct.unknown_log");
  world_.trusted.certificate_logs = {log_of_2026("https://other.example").log};
  EXPECT_EQ(world_.judge_leaf({}), "sct.unknown_log");
}

// GS-SIGSTORE-227: what a known log or authority put in must be right even where nobody asked for it; unknown
// ones are passed over, give no time, and are said.
TEST_F(VerifyRules, KnownAuthoritiesMustBeRight) {
  const auto leaf = world_.leaf();
  Bundle bundle = world_.statement_bundle(leaf);
  const std::string signature = std::get<Envelope>(bundle.content).signature;
  CertificateRules no_log;
  no_log.log_entries = 0;
  bundle.timestamps = {world_.stamp(signature)};
  Bundle broken = bundle;
  broken.log_entries[0].signed_entry_timestamp = world_.rekor.sign("another");
  EXPECT_EQ(world_.judge(broken, no_log), "tlog.set_invalid");
  broken = bundle;
  broken.timestamps.push_back(world_.stamp("another signature"));
  EXPECT_EQ(world_.judge(broken), "tsa.imprint");
  broken = bundle;
  const auto stranger =
      pki::issue(pki::time_stamping_spec("Other"), pki::self_signed(pki::ca_spec("Other root")));
  broken.timestamps = {pki::timestamp_response(pki::timestamp_token({}, signature, stranger))};
  const auto verified = verify_with_certificate(broken, Artifact::of_bytes(kManifest), world_.trusted);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->times.size(), 1U);
  EXPECT_EQ(verified->ignored.size(), 1U);
  broken.log_entries.clear();
  EXPECT_EQ(world_.judge(broken, no_log), "tsa.untrusted");
  world_.trusted.transparency_logs.clear();
  EXPECT_EQ(world_.judge(bundle), "tlog.unknown_log");
  EXPECT_EQ(world_.judge(bundle, no_log), "verified");
  bundle.timestamps.clear();
  EXPECT_EQ(world_.judge(bundle, no_log), "time.none");
  no_log.otherwise_at = at("2026-03-01T12:01:00Z");
  EXPECT_EQ(world_.judge(bundle, no_log), "verified");
  no_log.otherwise_at = at("2026-04-01T12:01:00Z");
  EXPECT_EQ(world_.judge(bundle, no_log), "cert.not_valid_at_signing_time");
}

// GS-SIGSTORE-228: a time that no promise covers is no time, and two entries of one log are one witness.
TEST_F(VerifyRules, TimesAndLogsAreCountedOnce) {
  Bundle bundle = world_.statement_bundle(world_.leaf());
  Bundle unpromised = bundle;
  unpromised.log_entries[0].signed_entry_timestamp.clear();
  EXPECT_EQ(world_.judge(unpromised), "time.none");
  bundle.log_entries.push_back(bundle.log_entries[0]);
  CertificateRules two;
  two.log_entries = 2;
  EXPECT_EQ(world_.judge(bundle, two), "tlog.missing");
}

// GS-SIGSTORE-229: statements are statements, about this artifact, by its sha256 in lower case.
TEST_F(VerifyRules, TheStatementIsAboutTheArtifact) {
  const auto leaf = world_.leaf();
  const auto judge = [&](const std::string& payload) {
    return world_.judge(world_.statement_bundle(leaf, payload));
  };
  const std::string hex = crypto::sha256(kManifest).hex();
  const auto statement = [](const std::string& type, const std::string& subject) {
    return R"({"_type":")" + type + R"(","predicateType":"https://example.org/x","subject":[)" + subject +
           "]}";
  };
  const std::string type = "https://in-toto.io/Statement/v1";
  EXPECT_EQ(judge(statement(type, R"({"digest":{"sha256":")" + hex + "\"}}")), "verified");
  EXPECT_EQ(judge(statement("https://in-toto.io/Statement/v9", R"({"digest":{"sha256":")" + hex + "\"}}")),
            "intoto.type");
  EXPECT_EQ(judge(statement(type, "")), "intoto.no_subject");
  EXPECT_EQ(judge(statement(type, R"({"digest":{"sha512":")" + hex + "\"}}")), "intoto.subject_mismatch");
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(judge(statement(type, R"({"digest":{"sha256":")" + upper + "\"}}")), "intoto.subject_mismatch");
  EXPECT_EQ(judge("not json"), "parse.json");
  Bundle bundle = world_.statement_bundle(leaf);
  std::get<Envelope>(bundle.content).payload_type += "x";
  EXPECT_EQ(world_.judge(bundle), "dsse.payload_type");
}

// GS-SIGSTORE-230: a message signature is over the artifact, known by its bytes or its digest, in DER, and
// its digest is the artifact's.
TEST_F(VerifyRules, MessageSignatures) {
  const auto leaf = world_.leaf();
  Sample sample;
  sample.certificate = leaf.certificate.der();
  sample.digest = crypto::hash_of(crypto::Hash::sha256, kManifest);
  sample.signature = leaf.key.sign(crypto::Scheme::sha256, kManifest).value();
  Bundle bundle;
  bundle.material = Certificates{sample.certificate};
  bundle.log_entries = {world_.logged(world_.rekor, sample, false)};
  bundle.content = MessageSignature{"SHA2_256", sample.digest, sample.signature};
  const auto judge = [&](const Bundle& candidate, const Artifact& artifact) {
    const auto verdict = verify_with_certificate(candidate, artifact, world_.trusted);
    return verdict ? "verified" : verdict.error().code();
  };
  const auto bytes = Artifact::of_bytes(kManifest);
  EXPECT_EQ(judge(bundle, bytes), "verified");
  EXPECT_EQ(judge(bundle, Artifact::of_digest(crypto::sha256(kManifest))), "verified");
  EXPECT_EQ(judge(bundle, Artifact::of_bytes("other")), "artifact.digest_mismatch");
  EXPECT_EQ(judge(bundle, Artifact::of_digest(crypto::Hash::sha512, crypto::sha512(kManifest)).value()),
            "artifact.digest_mismatch");
  Bundle other = bundle;
  std::get<MessageSignature>(other.content).algorithm = "SHA1";
  EXPECT_EQ(judge(other, bytes), "sig.alg_unsupported");
  std::get<MessageSignature>(other.content).algorithm = "SHA2_384";
  EXPECT_EQ(judge(other, bytes), "artifact.digest_mismatch");
  other = bundle;
  std::get<MessageSignature>(other.content).signature =
      leaf.key.sign(crypto::Scheme::sha256, kManifest).value() + "x";
  EXPECT_EQ(judge(other, bytes), "tlog.body_signature");
}

// GS-SIGSTORE-231: with a pinned key a message signature in any other encoding than DER, by another key or
// over another hash is refused, and Ed25519 may be pure.
TEST_F(VerifyRules, KeysSignMessages) {
  const auto judge = [](const crypto::PublicKey& key, const std::string& signature,
                        const Artifact& artifact) {
    Bundle bundle;
    bundle.material = PublicKeyHint{};
    bundle.content =
        MessageSignature{"SHA2_256", crypto::hash_of(crypto::Hash::sha256, kManifest), signature};
    const auto verdict = verify_with_keys(bundle, artifact, {{"ci.pub", key}});
    return verdict ? verdict->algorithm : verdict.error().code();
  };
  const auto bytes = Artifact::of_bytes(kManifest);
  const auto digest = Artifact::of_digest(crypto::sha256(kManifest));
  const auto ec = pki::new_key();
  const auto signature = ec.sign(crypto::Scheme::sha256, kManifest).value();
  EXPECT_EQ(judge(ec.public_key(), signature, digest), "ecdsa-p256-sha256");
  EXPECT_EQ(judge(ec.public_key(), side_by_side(signature), bytes), "sig.invalid");
  EXPECT_EQ(judge(ec.public_key(), std::string(63, 'r'), bytes), "sig.invalid");
  EXPECT_EQ(judge(ec.public_key(), ec.sign(crypto::Scheme::sha512, kManifest).value(), bytes), "key.wrong");
  EXPECT_EQ(judge(pki::new_key().public_key(), signature, bytes), "key.wrong");
  EXPECT_EQ(judge(ec.public_key(), signature + "x", bytes), "sig.invalid");
  const auto rsa = rsa_key();
  EXPECT_EQ(judge(rsa, signature, bytes), "key.wrong");
  EXPECT_EQ(judge(rsa, std::string(256, 's'), bytes), "key.wrong");
  EXPECT_EQ(judge(rsa, std::string(255, 's'), bytes), "sig.invalid");
  const auto edwards = test::new_ed25519_key();
  EXPECT_EQ(judge(edwards.public_key(), edwards.sign(crypto::Scheme::ed25519, kManifest).value(), bytes),
            "ed25519");
  EXPECT_EQ(judge(edwards.public_key(), edwards.sign(crypto::Scheme::ed25519, kManifest).value(), digest),
            "sig.alg_mismatch");
}

// GS-SIGSTORE-232: simple signing is of cosign's type and about this artifact, whoever signed it.
TEST(LegacyRules, TheClaimsAreJudged) {
  const auto key = pki::new_key();
  const auto artifact = crypto::sha256(kManifest);
  const auto judge = [&](const std::string& payload) {
    const std::map<std::string, std::string> annotations{
        {std::string(kSignatureAnnotation),
         base::encode_base64(key.sign(crypto::Scheme::sha256, payload).value())}};
    const auto verdict = verify_legacy_with_keys({kSimpleSigningMediaType, payload, annotations}, artifact,
                                                 {{"ci.pub", key.public_key()}});
    return verdict ? "verified" : verdict.error().code();
  };
  const std::string good = simple_signing_payload("registry.example/app", artifact);
  EXPECT_EQ(judge(good), "verified");
  EXPECT_EQ(judge(simple_signing_payload("registry.example/app", crypto::sha256("other"))),
            "simplesigning.digest");
  std::string type = good;
  type.replace(type.find("cosign container"), 6, "atomic");
  EXPECT_EQ(judge(type), "simplesigning.type");
  EXPECT_EQ(judge("not json"), "parse.json");
}

// GS-SIGSTORE-233: an envelope in an older layer carries exactly one signature over in-toto.
TEST(LegacyRules, TheEnvelopeIsJudged) {
  const auto key = pki::new_key();
  const auto artifact = crypto::sha256(kManifest);
  const std::string payload = sign_statement(artifact);
  const auto judge = [&](const std::string& type, int signatures) {
    const base::Json one{
        {"keyid", ""},
        {"sig", base::encode_base64(
                    key.sign(crypto::Scheme::sha256, pre_authentication_encoding(type, payload)).value())}};
    const std::string blob =
        base::dump_json({{"payloadType", type},
                         {"payload", base::encode_base64(payload)},
                         {"signatures", std::vector<base::Json>(static_cast<size_t>(signatures), one)}});
    const std::map<std::string, std::string> annotations;
    const auto verdict = verify_legacy_with_keys({kAttestationMediaType, blob, annotations}, artifact,
                                                 {{"ci.pub", key.public_key()}});
    return verdict ? "verified" : verdict.error().code();
  };
  const std::string type(kInTotoPayloadType);
  EXPECT_EQ(judge(type, 1), "verified");
  EXPECT_EQ(judge(type, 2), "dsse.signature_count");
  EXPECT_EQ(judge(type, 0), "dsse.signature_count");
  EXPECT_EQ(judge("application/json", 1), "dsse.payload_type");
}

}  // namespace
}  // namespace gridseal::sigstore
