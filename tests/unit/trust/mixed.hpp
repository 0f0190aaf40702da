// One artifact that cosign signed with a key and with certificates, and notation with a certificate: real
// signatures side by side, under policies as people write them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "support/signing/signing.hpp"

namespace gridseal::trust::mixed {

inline const std::string kFixtures = GRIDSEAL_FIXTURES;
inline const std::string kWorkflow =
    "https://github.com/acme/fleet/.github/workflows/release.yml@refs/heads/main";
inline const std::string kActions = "https://token.actions.githubusercontent.com";

inline base::Time at(std::string_view text) {
  return base::parse_rfc3339(text).value();
}

// What is pinned: cosign.pub (P-256), p384.pub, second.pub, the roots "local" and "mock", notation's policy p
// over the store ca:acme.
inline TrustContent pinned() {
  TrustContent content;
  const auto key = [&](const std::string& name, const std::string& file) {
    content.keys.push_back(test::pin(name, test::load_pinned(kFixtures + "/signing/" + file).key));
  };
  key("cosign.pub", "cosign3-keyed-bundle/cosign.pub");
  key("p384.pub", "cosign3-keyed-bundle-p384/cosign.pub");
  key("second.pub", "cosign2-keyed-legacy-two-signatures/second.pub");
  for (const std::string name : {"local", "mock"}) {
    content.sigstore_roots.push_back(
        {name, test::read_text(kFixtures + "/sigstore/roots/" + name + ".json")});
  }
  content.notation_policy = test::read_text(kFixtures + "/notation/trustpolicy-strict.json");
  content.notation_stores.push_back({"ca:acme", test::read_text(kFixtures + "/notation/acme-root.crt")});
  return content;
}

// The authorities most tests name.
inline const std::string kKey = "[authority.key]\nkeys = [\"cosign.pub\"]\n";
inline const std::string kKeyless =
    "[authority.workflow]\ntrusted_root = \"local\"\n"
    "[[authority.workflow.identity]]\nissuer = \"" +
    kActions + "\"\nsubject = \"" + kWorkflow + "\"\n";
inline const std::string kNotation = "[authority.notary]\nnotation = \"p\"\n";

class MixedTest : public testing::Test {
 protected:
  MixedTest() {
    circumstances_.now = at("2026-11-23T20:00:00Z");
    circumstances_.repository = "127.0.0.1:5511/ex/notation";
    circumstances_.environment = "production";
  }

  static Evidence none() {
    Evidence evidence = test::load_registry(kFixtures + "/signing/cosign3-keyed-bundle");
    evidence.signatures.clear();
    return evidence;
  }
  // The signatures that cosign stored in these examples, in this order.
  static Evidence stored(const std::vector<std::string>& names) {
    Evidence evidence = none();
    for (const std::string& name : names) {
      const Evidence one = test::load_registry(kFixtures + "/signing/" + name);
      EXPECT_EQ(one.digest, evidence.digest) << name;
      evidence.signatures.insert(evidence.signatures.end(), one.signatures.begin(), one.signatures.end());
    }
    return evidence;
  }
  // What notation stored, in a manifest as notation makes it.
  static void add_notation(Evidence& evidence, const std::string& envelope) {
    const std::string type = envelope.starts_with("{") ? "application/jose+json" : "application/cose";
    const base::Json manifest = {
        {"schemaVersion", 2},
        {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
        {"config",
         {{"mediaType", "application/vnd.cncf.notary.signature"},
          {"digest", crypto::sha256("{}").to_string()},
          {"size", 2}}},
        {"layers", base::Json::array({{{"mediaType", type},
                                       {"digest", crypto::sha256(envelope).to_string()},
                                       {"size", envelope.size()}}})},
        {"subject",
         {{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
          {"digest", evidence.digest.to_string()},
          {"size", evidence.manifest.size()}}}};
    SignatureManifest signature;
    signature.place = Place::referrer;
    signature.bytes = manifest.dump();
    signature.digest = crypto::sha256(test::text_of(signature.bytes));
    signature.blobs.emplace(crypto::sha256(envelope), envelope);
    evidence.signatures.push_back(std::move(signature));
  }
  static std::string envelope(const std::string& file) {
    return test::read_text(kFixtures + "/notation/" + file);
  }

  base::Result<Satisfied> judge(const std::string& policy, const Evidence& evidence) const {
    auto settings = config::parse_policy(policy, "/etc/gridseal/trust/policies/mixed.toml");
    if (!settings) {
      ADD_FAILURE() << settings.error().to_string();
      return base::Error::failed("test", "no policy");
    }
    auto state = TrustState::make(content_);
    EXPECT_TRUE(state) << state.error().describe();
    auto made = make_policy(*state, *settings);
    if (!made) return std::move(made).error();
    return verify_signatures(*state, *made, evidence, circumstances_);
  }
  // Its code; empty when it is satisfied.
  std::string code(const std::string& policy, const Evidence& evidence) {
    const auto verdict = judge(policy, evidence);
    said_ = verdict ? sentence(*verdict) : verdict.error().describe();
    outcome_ = verdict ? base::Outcome::failed : verdict.error().outcome();
    return verdict ? "" : verdict.error().code();
  }
  bool says(std::string_view text) const { return said_.find(text) != std::string::npos; }
  // The same with the outcome in front: "pending policy.threshold".
  std::string answer(const std::string& policy, const Evidence& evidence) {
    const std::string found = code(policy, evidence);
    return found.empty() ? "" : std::string(base::to_string(outcome_)) + " " + found;
  }

  TrustContent content_ = pinned();
  Circumstances circumstances_;
  std::string said_;
  base::Outcome outcome_ = base::Outcome::failed;
};

}  // namespace gridseal::trust::mixed
