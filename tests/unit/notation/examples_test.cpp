// What notation 1.3.2 stored in a registry, with its trust store and policies; and the two algorithms it was
// not asked for.
#include "base/files.hpp"
#include "fixture.hpp"

namespace gridseal::notation {
namespace {

std::string fixture(const std::string& name) {
  auto bytes = base::read_file(base::system_files(), std::string(GRIDSEAL_FIXTURES) + "/notation/" + name);
  EXPECT_TRUE(bytes) << name;
  return bytes ? *bytes : "";
}

struct Example {
  std::string file;
  Algorithm algorithm = Algorithm::es256;
  std::string root = "acme-root.crt";
};

TrustStore store_of(const std::string& root) {
  TrustStore store;
  EXPECT_TRUE(store.add_certificates({StoreType::ca, "acme"}, fixture(root), root));
  return store;
}

Request signed_request() {
  return {
      {"application/vnd.oci.image.manifest.v1+json",
       *base::Digest::parse("sha256:adaccc60ab63c49f5c9e3101ae37753870edf05ec08e09a72fe2102e0fb39932"), 697},
      "127.0.0.1:5511/ex/notation",
      {}};
}

const base::Time kSoonAfter = pki::at("2026-11-23T20:00:00Z");

base::Result<Verified> judge(const Example& example, const Request& request, base::Time now = kSoonAfter) {
  const auto policy = TrustPolicyDocument::parse(fixture("trustpolicy-strict.json"));
  const std::string envelope = fixture(example.file);
  return verify(notary::media_type_of(envelope), envelope, request, *policy, store_of(example.root), now);
}

class GoodExample : public testing::TestWithParam<Example> {};

// GS-NOTATION-120: what notation signed, with each of its keys and in both forms, verifies under its own
// policy.
TEST_P(GoodExample, Verifies) {
  const auto verified = judge(GetParam(), signed_request());
  ASSERT_TRUE(verified) << verified.error().describe();
  EXPECT_EQ(verified->algorithm, GetParam().algorithm);
  EXPECT_EQ(verified->chain.size(), 2U);
  EXPECT_TRUE(verified->logged.empty());
}

// GS-NOTATION-121: the same envelope is refused for another artifact and with another root.
TEST_P(GoodExample, IsRefusedElsewhere) {
  Request other = signed_request();
  other.artifact.digest = *base::Digest::from_hex(std::string(64, '0'));
  EXPECT_EQ(judge(GetParam(), other).error().code(), "notary.descriptor");
  Example untrusted = GetParam();
  untrusted.root = untrusted.root == "acme-root.crt" ? "own-root.crt" : "acme-root.crt";
  EXPECT_EQ(judge(untrusted, signed_request()).error().code(), "notary.store");
}

INSTANTIATE_TEST_SUITE_P(Files, GoodExample,
                         testing::Values(Example{"jws-p256.jws"}, Example{"jws-p384.jws", Algorithm::es384},
                                         Example{"jws-rsa2048.jws", Algorithm::ps256},
                                         Example{"jws-rsa4096.jws", Algorithm::ps512},
                                         Example{"cose-p256.cose"},
                                         Example{"cose-p384.cose", Algorithm::es384},
                                         Example{"cose-rsa2048.cose", Algorithm::ps256},
                                         Example{"cose-rsa4096.cose", Algorithm::ps512},
                                         Example{"referrers-tag.jws"}, Example{"two-signatures.jws"},
                                         Example{"two-signatures.cose", Algorithm::ps256},
                                         Example{"level-audit.jws"}, Example{"level-skip.jws"},
                                         Example{"own-rsa3072.jws", Algorithm::ps384, "own-root.crt"},
                                         Example{"own-rsa3072.cose", Algorithm::ps384, "own-root.crt"},
                                         Example{"own-p521.jws", Algorithm::es512, "own-root.crt"},
                                         Example{"own-p521.cose", Algorithm::es512, "own-root.crt"}),
                         [](const auto& info) {
                           std::string name = info.param.file;
                           for (char& c : name)
                             c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           return name;
                         });

// GS-NOTATION-122: expiry and user metadata that notation signed are judged as it judges them.
TEST(Examples, ExpiryAndMetadata) {
  for (const char* file : {"jws-expiry-metadata.jws", "cose-expiry-metadata.cose"}) {
    Request request = signed_request();
    request.annotations = {{"site", "oslo"}};
    const auto verified = judge({file}, request);
    ASSERT_TRUE(verified) << verified.error().describe();
    EXPECT_EQ(verified->annotations.at("site"), "oslo");
    EXPECT_EQ(verified->expiry, pki::at("2026-11-24T17:06:28Z"));
    EXPECT_EQ(judge({file}, request, pki::at("2026-11-24T17:06:28Z")).error().code(), "notary.expired");
    request.annotations = {{"site", "bergen"}};
    EXPECT_EQ(judge({file}, request).error().code(), "notary.metadata");
  }
}

// GS-NOTATION-123: notation's policies of level audit and skip are refused.
TEST(Examples, AuditAndSkip) {
  for (const char* file : {"trustpolicy-audit.json", "trustpolicy-skip.json"}) {
    const auto policy = TrustPolicyDocument::parse(fixture(file));
    ASSERT_FALSE(policy) << file;
    EXPECT_EQ(policy.error().code(), "notary.policy");
  }
}

}  // namespace
}  // namespace gridseal::notation
