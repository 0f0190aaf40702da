// What a verification holds at most, whatever its input claims. Signatures lie in files, as in a store.
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <map>

#include "mixed.hpp"
#include "support/heap_meter/heap_meter.hpp"
#include "support/sized/sized.hpp"

namespace gridseal::trust::mixed {
namespace {

constexpr size_t kMost = 4'000'000;
constexpr size_t kKiB = 1024;
constexpr size_t kMiB = size_t{1} << 20U;

class Memory : public MixedTest {
 protected:
  Memory() {
    std::string pattern = testing::TempDir() + "gridseal-memory-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    content_.keys.push_back(test::pin("own.pub", make_.key().public_key()));
    content_.notation_stores = {{"ca:acme", make_.notation_root()}};
  }
  ~Memory() override { std::filesystem::remove_all(root_); }

  // "" or outcome and code. Fails when it took more than it may.
  std::string measured(const std::string& policy, const Evidence& held, const std::string& what) {
    const Evidence evidence = test::in_files(held, root_);
    const auto settings = config::parse_policy(policy, "/p/memory.toml");
    const auto state = TrustState::make(content_);
    const auto made = make_policy(*state, *settings);
    EXPECT_TRUE(made) << made.error().describe();
    const test::HeapMeter meter;
    const auto verdict = verify_signatures(*state, *made, evidence, circumstances_);
    const size_t peak = meter.peak();
    EXPECT_LT(peak, kMost) << what;
    RecordProperty(what, std::to_string(peak));
    said_ = what + (verdict ? "" : ": " + verdict.error().describe());
    if (verdict) return "";
    return std::string(base::to_string(verdict.error().outcome())) + " " + verdict.error().code();
  }

  std::string root_;
  test::SizedSignatures make_{none()};
};

const std::string kOwn = "keys = [\"own.pub\"]\n";
const std::string kAttested = kOwn +
                              "[[attestation]]\nname = \"scan\"\ntype = \"https://acme.example/scan/v1\"\n"
                              "[[attestation.condition]]\nfield = \"/result\"\nequals = \"passed\"\n";
const std::string kLimit = "refused parse.limit";

// GS-TRUST-430: a signed statement of any size up to the 8 MiB of a bundle takes less than 4 MB.
TEST_F(Memory, Bundles) {
  const std::string type(sigstore::kSignPredicateType);
  for (const size_t size : {kKiB, kMiB, 8 * kMiB})
    EXPECT_EQ(measured(kOwn, make_.bundle(type, size), "bundle of " + std::to_string(size)), "") << said_;
  EXPECT_EQ(measured(kOwn, make_.bundle(type, 8 * kMiB + kKiB), "bundle that is too large"), kLimit);
}

// GS-TRUST-431: so does an attestation with a condition on a field, as a bundle and as a bare envelope.
TEST_F(Memory, Attestations) {
  for (const size_t size : {kKiB, kMiB, 8 * kMiB}) {
    for (Evidence evidence : {make_.bundle(test::kScan, size), make_.attached(size)}) {
      test::sign_bundle(evidence, make_.key());
      EXPECT_EQ(measured(kAttested, evidence, "attestation of " + std::to_string(size)), "") << said_;
    }
  }
}

// GS-TRUST-432: so does simple signing, whose payload has at most 1 MiB.
TEST_F(Memory, SimpleSigning) {
  for (const size_t size : {kKiB, kMiB, 8 * kMiB}) {
    EXPECT_EQ(measured(kOwn, make_.simple_signing(size), "simple signing of " + std::to_string(size)),
              size <= kMiB ? "" : kLimit)
        << said_;
  }
}

// GS-TRUST-433: so does a bundle over the artifact's own bytes, however much stands beside its signature.
TEST_F(Memory, MessageSignatures) {
  for (const size_t size : {kKiB, 400 * kKiB, kMiB, 8 * kMiB}) {
    EXPECT_EQ(measured(kOwn, make_.message(size), "message signature in " + std::to_string(size)),
              size <= 400 * kKiB ? "" : kLimit)
        << said_;
  }
}

// GS-TRUST-434: so does a Notary Project signature, which has at most 512 KiB.
TEST_F(Memory, Notation) {
  for (const size_t size : {kKiB, 512 * kKiB, kMiB, 8 * kMiB}) {
    for (const Evidence& evidence : {make_.jws(size), make_.cose(size)}) {
      EXPECT_EQ(measured(kNotation, evidence, "notation of " + std::to_string(size)),
                size <= 512 * kKiB ? "" : kLimit)
          << said_;
    }
  }
}

std::string repeated(const std::function<std::string(size_t)>& piece, size_t bytes) {
  std::string text;
  for (size_t i = 0; text.size() < bytes; ++i) text += piece(i);
  return text;
}

std::string quoted(size_t number) {
  return '"' + std::to_string(number) + '"';
}

// GS-TRUST-435: so do statements that are made to take memory: names, numbers, subjects, annotations.
TEST_F(Memory, HostileStatements) {
  constexpr size_t kFull = 6 * kMiB - 100'000;
  const std::string head = R"({"_type":"https://in-toto.io/Statement/v1","predicateType":"x","subject":[)";
  const auto subject = [](size_t i) {
    return R"({"digest":{"sha256":)" + quoted(i) + R"(},"annotations":{"a":"b"}},)";
  };
  const auto long_name = [](size_t i) {
    return '"' + std::string(60'000, 'x') + std::to_string(i) + R"(":0,)";
  };
  const std::map<std::string, std::string> texts{
      {"names", head + R"(],"predicate":{)" + repeated([](size_t i) { return quoted(i) + ":0,"; }, 2 * kMiB) +
                    R"("x":0}})"},
      {"long names", head + R"(],"predicate":{)" + repeated(long_name, kFull) + R"("x":0}})"},
      {"numbers", head + R"(],"predicate":[)" + repeated([](size_t) { return "0,"; }, kFull) + "0]}"},
      {"subjects", head + repeated(subject, kFull) + "{}]}"},
      {"annotations", head + R"({"digest":{"sha256":"0"},"annotations":{)" +
                          repeated([](size_t i) { return quoted(i) + R"(:"",)"; }, kFull) + R"("x":""}}]})"},
      {"one long text", R"({"_type":")" + std::string(kFull, 'x') + "\"}"}};
  for (const auto& [what, text] : texts) {
    const Evidence evidence = make_.with_bundle(*sigstore::make_bundle(make_.key(), text));
    EXPECT_EQ(measured(kAttested, evidence, "statement: " + what).substr(0, 8), "refused ") << said_;
  }
}

// GS-TRUST-438: so do bundles that are.
TEST_F(Memory, HostileBundles) {
  constexpr size_t kFull = 8 * kMiB - 1000;
  const std::string open = R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",)";
  const auto entry = [](size_t) { return R"({"canonicalizedBody":")" + std::string(8000, 'A') + R"("},)"; };
  const std::map<std::string, std::string> texts{
      {"one long text", open + R"("x":")" + std::string(kFull, 'x') + "\"}"},
      {"empty lists", open + "\"x\":[" + repeated([](size_t) { return "[],"; }, kFull) + "0]}"},
      {"names", open + repeated([](size_t i) { return quoted(i) + ":{},"; }, kFull) + "\"x\":0}"},
      {"depth", open + "\"x\":" + std::string(kFull, '[')},
      {"no base64", open + R"("dsseEnvelope":{"payload":")" + std::string(kFull, '!') + "\"}}"},
      {"entries",
       open + R"("verificationMaterial":{"tlogEntries":[)" + repeated(entry, 500 * kKiB) + "{}]}}"}};
  for (const auto& [what, text] : texts)
    EXPECT_EQ(measured(kOwn, make_.with_bundle(text), "bundle: " + what).substr(0, 8), "refused ") << said_;
}

