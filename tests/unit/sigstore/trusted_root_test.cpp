#include "sigstore/trusted_root.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/der.hpp"
#include "crypto/hash.hpp"
#include "crypto/pem.hpp"
#include "support/keyless/log_maker.hpp"

namespace gridseal::sigstore {
namespace {

using base::Json;

base::Time at(std::string_view time) {
  return base::parse_rfc3339(time).value();
}

std::string code_of(const Json& json) {
  const auto root = parse_trusted_root(base::dump_json(json));
  if (root) return "";
  EXPECT_EQ(root.error().outcome(), base::Outcome::refused);
  EXPECT_FALSE(root.error().message().empty());
  return root.error().code();
}

// GS-SIGSTORE-180: the production root is read whole, logs of both generations and overlapping authorities.
TEST(TrustedRoot, Production) {
  const std::string text = test::fixture("roots/production.json");
  const auto root = parse_trusted_root(text);
  ASSERT_TRUE(root) << root.error().describe();
  EXPECT_EQ(root->fingerprint, crypto::sha256(text));
  ASSERT_EQ(root->transparency_logs.size(), 2U);
  const Log& first = root->transparency_logs[0];
  EXPECT_EQ(first.base_url, "https://rekor.sigstore.dev");
  EXPECT_EQ(first.host, "rekor.sigstore.dev");
  EXPECT_EQ(first.key_id, base::decode_base64("wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=").value());
  EXPECT_EQ(first.validity.start, at("2021-01-12T11:53:27Z"));
  EXPECT_FALSE(first.validity.end);
  EXPECT_EQ(first.key->scheme, crypto::Scheme::sha256);
  const Log& second = root->transparency_logs[1];
  EXPECT_EQ(second.host, "log2025-1.rekor.sigstore.dev");
  EXPECT_EQ(second.key->scheme, crypto::Scheme::ed25519);
  ASSERT_EQ(root->certificate_logs.size(), 2U);
  EXPECT_EQ(root->certificate_logs[0].validity.end, at("2022-10-31T23:59:59.999Z"));
  ASSERT_EQ(root->certificate_authorities.size(), 2U);
  EXPECT_EQ(root->certificate_authorities[1].chain.size(), 2U);
  EXPECT_EQ(root->certificate_authorities[1].uri, "https://fulcio.sigstore.dev");
  EXPECT_EQ(root->certificate_authorities[1].organization, "sigstore.dev");
  ASSERT_EQ(root->timestamp_authorities.size(), 1U);
  EXPECT_EQ(root->timestamp_authorities[0].common_name, "sigstore-tsa-selfsigned");
}

// GS-SIGSTORE-181: other roots in use are read, with PKCS#1 keys, ports in addresses and one key in two
// lists.
TEST(TrustedRoot, OthersInUse) {
  for (const char* name : {"staging", "mock", "local"}) {
    const auto root = parse_trusted_root(test::fixture(std::string("roots/") + name + ".json"));
    ASSERT_TRUE(root) << name << root.error().describe();
    for (const auto* logs : {&root->transparency_logs, &root->certificate_logs})
      for (const Log& log : *logs) EXPECT_TRUE(log.key) << log.base_url << log.unusable;
    for (const auto* authorities : {&root->certificate_authorities, &root->timestamp_authorities})
      for (const Authority& authority : *authorities)
        EXPECT_FALSE(authority.chain.empty()) << authority.unusable;
  }
}

// GS-SIGSTORE-182: validity is a closed interval to the millisecond.
TEST(TrustedRoot, ClosedInterval) {
  const Validity validity{at("2022-01-01T00:00:00Z"), at("2022-10-31T23:59:59.999Z")};
  EXPECT_TRUE(validity.contains(at("2022-01-01T00:00:00Z")));
  EXPECT_FALSE(validity.contains(at("2021-12-31T23:59:59.999Z")));
  EXPECT_TRUE(validity.contains(at("2022-10-31T23:59:59.999Z")));
  EXPECT_FALSE(validity.contains(at("2022-11-01T00:00:00Z")));
  EXPECT_TRUE((Validity{at("2022-01-01T00:00:00Z"), {}}).contains(at("2999-01-01T00:00:00Z")));
}

struct Change {
  const char* pointer;
  Json value;  // null: the member is taken away
  const char* code;
};

class ChangedRoot : public testing::TestWithParam<Change> {};

// GS-SIGSTORE-183: each rule for the members of a trusted root has its refusal.
TEST_P(ChangedRoot, IsRefused) {
  Json json = test::json_fixture("roots/production.json");
  ASSERT_EQ(code_of(json), "");
  const Json::json_pointer pointer(GetParam().pointer);
  if (GetParam().value.is_null())
    json[pointer.parent_pointer()].erase(pointer.back());
  else
    json[pointer] = GetParam().value;
  EXPECT_EQ(code_of(json), GetParam().code);
}

const char* const kInvalid = "root.entry_invalid";

INSTANTIATE_TEST_SUITE_P(
    Rules, ChangedRoot,
    testing::Values(
        Change{"/mediaType", nullptr, "root.media_type"},
        Change{"/mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.2", "root.media_type"},
        Change{"/mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json", "root.media_type"},
        Change{"/mediaType", 1, "root.media_type"}, Change{"/unknown", 1, kInvalid},
        Change{"/tlogs", 1, kInvalid}, Change{"/tlogs/0", 1, kInvalid},
        Change{"/tlogs/0/unknown", 1, kInvalid},
        Change{"/tlogs/0/base_url", "https://rekor.sigstore.dev", kInvalid},
        Change{"/tlogs/0/baseUrl", nullptr, kInvalid}, Change{"/tlogs/0/baseUrl", "rekor", kInvalid},
        Change{"/tlogs/0/baseUrl", "https://", kInvalid},
        Change{"/tlogs/0/baseUrl", "https://user@rekor.sigstore.dev", kInvalid},
        Change{"/tlogs/0/hashAlgorithm", nullptr, kInvalid},
        Change{"/tlogs/0/hashAlgorithm", "SHA2_512", kInvalid}, Change{"/tlogs/0/hashAlgorithm", 1, kInvalid},
        Change{"/tlogs/0/publicKey", nullptr, kInvalid},
        Change{"/tlogs/0/publicKey/rawBytes", nullptr, kInvalid},
        Change{"/tlogs/0/publicKey/rawBytes", "MFkw", kInvalid},
        Change{"/tlogs/0/publicKey/rawBytes", "MF kw", "parse.base64"},
        Change{"/tlogs/0/publicKey/keyDetails", nullptr, kInvalid},
        Change{"/tlogs/0/publicKey/keyDetails", "PUBLIC_KEY_DETAILS_UNSPECIFIED", kInvalid},
        Change{"/tlogs/0/publicKey/keyDetails", "PKIX_ED25519", kInvalid},
        Change{"/tlogs/0/publicKey/keyDetails", "PKIX_ECDSA_P384_SHA_384", kInvalid},
        Change{"/tlogs/0/publicKey/keyDetails", "PKCS1_RSA_PKCS1V5", kInvalid},
        Change{"/tlogs/1/publicKey/keyDetails", "PKIX_ECDSA_P256_SHA_256", kInvalid},
        Change{"/tlogs/0/publicKey/validFor", nullptr, kInvalid},
        Change{"/tlogs/0/publicKey/validFor/start", nullptr, kInvalid},
        Change{"/tlogs/0/publicKey/validFor/start", "yesterday", kInvalid},
        Change{"/tlogs/0/publicKey/validFor/end", "2020-01-01T00:00:00Z", kInvalid},
        Change{"/tlogs/0/logId", nullptr, kInvalid}, Change{"/tlogs/0/logId/keyId", nullptr, kInvalid},
        Change{"/tlogs/0/logId/keyId", "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB4=", kInvalid},
        Change{"/tlogs/0/logId/keyId", "wNI9ag==", kInvalid},
        Change{"/tlogs/1/baseUrl", "https://elsewhere.example", kInvalid},
        Change{"/ctlogs/0/logId/keyId", "3T0wasbHETJjGR4cmWc3AqJKXrjePK3/h4pygC8p7o4=", kInvalid},
        Change{"/ctlogs/0/hashAlgorithm", "SHA2_384", kInvalid},
        Change{"/ctlogs/0/publicKey/validFor/start", nullptr, kInvalid},
        Change{"/certificateAuthorities/0/validFor", nullptr, kInvalid},
        Change{"/certificateAuthorities/0/validFor/start", nullptr, kInvalid},
        Change{"/certificateAuthorities/0/certChain", nullptr, kInvalid},
        Change{"/certificateAuthorities/0/certChain/certificates", Json::array(), kInvalid},
        Change{"/certificateAuthorities/0/certChain/certificates/0/rawBytes", "MAA=", kInvalid},
        Change{"/certificateAuthorities/0/unknown", 1, kInvalid},
        Change{"/timestampAuthorities/0/validFor/start", nullptr, kInvalid},
        Change{"/timestampAuthorities/0/certChain/certificates", Json::array(), kInvalid}));

// GS-SIGSTORE-184: the newer media type is known too, and null is the same as absent.
TEST(TrustedRoot, AlsoAccepted) {
  Json json = test::json_fixture("roots/production.json");
  json["mediaType"] = "application/vnd.dev.sigstore.trustedroot.v0.2+json";
  json["tlogs"][0]["publicKey"]["validFor"]["end"] = nullptr;
  json["tlogs"][0]["operator"] = "sigstore.dev";
  json["tlogs"][0]["checkpointKeyId"] = {{"keyId", "wNI9ag=="}};
  json["tlogs"][1]["publicKey"]["validFor"]["start"] = "2999-09-23T00:00:00+02:00";
  json["certificateAuthorities"][0]["operator"] = "sigstore.dev";
  json.erase("timestampAuthorities");
  EXPECT_EQ(code_of(json), "");
}

// GS-SIGSTORE-185: one key id stands once in a list.
TEST(TrustedRoot, DuplicateKeyId) {
  for (const char* list : {"tlogs", "ctlogs"}) {
    Json json = test::json_fixture("roots/production.json");
    json[list].push_back(json[list][0]);
    EXPECT_EQ(code_of(json), kInvalid);
  }
}

// GS-SIGSTORE-186: a chain that does not lead to its last certificate is refused: reversed, or mixed up.
TEST(TrustedRoot, ReversedChain) {
  for (const char* list : {"certificateAuthorities", "timestampAuthorities"}) {
    Json json = test::json_fixture("roots/production.json");
    Json& chain = json[list].back()["certChain"]["certificates"];
    ASSERT_EQ(chain.size(), 2U);
    std::swap(chain[0], chain[1]);
    EXPECT_EQ(code_of(json), kInvalid) << list;
  }
  Json mixed = test::json_fixture("roots/production.json");
  mixed["certificateAuthorities"][1]["certChain"]["certificates"][1] =
      mixed["certificateAuthorities"][0]["certChain"]["certificates"][0];
  EXPECT_EQ(code_of(mixed), kInvalid);
}

Json with_key(const std::string& spki, const std::string& raw, const char* details) {
  Json json = test::json_fixture("roots/production.json");
  json["tlogs"][0]["publicKey"]["rawBytes"] = base::encode_base64(raw);
  json["tlogs"][0]["publicKey"]["keyDetails"] = details;
  json["tlogs"][0]["logId"]["keyId"] = base::encode_base64(crypto::hash_of(crypto::Hash::sha256, spki));
  return json;
}

std::string spki_fixture(const std::string& name) {
  return crypto::PublicKey::from_pem(test::fixture("../crypto/" + name + ".pub")).value().spki_der();
}

// GS-SIGSTORE-187: every kind of key that a log may have is read, each with its way of signing.
TEST(TrustedRoot, KindsOfKeys) {
  struct Kind {
    const char* file;
    const char* details;
    crypto::Scheme scheme;
  };
  using crypto::Scheme;
  for (const Kind& kind :
       {Kind{"prime256v1", "PKIX_ECDSA_P256_SHA_256", Scheme::sha256},
        Kind{"secp384r1", "PKIX_ECDSA_P384_SHA_384", Scheme::sha384},
        Kind{"secp521r1", "PKIX_ECDSA_P521_SHA_512", Scheme::sha512},
        Kind{"rsa2048", "PKIX_RSA_PKCS1V15_2048_SHA256", Scheme::sha256},
        Kind{"rsa3072", "PKIX_RSA_PKCS1V15_3072_SHA256", Scheme::sha256},
        Kind{"rsa4096", "PKIX_RSA_PKCS1V15_4096_SHA256", Scheme::sha256},
        Kind{"rsa2048", "PKIX_RSA_PKCS1V5", Scheme::sha256}, Kind{"ed", "PKIX_ED25519", Scheme::ed25519},
        Kind{"ed", "PKIX_ED25519_PH", Scheme::ed25519ph}}) {
    const std::string spki = spki_fixture(kind.file);
    const auto root = parse_trusted_root(base::dump_json(with_key(spki, spki, kind.details)));
    ASSERT_TRUE(root) << kind.details << root.error().describe();
    ASSERT_TRUE(root->transparency_logs[0].key) << kind.details;
    EXPECT_EQ(root->transparency_logs[0].key->scheme, kind.scheme);
  }
  EXPECT_EQ(
      code_of(with_key(spki_fixture("rsa2048"), spki_fixture("rsa2048"), "PKIX_RSA_PKCS1V15_3072_SHA256")),
      kInvalid);
}

// GS-SIGSTORE-188: a bare RSA key (PKCS#1) has the id of the key in its usual form.
TEST(TrustedRoot, Pkcs1Key) {
  const std::string spki = spki_fixture("rsa2048");
  crypto::der::Reader outer(spki);
  auto inner = outer.enter(crypto::der::kSequence).value();
  (void)inner.next().value();
  const std::string pkcs1(inner.bit_string().value());
  EXPECT_EQ(code_of(with_key(spki, pkcs1, "PKCS1_RSA_PKCS1V5")), "");
  EXPECT_EQ(code_of(with_key(pkcs1, pkcs1, "PKCS1_RSA_PKCS1V5")), kInvalid);
  EXPECT_EQ(code_of(with_key(spki, spki, "PKCS1_RSA_PKCS1V5")), kInvalid);
  EXPECT_EQ(code_of(with_key(spki, pkcs1, "PKIX_RSA_PKCS1V5")), kInvalid);
}

// GS-SIGSTORE-189: a key of an algorithm that is not supported costs its log, not the file.
TEST(TrustedRoot, UnusableLog) {
  const std::string p256 = spki_fixture("prime256v1");
  const std::string k256 =
      crypto::parse_single_pem(test::fixture("../crypto/secp256k1.pub"), "PUBLIC KEY").value();
  for (const Json& json :
       {with_key(p256, p256, "PKIX_RSA_PSS_2048_SHA256"), with_key(p256, p256, "ML_DSA_65"),
        with_key(k256, k256, "PKIX_ECDSA_P256_SHA_256")}) {
    const auto root = parse_trusted_root(base::dump_json(json));
    ASSERT_TRUE(root) << root.error().describe();
    ASSERT_EQ(root->transparency_logs.size(), 2U);
    EXPECT_FALSE(root->transparency_logs[0].key);
    EXPECT_FALSE(root->transparency_logs[0].unusable.empty());
    EXPECT_TRUE(root->transparency_logs[1].key);
  }
}

// GS-SIGSTORE-190: a log of certificates has no key id made of its host.
TEST(TrustedRoot, HostIdOnlyOfTransparencyLogs) {
  Json json = test::json_fixture("roots/production.json");
  json["ctlogs"].push_back(json["tlogs"][1]);
  EXPECT_EQ(code_of(json), kInvalid);
}

// GS-SIGSTORE-191: hosts are told from ports and paths.
TEST(TrustedRoot, HostAndPort) {
  Json json = test::json_fixture("roots/production.json");
  json["tlogs"][0]["baseUrl"] = "http://[::1]:3000/api?x";
  const auto root = parse_trusted_root(base::dump_json(json));
  ASSERT_TRUE(root) << root.error().describe();
  EXPECT_EQ(root->transparency_logs[0].host, "[::1]");
  EXPECT_EQ(root->transparency_logs[0].host_and_port, "[::1]:3000");
}

// GS-SIGSTORE-192: duplicate names, other text and files beyond the limits are refused.
TEST(TrustedRoot, StrictJson) {
  const std::string text = test::fixture("roots/production.json");
  const auto code = [](const std::string& file) {
    const auto root = parse_trusted_root(file);
    return root ? std::string() : root.error().code();
  };
  EXPECT_EQ(code(R"({"\u0074logs":[],)" + text.substr(text.find('{') + 1)), "parse.duplicate_key");
  EXPECT_EQ(code(text + "x"), "parse.json");
  EXPECT_EQ(code(text + std::string(kMaxTrustedRoot, ' ')), "parse.limit");
  EXPECT_EQ(code("[]"), "root.media_type");
  Json many = test::json_fixture("roots/production.json");
  for (int i = 0; i < 300; ++i) many["tlogs"].push_back(many["tlogs"][0]);
  EXPECT_EQ(code_of(many), "parse.limit");
}

// GS-SIGSTORE-193: no truncation of a trusted root is a trusted root.
TEST(TrustedRoot, Truncated) {
  const std::string text = base::dump_json(test::json_fixture("roots/mock.json"));
  for (size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(parse_trusted_root(text.substr(0, size)));
}

// GS-SIGSTORE-194: logs are found by the whole of their key id.
TEST(TrustedRoot, FindLog) {
  const auto root = parse_trusted_root(test::fixture("roots/production.json")).value();
  const Log& log = root.transparency_logs[1];
  EXPECT_EQ(find_log(root.transparency_logs, log.key_id), &log);
  EXPECT_EQ(find_log(root.transparency_logs, log.key_id.substr(0, 31)), nullptr);
  EXPECT_EQ(find_log(root.transparency_logs, ""), nullptr);
}

}  // namespace
}  // namespace gridseal::sigstore
