#include "crypto/hash.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/random.hpp"
#include "crypto/secret.hpp"
#include "crypto/stream_hash.hpp"

namespace gridseal::crypto {
namespace {

// GS-CRYPTO-001: SHA-2 gives the values of FIPS 180-4's examples, whole and in pieces.
TEST(Hash, KnownAnswers) {
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(
      base::encode_hex(sha384("abc")),
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(base::encode_hex(sha512("abc")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
            "454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(hash_of(Hash::sha256, "abc").size(), 32U);
  const std::string million(1'000'000, 'a');
  Sha256 stream;
  for (size_t at = 0; at < million.size(); at += 997)
    stream.update(std::string_view(million).substr(at, 997));
  EXPECT_EQ(stream.finish().hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(stream.finish(), sha256(""));
}

// GS-CRYPTO-113: A stream in pieces has the same value as the bytes at once, for each of the three.
TEST(Hash, Streams) {
  const std::string bytes(100'000, 'x');
  for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
    StreamHash stream(hash);
    for (size_t at = 0; at < bytes.size(); at += 777) stream.update(std::string_view(bytes).substr(at, 777));
    EXPECT_EQ(stream.finish(), hash_of(hash, bytes)) << to_string(hash);
    EXPECT_EQ(StreamHash(hash).finish(), hash_of(hash, "")) << to_string(hash);
  }
}

// GS-CRYPTO-002: a copied stream continues on its own.
TEST(Hash, CopyIsIndependent) {
  Sha256 first;
  first.update("ab");
  Sha256 second = first;
  first.update("c");
  second.update("d");
  EXPECT_EQ(first.finish(), sha256("abc"));
  EXPECT_EQ(second.finish(), sha256("abd"));
}

// GS-CRYPTO-003: random bytes have the length asked for and differ; a moved-from secret is empty.
TEST(Hash, RandomAndSecret) {
  EXPECT_EQ(random_bytes(33).size(), 33U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
  Secret first("password");
  const Secret second(std::move(first));
  EXPECT_EQ(second.view(), "password");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}

}  // namespace
}  // namespace gridseal::crypto
