#include "verify_cases.hpp"

namespace gridseal::cli::cases {
namespace {

using crypto::Scheme;

class LayoutCases : public CaseTest {
 protected:
  std::string payload(const base::Digest& artifact) const {
    return sigstore::simple_signing_payload("127.0.0.1:5511/ex/case", artifact);
  }
  LayoutMaker::Layer signed_by(const crypto::PrivateKey& key, const std::string& payload) const {
    return {payload,
            {{std::string(sigstore::kSignatureAnnotation),
              base::encode_base64(key.sign(Scheme::sha256, payload).value())}}};
  }
  // A layout with one layer under cosign's tag.
  std::string tagged(const LayoutMaker::Layer& layer) {
    LayoutMaker layout = new_layout();
    layout.sign_tag({layer});
    return judge(write(layout) + by_key(key_.public_key()));
  }
  std::string tagged_payload(const std::function<std::string(const base::Digest&)>& make) {
    return tagged(signed_by(key_, make(new_layout().digest())));
  }
  std::string bundle(const base::Digest& artifact, const std::string& predicate = {}) const {
    std::string statement = sigstore::sign_statement(artifact);
    if (!predicate.empty())
      statement.replace(statement.find(sigstore::kSignPredicateType), sigstore::kSignPredicateType.size(),
                        predicate);
    return sigstore::make_bundle(key_, statement).value();
  }
  // One referrer, after `change` of its manifest.
  std::string referred(const std::string& bundle, const std::function<void(Json&)>& change = {}) {
    LayoutMaker layout = new_layout();
    Json manifest = layout.bundle_referrer(bundle);
    if (change) change(manifest);
    layout.refer({manifest});
    return judge(write(layout) + by_key(key_.public_key()));
  }

  // A keyless layer, with a change of the sample that is logged and of the annotations.
  std::string keyless_tagged(const base::Digest& about,
                             const std::function<void(keyless::Sample&)>& logged = {},
                             const std::function<void(std::map<std::string, std::string>&)>& change = {}) {
    LayoutMaker layout = new_layout();
    const auto leaf = world_.leaf();
    const std::string text = payload(about);
    keyless::Sample sample = world_.sample_of_message(leaf, text);
    const std::string signature = sample.signature;
    if (logged) logged(sample);
    auto annotations =
        keyless::keyless_annotations(signature, leaf.certificate, world_.logged(world_.rekor, sample, false));
    if (change) change(annotations);
    layout.sign_tag({{text, annotations}});
    return judge(write(layout) + identity());
  }
  base::Digest artifact() { return new_layout().digest(); }

