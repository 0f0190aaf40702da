// Changes of what real signers stored, put through the whole of verification: bits of every byte of it, and
// every place where it could be cut.
#include <algorithm>
#include <functional>

#include "mixed.hpp"
#include "support/sweep.hpp"

namespace gridseal::trust::mixed {
namespace {

using base::Json;

// Nothing is believed that was not believed of the good one: the same signer, and no other time or log entry.
// A log or authority that became unknown proves nothing any more, which takes something away at most.
void expect_no_more(const Satisfied& found, const Satisfied& good, const std::string& what) {
  ASSERT_EQ(found.signatures.size(), good.signatures.size()) << what;
  Json one = to_json(found)["signatures"][0];
  Json expected = to_json(good)["signatures"][0];
  for (const char* list : {"times", "logEntries"}) {
    for (const Json& item : one[list])
      EXPECT_NE(std::ranges::find(expected[list], item), expected[list].end()) << what << ": " << item;
  }
  for (const char* name : {"times", "logEntries", "checks", "ignored", "signatureManifest", "signature"}) {
    one.erase(name);
    expected.erase(name);
  }
  EXPECT_EQ(one, expected) << what;
}

class StoredSweep : public MixedTest {
 protected:
  using Make = std::function<Evidence(const std::string&)>;

  // What is not refused was changed in bytes that nobody believes, at most `harmless` of them.
  void sweep(const std::string& name, const std::string& policy, const std::string& good, size_t harmless,
             const Make& make) {
    const auto settings = config::parse_policy(policy, "/p/mixed.toml");
    const auto state = TrustState::make(content_);
    const auto made = make_policy(*state, *settings);
    ASSERT_TRUE(made) << made.error().describe();
    const auto judged = [&](const std::string& bytes) {
      return verify_signatures(*state, *made, make(bytes), circumstances_);
    };
    const auto reference = judged(good);
    ASSERT_TRUE(reference) << reference.error().describe();
    size_t stood = 0;
    const auto look = [&](const std::string& bytes, const std::string& what) {
      const auto verdict = judged(bytes);
      if (verdict) {
        ++stood;
        return expect_no_more(*verdict, *reference, what);
      }
      // Another digest in a manifest names content that is not there.
      if (verdict.error().code() == "registry.blob_missing") return;
      EXPECT_EQ(verdict.error().outcome(), base::Outcome::refused) << what << verdict.error().describe();
    };
    test::sweep_bits(name, good, look);
    EXPECT_LE(stood, harmless * test::bits_of_a_byte());
    stood = 0;
    test::sweep_lengths(name, good, look);
    EXPECT_LE(stood, 1U);  // the last line break
  }

  void sweep_bundle(const std::string& name, const std::string& policy, size_t harmless) {
    const Evidence evidence = stored({name});
    ASSERT_EQ(evidence.signatures.size(), 1U);
    sweep(name, policy, test::first_blob(evidence), harmless, [](const std::string& bundle) {
      Evidence changed = none();
      test::add_bundle(changed, bundle);
      return changed;
    });
  }

  // The manifest under a signature tag holds certificate, log entry and signature in annotations.
  void sweep_tag(const std::string& name, const std::string& policy, size_t harmless) {
    const Evidence evidence = stored({name});
    ASSERT_EQ(evidence.signatures.size(), 1U);
    sweep(name, policy, test::text_of(evidence.signatures[0].bytes), harmless,
          [&](const std::string& manifest) {
            Evidence changed = evidence;
            changed.signatures[0].bytes = manifest;
            return changed;
          });
  }

  // The payload below a signature tag, under a manifest that says it is the right one.
  void sweep_payload(const std::string& name, const std::string& policy) {
    const Evidence evidence = stored({name});
    sweep(name + ", payload", policy, test::first_blob(evidence), 0, [&](const std::string& payload) {
      Evidence changed = evidence;
      Json manifest = Json::parse(test::text_of(evidence.signatures[0].bytes));
      manifest["layers"][0]["digest"] = crypto::sha256(payload).to_string();
      manifest["layers"][0]["size"] = payload.size();
      changed.signatures[0].bytes = manifest.dump();
      changed.signatures[0].blobs = {{crypto::sha256(payload), payload}};
      return changed;
    });
  }

  void sweep_notation(const std::string& file) {
    sweep(file, kNotation, envelope(file), 64, [](const std::string& bytes) {
      Evidence changed = none();
      add_notation(changed, bytes);
      return changed;
    });
  }
};

const std::string kAnybody =
    "[authority.any]\ntrusted_root = \"local\"\n[[authority.any.identity]]\n"
    "issuer_regexp = \".\"\nsubject_regexp = \".\"\n";

// GS-TRUST-160: a keyless bundle of a log with promises.
TEST_F(StoredSweep, KeylessRekor1) {
  sweep_bundle("cosign3-keyless-rekor1", kKeyless, 0);
}

// GS-TRUST-161: a keyless bundle of a log without times, with a timestamp.
TEST_F(StoredSweep, KeylessRekor2) {
  sweep_bundle("cosign3-keyless-rekor2-tsa", kKeyless, 64);
}

// GS-TRUST-162: a keyless bundle with both; also where any identity is asked for nothing else is believed.
TEST_F(StoredSweep, KeylessEmail) {
  sweep_bundle("cosign3-keyless-email", kAnybody, 64);
}

// GS-TRUST-163: the older form of a keyless signature: manifest, certificate, promise and signature.
TEST_F(StoredSweep, KeylessTag) {
  sweep_tag("cosign2-keyless-legacy", kKeyless, 2600);
  sweep_payload("cosign2-keyless-legacy", kKeyless);
}

// GS-TRUST-164: keyed bundles with log entry and timestamp, which are judged, and without.
TEST_F(StoredSweep, Keyed) {
  sweep_bundle("cosign3-keyed-rekor1-tsa", kKey + "trusted_root = \"local\"\n", 128);
  sweep_bundle("cosign3-keyed-bundle-p384", "keys = [\"p384.pub\"]\n", 64);
}

// GS-TRUST-165: notation's envelopes in both forms.
TEST_F(StoredSweep, Notation) {
  sweep_notation("jws-p256.jws");
  sweep_notation("cose-p256.cose");
}

}  // namespace
}  // namespace gridseal::trust::mixed
