// Keys and signatures made by OpenSSL, and by ourselves.
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "crypto/der.hpp"
#include "crypto/pem.hpp"
#include "crypto/private_key.hpp"

namespace gridseal::crypto {
namespace {

std::string fixture(const std::string& name) {
  auto text = base::read_file(base::system_files(), std::string(GRIDSEAL_FIXTURES) + "/crypto/" + name);
  return text ? *text : "missing fixture " + name;
}

std::string code(const base::Result<void>& result) {
  return result ? "" : result.error().code();
}

struct Kind {
  std::string name;
  KeyKind kind;
  unsigned bits;
  std::string traditional;  // ending of the older private key form
};

class EveryKey : public testing::TestWithParam<Kind> {};

// GS-CRYPTO-030: keys and signatures of OpenSSL are understood, with each hash.
TEST_P(EveryKey, VerifiesWhatOpenSslSigned) {
  const auto key = PublicKey::from_pem(fixture(GetParam().name + ".pub"));
  ASSERT_TRUE(key) << key.error().describe();
  EXPECT_EQ(key->kind(), GetParam().kind);
  EXPECT_EQ(key->bits(), GetParam().bits);
  EXPECT_EQ(key->key_id(), sha256(key->spki_der()).to_string());
  EXPECT_EQ(key->to_pem(), fixture(GetParam().name + ".pub"));
  const std::string message = fixture("message");
  if (key->kind() == KeyKind::ed25519) {
    EXPECT_EQ(code(key->verify(Scheme::ed25519, message, fixture("ed.sig"))), "");
    EXPECT_EQ(code(key->verify(Scheme::ed25519ph, message, fixture("ed.sig"))), "sig.invalid");
    EXPECT_EQ(code(key->verify(Scheme::sha256, message, fixture("ed.sig"))), "sig.alg_mismatch");
    return;
  }
  for (const Scheme scheme : {Scheme::sha256, Scheme::sha384, Scheme::sha512}) {
    const std::string signature = fixture(GetParam().name + "." + std::string(to_string(scheme)) + ".sig");
    EXPECT_EQ(code(key->verify(scheme, message, signature)), "");
    EXPECT_EQ(code(key->verify(scheme, message + " ", signature)), "sig.invalid");
    EXPECT_EQ(code(key->verify(Scheme::ed25519, message, signature)), "sig.alg_mismatch");
    EXPECT_EQ(code(key->verify(scheme, message, signature + '\0')), "sig.invalid");
    EXPECT_EQ(code(key->verify(scheme, message, signature.substr(0, signature.size() - 1))), "sig.invalid");
    EXPECT_EQ(code(key->verify(scheme, message, "")), "sig.invalid");
  }
}

// GS-CRYPTO-031: private keys load in every form, sign for their public half, and are written so that they
// load.
TEST_P(EveryKey, PrivateKeySigns) {
  const auto key = PrivateKey::from_pem(fixture(GetParam().name + ".p8.pem"));
  ASSERT_TRUE(key) << key.error().describe();
  EXPECT_EQ(key->public_key().to_pem(), fixture(GetParam().name + ".pub"));
  for (const Scheme scheme :
       {Scheme::sha256, Scheme::sha384, Scheme::sha512, Scheme::ed25519, Scheme::ed25519ph}) {
    const auto signature = key->sign(scheme, "message");
    ASSERT_EQ(signature.has_value(), key->public_key().supports(scheme));
    if (!signature) continue;
    EXPECT_EQ(code(key->public_key().verify(scheme, "message", *signature)), "");
    EXPECT_EQ(code(key->public_key().verify(scheme, "other", *signature)), "sig.invalid");
  }
  const auto again = PrivateKey::from_pem(key->to_pem()->view());
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(again->public_key(), key->public_key());
  if (GetParam().traditional.empty()) return;
  const auto older = PrivateKey::from_pem(fixture(GetParam().name + GetParam().traditional));
  ASSERT_TRUE(older) << older.error().describe();
  EXPECT_EQ(older->public_key(), key->public_key());
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryKey,
                         testing::Values(Kind{"prime256v1", KeyKind::ecdsa_p256, 256, ".sec1.pem"},
                                         Kind{"secp384r1", KeyKind::ecdsa_p384, 384, ".sec1.pem"},
                                         Kind{"secp521r1", KeyKind::ecdsa_p521, 521, ".sec1.pem"},
                                         Kind{"rsa2048", KeyKind::rsa, 2048, ".p1.pem"},
                                         Kind{"rsa3072", KeyKind::rsa, 3072, ".p1.pem"},
                                         Kind{"rsa4096", KeyKind::rsa, 4096, ".p1.pem"},
                                         Kind{"ed", KeyKind::ed25519, 256, ""}),
                         [](const auto& info) { return info.param.name; });

// GS-CRYPTO-032: curves and sizes that no signer in use has are refused by name.
TEST(Key, UnsupportedKinds) {
  for (const char* name : {"secp256k1", "brainpoolP256r1", "rsa1024", "ed448"}) {
    const auto key = PublicKey::from_pem(fixture(std::string(name) + ".pub"));
    ASSERT_FALSE(key) << name;
    EXPECT_EQ(key.error().code(), "sig.alg_unsupported") << name;
  }
  for (const char* name : {"secp256k1.p8.pem", "secp256k1.sec1.pem", "rsa1024.p1.pem"})
    EXPECT_EQ(PrivateKey::from_pem(fixture(name)).error().code(), "sig.alg_unsupported") << name;
}

// GS-CRYPTO-033: a SubjectPublicKeyInfo is read to its last byte, and points must lie on their curve.
TEST(Key, StrictSpki) {
  const std::string der = PublicKey::from_pem(fixture("prime256v1.pub"))->spki_der();
  EXPECT_EQ(PublicKey::from_spki(der + '\0').error().code(), "parse.der");
  for (size_t size = 0; size < der.size(); ++size) EXPECT_FALSE(PublicKey::from_spki(der.substr(0, size)));
  std::string off_curve = der;
  off_curve.back() = static_cast<char>(off_curve.back() ^ 1);
  EXPECT_EQ(PublicKey::from_spki(off_curve).error().code(), "key.invalid");
  std::string ed = PublicKey::from_pem(fixture("ed.pub"))->spki_der();
  ed.replace(ed.size() - 32, 32, std::string(1, '\1') + std::string(31, '\0'));  // the neutral element
  EXPECT_EQ(PublicKey::from_spki(ed).error().code(), "key.invalid");
}

// GS-CRYPTO-034: an ECDSA signature outside 1 <= r, s < n, or in any other encoding, is refused.
TEST(Key, EcdsaSignatureRanges) {
  const auto key = PublicKey::from_pem(fixture("prime256v1.pub"));
  const std::string order =
      *base::decode_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const auto judge = [&](const std::string& r, const std::string& s) {
    const std::string pair = der::encode_unsigned_integer(r) + der::encode_unsigned_integer(s);
    return code(key->verify(Scheme::sha256, "x", der::encode(der::kSequence, pair)));
  };
  EXPECT_EQ(judge("", "\1"), "sig.invalid");
  EXPECT_EQ(judge("\1", ""), "sig.invalid");
  EXPECT_EQ(judge(order, "\1"), "sig.invalid");
  EXPECT_EQ(judge("\1", order), "sig.invalid");
  EXPECT_EQ(judge(std::string(33, '\1'), "\1"), "sig.invalid");
  EXPECT_EQ(judge("\1", "\1"), "sig.invalid");
}

// GS-CRYPTO-035: an Ed25519 signature whose S is not reduced is refused.
TEST(Key, Ed25519Malleability) {
  const auto key = PublicKey::from_pem(fixture("ed.pub"));
  std::string signature = fixture("ed.sig");
  const std::string order =
      *base::decode_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    const unsigned sum =
        static_cast<unsigned char>(signature[32 + i]) + static_cast<unsigned char>(order[i]) + carry;
    signature[32 + i] = static_cast<char>(sum & 0xFFU);
    carry = sum >> 8U;
  }
  EXPECT_EQ(code(key->verify(Scheme::ed25519, fixture("message"), signature)), "sig.invalid");
}

// GS-CRYPTO-036: a generated key in cosign's encrypted form opens with its password and no other.
TEST(Key, EncryptedForm) {
  const auto key = PrivateKey::generate();
  ASSERT_TRUE(key);
  const auto sealed = key->to_encrypted_pem("correct horse");
  ASSERT_TRUE(sealed);
  EXPECT_TRUE(sealed->starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
  const auto opened = PrivateKey::from_pem(*sealed, "correct horse");
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_EQ(opened->public_key(), key->public_key());
  EXPECT_EQ(PrivateKey::from_pem(*sealed, "wrong").error().code(), "key.password");
}

// GS-CRYPTO-037: a key file cannot ask for more scrypt work than the limits allow, nor for another algorithm.
TEST(Key, EncryptedFormLimits) {
  const auto code_of = [](const std::string& n, const std::string& name) {
    const std::string json = R"({"kdf":{"name":")" + name + R"(","params":{"N":)" + n +
                             R"(,"r":8,"p":1},"salt":"AAAA"},"cipher":{"name":"nacl/secretbox","nonce":")" +
                             base::encode_base64(std::string(24, 'n')) + R"("},"ciphertext":")" +
                             base::encode_base64(std::string(64, 'c')) + "\"}";
    return PrivateKey::from_pem(encode_pem("ENCRYPTED COSIGN PRIVATE KEY", json), "x").error().code();
  };
  EXPECT_EQ(code_of("16", "scrypt"), "key.password");
  EXPECT_EQ(code_of("1099511627776", "scrypt"), "parse.limit");
  EXPECT_EQ(code_of("524288", "scrypt"), "parse.limit");
  EXPECT_EQ(code_of("15", "scrypt"), "key.invalid");
  EXPECT_EQ(code_of("16", "argon2"), "key.invalid");
}

// GS-CRYPTO-038: what is not a private key is refused, and never repeated in the error.
TEST(Key, NotAPrivateKey) {
  EXPECT_EQ(PrivateKey::from_pem("").error().code(), "parse.pem");
  EXPECT_EQ(PrivateKey::from_pem(fixture("ed.pub")).error().code(), "parse.pem");
  EXPECT_EQ(PrivateKey::from_pem(encode_pem("PRIVATE KEY", "junk")).error().code(), "parse.der");
  const std::string der = parse_pem(fixture("prime256v1.p8.pem"))->front().bytes;
  for (size_t size = 1; size < der.size(); ++size)
    EXPECT_FALSE(PrivateKey::from_pem(encode_pem("PRIVATE KEY", der.substr(0, size))));
  EXPECT_FALSE(PrivateKey::from_pem(encode_pem("PRIVATE KEY", der + '\0')));
}

}  // namespace
}  // namespace gridseal::crypto