  crypto::PrivateKey key_ = pki::new_key();
};

// GS-CLI-071: simple signing (specification 2): moved, swapped, doubled, of another type.
TEST_F(LayoutCases, SimpleSigning) {
  const auto as_is = [&](const base::Digest& digest) { return payload(digest); };
  EXPECT_EQ(tagged_payload(as_is), "verified");
  EXPECT_EQ(tagged_payload([&](const auto&) { return payload(crypto::sha256("another")); }),
            "simplesigning.digest")
      << "legacy-moved-signature";
  EXPECT_EQ(tagged_payload([](const auto&) { return "not json"; }), "parse.json") << "legacy-not-json";
  const auto changed = [&](const std::string& from, const std::string& to) {
    return tagged_payload([&](const auto& digest) {
      std::string text = payload(digest);
      text.replace(text.find(from), from.size(), to);
      return text;
    });
  };
  EXPECT_EQ(
      changed("\"docker-manifest-digest\"", R"("docker-manifest-digest":"x","docker-manifest-\u0064igest")"),
      "parse.duplicate_key")
      << "legacy-duplicate-digest-*";
  EXPECT_EQ(changed("cosign container image signature", "atomic container signature"), "simplesigning.type");
  LayoutMaker::Layer layer = signed_by(key_, payload(artifact()));
  layer.type = "application/vnd.oci.image.layer.v1.tar+gzip";
  EXPECT_EQ(tagged(layer), "registry.media_type") << "legacy-other-layer-mediatype";
  EXPECT_EQ(tagged(signed_by(pki::new_key(), payload(artifact()))), "key.wrong");
  layer = signed_by(key_, payload(artifact()));
  std::string& signature = layer.annotations[std::string(sigstore::kSignatureAnnotation)];
  signature.insert(8, "\n");
  EXPECT_EQ(tagged(layer), "parse.base64");
  signature =
      base::encode_base64(keyless::side_by_side(key_.sign(Scheme::sha256, payload(artifact())).value()));
  EXPECT_EQ(tagged(layer), "sig.invalid");
  EXPECT_EQ(tagged({payload(artifact()), {}}), "registry.manifest");
  LayoutMaker layout = new_layout();
  layout.sign_tag(std::vector(1001, signed_by(key_, payload(layout.digest()))));
  EXPECT_EQ(judge(write(layout) + by_key(key_.public_key())), "parse.limit");
}

// GS-CLI-072: annotations that are asked for are signed, whatever stands beside the signature.
TEST_F(LayoutCases, Annotations) {
  LayoutMaker layout = new_layout();
  const std::string text =
      sigstore::simple_signing_payload("registry.example/app", layout.digest(), {{"site", "oslo"}});
  LayoutMaker::Layer layer = signed_by(key_, text);
  layer.annotations["stage"] = "production";
  layout.sign_tag({layer});
  const std::string arguments = write(layout) + by_key(key_.public_key());
  EXPECT_EQ(judge(arguments + " -a site=oslo"), "verified");
  EXPECT_EQ(judge(arguments + " -a site=bergen"), "simplesigning.annotation");
  EXPECT_EQ(judge(arguments + " -a stage=production"), "simplesigning.annotation");
}

// GS-CLI-073: the older keyless form (specification 2): log entry, certificate and payload belong together.
TEST_F(LayoutCases, KeylessTags) {
  const auto here = artifact();
  EXPECT_EQ(keyless_tagged(here), "verified");
  EXPECT_EQ(keyless_tagged(crypto::sha256("another")), "simplesigning.digest") << "lk-moved-signature";
  const auto dropped = [](const char* name) {
    return [name](auto& annotations) { annotations.erase(name); };
  };
  EXPECT_EQ(keyless_tagged(here, {}, dropped("dev.sigstore.cosign/bundle")), "tlog.missing")
      << "lk-no-bundle";
  EXPECT_EQ(keyless_tagged(here, [](auto& sample) { sample.signature += "x"; }), "tlog.body_signature")
      << "lk-body-other-sig";
  EXPECT_EQ(keyless_tagged(
                here, [](auto& sample) { sample.digest = crypto::hash_of(crypto::Hash::sha256, "other"); }),
            "tlog.body_digest")
      << "lk-body-other-hash";
  EXPECT_EQ(keyless_tagged(here, [&](auto& sample) { sample.certificate = world_.leaf().certificate.der(); }),
            "tlog.body_key")
      << "lk-body-other-cert";
  EXPECT_EQ(keyless_tagged(here, {},
                           [&](auto& annotations) {
                             annotations["dev.sigstore.cosign/certificate"] +=
                                 world_.intermediate.certificate.to_pem();
                           }),
            "cert.parse");
  EXPECT_EQ(
      keyless_tagged(here, {}, [](auto& annotations) { annotations["dev.sigstore.cosign/chain"] = "evil"; }),
      "verified")
      << "the chain annotation is never used";
}

// GS-CLI-074: referrers (specification 1, 0): their own subject, their layers, their predicate.
TEST_F(LayoutCases, Referrers) {
  const auto here = artifact();
  EXPECT_EQ(referred(bundle(here)), "verified");
  EXPECT_EQ(
      referred(bundle(here),
               [](Json& manifest) { manifest["subject"]["digest"] = crypto::sha256("another").to_string(); }),
      "registry.subject_mismatch")
      << "ref-subject-field-other";
  EXPECT_EQ(referred(bundle(crypto::sha256("another"))), "intoto.subject_mismatch");
  EXPECT_EQ(referred(bundle(here, "https://slsa.dev/provenance/v1")), "registry.no_signature")
      << "ref-attestation-only";
  EXPECT_EQ(referred(bundle(here, "https://spdx.dev/Document")), "registry.no_signature") << "ref-sbom-only";
  Json message = Json::parse(bundle(here));
  message.erase("dsseEnvelope");
  const std::string manifest = new_layout().manifest();
  message["messageSignature"] = {
      {"messageDigest",
       {{"algorithm", "SHA2_256"},
        {"digest", base::encode_base64(crypto::hash_of(crypto::Hash::sha256, manifest))}}},
      {"signature", base::encode_base64(key_.sign(Scheme::sha256, manifest).value())}};
  EXPECT_EQ(referred(base::dump_json(message)), "verified") << "ref-message-signature";
  EXPECT_EQ(referred("junk"), "parse.json");
}

// GS-CLI-075: other bytes than a descriptor promises are refused as that, be it the layer, the manifest, or
// their sizes.
TEST_F(LayoutCases, LyingBlobs) {
  LayoutMaker layout = new_layout();
  const std::string good = bundle(layout.digest());
  const Json manifest = layout.bundle_referrer(good);
  layout.refer({manifest});
  layout.swap(crypto::sha256(good), good + " ");
  EXPECT_EQ(judge(write(layout) + by_key(key_.public_key())), "blob.digest_mismatch") << "ref-lying-blob";
  layout.swap(crypto::sha256(good), good);
  layout.swap(crypto::sha256(base::dump_json(manifest)), base::dump_json(manifest) + " ");
  EXPECT_EQ(judge(write(layout) + by_key(key_.public_key())), "blob.digest_mismatch");
  EXPECT_EQ(referred(good, [](Json& other) { other["layers"][0]["size"] = 7; }), "blob.digest_mismatch");
  LayoutMaker legacy = new_layout();
  const std::string text = payload(legacy.digest());
  legacy.sign_tag({signed_by(key_, text)});
  legacy.swap(crypto::sha256(text), text + " ");
  EXPECT_EQ(judge(write(legacy) + by_key(key_.public_key())), "blob.digest_mismatch")
      << "legacy-payload-blob-swapped";
}

// GS-CLI-076: one good signature suffices, whatever lies beside it and wherever it lies (specification 0).
TEST_F(LayoutCases, JunkHidesNothing) {
  LayoutMaker layout = new_layout();
  layout.sign_tag({signed_by(key_, payload(layout.digest()))});
  layout.refer({layout.bundle_referrer("junk")});
  EXPECT_EQ(judge(write(layout) + by_key(key_.public_key())), "verified") << "ref-legacy-good-bundle-bad";
  layout = new_layout();
  layout.sign_tag({signed_by(pki::new_key(), payload(layout.digest())), {"junk", {}, "application/junk"}});
  layout.refer({layout.bundle_referrer("junk"), layout.bundle_referrer(bundle(layout.digest()))});
  EXPECT_EQ(judge(write(layout) + by_key(key_.public_key())), "verified");
  LayoutMaker unlisted = new_layout();
  unlisted.put(base::dump_json(unlisted.bundle_referrer(bundle(unlisted.digest()))));
  EXPECT_EQ(judge(write(unlisted) + by_key(key_.public_key())), "verified");
  EXPECT_EQ(judge(write(new_layout()) + by_key(key_.public_key())), "registry.no_signature");
}

}  // namespace
}  // namespace gridseal::cli::cases
