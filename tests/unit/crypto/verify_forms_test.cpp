// Signatures over digests, RSA-PSS and ECDSA of fixed width.
#include <gtest/gtest.h>

#include "crypto/der.hpp"
#include "crypto/private_key.hpp"
#include "x509_fixtures.hpp"

namespace gridseal::crypto {
namespace {

PublicKey public_key(const std::string& name) {
  return *PublicKey::from_pem(crypto_fixture(name));
}

std::string flipped(std::string bytes, size_t at) {
  bytes.at(at) = static_cast<char>(static_cast<unsigned char>(bytes.at(at)) ^ 1U);
  return bytes;
}

// GS-CRYPTO-040: a signature is verified over a digest that is known already, ECDSA and RSA with each hash.
TEST(VerifyDigest, EcdsaAndRsa) {
  const std::string message = crypto_fixture("message");
  for (const std::string name : {"prime256v1", "secp384r1", "secp521r1", "rsa2048"}) {
    const PublicKey key = public_key(name + ".pub");
    for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
      const std::string signature = crypto_fixture(name + "." + std::string(to_string(hash)) + ".sig");
      const std::string digest = hash_of(hash, message);
      EXPECT_TRUE(key.verify_digest(hash, digest, signature)) << name;
      EXPECT_EQ(code_of(key.verify_digest(hash, flipped(digest, 5), signature)), "sig.invalid") << name;
      EXPECT_EQ(code_of(key.verify_digest(hash, digest.substr(1), signature)), "sig.alg_mismatch") << name;
    }
  }
}

// GS-CRYPTO-041: Ed25519ph is verified over a SHA-512 digest, and no other hash nor the pure form passes.
TEST(VerifyDigest, Ed25519ph) {
  const auto key = PrivateKey::from_pem(crypto_fixture("ed.p8.pem"));
  ASSERT_TRUE(key);
  for (const std::string message : {"", "a", "a longer message"}) {
    const std::string signature = *key->sign(Scheme::ed25519ph, message);
    const std::string digest = sha512(message);
    EXPECT_TRUE(key->public_key().verify_digest(Hash::sha512, digest, signature));
    for (size_t i = 0; i < signature.size(); ++i)
      EXPECT_EQ(code_of(key->public_key().verify_digest(Hash::sha512, digest, flipped(signature, i))),
                "sig.invalid");
    EXPECT_EQ(code_of(key->public_key().verify_digest(Hash::sha512, flipped(digest, 0), signature)),
              "sig.invalid");
    const std::string pure = *key->sign(Scheme::ed25519, message);
    EXPECT_EQ(code_of(key->public_key().verify_digest(Hash::sha512, digest, pure)), "sig.invalid");
    EXPECT_EQ(code_of(key->public_key().verify_digest(Hash::sha256, hash_of(Hash::sha256, message), pure)),
              "sig.alg_mismatch");
    EXPECT_EQ(code_of(key->public_key().verify_digest(Hash::sha512, digest, "short")), "sig.invalid");
  }
}

// GS-CRYPTO-042: an Ed25519 signature with S raised by the group's order is refused over a digest too.
TEST(VerifyDigest, Ed25519phRefusesMalleatedS) {
  constexpr unsigned char kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  const auto key = PrivateKey::from_pem(crypto_fixture("ed.p8.pem"));
  std::string signature = *key->sign(Scheme::ed25519ph, "message");
  unsigned carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]) + kOrder[i];
    signature[32 + i] = static_cast<char>(carry & 0xFFU);
    carry >>= 8U;
  }
  EXPECT_EQ(code_of(key->public_key().verify_digest(Hash::sha512, sha512("message"), signature)),
            "sig.invalid");
}

