#include "support/keyless/world.hpp"
#include "verify_cases.hpp"

namespace gridseal::cli::cases {
namespace {

using crypto::Scheme;
using keyless::bundle_json;
using keyless::Change;
using keyless::replace;
using keyless::trusted_root_json;
using sigstore::Bundle;
using sigstore::BundleVersion;
using sigstore::Envelope;
using sigstore::MessageSignature;

const std::string kArtifact = "the artifact\n";

class BundleCases : public CaseTest {
 protected:
  BundleCases() { file_ = "artifact"; }

  // By file and by digest, which must agree.
  std::string with(const std::string& bundle, const std::string& by) {
    const std::string start = "bundle --bundle " + put("bundle.json", bundle) + by + " ";
    const std::string by_file = judge(start + put(file_, kArtifact));
    EXPECT_EQ(judge(start + crypto::sha256(kArtifact).to_string()), by_file);
    return by_file;
  }
  std::string with(const Json& bundle) { return with(base::dump_json(bundle), identity()); }
  std::string with(const Bundle& bundle) { return with(bundle_json(bundle)); }
  std::string with(const Bundle& bundle, const Json& root) {
    return with(base::dump_json(bundle_json(bundle)), identity(root));
  }

  Bundle message() const { return world_.message_bundle(world_.leaf(), kArtifact); }
  Bundle message_v2() const { return world_.message_bundle_v2(world_.leaf(), kArtifact); }
  Bundle statement() const { return world_.statement_bundle(world_.leaf(), about_artifact()); }
  static std::string about_artifact() { return sigstore::sign_statement(crypto::sha256(kArtifact)); }
  Bundle by_leaf(const Change& change, const keyless::SctChoice& choice = {}) const {
    return world_.message_bundle(world_.leaf(change, choice), kArtifact);
  }
  // A log entry with another body; the log itself is right.
  Bundle with_body(const std::function<void(Json&)>& change) const {
    Bundle bundle = message();
    sigstore::LogEntry& entry = bundle.log_entries[0];
    Json body = Json::parse(entry.body);
    change(body);
    return with_entry(bundle, base::dump_json(body));
  }
  Bundle with_entry(Bundle bundle, const std::string& body) const {
    const auto time = bundle.log_entries[0].integrated_time;
    sigstore::LogEntry entry =
        world_.rekor.entry(bundle.log_entries[0].kind, bundle.log_entries[0].version, body);
    entry.integrated_time = time;
    world_.rekor.sign_again(entry);
    bundle.log_entries = {entry};
    return bundle;
  }

