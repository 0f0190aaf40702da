#include "sigstore/checkpoint.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "support/keyless/log_maker.hpp"

namespace gridseal::sigstore {
namespace {

using test::LogMaker;

const std::string kRootHash = base::encode_base64(std::string(32, 'r'));
const std::string kText = "log.example\n11\n" + kRootHash + "\n";

std::string dashed(const std::string& rest) {
  return "\xE2\x80\x94 " + rest + "\n";
}
const std::string kSomeSignature = dashed("log.example " + base::encode_base64("0123signature"));

LogMaker ecdsa_log() {
  return LogMaker(crypto::PrivateKey::generate().value());
}
LogMaker ed25519_log() {
  return LogMaker(test::new_ed25519_key());
}

std::string code_of(const base::Result<void>& result) {
  return result ? "" : result.error().code();
}

std::string judge(const std::string& note, const Log& log, CheckpointOrigin form) {
  const auto checkpoint = parse_checkpoint(note);
  if (!checkpoint) return checkpoint.error().code();
  return code_of(verify_checkpoint(*checkpoint, log, form));
}

// GS-SIGSTORE-110: a checkpoint is read as C2SP defines it, extension lines and all.
TEST(Checkpoint, IsRead) {
  const std::string text = kText + "Timestamp: 1675209600000000000\n";
  const auto checkpoint = parse_checkpoint(text + "\n" + kSomeSignature + kSomeSignature);
  ASSERT_TRUE(checkpoint) << checkpoint.error().describe();
  EXPECT_EQ(checkpoint->origin, "log.example");
  EXPECT_EQ(checkpoint->tree_size, 11);
  EXPECT_EQ(checkpoint->root_hash, std::string(32, 'r'));
  EXPECT_EQ(checkpoint->signed_text, text);
  ASSERT_EQ(checkpoint->signatures.size(), 2U);
  EXPECT_EQ(checkpoint->signatures[0].name, "log.example");
  EXPECT_EQ(checkpoint->signatures[0].key_id, "0123");
  EXPECT_EQ(checkpoint->signatures[0].signature, "signature");
}

class BadCheckpoint : public testing::TestWithParam<std::string> {};

// GS-SIGSTORE-111: what is no checkpoint in every detail is refused.
TEST_P(BadCheckpoint, IsRefused) {
  const auto checkpoint = parse_checkpoint(GetParam());
  ASSERT_FALSE(checkpoint);
  EXPECT_EQ(checkpoint.error().code(), "tlog.checkpoint_parse");
  EXPECT_EQ(checkpoint.error().outcome(), base::Outcome::refused);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, BadCheckpoint,
    testing::Values("", "\n\n", kText, kText + "\n", kText + kSomeSignature,  // nothing, or no signatures
                    kText + "\n" +
                        kSomeSignature.substr(0, kSomeSignature.size() - 1),  // no newline at the end
                    kText + "\n" + kSomeSignature + "\n",                     // an empty line at the end
                    "\n11\n" + kRootHash + "\n\n" + kSomeSignature,           // no origin
                    "log.example\n" + kRootHash + "\n\n" + kSomeSignature,    // no size
                    "log.example\n11\n\n" + kSomeSignature,                   // no root hash
                    "log.example\n011\n" + kRootHash + "\n\n" + kSomeSignature,
                    "log.example\n+11\n" + kRootHash + "\n\n" + kSomeSignature,
                    "log.example\n-11\n" + kRootHash + "\n\n" + kSomeSignature,
                    "log.example\n11 \n" + kRootHash + "\n\n" + kSomeSignature,
                    "log.example\n\n" + kRootHash + "\n\n" + kSomeSignature,
                    "log.example\n9223372036854775808\n" + kRootHash + "\n\n" + kSomeSignature,
                    "log.example\n11\n" + kRootHash.substr(4) + "\n\n" + kSomeSignature,  // another length
                    "log.example\n11\n" + kRootHash + " \n\n" + kSomeSignature,
                    "log.example\r\n11\r\n" + kRootHash + "\r\n\n" + kSomeSignature,
                    kText + "\n" + "- log.example MDEyM3M=\n",              // a hyphen for the dash
                    kText + "\n" + dashed("log.example"),                   // no signature
                    kText + "\n" + dashed("log.example MDEyMw=="),          // only a key id
                    kText + "\n" + dashed("log.example !!!!"),              // not base64
                    kText + "\n" + dashed("log.example MDEyM3M= "),         // a blank at the end
                    kText + "\n" + dashed(" MDEyM3M="),                     // no name
                    kText + "\n" + dashed("log+example MDEyM3M="),          // a plus in the name
                    kText + "extension\n\n\n" + kSomeSignature,             // an empty line in the text
                    kText + "\n" + kSomeSignature + "\n" + kSomeSignature,  // two blocks
                    kText + "tab\there\n\n" + kSomeSignature,               // a control character
                    kText + "\xFF\n\n" + kSomeSignature,                    // not UTF-8
                    kText + std::string(64 * 1024, 'x') + "\n\n" + kSomeSignature));

// GS-SIGSTORE-112: signatures of a checkpoint are limited in number, with room for many witnesses.
TEST(Checkpoint, SignaturesAreLimited) {
  std::string note = kText + "\n";
  for (int i = 0; i < 128; ++i) note += kSomeSignature;
  EXPECT_TRUE(parse_checkpoint(note));
  EXPECT_FALSE(parse_checkpoint(note + kSomeSignature));
}

// GS-SIGSTORE-113: key ids of signed notes are those of C2SP for each kind of key.
TEST(Checkpoint, KeyIds) {
  const auto head = [](const std::string& input) {
    return crypto::hash_of(crypto::Hash::sha256, input).substr(0, 4);
  };
  const LogMaker ecdsa = ecdsa_log();
  EXPECT_EQ(note_key_id(ecdsa.log.key->key, "log.example"), head(ecdsa.log.key->key.spki_der()));
  const LogMaker edwards = ed25519_log();
  EXPECT_EQ(note_key_id(edwards.log.key->key, "log.example"),
            head("log.example\n\x01" + edwards.log.key->key.spki_der().substr(12)));
  const auto rsa = crypto::PublicKey::from_pem(test::fixture("../crypto/rsa2048.pub")).value();
  EXPECT_EQ(note_key_id(rsa, "log.example"), head("log.example\n\xFF"
                                                  "PKIX-RSA-PKCS#1v1.5" +
                                                  rsa.spki_der()));
}

// GS-SIGSTORE-114: a checkpoint counts when the log itself signed it, whoever else did.
TEST(Checkpoint, OfTheLog) {
  for (const LogMaker& maker : {ecdsa_log(), ed25519_log()}) {
    EXPECT_EQ(judge(maker.note(kText), maker.log, CheckpointOrigin::rekor_v2), "");
    const std::string witness = dashed("witness.example " + base::encode_base64("idididididid"));
    EXPECT_EQ(judge(kText + "\n" + witness + maker.signature_line(kText, "log.example") + witness, maker.log,
                    CheckpointOrigin::rekor_v2),
              "");
    // An earlier key of the log, unknown here.
    EXPECT_EQ(judge(maker.note(kText) + kSomeSignature, maker.log, CheckpointOrigin::rekor_v2), "");
  }
}

// GS-SIGSTORE-115: Rekor v1 names the tree behind the host, Rekor v2 the host alone.
TEST(Checkpoint, Origins) {
  const LogMaker maker = ecdsa_log();
  const auto with_origin = [&](const std::string& origin, CheckpointOrigin form) {
    return judge(maker.note(origin + "\n11\n" + kRootHash + "\n"), maker.log, form);
  };
  EXPECT_EQ(with_origin("log.example - 1193050959916656506", CheckpointOrigin::rekor_v1), "");
  EXPECT_EQ(with_origin("log.example", CheckpointOrigin::rekor_v1), "");
  EXPECT_EQ(with_origin("log.example", CheckpointOrigin::rekor_v2), "");
  for (const char* other : {"log.example.org - 1", "other.example - 1", "log.example - ", "log.example - x",
                            "log.example- 1", " - 1", "LOG.example - 1"})
    EXPECT_EQ(with_origin(other, CheckpointOrigin::rekor_v1), "tlog.checkpoint_other_log") << other;
  for (const char* other : {"log.example - 1", "other.example", "log.example/2"})
    EXPECT_EQ(with_origin(other, CheckpointOrigin::rekor_v2), "tlog.checkpoint_other_log") << other;
}

// GS-SIGSTORE-116: without a line of the log's own name and key there is no signature of the log.
TEST(Checkpoint, OthersDoNotCount) {
  const LogMaker maker = ecdsa_log();
  const LogMaker other = ecdsa_log();
  EXPECT_EQ(judge(other.note(kText), maker.log, CheckpointOrigin::rekor_v2), "tlog.checkpoint_signature");
  EXPECT_EQ(judge(kText + "\n" + maker.signature_line(kText, "other.example"), maker.log,
                  CheckpointOrigin::rekor_v2),
            "tlog.checkpoint_signature");
}

// GS-SIGSTORE-117: every line of the log's name and key verifies; one that does not spoils the checkpoint.
TEST(Checkpoint, AllLinesOfTheLogVerify) {
  const LogMaker maker = ecdsa_log();
  const std::string wrong = maker.signature_line(kText + "more\n", "log.example");
  EXPECT_EQ(judge(kText + "\n" + wrong, maker.log, CheckpointOrigin::rekor_v2), "tlog.checkpoint_signature");
  EXPECT_EQ(judge(maker.note(kText) + wrong, maker.log, CheckpointOrigin::rekor_v2),
            "tlog.checkpoint_signature");
}

// GS-SIGSTORE-118: a log whose key cannot be used proves nothing.
TEST(Checkpoint, UnusableLog) {
  LogMaker maker = ecdsa_log();
  const std::string note = maker.note(kText);
  maker.log.key.reset();
  EXPECT_EQ(judge(note, maker.log, CheckpointOrigin::rekor_v2), "tlog.unknown_log");
}

// GS-SIGSTORE-119: a log may name itself with its port.
TEST(Checkpoint, HostWithPort) {
  LogMaker maker(crypto::PrivateKey::generate().value(), "http://localhost:3000");
  maker.log.host = "localhost";
  const std::string rest = "\n11\n" + kRootHash + "\n";
  for (const std::string name : {"localhost", "localhost:3000"}) {
    const std::string note = name + rest + "\n" + maker.signature_line(name + rest, name);
    EXPECT_EQ(judge(note, maker.log, CheckpointOrigin::rekor_v2), "");
  }
}

// GS-SIGSTORE-120: no flipped bit and no truncation of a signed checkpoint verifies.
TEST(Checkpoint, Sweep) {
  const LogMaker maker = ed25519_log();
  const std::string note = maker.note(kText);
  for (size_t bit = 0; bit < note.size() * 8; ++bit)
    EXPECT_NE(judge(test::flipped(note, bit), maker.log, CheckpointOrigin::rekor_v2), "") << bit;
  for (size_t size = 0; size < note.size(); ++size)
    EXPECT_NE(judge(note.substr(0, size), maker.log, CheckpointOrigin::rekor_v2), "") << size;
}

}  // namespace
}  // namespace gridseal::sigstore
