// Keys, certificates and times that count against a signature, for every kind of it.
#include "crypto/certificate.hpp"
#include "mixed.hpp"
#include "support/notary/notary.hpp"

namespace gridseal::trust::mixed {
namespace {

namespace notary = test::notary;
namespace pki = test::pki;

class Denied : public MixedTest {
 protected:
  void deny(const SignerId& id, std::optional<base::Time> after = {}) {
    content_.denials = Denials({.keys = {{id, after, "stolen"}}});
  }
  void retire(const SignerId& id, std::optional<base::Time> since = {}) {
    content_.denials = Denials({.retired = {{id, since, "old"}}});
  }
  // Leaf first, as they were judged.
  std::vector<std::string> path(const Evidence& evidence) const {
    const auto verdict = judge(kKeyless, evidence);
    EXPECT_TRUE(verdict) << verdict.error().describe();
    const auto& signer = verdict->signatures.front().certificate->signer;
    std::vector<std::string> certificates{signer.certificate};
    certificates.insert(certificates.end(), signer.issuers.begin(), signer.issuers.end());
    return certificates;
  }
  static SignerId key_of(const std::string& der) {
    return crypto::sha256(crypto::Certificate::from_der(der)->spki_der());
  }
};

// GS-TRUST-140: a denied leaf, intermediate or root, by certificate or by key, condemns what was signed under
// it: what is new and what runs.
TEST_F(Denied, EveryCertificateOfAKeylessPath) {
  for (const char* name :
       {"cosign3-keyless-rekor1", "cosign2-keyless-legacy", "cosign3-keyless-rekor2-tsa"}) {
    const Evidence evidence = stored({name});
    content_.denials = {};
    const auto certificates = path(evidence);
    ASSERT_GE(certificates.size(), 2U);
    for (const std::string& der : certificates) {
      for (const SignerId& id : {crypto::sha256(der), key_of(der)}) {
        for (const Occasion occasion : {Occasion::admission, Occasion::running}) {
          circumstances_.occasion = occasion;
          deny(id);
          EXPECT_EQ(answer(kKeyless, evidence), "refused trust.denied_key") << name;
          EXPECT_TRUE(says(id.to_string())) << said_;
          retire(id);
          EXPECT_EQ(answer(kKeyless, evidence),
                    occasion == Occasion::running ? "" : "refused trust.retired_key");
        }
      }
    }
    circumstances_.occasion = Occasion::admission;
    deny(crypto::sha256("a stranger's"));
    EXPECT_EQ(answer(kKeyless, evidence), "");
  }
}

// GS-TRUST-141: "nothing signed after" looks at what log and timestamp authority prove: at that second it is
// good, a second later it is not.
TEST_F(Denied, AfterATimeKeyless) {
  for (const char* name :
       {"cosign3-keyless-rekor1", "cosign3-keyless-rekor2-tsa", "cosign2-keyless-legacy"}) {
    content_.denials = {};
    const Evidence evidence = stored({name});
    const auto verdict = judge(kKeyless, evidence);
    ASSERT_TRUE(verdict);
    const base::Time signed_at = *verdict->latest_proven_time();
    for (const std::string& der : path(evidence)) {
      deny(key_of(der), signed_at);
      EXPECT_EQ(answer(kKeyless, evidence), "");
      deny(key_of(der), signed_at - base::milliseconds(1));
      EXPECT_EQ(answer(kKeyless, evidence), "refused trust.denied_key");
      EXPECT_TRUE(says("this was signed " + base::format_rfc3339(signed_at))) << said_;
      retire(key_of(der), signed_at);
      EXPECT_EQ(answer(kKeyless, evidence), "");
      retire(key_of(der), signed_at - base::milliseconds(1));
      EXPECT_EQ(answer(kKeyless, evidence), "refused trust.retired_key");
    }
  }
}

// GS-TRUST-142: a key denied after a time keeps what a log that is judged proves older; without a judged
// proof nothing of it stands.
TEST_F(Denied, AfterATimeKeyed) {
  const std::string plain = "[authority.key]\nkeys = [\"cosign.pub\"]\n";
  const std::string judged = plain + "trusted_root = \"local\"\n";
  const SignerId id = content_.keys.front().key.fingerprint();
  const auto after = at("2026-12-01T00:00:00Z");
  deny(id, after);
  EXPECT_EQ(answer(plain, stored({"cosign3-keyed-bundle"})), "refused trust.denied_key");
  EXPECT_TRUE(says("no log or timestamp proves when this was")) << said_;
  EXPECT_EQ(answer(plain, stored({"cosign3-keyed-rekor1-tsa"})), "refused trust.denied_key");
  EXPECT_EQ(answer(judged, stored({"cosign3-keyed-bundle"})), "refused trust.denied_key");
  for (const char* proven : {"cosign3-keyed-rekor1-tsa", "cosign3-keyed-tsa-only", "cosign2-keyed-rekor"})
    EXPECT_EQ(answer(judged, stored({proven})), "") << proven << said_;
  deny(id, at("2026-11-01T00:00:00Z"));
  EXPECT_EQ(answer(judged, stored({"cosign3-keyed-rekor1-tsa"})), "refused trust.denied_key");
  deny(id);
  EXPECT_EQ(answer(judged, stored({"cosign3-keyed-rekor1-tsa"})), "refused trust.denied_key");
  // Another signature of the same artifact is not condemned with it.
  EXPECT_EQ(answer("threshold = 1\n" + judged + "[authority.other]\nkeys = [\"p384.pub\"]\n",
                   stored({"cosign3-keyed-bundle", "cosign3-keyed-bundle-p384"})),
            "");
}

class DeniedNotation : public Denied {
 protected:
  DeniedNotation() {
    content_.notation_policy = notary::policy_text({{"trustStores", {"signingAuthority:acme"}}});
    content_.notation_stores = {{"signingAuthority:acme", std::string(acme_.root.certificate.der())}};
    circumstances_.now = at("2026-03-02T00:00:00Z");
  }
  static std::string policy_name() { return notary::policy().policies().front().name; }
  std::string policy() const { return "[authority.notary]\nnotation = \"" + policy_name() + "\"\n"; }
  // Signed by a signing authority that vouches for the time.
  Evidence vouched(const std::string& time) const {
    Evidence evidence = none();
    notary::Jws jws(signer_);
    jws.payload = notary::payload(
        {"application/vnd.oci.image.manifest.v1+json", evidence.digest, evidence.manifest.size()});
    base::Json& header = jws.protected_header;
    header.erase("io.cncf.notary.signingTime");
    header["io.cncf.notary.signingScheme"] = "notary.x509.signingAuthority";
    header["io.cncf.notary.authenticSigningTime"] = time;
    header["crit"] = {"io.cncf.notary.signingScheme", "io.cncf.notary.authenticSigningTime"};
    add_notation(evidence, jws.text());
    return evidence;
  }

