// Sigstore bundles signed with a key, with keys of our own.
#include <gtest/gtest.h>

#include <functional>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "sigstore/statement.hpp"
#include "support/signing/signing.hpp"

namespace gridseal::trust {
namespace {

using base::Json;
using base::Outcome;
using test::new_key;
using test::pin;

class BundleTest : public testing::Test {
 protected:
  BundleTest() : key_(new_key()), trust_(test::trust_in({pin("ci.pub", key_.public_key())})) {}

  base::Result<Satisfied> judge(const Evidence& evidence) const {
    return verify_signatures(trust_.state, trust_.policy, evidence);
  }

  Json good() const {
    return Json::parse(
        *sigstore::make_bundle(key_, sigstore::sign_statement(test::unsigned_artifact().digest)));
  }

  // The verdict over the good bundle after `change`: "" when it verifies, else the reason code.
  std::string code_after(const std::function<void(Json&)>& change) const {
    Json bundle = good();
    change(bundle);
    return code_of(bundle.dump());
  }

  std::string code_of(const std::string& bundle) const {
    Evidence evidence = test::unsigned_artifact();
    test::add_bundle(evidence, bundle);
    const auto verdict = judge(evidence);
    return verdict ? "" : verdict.error().code();
  }

  std::string code_of_statement(const std::string& statement) const {
    return code_of(*sigstore::make_bundle(key_, statement));
  }

  std::string code_after_statement(const std::function<void(Json&)>& change) const {
    Json statement = Json::parse(sigstore::sign_statement(test::unsigned_artifact().digest));
    change(statement);
    return code_of_statement(statement.dump());
  }

  static Json log_entry() {
    return {{"logIndex", "5"},
            {"logId", {{"keyId", "AAAA"}}},
            {"kindVersion", {{"kind", "dsse"}, {"version", "0.0.1"}}},
            {"integratedTime", "1795453560"},
            {"inclusionProof",
             {{"logIndex", "5"},
              {"rootHash", "AAAA"},
              {"treeSize", "9"},
              {"hashes", Json::array({"AAAA"})},
              {"checkpoint", {{"envelope", "x"}}}}},
            {"canonicalizedBody", "AAAA"}};
  }

  static Json& material(Json& bundle) { return bundle["verificationMaterial"]; }
  static Json& envelope(Json& bundle) { return bundle["dsseEnvelope"]; }