// GS-TRUST-436: many signatures are judged one after the other, and nothing is held of those before.
TEST_F(Memory, ManySignatures) {
  const test::SizedSignatures stranger(none());
  Evidence evidence = none();
  for (size_t i = 0; i < 20; ++i)
    test::add_bundle(evidence,
                     test::first_blob(stranger.bundle(std::string(sigstore::kSignPredicateType), kMiB)));
  EXPECT_EQ(measured(kOwn, evidence, "20 bundles of a stranger"), "refused key.wrong") << said_;
  test::sign_bundle(evidence, make_.key());
  EXPECT_EQ(measured(kOwn, evidence, "20 bundles of a stranger and a good one"), "") << said_;
}

// GS-TRUST-437: a signature manifest is read one layer after the other, and has at most 1 MiB.
TEST_F(Memory, ManyLayers) {
  const crypto::PrivateKey stranger = test::new_key();
  for (const size_t filled : {size_t{100}, size_t{700}, size_t{4000}}) {
    std::vector<sigstore::LegacySignature> layers;
    for (int i = 0; i < 999; ++i) {
      layers.push_back(
          *sigstore::make_legacy_signature(stranger, "r", none().digest, {{"i", std::to_string(i)}}));
      layers.back().annotations["filled"] = std::string(filled, 'x');
    }
    layers.push_back(*sigstore::make_legacy_signature(make_.key(), "r", none().digest));
    Evidence evidence = none();
    test::add_legacy(evidence, layers);
    EXPECT_EQ(
        measured(kOwn, evidence, "1,000 layers, " + std::to_string(evidence.signatures[0].bytes.size())),
        filled < 4000 ? "" : kLimit)
        << said_;
  }
}

}  // namespace
}  // namespace gridseal::trust::mixed