  std::string file_;
};

// GS-CLI-060: form of a bundle: media types, versions, each oneof, limits (specification 3.1, 3.2).
TEST_F(BundleCases, Form) {
  Json good = bundle_json(message());
  EXPECT_EQ(with(good), "verified");
  for (const char* type :
       {"application/vnd.dev.sigstore.bundle.v0.3.1+json", "application/vnd.dev.sigstore.bundle.v0.2+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.4", "application/json"}) {
    Json other = good;
    other["mediaType"] = type;  // mediatype-v0.3.1, mediatype-v0.2-new-form
    EXPECT_EQ(with(other), "bundle.media_type") << type;
  }
  Json both = good;
  both["dsseEnvelope"] = bundle_json(statement())["dsseEnvelope"];
  EXPECT_EQ(with(both), "bundle.oneof") << "json-both-contents";
  both = good;
  both["verificationMaterial"]["publicKey"] = {{"hint", "x"}};
  EXPECT_EQ(with(both), "bundle.oneof") << "json-both-key-materials";
  std::string twice = base::dump_json(good);
  twice.insert(1, R"("messageSign\u0061ture":{},)");
  EXPECT_EQ(with(twice, identity()), "parse.duplicate_key");
  Json entries = good;
  Json& list = entries["verificationMaterial"]["tlogEntries"];
  list.push_back(list[0]);
  EXPECT_EQ(with(entries), "tlog.duplicate") << "tlog-duplicate-entries";
  for (int i = 0; i < 32; ++i) {
    list.push_back(list[0]);
    list.back()["logIndex"] = std::to_string(i);
  }
  EXPECT_EQ(with(entries), "parse.limit");
  Bundle old = message();
  old.version = BundleVersion::v0_2;
  EXPECT_EQ(with(old), "verified");
  Json chain = bundle_json(old);
  Json& certificates = chain["verificationMaterial"]["x509CertificateChain"]["certificates"];
  for (const auto& issuer : {world_.intermediate.certificate, world_.root.certificate})
    certificates.push_back({{"rawBytes", base::encode_base64(issuer.der())}});
  EXPECT_EQ(with(chain), "verified") << "chain-good-with-root";
  chain["mediaType"] = sigstore::kBundleMediaType;
  EXPECT_EQ(with(chain), "bundle.version_rule");
}

// GS-CLI-061: leaf certificates and their signatures (specification 3.3, 4.1, 11).
TEST_F(BundleCases, Leaves) {
  const auto leaf = world_.leaf();
  Bundle bundle = world_.message_bundle(leaf, kArtifact);
  Json trailing = bundle_json(bundle);
  trailing["verificationMaterial"]["certificate"]["rawBytes"] =
      base::encode_base64(leaf.certificate.der() + '\0');
  EXPECT_EQ(with(trailing), "parse.der") << "leaf-trailing";
  // The same key certified again: the log entry is about another certificate.
  const auto again = pki::issue(pki::code_signing_spec({pki::uri(keyless::kWorkflow)}), world_.intermediate,
                                crypto::PrivateKey::from_pem(leaf.key.to_pem()->view()).value());
  bundle.material = sigstore::Certificates{again.certificate.der()};
  EXPECT_EQ(with(bundle), "tlog.body_key") << "cert-swapped-same-key, entry-other-cert";
  bundle = world_.message_bundle(leaf, kArtifact);
  keyless::Sample sample = world_.sample_of_message(leaf, kArtifact);
  sample.signature = keyless::side_by_side(sample.signature);
  std::get<MessageSignature>(bundle.content).signature = sample.signature;
  bundle.log_entries = {world_.logged(world_.rekor, sample, false)};
  EXPECT_EQ(with(bundle), "sig.invalid") << "sig-p1363";
  bundle = message();
  std::get<MessageSignature>(bundle.content).digest = crypto::hash_of(crypto::Hash::sha256, "other");
  EXPECT_EQ(with(bundle), "artifact.digest_mismatch") << "message-digest-mismatch";
  const auto through = pki::issue(
      [] {
        auto spec = pki::code_signing_spec({});
        spec.subject = pki::common_name("A leaf");
        return spec;
      }(),
      world_.intermediate);
  EXPECT_EQ(with(world_.message_bundle(world_.leaf({}, {}, &through), kArtifact)), "cert.untrusted_chain")
      << "chain-through-leaf";
}

// GS-CLI-062: authorities of the trusted root (specification 4.1, 9).
TEST_F(BundleCases, Authorities) {
  const auto below = pki::issue(pki::ca_spec("Too deep"), world_.intermediate);
  auto trusted = world_.trusted;
  trusted.certificate_authorities[0].chain = {below.certificate, world_.intermediate.certificate,
                                              world_.root.certificate};
  const Bundle deep = world_.message_bundle(world_.leaf({}, {}, &below), kArtifact);
  EXPECT_EQ(with(deep, trusted_root_json(trusted)), "cert.untrusted_chain") << "chain-pathlen-violated";
  const Bundle good = message();
  auto end = world_.trusted;
  end.certificate_authorities[0].validity.end = pki::at(keyless::kSigned);
  EXPECT_EQ(with(good, trusted_root_json(end)), "verified") << "*-end-inclusive";
  Json root = trusted_root_json(world_.trusted);
  root["ctlogs"] = Json::array();
  EXPECT_EQ(with(good, root), "sct.unknown_log") << "sct-no-ctlogs-in-root";
  root = trusted_root_json(world_.trusted);
  root["tlogs"][0]["publicKey"]["keyDetails"] = "PKIX_ED25519";
  EXPECT_EQ(with(good, root), "root.entry_invalid") << "tlog-wrong-keydetails";
  root = trusted_root_json(world_.trusted);
  root["tlogs"][0]["publicKey"]["validFor"].erase("start");
  EXPECT_EQ(with(good, root), "root.entry_invalid") << "trust-root-tlog-missing-validity-start_fail";
  root = trusted_root_json(world_.trusted);
  root["mediaType"] = "application/vnd.dev.sigstore.trustedroot+json;version=0.9";
  EXPECT_EQ(with(good, root), "root.media_type");
  root = trusted_root_json(world_.trusted);
  std::swap(root["certificateAuthorities"][0]["certChain"]["certificates"][0],
            root["certificateAuthorities"][0]["certChain"]["certificates"][1]);
  EXPECT_EQ(with(good, root), "root.entry_invalid");
}

// GS-CLI-063: who signed (specification 4.2, 7).
TEST_F(BundleCases, Identities) {
  EXPECT_EQ(with(by_leaf([](auto& spec) {
              replace(spec, pki::utf8_extension(keyless::kIssuerV2, "https://evil.example"));
              spec.extensions.push_back(pki::raw_extension(keyless::kIssuerV1, keyless::kIssuer));
            })),
            "identity.issuer")
      << "identity-issuer-v2-evil-v1-good";
  EXPECT_EQ(with(by_leaf([](auto& spec) {
              replace(spec, pki::subject_alt_names(
                                {pki::uri(std::string(keyless::kWorkflow) + std::string("\0.evil", 6))}));
            })),
            "cert.san")
      << "identity-nul-in-san";
  const std::string bundle = base::dump_json(bundle_json(message()));
  const std::string workflow = keyless::kWorkflow;
  const Json root = trusted_root_json(world_.trusted);
  EXPECT_EQ(with(bundle, identity(root, ".*")), "identity.san") << "identity-regex";
  EXPECT_EQ(with(bundle, identity(root, workflow.substr(0, workflow.size() - 1))), "identity.san")
      << "identity-regex-prefix";
  std::string dot = workflow;
  dot[dot.find(".com")] = 'x';
  EXPECT_EQ(with(base::dump_json(bundle_json(
                     by_leaf([&](auto& spec) { replace(spec, pki::subject_alt_names({pki::uri(dot)})); }))),
                 identity()),
            "identity.san")
      << "identity-regex-dot";
}

// GS-CLI-064: certificate transparency (specification 4.3).
TEST_F(BundleCases, Scts) {
  keyless::SctChoice choice;
  choice.extensions = std::string("\0\0\5static", 9);
  EXPECT_EQ(with(by_leaf({}, choice)), "verified")
      << "ok-sct-extension-data, bundle-with-sct-with-extensions";
  choice.over = "another certificate";
  EXPECT_EQ(with(by_leaf({}, choice)), "sct.invalid");
  choice = {};
  choice.copies = 0;
  EXPECT_EQ(with(by_leaf({}, choice)), "sct.missing");
  choice = {};
  choice.log_id = std::string(32, 'x');
  EXPECT_EQ(with(by_leaf({}, choice)), "sct.unknown_log");
}

// GS-CLI-065: entries, promises and times (specification 5.1, 3.4).
TEST_F(BundleCases, Entries) {
  Bundle bundle = message();
  bundle.log_entries[0].signed_entry_timestamp.clear();
  EXPECT_EQ(with(bundle), "time.none") << "integratedtime-without-set";
  bundle.log_entries[0].integrated_time += 3600;
  bundle.timestamps = {world_.stamp(std::get<MessageSignature>(bundle.content).signature)};
  EXPECT_EQ(with(bundle), "time.integrated_outside_cert") << "integratedtime-forged-without-set";
  for (const int field : {0, 1}) {
    bundle = message();
    (field == 0 ? bundle.log_entries[0].integrated_time : bundle.log_entries[0].log_index) += 1;
    EXPECT_EQ(with(bundle), "tlog.set_invalid") << "set-*";
  }
  bundle = message_v2();
  EXPECT_EQ(with(bundle), "verified");
  bundle.timestamps.clear();
  EXPECT_EQ(with(bundle), "time.none") << "rekor2-no-tsa";
  bundle = message_v2();
  bundle.log_entries[0].log_index += 1;
  EXPECT_EQ(with(bundle), "tlog.proof_invalid") << "rekor2-logindex-used";
  bundle = message_v2();
  bundle.log_entries[0].body = message_v2().log_entries[0].body;
  EXPECT_EQ(with(bundle), "tlog.proof_invalid") << "rekor2-canonicalbody-swapped";
  bundle = message();
  bundle.log_entries.clear();
  EXPECT_EQ(with(bundle), "tlog.missing");
}

// GS-CLI-066: proofs and checkpoints (specification 5.2, 5.3).
TEST_F(BundleCases, Checkpoints) {
  const auto other = keyless::log_of_2026("https://other.example");
  world_.trusted.transparency_logs.push_back(other.log);
  const auto judged = [&](const std::string& origin, int64_t size, const keyless::LogMaker& log,
                          const std::string& name) {
    Bundle bundle = message();
    auto& proof = *bundle.log_entries[0].proof;
    const std::string text =
        origin + "\n" + std::to_string(size) + "\n" + base::encode_base64(proof.root_hash) + "\n";
    proof.checkpoint = text + "\n" + log.signature_line(text, name);
    return with(bundle);
  };
  EXPECT_EQ(judged("rekor.example - 1", 11, world_.rekor, "rekor.example"), "verified");
  EXPECT_EQ(judged("rekor.example - 1", 7, world_.rekor, "rekor.example"), "tlog.checkpoint_mismatch")
      << "checkpoint-signed-size-smaller";
  EXPECT_EQ(judged("other.example - 1", 11, world_.rekor, "rekor.example"), "tlog.checkpoint_other_log")
      << "checkpoint-other-origin";
  EXPECT_EQ(judged("rekor.example - 1", 11, world_.rekor, "other.example"), "tlog.checkpoint_signature")
      << "checkpoint-other-signer-name";
  EXPECT_EQ(judged("other.example - 1", 11, other, "other.example"), "tlog.checkpoint_other_log")
      << "checkpoint-of-other-trusted-log";
  EXPECT_EQ(judged("rekor.example - 1", 11, other, "rekor.example"), "tlog.checkpoint_signature");
  Bundle bundle = message();
  bundle.log_entries[0].proof->tree_size += 1;
  EXPECT_EQ(with(bundle), "tlog.checkpoint_mismatch") << "proof-size-differs-from-checkpoint";
  bundle = message();
  bundle.log_entries[0].proof->checkpoint +=
      "\xE2\x80\x94 witness.example " + base::encode_base64("abcd" + std::string(64, 'w')) + "\n";
  EXPECT_EQ(with(bundle), "verified") << "rekor2-checkpoint-*";
}

// GS-CLI-067: what the log recorded is what is at hand (specification 5.4).
TEST_F(BundleCases, Bodies) {
  EXPECT_EQ(with(with_body(
                [](Json& body) { body["spec"]["data"]["hash"]["value"] = crypto::sha256("other").hex(); })),
            "tlog.body_digest");
  Bundle bundle = message();
  std::string body = bundle.log_entries[0].body;
  std::string twice = body;
  twice.insert(1, R"("spec":{},)");
  EXPECT_EQ(with(with_entry(bundle, twice)), "parse.duplicate_key") << "entry-body-duplicate-spec";
  std::string variant = body;
  variant.insert(1, R"("Spec":{},)");
  EXPECT_EQ(with(with_entry(bundle, variant)), "tlog.body_kind") << "entry-body-case-variant-keys";
  bundle.log_entries[0].kind = "dsse";
  EXPECT_EQ(with(bundle), "tlog.body_kind");
}

// GS-CLI-068: timestamps (specification 6, 3.4).
TEST_F(BundleCases, Timestamps) {
  const auto stamped = [&](const std::function<std::string(const std::string&)>& stamp) {
    Bundle bundle = message_v2();
    bundle.timestamps = {stamp(std::get<MessageSignature>(bundle.content).signature)};
    return with(bundle);
  };
  EXPECT_EQ(stamped([&](const auto& bytes) { return world_.stamp(bytes, pki::TimestampSpec(), 2); }),
            "tsa.status")
      << "tsa-status-rejection";
  pki::TimestampSpec spec;
  spec.ess_version = 0;
  EXPECT_EQ(stamped([&](const auto& bytes) { return world_.stamp(bytes, spec); }), "tsa.signature")
      << "tsa-no-ess";
  const auto stranger =
      pki::issue(pki::time_stamping_spec("Other"), pki::self_signed(pki::ca_spec("Other root")));
  spec = {};
  spec.certificates = {stranger.certificate};
  EXPECT_EQ(stamped([&](const auto& bytes) {
              return pki::timestamp_response(pki::timestamp_token(spec, bytes, stranger));
            }),
            "tsa.untrusted")
      << "tsa-untrusted";
  EXPECT_EQ(stamped([&](const auto&) { return world_.stamp("other"); }), "tsa.imprint");
  Bundle both = message();
  both.timestamps = {
      world_.stamp(std::get<MessageSignature>(both.content).signature, "2026-03-01T12:11:00Z")};
  EXPECT_EQ(with(both), "cert.not_valid_at_signing_time") << "tsa-vs-log-disagree";
}

// GS-CLI-069: envelopes and statements (specification 8).
TEST_F(BundleCases, Statements) {
  EXPECT_EQ(with(statement()), "verified");
  Json two = bundle_json(statement());
  Json& signatures = two["dsseEnvelope"]["signatures"];
  signatures.push_back(signatures[0]);
  EXPECT_EQ(with(two), "dsse.signature_count") << "dsse-two-signatures*";
  Bundle bundle = statement();
  std::get<Envelope>(bundle.content).payload_type = "application/json";
  EXPECT_EQ(with(bundle), "dsse.payload_type") << "dsse-payloadtype-*";
  const auto said = [&](const std::string& from, const std::string& to) {
    std::string text = about_artifact();
    text.replace(text.find(from), from.size(), to);
    return with(world_.statement_bundle(world_.leaf(), text));
  };
  EXPECT_EQ(said("in-toto.io/Statement/v1", "in-toto.io/Statement/v2"), "intoto.type")
      << "dsse-statement-wrong-type";
  EXPECT_EQ(said("{", R"({"unknown":1,)"), "verified") << "dsse-statement-unknown-field";
  EXPECT_EQ(said(R"("subject":)", R"("subject":[],"subject":)"), "parse.duplicate_key")
      << "dsse-duplicate-subject-key*";
}

// GS-CLI-070: keys are no certificates and certificates no keys (specification 3.4, 11).
TEST_F(BundleCases, Keys) {
  const auto key = pki::new_key();
  Json bundle = Json::parse(sigstore::make_bundle(key, about_artifact()).value());
  const auto by = by_key(key.public_key());
  EXPECT_EQ(with(base::dump_json(bundle), by), "verified");
  EXPECT_EQ(with(bundle), "key.expected_cert_got_key") << "key-verified-as-identity";
  EXPECT_EQ(with(base::dump_json(bundle_json(message())), by), "key.expected_key_got_cert")
      << "cert-bundle-verified-by-key";
  bundle["verificationMaterial"]["publicKey"]["hint"] = "another";
  EXPECT_EQ(with(base::dump_json(bundle), by), "verified") << "key-hint-mismatch";
  // An elliptic curve that no signer in use has.
  const std::string koblitz =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEeb5mfvncu6xVoGKVzocLBwKb/NstzijZ\n"
      "WfKBWxb4F5hIOtp3JqPEZV2k+/wOEQio/Re0SKaFVBmcR9CP+xDUuA==\n"
      "-----END PUBLIC KEY-----\n";
  EXPECT_EQ(with(base::dump_json(bundle), " --key " + put("k1.pub", koblitz)), "sig.alg_unsupported")
      << "leaf-secp256k1";
}

}  // namespace
}  // namespace gridseal::cli::cases