  crypto::PrivateKey key_;
  test::Trust trust_;
};

// GS-TRUST-030: the version rules: media types that are known, and no others.
TEST_F(BundleTest, MediaTypes) {
  const auto typed = [&](const std::string& type) {
    return code_after([&](Json& b) { b["mediaType"] = type; });
  };
  EXPECT_EQ(typed("application/vnd.dev.sigstore.bundle.v0.3+json"), "");
  EXPECT_EQ(typed("application/vnd.dev.sigstore.bundle+json;version=0.3"), "");
  EXPECT_EQ(typed("application/vnd.dev.sigstore.bundle+json;version=0.2"), "");
  EXPECT_EQ(typed("application/vnd.dev.sigstore.bundle+json;version=0.1"), "");
  for (const char* type :
       {"application/vnd.dev.sigstore.bundle.v0.4+json", "application/vnd.dev.sigstore.bundle.v0.3.1+json",
        "application/vnd.dev.sigstore.bundle.v0.2+json", "application/vnd.dev.sigstore.bundle+json", ""}) {
    EXPECT_EQ(typed(type), "bundle.media_type") << type;
  }
  EXPECT_EQ(code_after([](Json& b) { b.erase("mediaType"); }), "bundle.media_type");
}

// GS-TRUST-031: each oneof is there exactly once, and nothing unknown is there at all.
TEST_F(BundleTest, Structure) {
  EXPECT_EQ(code_after([](Json& b) { material(b)["certificate"] = {{"rawBytes", "AAAA"}}; }), "bundle.oneof");
  EXPECT_EQ(code_after([](Json& b) { material(b).erase("publicKey"); }), "bundle.oneof");
  EXPECT_EQ(code_after([](Json& b) {
              b["messageSignature"] = {{"messageDigest", {{"algorithm", "SHA2_256"}, {"digest", "AAAA"}}},
                                       {"signature", "AAAA"}};
            }),
            "bundle.oneof");
  EXPECT_EQ(code_after([](Json& b) { b.erase("dsseEnvelope"); }), "bundle.oneof");
  EXPECT_EQ(code_after([](Json& b) { b["extra"] = 1; }), "parse.json");
  EXPECT_EQ(code_after([](Json& b) { material(b)["extra"] = 1; }), "parse.json");
  EXPECT_EQ(code_after([](Json& b) { material(b)["public_key"] = material(b)["publicKey"]; }), "parse.json");
  EXPECT_EQ(code_after([](Json& b) { envelope(b)["payload"] = 5; }), "parse.json");
  EXPECT_EQ(code_after([](Json& b) { b.erase("verificationMaterial"); }), "parse.json");
  EXPECT_EQ(code_after([](Json& b) { material(b)["certificate"] = nullptr; }), "");
  EXPECT_EQ(code_of("[]"), "parse.json");
  EXPECT_EQ(code_of(""), "parse.json");
  EXPECT_EQ(code_of(good().dump() + "x"), "parse.json");
  EXPECT_EQ(code_of(std::string((8U << 20U) + 1, ' ')), "parse.limit");
  std::string twice = good().dump();
  twice.insert(1, "\"messageSign\\u0061ture\":null,\"messageSignature\":null,");
  EXPECT_EQ(code_of(twice), "parse.duplicate_key");
}

// GS-TRUST-032: log entries and timestamps beside a key are held to their form and are not judged.
TEST_F(BundleTest, LogEntriesAreParsedStrictly) {
  const auto with_entry = [&](const std::function<void(Json&)>& change) {
    return code_after([&](Json& b) {
      Json entry = log_entry();
      change(entry);
      material(b)["tlogEntries"] = Json::array({entry});
    });
  };
  EXPECT_EQ(with_entry([](Json&) {}), "");
  EXPECT_EQ(with_entry([](Json& e) { e["logIndex"] = 5; }), "");
  EXPECT_EQ(with_entry([](Json& e) { e["logIndex"] = "05"; }), "parse.json");
  EXPECT_EQ(with_entry([](Json& e) { e["logIndex"] = "-5"; }), "parse.json");
  EXPECT_EQ(with_entry([](Json& e) { e["logIndex"] = "9223372036854775808"; }), "parse.json");
  EXPECT_EQ(with_entry([](Json& e) { e["logIndex"] = 1.5; }), "parse.json");
  EXPECT_EQ(with_entry([](Json& e) { e["unknown"] = 1; }), "parse.json");
  EXPECT_EQ(with_entry([](Json& e) { e["canonicalizedBody"] = "A A="; }), "parse.base64");
  EXPECT_EQ(with_entry([](Json& e) { e.erase("inclusionProof"); }), "tlog.proof_missing");
  EXPECT_EQ(with_entry([](Json& e) { e["inclusionProof"]["hashes"] = Json(65, "AAAA"); }), "parse.limit");
  EXPECT_EQ(with_entry([](Json& e) { e["inclusionProof"]["hashes"] = Json::array({1}); }), "parse.base64");
  EXPECT_EQ(code_after([](Json& b) {
              material(b)["tlogEntries"] = Json::array({log_entry(), log_entry()});
            }),
            "tlog.duplicate");
  EXPECT_EQ(code_after([](Json& b) { material(b)["tlogEntries"] = Json(33, log_entry()); }), "parse.limit");
  EXPECT_EQ(code_after([](Json& b) {
              b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1";
              material(b)["tlogEntries"] = Json::array({log_entry()});
            }),
            "bundle.version_rule");
  EXPECT_EQ(code_after([](Json& b) {
              material(b)["timestampVerificationData"] = {
                  {"rfc3161Timestamps", Json(33, Json{{"signedTimestamp", "AAAA"}})}};
            }),
            "parse.limit");
}

// GS-TRUST-033: a policy of pinned keys is not satisfied by a certificate, in any version's form.
TEST_F(BundleTest, CertificateInsteadOfKey) {
  EXPECT_EQ(code_after([](Json& b) {
              material(b).erase("publicKey");
              material(b)["certificate"] = {{"rawBytes", "AAAA"}};
            }),
            "key.expected_key_got_cert");
  const auto chain = [](Json& b) {
    material(b).erase("publicKey");
    material(b)["x509CertificateChain"] = {{"certificates", Json::array({Json{{"rawBytes", "AAAA"}}})}};
  };
  EXPECT_EQ(code_after(chain), "bundle.version_rule");
  EXPECT_EQ(code_after([&](Json& b) {
              b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2";
              chain(b);
            }),
            "key.expected_key_got_cert");
}

// GS-TRUST-034: the envelope: one signature, the in-toto payload type, and both base64 alphabets.
TEST_F(BundleTest, Envelope) {
  EXPECT_EQ(code_after([](Json& b) { envelope(b)["signatures"] = Json::array(); }), "dsse.signature_count");
  EXPECT_EQ(code_after([](Json& b) { envelope(b)["signatures"].push_back(envelope(b)["signatures"][0]); }),
            "dsse.signature_count");
  EXPECT_EQ(code_after([](Json& b) { envelope(b)["payloadType"] = "application/vnd.in-toto+JSON"; }),
            "dsse.payload_type");
  EXPECT_EQ(code_after([](Json& b) { envelope(b)["payloadType"] = "text/plain"; }), "dsse.payload_type");
  EXPECT_EQ(code_after([](Json& b) { envelope(b)["signatures"][0]["keyid"] = "anything"; }), "");
  EXPECT_EQ(code_after([](Json& b) {
              std::string url = envelope(b)["payload"];
              std::replace(url.begin(), url.end(), '+', '-');
              std::replace(url.begin(), url.end(), '/', '_');
              while (url.ends_with('=')) url.pop_back();
              envelope(b)["payload"] = url;
            }),
            "");
}

// GS-TRUST-035: the hint is only a hint: without it a foreign signature is key.wrong, with it sig.invalid.
TEST_F(BundleTest, Hint) {
  EXPECT_EQ(code_after([](Json& b) { material(b)["publicKey"]["hint"] = "someone"; }), "");
  EXPECT_EQ(code_after([](Json& b) { material(b)["publicKey"] = Json::object(); }), "");
  const auto foreign = Json::parse(
      *sigstore::make_bundle(new_key(), sigstore::sign_statement(test::unsigned_artifact().digest)));
  EXPECT_EQ(code_of(foreign.dump()), "key.wrong");
  EXPECT_EQ(code_after([&](Json& b) { b["dsseEnvelope"] = foreign["dsseEnvelope"]; }), "sig.invalid");
}

// GS-TRUST-036: what the signed statement must say.
TEST_F(BundleTest, Statement) {
  const std::string hex = test::unsigned_artifact().digest.hex();
  EXPECT_EQ(code_after_statement([](Json& s) { s["_type"] = "https://in-toto.io/Statement/v0.1"; }), "");
  EXPECT_EQ(code_after_statement([](Json& s) { s["unknown"] = 1; }), "");
  EXPECT_EQ(code_after_statement([](Json& s) { s["_type"] = "https://in-toto.io/Statement/v2"; }),
            "intoto.type");
  EXPECT_EQ(code_after_statement([](Json& s) { s.erase("_type"); }), "intoto.type");
  EXPECT_EQ(code_after_statement([](Json& s) { s.erase("predicateType"); }), "intoto.predicate_type");
  EXPECT_EQ(code_after_statement([](Json& s) { s["subject"] = Json::array(); }), "intoto.no_subject");
  EXPECT_EQ(code_after_statement([](Json& s) { s.erase("subject"); }), "intoto.no_subject");
  EXPECT_EQ(code_after_statement([](Json& s) { s["subject"][0].erase("digest"); }), "intoto.no_subject");
  EXPECT_EQ(code_after_statement([](Json& s) { s["subject"][0]["digest"]["sha256"] = std::string(64, 'a'); }),
            "intoto.subject_mismatch");
  EXPECT_EQ(code_after_statement([&](Json& s) {
              std::string upper = hex;
              for (char& c : upper) c = static_cast<char>(std::toupper(c));
              s["subject"][0]["digest"]["sha256"] = upper;
            }),
            hex.find_first_of("abcdef") == std::string::npos ? "" : "intoto.subject_mismatch");
  EXPECT_EQ(code_after_statement([&](Json& s) {
              s["subject"][0]["digest"] = {{"sha512", hex}};
            }),
            "intoto.subject_mismatch");
  EXPECT_EQ(code_after_statement([&](Json& s) {
              s["subject"].insert(s["subject"].begin(), Json{{"digest", {{"sha256", std::string(64, 'b')}}}});
            }),
            "");
  EXPECT_EQ(code_after_statement([](Json& s) { s["subject"] = Json(1025, s["subject"][0]); }), "parse.limit");
  const std::string duplicate = R"({"_type":"https://in-toto.io/Statement/v1","subject":[],"subject":[]})";
  EXPECT_EQ(code_of_statement(duplicate), "parse.duplicate_key");
}

// GS-TRUST-037: every predicate but cosign's sign predicate is an attestation and approves nothing, by
// whomever.
TEST_F(BundleTest, AttestationIsNoSignature) {
  const auto attest = [](Json& s) { s["predicateType"] = "https://spdx.dev/Document"; };
  EXPECT_EQ(code_after_statement(attest), "registry.no_signature");
  Json statement = Json::parse(sigstore::sign_statement(test::unsigned_artifact().digest));
  attest(statement);
  Evidence evidence = test::unsigned_artifact();
  test::add_bundle(evidence, *sigstore::make_bundle(new_key(), statement.dump()));
  const auto pending = judge(evidence);
  ASSERT_FALSE(pending);
  EXPECT_EQ(pending.error().outcome(), Outcome::pending);
  EXPECT_NE(pending.error().describe().find("spdx.dev"), std::string::npos);
  test::sign_bundle(evidence, key_);
  EXPECT_TRUE(judge(evidence));
}

// GS-TRUST-038: a referrer whose subject is another artifact does not count, whatever its bundle says.
TEST_F(BundleTest, SubjectOfAnotherArtifact) {
  Evidence evidence = test::unsigned_artifact();
  test::sign_bundle(evidence, key_);
  for (const bool absent : {true, false}) {
    Evidence changed = evidence;
    Json manifest = Json::parse(test::text_of(changed.signatures[0].bytes));
    if (absent)
      manifest.erase("subject");
    else
      manifest["subject"]["digest"] = crypto::sha256("other").to_string();
    changed.signatures[0].bytes = manifest.dump();
    changed.signatures[0].digest = crypto::sha256(test::text_of(changed.signatures[0].bytes));
    const auto verdict = judge(changed);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code(), "registry.subject_mismatch");
  }
  Json two = Json::parse(test::text_of(evidence.signatures[0].bytes));
  two["layers"].push_back(two["layers"][0]);
  evidence.signatures[0].bytes = two.dump();
  evidence.signatures[0].digest = crypto::sha256(test::text_of(evidence.signatures[0].bytes));
  const auto verdict = judge(evidence);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), "registry.manifest");
}

