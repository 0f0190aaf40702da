// Every single bit and every length of an envelope.
#include "support/sweep.hpp"
#include "fixture.hpp"

namespace gridseal::notation {
namespace {

class SweepTest : public NotationTest {
 protected:
  // What an envelope proves; changes elsewhere may leave it alone.
  std::string proof(const std::string& envelope, std::string_view media_type) const {
    static const TrustPolicyDocument policy = notary::policy();
    const auto verified = verify(media_type, envelope, request_, policy, store_, now_);
    if (!verified) return "";
    std::string all = verified->signer() + base::format_rfc3339(*verified->signing_time);
    for (const SignerCertificate& certificate : verified->chain) all += certificate.fingerprint;
    return all;
  }

  // Flips each bit of [begin, end) and cuts at each length.
  void flip(const std::string& good, size_t begin, size_t end) const {
    const auto media_type = notary::media_type_of(good);
    ASSERT_NE(proof(good, media_type), "");
    for (size_t i = begin; i < end; ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
        ASSERT_EQ(proof(bad, media_type), "") << "byte " << i << ", bit " << bit;
      }
    }
  }
  void truncate(const std::string& good) const {
    for (size_t size = 0; size < good.size(); ++size)
      ASSERT_EQ(proof(good.substr(0, size), notary::media_type_of(good)), "") << size;
  }
  // Bits outside the signed parts: nothing crashes, and what still verifies proves the same.
  void flip_elsewhere(const std::string& good) const {
    const auto media_type = notary::media_type_of(good);
    const std::string expected = proof(good, media_type);
    test::sweep_bits(std::string(media_type), good, [&](const std::string& bad, const std::string& what) {
      const std::string found = proof(bad, media_type);
      ASSERT_TRUE(found.empty() || found == expected) << what;
    });
  }
};

// GS-NOTATION-130: no JWS envelope verifies with one bit of its protected header, payload or signature
// changed.
TEST_F(SweepTest, JwsSignedParts) {
  const std::string good = Jws(signer_).text();
  const Json json = Json::parse(good);
  for (const char* member : {"protected", "payload", "signature"}) {
    const auto value = json[member].get<std::string>();
    flip(good, good.find(value), good.find(value) + value.size());
  }
}

// GS-NOTATION-131: no COSE envelope verifies with one bit of its protected header, payload or signature
// changed.
TEST_F(SweepTest, CoseSignedParts) {
  const Cose cose(signer_);
  const std::string good = cose.bytes();
  const size_t chain = good.find(signer_.chain[0].der());
  flip(good, 0, chain - 7);  // tag, array and protected header, up to the unprotected map
  flip(good, good.find(cose.payload), good.size());
}

// GS-NOTATION-132: a truncated envelope never verifies; a change outside the signed parts never proves
// anything else.
TEST_F(SweepTest, TruncatedAndChangedElsewhere) {
  for (const std::string& good : {Jws(signer_).text(), Cose(signer_).bytes()}) {
    truncate(good);
    flip_elsewhere(good);
  }
}

}  // namespace
}  // namespace gridseal::notation
