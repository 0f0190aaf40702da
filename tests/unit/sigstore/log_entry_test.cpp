#include "sigstore/log_entry.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "support/keyless/log_maker.hpp"

namespace gridseal::sigstore {
namespace {

using test::LogMaker;
using test::Sample;

class Entry : public testing::Test {
 protected:
  LogEntry v1() const { return maker_.entry("dsse", "0.0.1", base::dump_json(sample_.dsse_v1())); }
  LogEntry v2() const {
    return edwards_.entry("hashedrekord", "0.0.2", base::dump_json(sample_.hashedrekord_v2(true)));
  }

  base::Result<VerifiedEntry> verify(const LogEntry& entry,
                                     BundleVersion version = BundleVersion::v0_3) const {
    TrustedRoot root = maker_.root();
    root.transparency_logs.push_back(edwards_.log);
    root.transparency_logs.push_back(other_.log);
    return verify_log_entry(root, version, entry, sample_.over_envelope());
  }

  std::string code(const LogEntry& entry, BundleVersion version = BundleVersion::v0_3) const {
    const auto verified = verify(entry, version);
    if (verified) return "";
    EXPECT_EQ(verified.error().outcome(), base::Outcome::refused);
    return verified.error().code();
  }

  Sample sample_;
  LogMaker maker_{crypto::PrivateKey::generate().value()};
  LogMaker edwards_{test::new_ed25519_key(), "https://two.example"};
  LogMaker other_{crypto::PrivateKey::generate().value(), "https://other.example"};
};

// GS-SIGSTORE-150: an entry of Rekor v1 gives its log, its index and the time that the log promised.
TEST_F(Entry, OfRekorV1) {
  const LogEntry entry = v1();
  const auto verified = verify(entry);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->log_host, "log.example");
  EXPECT_EQ(verified->log_url, "https://log.example");
  EXPECT_EQ(verified->log_id, maker_.log.key_id);
  EXPECT_EQ(verified->log_index, 1'000'006);
  EXPECT_TRUE(verified->promise);
  EXPECT_TRUE(verified->proof);
  EXPECT_EQ(verified->tree_size, 11);
  EXPECT_EQ(verified->integrated_time, base::Time(base::seconds(1'690'000'000)));
  EXPECT_EQ(verified->kind, "dsse");
}

// GS-SIGSTORE-151: an entry of Rekor v2 proves inclusion and no time.
TEST_F(Entry, OfRekorV2) {
  const auto verified = verify(v2());
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->log_host, "two.example");
  EXPECT_FALSE(verified->promise);
  EXPECT_TRUE(verified->proof);
  EXPECT_FALSE(verified->integrated_time);
  EXPECT_EQ(verified->log_validity.start, edwards_.log.validity.start);
}

// GS-SIGSTORE-152: the promise is over the canonical JSON of body, time, log and index, in this order.
TEST_F(Entry, PayloadOfThePromise) {
  LogEntry entry;
  entry.body = "{}";
  entry.integrated_time = 12;
  entry.log_id = "\x01\xAB";
  entry.log_index = 34;
  EXPECT_EQ(entry_timestamp_payload(entry),
            R"({"body":"e30=","integratedTime":12,"logID":"01ab","logIndex":34})");
}

// GS-SIGSTORE-153: a time without a promise is no time.
TEST_F(Entry, TimeWithoutPromise) {
  LogEntry entry = v1();
  entry.signed_entry_timestamp.clear();
  const auto verified = verify(entry);
  ASSERT_TRUE(verified);
  EXPECT_FALSE(verified->integrated_time);
  EXPECT_EQ(verified->log_index, 6);
  entry = v1();
  entry.integrated_time = 0;
  maker_.sign_again(entry);
  ASSERT_TRUE(verify(entry));
  EXPECT_FALSE(verify(entry)->integrated_time);
}

// GS-SIGSTORE-154: any change of what the promise covers breaks it, proof or no proof.
TEST_F(Entry, PromiseCoversEverything) {
  LogEntry entry = v1();
  entry.integrated_time += 1;
  EXPECT_EQ(code(entry), "tlog.set_invalid");
  entry = v1();
  entry.log_index += 1;
  EXPECT_EQ(code(entry), "tlog.set_invalid");
  entry = v1();
  entry.body += " ";
  EXPECT_EQ(code(entry), "tlog.set_invalid");
  entry = v1();
  entry.log_id = other_.log.key_id;
  EXPECT_EQ(code(entry), "tlog.set_invalid");
  entry = v1();
  entry.signed_entry_timestamp = other_.sign(entry_timestamp_payload(entry));
  EXPECT_EQ(code(entry), "tlog.set_invalid");
}

// GS-SIGSTORE-155: no flipped bit and no truncation of a promise or of its payload verifies.
TEST_F(Entry, PromiseSweep) {
  LogEntry good = v1();
  good.proof.reset();
  ASSERT_EQ(code(good, BundleVersion::v0_1), "");
  for (size_t bit = 0; bit < good.signed_entry_timestamp.size() * 8; ++bit) {
    LogEntry entry = good;
    entry.signed_entry_timestamp = test::flipped(entry.signed_entry_timestamp, bit);
    EXPECT_EQ(code(entry, BundleVersion::v0_1), "tlog.set_invalid") << bit;
  }
  for (size_t size = 0; size < good.signed_entry_timestamp.size(); ++size) {
    LogEntry entry = good;
    entry.signed_entry_timestamp.resize(size);
    EXPECT_EQ(code(entry, BundleVersion::v0_1), "tlog.set_invalid") << size;
  }
  for (size_t bit = 0; bit < good.body.size() * 8; ++bit) {
    LogEntry entry = good;
    entry.body = test::flipped(entry.body, bit);
    EXPECT_EQ(code(entry, BundleVersion::v0_1), "tlog.set_invalid") << bit;
  }
  for (size_t bit = 0; bit < 63; ++bit) {
    LogEntry entry = good;
    entry.integrated_time ^= int64_t{1} << bit;
    EXPECT_EQ(code(entry, BundleVersion::v0_1), "tlog.set_invalid") << bit;
    entry = good;
    entry.log_index ^= int64_t{1} << bit;
    EXPECT_EQ(code(entry, BundleVersion::v0_1), "tlog.set_invalid") << bit;
  }
}

// GS-SIGSTORE-156: bundles 0.1 need the promise, later ones the proof; what is there must verify.
TEST_F(Entry, WhatTheVersionAsksFor) {
  LogEntry only_promise = v1();
  only_promise.proof.reset();
  EXPECT_EQ(code(only_promise, BundleVersion::v0_1), "");
  EXPECT_EQ(code(only_promise, BundleVersion::v0_2), "tlog.proof_missing");
  EXPECT_EQ(code(only_promise, BundleVersion::v0_3), "tlog.proof_missing");
  LogEntry only_proof = v1();
  only_proof.signed_entry_timestamp.clear();
  EXPECT_EQ(code(only_proof, BundleVersion::v0_1), "tlog.set_invalid");
  EXPECT_EQ(code(only_proof, BundleVersion::v0_2), "");
  LogEntry bad_proof = v1();
  bad_proof.proof->hashes[0] = test::flipped(bad_proof.proof->hashes[0], 0);
  EXPECT_EQ(code(bad_proof, BundleVersion::v0_1), "tlog.proof_invalid");
}

// GS-SIGSTORE-157: a log that the root does not name, or cannot use, vouches for nothing.
TEST_F(Entry, UnknownLog) {
  LogEntry entry = v1();
  entry.log_id = test::flipped(entry.log_id, 0);
  EXPECT_EQ(code(entry), "tlog.unknown_log");
  entry.log_id = entry.log_id.substr(0, 4);
  EXPECT_EQ(code(entry), "tlog.unknown_log");
  maker_.log.unusable = "keys of that kind are not supported";
  const LogEntry good = v1();
  maker_.log.key.reset();
  EXPECT_EQ(code(good), "tlog.unknown_log");
}

// GS-SIGSTORE-158: the log's key was valid at the time of the entry, both ends included.
TEST_F(Entry, TimeInsideTheKeysLife) {
  const auto at = [&](std::string_view time) {
    LogEntry entry = v1();
    entry.integrated_time =
        std::chrono::duration_cast<base::seconds>(base::parse_rfc3339(time)->time_since_epoch()).count();
    maker_.sign_again(entry);
    return code(entry);
  };
  EXPECT_EQ(at("2023-01-01T00:00:00Z"), "");
  EXPECT_EQ(at("2022-12-31T23:59:59Z"), "tlog.log_key_expired");
  EXPECT_EQ(at("2023-12-31T23:59:59Z"), "");
  EXPECT_EQ(at("2024-01-01T00:00:00Z"), "tlog.log_key_expired");
  LogEntry entry = v1();
  for (const int64_t time : {int64_t{-1}, int64_t{1} << 62}) {
    entry.integrated_time = time;
    maker_.sign_again(entry);
    EXPECT_EQ(code(entry), "tlog.log_key_expired");
  }
  LogEntry forged = v1();
  forged.signed_entry_timestamp.clear();
  forged.integrated_time = 1'800'000'000;
  EXPECT_EQ(code(forged), "tlog.log_key_expired");
}

// GS-SIGSTORE-159: size and root hash of proof and checkpoint are the same.
TEST_F(Entry, ProofAndCheckpointAgree) {
  LogEntry entry = v1();
  entry.proof->tree_size = 12;
  EXPECT_EQ(code(entry), "tlog.checkpoint_mismatch");
  entry = v1();
  entry.proof->root_hash = test::flipped(entry.proof->root_hash, 3);
  EXPECT_EQ(code(entry), "tlog.checkpoint_mismatch");
  entry = v1();
  entry.proof->checkpoint =
      maker_.note("log.example - 1\n10\n" + base::encode_base64(entry.proof->root_hash) + "\n");
  EXPECT_EQ(code(entry), "tlog.checkpoint_mismatch");
}

// GS-SIGSTORE-160: the checkpoint is of the very log that the entry names, not of another trusted one.
TEST_F(Entry, CheckpointOfAnotherTrustedLog) {
  LogEntry entry = v1();
  const std::string root = base::encode_base64(entry.proof->root_hash);
  entry.proof->checkpoint = other_.note("other.example - 1\n11\n" + root + "\n");
  EXPECT_EQ(code(entry), "tlog.checkpoint_other_log");
  const std::string text = "log.example - 1\n11\n" + root + "\n";
  entry.proof->checkpoint = text + "\n" + other_.signature_line(text, "log.example");
  EXPECT_EQ(code(entry), "tlog.checkpoint_signature");
  entry.proof->checkpoint.clear();
  EXPECT_EQ(code(entry), "tlog.checkpoint_parse");
}

// GS-SIGSTORE-161: no flipped bit of a proof's hashes and no other index is a proof.
TEST_F(Entry, ProofSweep) {
  const LogEntry good = v2();
  ASSERT_EQ(code(good), "");
  for (size_t at = 0; at < good.proof->hashes.size(); ++at) {
    for (size_t bit = 0; bit < 256; ++bit) {
      LogEntry entry = good;
      entry.proof->hashes[at] = test::flipped(entry.proof->hashes[at], bit);
      EXPECT_EQ(code(entry), "tlog.proof_invalid");
    }
    LogEntry entry = good;
    entry.proof->hashes.erase(entry.proof->hashes.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_EQ(code(entry), "tlog.proof_invalid");
  }
  for (const int64_t index :
       {int64_t{0}, int64_t{5}, int64_t{7}, int64_t{10}, int64_t{11}, int64_t{1} << 62}) {
    LogEntry entry = good;
    entry.log_index = entry.proof->log_index = index;
    EXPECT_EQ(code(entry), "tlog.proof_invalid") << index;
  }
}

// GS-SIGSTORE-162: Rekor v2 has one index; an entry that names two is refused.
TEST_F(Entry, OneIndexInRekorV2) {
  LogEntry entry = v2();
  entry.log_index = 7;
  EXPECT_EQ(code(entry), "tlog.proof_invalid");
}

// GS-SIGSTORE-163: a log with an Ed25519 key makes no promises, so no time comes from it.
TEST_F(Entry, PromiseOfRekorV2) {
  LogEntry entry = v2();
  entry.integrated_time = 1'690'000'000;
  edwards_.sign_again(entry);
  EXPECT_EQ(code(entry), "tlog.set_invalid");
}

// GS-SIGSTORE-164: an entry that proves itself but records something else is refused with the body's reason.
TEST_F(Entry, OfSomethingElse) {
  const LogEntry entry = v1();
  sample_.signature += "x";
  EXPECT_EQ(code(entry), "tlog.body_signature");
  EXPECT_EQ(code(v1()), "");
  LogEntry renamed = v1();
  renamed.version = "0.0.3";
  EXPECT_EQ(code(renamed), "tlog.body_kind");
}

TrustedRoot root_fixture(const std::string& name) {
  return parse_trusted_root(test::fixture("roots/" + name + ".json")).value();
}

struct Real {
  const char* bundle;
  const char* root;
  bool promise;
};

class RealEntry : public testing::TestWithParam<Real> {};

// What a bundle holds, as its log entry must record it. Any key stands in for that of a certificate.
Logged logged_of(const Bundle& bundle, const crypto::PublicKey& key) {
  const auto* certificates = std::get_if<Certificates>(&bundle.material);
  const std::string_view leaf = certificates == nullptr ? std::string_view() : certificates->leaf;
  if (const auto* envelope = std::get_if<Envelope>(&bundle.content))
    return {envelope->signature, LoggedEnvelope{envelope->payload, envelope->encoding}, key, leaf};
  const auto& message = std::get<MessageSignature>(bundle.content);
  return {message.signature, LoggedDigest{crypto::Hash::sha256, message.digest}, key, leaf};
}

crypto::PublicKey staging_key() {
  return crypto::PublicKey::from_pem(test::fixture("log-entries/staging-key.pub")).value();
}

// GS-SIGSTORE-165: entries of the public logs, production and staging, first and second generation, verify.
TEST_P(RealEntry, Verifies) {
  const auto bundle = parse_bundle(test::fixture(std::string("log-entries/") + GetParam().bundle));
  ASSERT_TRUE(bundle) << bundle.error().describe();
  ASSERT_EQ(bundle->log_entries.size(), 1U);
  const auto verified = verify_log_entry(root_fixture(GetParam().root), bundle->version,
                                         bundle->log_entries[0], logged_of(*bundle, staging_key()));
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_TRUE(verified->proof);
  EXPECT_EQ(verified->promise, GetParam().promise);
  EXPECT_EQ(verified->integrated_time.has_value(), GetParam().promise);
}

// GS-SIGSTORE-166: the same entries mean nothing to another root.
TEST_P(RealEntry, UnknownToAnotherRoot) {
  const auto bundle = parse_bundle(test::fixture(std::string("log-entries/") + GetParam().bundle));
  ASSERT_TRUE(bundle);
  const auto verified = verify_log_entry(root_fixture("local"), bundle->version, bundle->log_entries[0],
                                         logged_of(*bundle, staging_key()));
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code(), "tlog.unknown_log");
}

INSTANTIATE_TEST_SUITE_P(Bundles, RealEntry,
                         testing::Values(Real{"production-hashedrekord-001.json", "production", true},
                                         Real{"production-hashedrekord-001-bundle-v01.json", "production",
                                              true},
                                         Real{"production-dsse-001.json", "production", true},
                                         Real{"mock-intoto-002.json", "mock", true},
                                         Real{"staging-hashedrekord-002.json", "staging", false},
                                         Real{"staging-hashedrekord-002-dsse.json", "staging", false},
                                         Real{"staging-key.json", "staging", true}));

class Annotation : public testing::Test {
 protected:
  base::Result<VerifiedEntry> verify(const LogEntry& entry) const {
    const Logged logged{signature_, LoggedDigest{crypto::Hash::sha256, digest_}, key_, {}};
    return verify_log_entry(root_fixture("local"), BundleVersion::v0_1, entry, logged);
  }

  std::string text_ = test::fixture("log-entries/local-rekor-annotation.json");
  std::string signature_ =
      base::decode_base64(test::fixture("log-entries/local-rekor-annotation.sig")).value();
  std::string digest_ =
      base::decode_hex("495c4344b35b9fbe5fbda90a0e2771ef480a59c65734c8720243c98ded56f531").value();
  crypto::PublicKey key_ =
      crypto::PublicKey::from_pem(test::fixture("log-entries/local-rekor-annotation.pub")).value();
};

// GS-SIGSTORE-170: the annotation of a legacy signature verifies by its promise alone and gives the time.
TEST_F(Annotation, Verifies) {
  const auto entry = parse_rekor_bundle(text_);
  ASSERT_TRUE(entry) << entry.error().describe();
  EXPECT_EQ(entry->kind, "hashedrekord");
  EXPECT_FALSE(entry->proof);
  const auto verified = verify(*entry);
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->log_index, 4163442);
  EXPECT_EQ(verified->integrated_time, base::Time(base::seconds(1795453552)));
  EXPECT_FALSE(verified->proof);
}

// GS-SIGSTORE-171: any change of the annotation's payload breaks the promise.
TEST_F(Annotation, PromiseCoversThePayload) {
  for (const auto& [name, value] :
       {std::pair<const char*, base::Json>{"integratedTime", 1795453553}, {"logIndex", 4163443}}) {
    base::Json json = base::parse_json(text_).value();
    json["Payload"][name] = value;
    const auto verified = verify(parse_rekor_bundle(base::dump_json(json)).value());
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code(), "tlog.set_invalid");
  }
}

// GS-SIGSTORE-172: an annotation of another form is refused.
TEST_F(Annotation, Strict) {
  const auto code = [](const base::Json& json) {
    const auto entry = parse_rekor_bundle(base::dump_json(json));
    return entry ? std::string() : entry.error().code();
  };
  const base::Json good = base::parse_json(text_).value();
  EXPECT_EQ(code(good), "");
  for (const char* pointer : {"/SignedEntryTimestamp", "/Payload", "/Payload/body", "/Payload/integratedTime",
                              "/Payload/logIndex", "/Payload/logID"}) {
    base::Json json = good;
    const base::Json::json_pointer at(pointer);
    json[at.parent_pointer()].erase(at.back());
    EXPECT_EQ(code(json), "parse.json") << pointer;
    json = good;
    json[at.parent_pointer()]["unknown"] = 1;
    EXPECT_EQ(code(json), "parse.json") << pointer;
  }
  base::Json json = good;
  json["Payload"]["logIndex"] = -1;
  EXPECT_EQ(code(json), "parse.json");
  json = good;
  json["Payload"]["logID"] = "no hex";
  EXPECT_EQ(code(json), "parse.json");
  // Other letters than the log signed.
  std::string upper = good["Payload"]["logID"];
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  json["Payload"]["logID"] = upper;
  EXPECT_EQ(code(json), "parse.json");
  json = good;
  json["SignedEntryTimestamp"] = "no base64!";
  EXPECT_EQ(code(json), "parse.base64");
  json = good;
  json["Payload"]["body"] = base::encode_base64("{}");
  EXPECT_EQ(code(json), "parse.json");
  json["Payload"]["body"] = base::encode_base64("no json");
  EXPECT_EQ(code(json), "parse.json");
}

}  // namespace
}  // namespace gridseal::sigstore