// GS-TRUST-039: a message signature over the manifest's bytes counts, one over other bytes does not.
TEST_F(BundleTest, MessageSignature) {
  const std::string manifest = test::unsigned_artifact().manifest;
  const auto with = [&](const std::string& algorithm, const std::string& digest, const std::string& message) {
    return code_after([&](Json& b) {
      b.erase("dsseEnvelope");
      b["messageSignature"] = {
          {"messageDigest", {{"algorithm", algorithm}, {"digest", base::encode_base64(digest)}}},
          {"signature", base::encode_base64(*key_.sign(crypto::Scheme::sha256, message))}};
    });
  };
  const std::string digest = crypto::hash_of(crypto::Hash::sha256, manifest);
  EXPECT_EQ(with("SHA2_256", digest, manifest), "");
  EXPECT_EQ(with("SHA2_256", digest, manifest + " "), "sig.invalid");
  EXPECT_EQ(with("SHA2_256", std::string(32, 'x'), manifest), "artifact.digest_mismatch");
  EXPECT_EQ(with("SHA1", digest, manifest), "sig.alg_unsupported");
}

// GS-TRUST-040: annotations of the signed subject satisfy the policy.
TEST_F(BundleTest, RequiredAnnotations) {
  const auto strict = test::trust_in({pin("ci.pub", key_.public_key())}, {{"stage", "production"}});
  Evidence evidence = test::unsigned_artifact();
  test::sign_bundle(evidence, key_, {{"stage", "staging"}});
  const auto wrong = verify_signatures(strict.state, strict.policy, evidence);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), "intoto.annotation");
  test::sign_bundle(evidence, key_, {{"stage", "production"}});
  EXPECT_TRUE(verify_signatures(strict.state, strict.policy, evidence));
}

// GS-TRUST-390: a bundle of very many values is refused before it takes memory for them.
TEST_F(BundleTest, TooManyValues) {
  const auto padded = [this](size_t values) {
    return code_after([values](Json& b) { b["padding"] = Json(Json::array_t(values, 0)); });
  };
  EXPECT_NE(padded(4'000), "parse.limit");
  EXPECT_EQ(padded(5'000), "parse.limit");
}

}  // namespace
}  // namespace gridseal::trust