  // With a timestamp.
  Evidence stamped(const std::string& time) {
    content_.notation_policy = notary::policy_text({{"trustStores", {"ca:acme", "tsa:acme"}}});
    content_.notation_stores = {{"ca:acme", std::string(acme_.root.certificate.der())},
                                {"tsa:acme", std::string(tsa_.root.certificate.der())}};
    Evidence evidence = none();
    notary::Jws jws(signer_);
    jws.payload = notary::payload(
        {"application/vnd.oci.image.manifest.v1+json", evidence.digest, evidence.manifest.size()});
    jws.stamp = [&](std::string_view signature) {
      pki::TimestampSpec spec;
      spec.time = at(time);
      spec.certificates = tsa_.certificates();
      return pki::timestamp_token(spec, signature, tsa_.leaf);
    };
    add_notation(evidence, jws.text());
    return evidence;
  }

  pki::Chain tsa_ = pki::time_stamping_chain();
  notary::Authority acme_;
  notary::Signer signer_ = acme_.signer();
};

// GS-TRUST-143: every certificate of a notation chain can be denied and retired; after a time too, where a
// timestamp authority proves it.
TEST_F(DeniedNotation, EveryCertificate) {
  const Evidence evidence = stamped("2026-03-01T12:05:00Z");
  ASSERT_EQ(answer(policy(), evidence), "") << said_;
  ASSERT_EQ(signer_.chain.size(), 3U);
  for (const auto& certificate : signer_.chain) {
    for (const SignerId& id : {certificate.fingerprint(), crypto::sha256(certificate.spki_der())}) {
      deny(id);
      EXPECT_EQ(answer(policy(), evidence), "refused trust.denied_key");
      deny(id, at("2026-03-01T12:05:00Z"));
      EXPECT_EQ(answer(policy(), evidence), "");
      deny(id, at("2026-03-01T12:04:59Z"));
      EXPECT_EQ(answer(policy(), evidence), "refused trust.denied_key");
      retire(id);
      EXPECT_EQ(answer(policy(), evidence), "refused trust.retired_key");
      circumstances_.occasion = Occasion::running;
      EXPECT_EQ(answer(policy(), evidence), "");
      circumstances_.occasion = Occasion::admission;
    }
  }
}

// GS-TRUST-411: the time that a signing authority names is its own word: whoever has its key may name any, so
// it proves nothing against a denial or retirement and moves no floor of time.
TEST_F(DeniedNotation, ItsOwnWordProvesNothing) {
  const Evidence evidence = vouched("2026-02-01T00:00:00Z");
  const auto verdict = judge(policy(), evidence);
  ASSERT_TRUE(verdict) << verdict.error().describe();
  EXPECT_FALSE(verdict->latest_proven_time());
  EXPECT_EQ(to_json(*verdict)["signatures"][0]["times"][0]["source"], "signing authority");
  for (const auto& certificate : signer_.chain) {
    deny(certificate.fingerprint(), at("2026-02-20T00:00:00Z"));
    EXPECT_EQ(answer(policy(), evidence), "refused trust.denied_key");
    retire(certificate.fingerprint(), at("2026-02-20T00:00:00Z"));
    EXPECT_EQ(answer(policy(), evidence), "refused trust.retired_key");
  }
}

// GS-TRUST-144: a notation signature without a proven time is condemned whole.
TEST_F(Denied, NotationWithoutProvenTime) {
  Evidence evidence = none();
  add_notation(evidence, envelope("jws-p256.jws"));
  const auto verdict = judge(kNotation, evidence);
  ASSERT_TRUE(verdict) << verdict.error().describe();
  for (const std::string& print : verdict->signatures.front().notation->fingerprints) {
    deny(*base::Digest::parse(print), at("2030-01-01T00:00:00Z"));
    EXPECT_EQ(answer(kNotation, evidence), "refused trust.denied_key");
  }
}

// GS-TRUST-147: an identity is denied by issuer and subject, whatever key and certificate it came with; after
// a time too. Another issuer or subject is another identity.
TEST_F(Denied, Identities) {
  const auto deny_identity = [&](const std::string& issuer, const std::string& subject,
                                 std::optional<base::Time> after = {}) {
    content_.denials = Denials({.identities = {{issuer, subject, after, "taken over"}}});
  };
  for (const char* name :
       {"cosign3-keyless-rekor1", "cosign3-keyless-rekor2-tsa", "cosign2-keyless-legacy"}) {
    content_.denials = {};
    const Evidence evidence = stored({name});
    const auto verdict = judge(kKeyless, evidence);
    ASSERT_TRUE(verdict);
    const base::Time signed_at = *verdict->latest_proven_time();
    for (const Occasion occasion : {Occasion::admission, Occasion::running}) {
      circumstances_.occasion = occasion;
      deny_identity(kActions, kWorkflow);
      EXPECT_EQ(answer(kKeyless, evidence), "refused trust.denied_identity");
      EXPECT_TRUE(says("taken over")) << said_;
      deny_identity(kActions, kWorkflow, signed_at);
      EXPECT_EQ(answer(kKeyless, evidence), "");
      deny_identity(kActions, kWorkflow, signed_at - base::milliseconds(1));
      EXPECT_EQ(answer(kKeyless, evidence), "refused trust.denied_identity");
      deny_identity(kActions + "/", kWorkflow);
      EXPECT_EQ(answer(kKeyless, evidence), "");
      deny_identity(kActions, "https://github.com/acme/fleet");
      EXPECT_EQ(answer(kKeyless, evidence), "");
    }
    circumstances_.occasion = Occasion::admission;
  }
  Evidence evidence = none();
  add_notation(evidence, envelope("jws-p256.jws"));
  content_.denials = {};
  const auto verdict = judge(kNotation, evidence);
  ASSERT_TRUE(verdict);
  const auto& subjects = verdict->signatures.front().notation->subjects;
  deny_identity(subjects[1], subjects[0]);
  EXPECT_EQ(answer(kNotation, evidence), "refused trust.denied_identity");
  deny_identity(subjects[0], subjects[0]);
  EXPECT_EQ(answer(kNotation, evidence), "");
}

// GS-TRUST-145: what was signed later than now and the tolerance is blocked, not refused: either clock may be
// wrong. What runs is not touched by it.
TEST_F(Denied, TimesThatHaveNotCome) {
  for (const char* name : {"cosign3-keyless-rekor1", "cosign3-keyless-rekor2-tsa", "cosign3-keyless-email"}) {
    const std::string policy =
        std::string(name).ends_with("email")
            ? "[authority.mail]\ntrusted_root = \"local\"\n[[authority.mail.identity]]\n"
              "issuer_regexp = \"^https://\"\nsubject_regexp = \".\"\n"
            : kKeyless;
    const Evidence evidence = stored({name});
    circumstances_ = {};
    const auto verdict = judge(policy, evidence);
    ASSERT_TRUE(verdict) << verdict.error().describe();  // the epoch: not known
    const base::Time signed_at = *verdict->latest_proven_time();
    circumstances_.now = signed_at - circumstances_.skew;
    EXPECT_EQ(answer(policy, evidence), "");
    circumstances_.now -= base::milliseconds(1);
    EXPECT_EQ(answer(policy, evidence), "blocked time.in_future");
    EXPECT_TRUE(says("set its clock")) << said_;
    circumstances_.skew += base::milliseconds(1);
    EXPECT_EQ(answer(policy, evidence), "");
    circumstances_.skew = base::milliseconds(0);
    circumstances_.occasion = Occasion::running;
    EXPECT_EQ(answer(policy, evidence), "");
  }
  // Beside one that is good it is no matter.
  circumstances_ = {};
  circumstances_.now = at("2020-01-01T00:00:00Z");
  EXPECT_EQ(
      answer("threshold = 1\n" + kKey + kKeyless, stored({"cosign3-keyless-rekor1", "cosign3-keyed-bundle"})),
      "");
}

// GS-TRUST-146: a denied artifact is refused before anybody is asked who signed it, an endorsed one of a
// retired key is admitted, one of a denied key is not.
TEST_F(Denied, ArtifactsAndEndorsements) {
  const Evidence evidence = stored({"cosign3-keyed-bundle"});
  const SignerId id = content_.keys.front().key.fingerprint();
  const SignerId successor = content_.keys[1].key.fingerprint();
  content_.denials = Denials({.digests = {{evidence.digest, "explodes"}}});
  circumstances_.occasion = Occasion::running;
  EXPECT_EQ(answer(kKey, evidence), "refused trust.denied_digest");
  circumstances_.occasion = Occasion::admission;
  EXPECT_TRUE(says("explodes"));
  content_.denials = Denials({.retired = {{id, {}, ""}}, .endorsed = {{evidence.digest, successor, ""}}});
  EXPECT_EQ(answer(kKey, evidence), "");
  content_.denials = Denials({.keys = {{id, {}, ""}}, .endorsed = {{evidence.digest, successor, ""}}});
  EXPECT_EQ(answer(kKey, evidence), "refused trust.denied_key");
  content_.denials = Denials({.retired = {{id, {}, ""}}, .endorsed = {{crypto::sha256("x"), successor, ""}}});
  EXPECT_EQ(answer(kKey, evidence), "refused trust.retired_key");
}

}  // namespace
}  // namespace gridseal::trust::mixed