// GS-CRYPTO-043: RSA-PSS of OpenSSL with the hash's salt verifies; PKCS#1 v1.5 and PSS do not pass for each
// other.
TEST(VerifyPss, OpenSslSignatures) {
  const PublicKey key = public_key("rsa3072.pub");
  const std::string message = crypto_fixture("message");
  const std::vector<std::pair<Hash, std::string>> hashes = {
      {Hash::sha256, "256"}, {Hash::sha384, "384"}, {Hash::sha512, "512"}};
  for (const auto& [hash, bits] : hashes) {
    const std::string signature = crypto_fixture("rsa3072.pss" + bits + ".sig");
    EXPECT_TRUE(key.verify_pss(hash, message, signature)) << bits;
    EXPECT_EQ(code_of(key.verify_pss(hash, message + "x", signature)), "sig.invalid");
    EXPECT_EQ(code_of(key.verify_pss(hash, message, flipped(signature, 9))), "sig.invalid");
    EXPECT_EQ(code_of(key.verify_pss(hash, message, signature.substr(1))), "sig.invalid");
    EXPECT_EQ(code_of(key.verify_digest(hash, hash_of(hash, message), signature)), "sig.invalid");
    const std::string pkcs1 = crypto_fixture("rsa3072.sha" + bits + ".sig");
    EXPECT_EQ(code_of(key.verify_pss(hash, message, pkcs1)), "sig.invalid");
  }
  const std::string signature = crypto_fixture("rsa3072.pss256.sig");
  EXPECT_EQ(code_of(key.verify_pss(Hash::sha384, message, signature)), "sig.invalid");
  EXPECT_EQ(code_of(public_key("prime256v1.pub").verify_pss(Hash::sha256, message, signature)),
            "sig.alg_mismatch");
}

std::string fixed_width(std::string_view der_signature, size_t width) {
  der::Reader pair = *der::Reader(der_signature).enter(der::kSequence);
  std::string out;
  for (int i = 0; i < 2; ++i) {
    const std::string_view number = *pair.unsigned_integer();
    out += std::string(width - number.size(), '\0') + std::string(number);
  }
  return out;
}

// GS-CRYPTO-044: ECDSA with r and s of fixed width verifies; DER, other widths and zeros are refused.
TEST(VerifyP1363, FixedWidth) {
  const std::string message = crypto_fixture("message");
  const std::vector<std::pair<std::string, size_t>> curves = {
      {"prime256v1", 32}, {"secp384r1", 48}, {"secp521r1", 66}};
  for (const auto& [name, width] : curves) {
    const PublicKey key = public_key(name + ".pub");
    const std::string der_form = crypto_fixture(name + ".sha384.sig");
    const std::string signature = fixed_width(der_form, width);
    EXPECT_TRUE(key.verify_p1363(Hash::sha384, message, signature)) << name;
    EXPECT_EQ(code_of(key.verify_p1363(Hash::sha256, message, signature)), "sig.invalid");
    EXPECT_EQ(code_of(key.verify_p1363(Hash::sha384, message, der_form)), "sig.invalid");
    EXPECT_EQ(code_of(key.verify_p1363(Hash::sha384, message, std::string(2 * width, '\0'))), "sig.invalid");
    EXPECT_EQ(code_of(key.verify_p1363(Hash::sha384, message, std::string(2 * width, '\xFF'))),
              "sig.invalid");
    EXPECT_EQ(code_of(key.verify(Scheme::sha384, message, signature)), "sig.invalid");
  }
  const PublicKey rsa = public_key("rsa2048.pub");
  EXPECT_EQ(code_of(rsa.verify_p1363(Hash::sha256, message, std::string(64, 'x'))), "sig.alg_mismatch");
}

// GS-CRYPTO-045: an RSA key is also read from its bare PKCS#1 form.
TEST(Pkcs1Key, IsTheSameKey) {
  const PublicKey key = public_key("rsa2048.pub");
  der::Reader spki = *der::Reader(key.spki_der()).enter(der::kSequence);
  ASSERT_TRUE(spki.next());
  const auto bare = PublicKey::from_pkcs1_rsa(*spki.bit_string());
  ASSERT_TRUE(bare) << bare.error().describe();
  EXPECT_EQ(*bare, key);
  EXPECT_EQ(code_of(PublicKey::from_pkcs1_rsa("junk")), "parse.der");
  EXPECT_EQ(code_of(PublicKey::from_pkcs1_rsa(key.spki_der())), "parse.der");
}

// GS-CRYPTO-046: an EC point that is not on its curve is no key.
TEST(EcKey, PointOffTheCurve) {
  for (const std::string name : {"prime256v1", "secp384r1", "secp521r1"}) {
    const std::string der = public_key(name + ".pub").spki_der();
    EXPECT_EQ(code_of(PublicKey::from_spki(flipped(der, der.size() - 1))), "key.invalid") << name;
  }
}

}  // namespace
}  // namespace gridseal::crypto
