#include "trust/floor.hpp"

#include <gtest/gtest.h>

#include "support/signing/signing.hpp"

namespace gridseal::trust {
namespace {

class FloorTest : public testing::Test {
 protected:
  FloorTest() : key_(test::new_key()), trust_(test::trust_in({test::pin("ci.pub", key_.public_key())})) {}

  Verified artifact(const std::string& version, const std::string& created) const {
    Evidence evidence = test::unsigned_artifact({{"org.opencontainers.image.title", "pumps"},
                                                 {"org.opencontainers.image.version", version},
                                                 {"org.opencontainers.image.created", created}});
    test::sign_bundle(evidence, key_);
    return *verify(trust_.state, trust_.policy, {}, evidence);
  }

  static std::string code(const base::Result<void>& verdict) { return verdict ? "" : verdict.error().code(); }

  crypto::PrivateKey key_;
  test::Trust trust_;
};

constexpr const char* kEarly = "2026-01-01T00:00:00Z";
constexpr const char* kLate = "2026-06-01T00:00:00Z";

// GS-TRUST-070: nothing older than the floor is installed: not by version, not by time.
TEST_F(FloorTest, OlderIsRefused) {
  const auto floor = raise_floor(std::nullopt, artifact("1.4.0", kLate));
  EXPECT_EQ(code(check_floor(std::nullopt, artifact("0.1.0", kEarly))), "");
  EXPECT_EQ(code(check_floor(floor, artifact("1.4.0", kLate))), "");
  EXPECT_EQ(code(check_floor(floor, artifact("1.5.0", kEarly))), "");
  EXPECT_EQ(code(check_floor(floor, artifact("1.3.9", "2027-01-01T00:00:00Z"))), "floor.version");
  EXPECT_EQ(code(check_floor(floor, artifact("1.4.0-rc.1", kLate))), "floor.version");
  EXPECT_EQ(code(check_floor(floor, artifact("1.4.0+rebuilt", kEarly))), "floor.created");
  EXPECT_EQ(code(check_floor(floor, artifact("1.4.0+rebuilt", kLate))), "");
  EXPECT_EQ(code(check_floor(floor, artifact("main-17", kEarly))), "floor.created");
  EXPECT_EQ(code(check_floor(floor, artifact("main-18", kLate))), "");
}

// GS-TRUST-071: a permit recorded for exactly this digest lets it pass, and does not lower the floor.
TEST_F(FloorTest, Permit) {
  const auto floor = raise_floor(std::nullopt, artifact("1.4.0", kLate));
  const Verified old = artifact("1.3.0", kEarly);
  EXPECT_EQ(code(check_floor(floor, old, {old.digest()})), "");
  EXPECT_EQ(code(check_floor(floor, old, {crypto::sha256("other")})), "floor.version");
  EXPECT_EQ(raise_floor(floor, old).version, "1.4.0");
  EXPECT_EQ(raise_floor(floor, old).digest, floor.digest);
}

// GS-TRUST-072: raising never lowers version or time, also across versions that cannot be compared.
TEST_F(FloorTest, RaiseIsMonotonic) {
  auto floor = raise_floor(std::nullopt, artifact("1.4.0", kLate));
  floor = raise_floor(floor, artifact("1.5.0", kEarly));
  EXPECT_EQ(floor.version, "1.5.0");
  EXPECT_EQ(base::format_rfc3339(floor.created), kLate);
  floor = raise_floor(floor, artifact("main-99", "2026-07-01T00:00:00Z"));
  EXPECT_EQ(floor.version, "1.5.0");
  EXPECT_EQ(base::format_rfc3339(floor.created), "2026-07-01T00:00:00Z");
  EXPECT_EQ(code(check_floor(floor, artifact("1.4.9", "2026-08-01T00:00:00Z"))), "floor.version");
}

}  // namespace
}  // namespace gridseal::trust
