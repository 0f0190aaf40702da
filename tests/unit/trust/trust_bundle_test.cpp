#include "trust/trust_bundle.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "support/sweep.hpp"
#include "support/trust_bundles/trust_bundles.hpp"

namespace gridseal::trust {
namespace {

using test::at;
using Names = std::vector<std::string>;

template <class T>
std::string code_of(const base::Result<T>& verdict) {
  return verdict ? "" : verdict.error().code();
}

class TrustBundleTest : public testing::Test {
 protected:
  std::string succession(const TrustBundleContent& next, const Names& who) {
    return code_of(check_succession(current_, people_.bundle(next, who)));
  }
  static std::string form(const std::string& payload) { return code_of(parse_trust_bundle_content(payload)); }

  test::Signers people_;
  TrustBundleContent first_ = people_.first();
  TrustBundle current_ = people_.bundle(first_, {"root-a", "root-b"});
  TrustBundleContent next_ = test::Signers::after(first_);
};

// GS-TRUST-310: a bundle that was made is read again as it was.
TEST_F(TrustBundleTest, RoundTrip) {
  first_.expires = at("2027-03-01T00:00:00Z");
  first_.denials.digests.push_back({crypto::sha256("x"), "bad release"});
  first_.denials.endorsed.push_back({crypto::sha256("y"), people_.id("successor")});
  first_.sigstore_roots.push_back({"public", R"({"mediaType":"application/x","tlogs":[]})"});
  first_.notation_stores.push_back(
      {"ca:acme", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"});
  const TrustBundle bundle = people_.bundle(first_, {"root-a", "root-c"});
  EXPECT_EQ(canonical_text(bundle.content()), bundle.payload());
  EXPECT_EQ(bundle.version(), 1);
  EXPECT_EQ(bundle.fingerprint(), crypto::sha256(bundle.payload()));
  EXPECT_EQ(bundle.content().keys.size(), 6U);
  EXPECT_EQ(bundle.content().sigstore_roots.at(0).name, "public");
  EXPECT_EQ(bundle.content().notation_stores.at(0).name, "ca:acme");
  EXPECT_EQ(bundle.signatures().size(), 2U);
  EXPECT_EQ(code_of(check_first(bundle)), "");
}

// GS-TRUST-311: only the one canonical text of a payload is read.
TEST_F(TrustBundleTest, Canonical) {
  const std::string text = canonical_text(first_);
  ASSERT_EQ(form(text), "");
  EXPECT_EQ(form(text + "\n"), "trust.bundle_form");
  EXPECT_EQ(form(base::dump_json_pretty(*base::parse_json(text))), "trust.bundle_form");
  base::Json json = *base::parse_json(text);
  std::swap(json["keys"][0], json["keys"][1]);
  EXPECT_EQ(form(base::dump_json(json)), "trust.bundle_form");
  EXPECT_EQ(form(R"({"version":1,"version":1})"), "parse.duplicate_key");
  EXPECT_EQ(form("{"), "parse.json");
}

// GS-TRUST-312: every field that is missing, of the wrong type, out of range or unknown is refused.
TEST_F(TrustBundleTest, Fields) {
  const base::Json good = *base::parse_json(canonical_text(first_));
  const auto with = [&](const char* pointer, const base::Json& value) {
    base::Json json = good;
    json[base::Json::json_pointer(pointer)] = value;
    return form(base::dump_json(json));
  };
  const base::Json none = base::Json::array();
  EXPECT_EQ(with("/version", 0), "trust.bundle_field");
  EXPECT_EQ(with("/version", "1"), "trust.bundle_field");
  EXPECT_EQ(with("/version", 1'000'000'001), "trust.bundle_field");
  EXPECT_EQ(with("/created", "2026-03-01"), "trust.bundle_field");
  EXPECT_EQ(with("/expires", test::kBundleDay), "trust.bundle_field");
  EXPECT_EQ(with("/expires", nullptr), "trust.bundle_field");
  EXPECT_EQ(with("/surprise", 1), "trust.bundle_field");
  EXPECT_EQ(with("/keys", none), "trust.bundle_field");
  EXPECT_EQ(with("/keys/0/name", "a/b"), "trust.bundle_field");
  EXPECT_EQ(with("/keys/0/name", "root-a"), "trust.bundle_field");
  EXPECT_EQ(with("/keys/0/pem", "no key"), "trust.bundle_field");
  EXPECT_EQ(with("/keys/0/pem", good["keys"][1]["pem"]), "trust.bundle_field");
  EXPECT_EQ(with("/roles", base::Json::object()), "trust.bundle_field");
  EXPECT_EQ(with("/roles/pope", good["roles"]["root"]), "trust.bundle_field");
  EXPECT_EQ(with("/roles/root/threshold", 0), "trust.bundle_field");
  EXPECT_EQ(with("/roles/root/threshold", 4), "trust.bundle_field");
  EXPECT_EQ(with("/roles/root/keys", none), "trust.bundle_field");
  EXPECT_EQ(with("/roles/root/keys/0", "nobody"), "trust.bundle_field");
  EXPECT_EQ(with("/roles/root/keys/0", "root-b"), "trust.bundle_field");
  EXPECT_EQ(with("/artifactKeys/0", "nobody"), "trust.bundle_field");
  EXPECT_EQ(with("/artifactKeys/0", 7), "trust.bundle_field");
  EXPECT_EQ(with("/denials", none), "trust.bundle_field");
  const std::string digest = crypto::sha256("x").to_string();
  EXPECT_EQ(with("/denials/endorsements/0", {{"digest", digest}, {"by", digest}}), "trust.bundle_field");
}

// GS-TRUST-313: lists longer than their limits are refused before anything is made of them.
TEST_F(TrustBundleTest, Limits) {
  base::Json json = *base::parse_json(canonical_text(first_));
  for (int i = 0; i < 300; ++i) json["keys"].push_back(json["keys"][0]);
  EXPECT_EQ(form(base::dump_json(json)), "parse.limit");
  std::string deep(64, '[');
  deep.append(64, ']');
  EXPECT_EQ(form(deep), "parse.limit");
  EXPECT_EQ(code_of(parse_trust_bundle(std::string(kMaxTrustBundleBytes + 1, ' '))), "parse.limit");
}

// GS-TRUST-314: an envelope of another type, without signatures or with two of one key is refused.
TEST_F(TrustBundleTest, Envelope) {
  const base::Json good = *base::parse_json(current_.envelope());
  const auto with = [&](const char* pointer, const base::Json& value) {
    base::Json json = good;
    json[base::Json::json_pointer(pointer)] = value;
    return code_of(parse_trust_bundle(base::dump_json(json)));
  };
  EXPECT_EQ(with("/payloadType", "application/vnd.in-toto+json"), "trust.bundle_form");
  EXPECT_EQ(with("/payload", 5), "trust.bundle_form");
  EXPECT_EQ(with("/payload", "%%"), "parse.base64");
  EXPECT_EQ(with("/signatures", base::Json::array()), "trust.bundle_form");
  EXPECT_EQ(with("/signatures/1", good["signatures"][0]), "trust.bundle_form");
  EXPECT_EQ(with("/signatures/0/sig", "AA="), "parse.base64");
  EXPECT_EQ(with("/signatures/0/keyid", "root-a"), "trust.bundle_form");
  EXPECT_EQ(with("/signatures/0/cert", "x"), "trust.bundle_form");
  EXPECT_EQ(with("/more", "x"), "trust.bundle_form");
}

// GS-TRUST-315: a first bundle needs the root threshold of its own; one person signs once.
TEST_F(TrustBundleTest, FirstThreshold) {
  EXPECT_EQ(code_of(check_first(people_.bundle(first_, {"root-a"}))), "trust.bundle_threshold");
  EXPECT_EQ(code_of(check_first(people_.bundle(first_, {"root-a", "warden", "ci"}))),
            "trust.bundle_threshold");
  EXPECT_EQ(code_of(check_first(people_.bundle(first_, {"root-a", "stranger"}))), "trust.bundle_threshold");
  EXPECT_EQ(code_of(check_first(people_.bundle(first_, {"root-c", "root-b"}))), "");
  const auto verdict = check_first(people_.bundle(first_, {"root-b"}));
  EXPECT_NE(verdict.error().message().find("1 of root-a, root-c must sign"), std::string::npos);
}

// GS-TRUST-316: one changed bit of payload or signature, and the bundle counts no more.
TEST_F(TrustBundleTest, EveryBit) {
  const auto count = [&](const std::string& payload, const std::vector<BundleSignature>& signatures) {
    auto parsed = parse_trust_bundle(trust_bundle_envelope(payload, signatures));
    return parsed && check_first(*parsed);
  };
  const std::string payload = current_.payload();
  ASSERT_TRUE(count(payload, current_.signatures()));
  const auto of_payload = [&](const std::string& changed, const std::string& what) {
    ASSERT_FALSE(count(changed, current_.signatures())) << what;
  };
  test::sweep_bits("trust bundle, payload", payload, of_payload);
  test::sweep_lengths("trust bundle, payload", payload, of_payload);
  const auto of_signature = [&](const std::string& changed, const std::string& what) {
    auto signatures = current_.signatures();
    signatures[0].signature = changed;
    ASSERT_FALSE(count(payload, signatures)) << what;
  };
  test::sweep_bits("trust bundle, signature", current_.signatures()[0].signature, of_signature);
  test::sweep_lengths("trust bundle, signature", current_.signatures()[0].signature, of_signature);
}

// GS-TRUST-317: a successor needs the root thresholds of the bundle before it and of its own.
TEST_F(TrustBundleTest, BothThresholds) {
  EXPECT_EQ(succession(next_, {"root-a", "root-b"}), "");
  EXPECT_EQ(succession(next_, {"root-a"}), "trust.bundle_threshold");
  next_.keys.push_back({"root-x", people_.public_key("root-x")});
  next_.keys.push_back({"root-y", people_.public_key("root-y")});
  next_.root = {{"root-x", "root-y"}, 2};
  EXPECT_EQ(succession(next_, {"root-a", "root-b"}), "trust.bundle_threshold");
  EXPECT_EQ(succession(next_, {"root-x", "root-y"}), "trust.bundle_threshold");
  EXPECT_EQ(succession(next_, {"root-a", "root-x", "root-y"}), "trust.bundle_threshold");
  EXPECT_EQ(succession(next_, {"root-a", "root-b", "root-x"}), "trust.bundle_threshold");
  EXPECT_EQ(succession(next_, {"root-a", "root-b", "root-x", "root-y"}), "");
}

// GS-TRUST-318: a key of a successor that claims an old key's name does not sign for the old one.
TEST_F(TrustBundleTest, NamesAreNoKeys) {
  for (BundleKey& key : next_.keys) {
    if (key.name == "root-a") key.key = people_.public_key("impostor-a");
    if (key.name == "root-b") key.key = people_.public_key("impostor-b");
  }
  EXPECT_EQ(succession(next_, {"impostor-a", "impostor-b"}), "trust.bundle_threshold");
  EXPECT_EQ(succession(next_, {"impostor-a", "impostor-b", "root-a", "root-b"}), "");
}

// GS-TRUST-319: versions follow one another: no gap, no way back, no second bundle of one version, no time
// before the one that it follows.
TEST_F(TrustBundleTest, Versions) {
  const Names root{"root-a", "root-b"};
  TrustBundleContent gap = test::Signers::after(test::Signers::after(next_));
  EXPECT_EQ(succession(gap, root), "trust.bundle_gap");
  const auto verdict = check_succession(current_, people_.bundle(gap, root));
  EXPECT_EQ(verdict.error().outcome(), base::Outcome::pending);
  EXPECT_NE(verdict.error().message().find("bring 2 to 3 first"), std::string::npos);
  const TrustBundle later = people_.bundle(next_, root);
  EXPECT_EQ(code_of(check_succession(later, current_)), "trust.bundle_rollback");
  TrustBundleContent other = first_;
  other.expires = at("2028-01-01T00:00:00Z");
  EXPECT_EQ(succession(other, root), "trust.bundle_fork");
  next_.created = first_.created - std::chrono::seconds(1);
  EXPECT_EQ(succession(next_, root), "trust.bundle_time");
}

// GS-TRUST-320: the deny role may add denials, retirements and minimum releases, and nothing else.
TEST_F(TrustBundleTest, DenyRole) {
  TrustBundleContent denying = next_;
  denying.denials.keys.push_back({people_.id("ci")});
  denying.denials.digests.push_back({crypto::sha256("bad")});
  denying.denials.retired.push_back({crypto::sha256("old key")});
  denying.denials.floors.push_back({"pumps", base::Semver(1, 2, 0), {}});
  EXPECT_EQ(succession(denying, {"warden"}), "");
  EXPECT_EQ(succession(denying, {"successor"}), "trust.bundle_role");
  EXPECT_EQ(succession(denying, {"ci"}), "trust.bundle_threshold");
  EXPECT_EQ(succession(next_, {"warden"}), "trust.bundle_role");
  const auto changed = [&](auto change) {
    TrustBundleContent content = denying;
    change(content);
    return succession(content, {"warden"});
  };
  EXPECT_EQ(changed([](auto& c) { c.artifact_keys = {"ci"}; }), "trust.bundle_role");
  EXPECT_EQ(changed([](auto& c) { c.root.threshold = 1; }), "trust.bundle_role");
  EXPECT_EQ(changed([](auto& c) { c.expires = at("2030-01-01T00:00:00Z"); }), "trust.bundle_role");
  EXPECT_EQ(changed([&](auto& c) {
              c.keys.push_back({"new", people_.public_key("new")});
            }),
            "trust.bundle_role");
  EXPECT_EQ(changed([&](auto& c) {
              c.denials.endorsed.push_back({crypto::sha256("ok"), people_.id("successor")});
            }),
            "trust.bundle_role");
}

// GS-TRUST-321: the deny role takes no denial back and makes none milder; the root role may.
TEST_F(TrustBundleTest, DenialsStay) {
  first_.denials.keys.push_back({people_.id("ci"), at("2026-02-01T00:00:00Z")});
  current_ = people_.bundle(first_, {"root-a", "root-b"});
  TrustBundleContent milder = test::Signers::after(first_);
  milder.denials.digests.push_back({crypto::sha256("bad")});
  milder.denials.keys[0].signed_after = at("2026-02-02T00:00:00Z");
  EXPECT_EQ(succession(milder, {"warden"}), "trust.bundle_role");
  EXPECT_EQ(succession(milder, {"root-a", "root-c"}), "");
  milder.denials.keys.clear();
  EXPECT_EQ(succession(milder, {"warden"}), "trust.bundle_role");
  TrustBundleContent stricter = test::Signers::after(first_);
  stricter.denials.keys[0].signed_after.reset();
  EXPECT_EQ(succession(stricter, {"warden"}), "");
}

// GS-TRUST-322: the endorse role adds endorsements by keys that signed, and nothing else.
TEST_F(TrustBundleTest, EndorseRole) {
  TrustBundleContent endorsing = next_;
  endorsing.denials.endorsed.push_back({crypto::sha256("good"), people_.id("successor")});
  EXPECT_EQ(succession(endorsing, {"successor"}), "");
  EXPECT_EQ(succession(endorsing, {"warden"}), "trust.bundle_role");
  TrustBundleContent in_others_name = next_;
  in_others_name.denials.endorsed.push_back({crypto::sha256("good"), people_.id("ci")});
  EXPECT_EQ(succession(in_others_name, {"successor"}), "trust.bundle_role");
  EXPECT_EQ(succession(in_others_name, {"successor", "ci"}), "");
  endorsing.denials.digests.push_back({crypto::sha256("bad")});
  EXPECT_EQ(succession(endorsing, {"successor"}), "trust.bundle_role");
  EXPECT_EQ(succession(endorsing, {"successor", "warden"}), "");
  endorsing.denials.endorsed.push_back({crypto::sha256("good"), crypto::sha256("unknown")});
  EXPECT_EQ(form(canonical_text(endorsing)), "trust.bundle_field");
}

// GS-TRUST-323: a key that has a role cannot be denied or retired in the same bundle, so that the deny role
// never locks the root role out.
TEST_F(TrustBundleTest, RolesAreNotDenied) {
  for (const char* name : {"root-a", "warden", "successor"}) {
    TrustBundleContent denied = next_;
    denied.denials.keys.push_back({people_.id(name)});
    EXPECT_EQ(form(canonical_text(denied)), "trust.bundle_field") << name;
    TrustBundleContent retired = next_;
    retired.denials.retired.push_back({people_.id(name)});
    EXPECT_EQ(form(canonical_text(retired)), "trust.bundle_field") << name;
  }
}

// GS-TRUST-324: a signature that names a known key and is not good condemns the bundle; one of a stranger is
// no matter.
TEST_F(TrustBundleTest, BadSignature) {
  auto signatures = people_.bundle(next_, {"root-a", "root-b", "root-c"}).signatures();
  signatures[2].signature = signatures[1].signature;
  auto bundle = parse_trust_bundle(trust_bundle_envelope(canonical_text(next_), signatures));
  ASSERT_TRUE(bundle);
  EXPECT_EQ(code_of(check_succession(current_, *bundle)), "trust.bundle_signature");
  EXPECT_EQ(succession(next_, {"root-a", "root-b", "stranger"}), "");
}

// GS-TRUST-325: a root key that this host denies does not count towards a threshold.
TEST_F(TrustBundleTest, LocallyDenied) {
  const Denials local({.keys = {{people_.id("root-b")}}});
  EXPECT_EQ(code_of(check_succession(current_, people_.bundle(next_, {"root-a", "root-b"}), local)),
            "trust.bundle_threshold");
  EXPECT_EQ(code_of(check_succession(current_, people_.bundle(next_, {"root-a", "root-c"}), local)), "");
}

}  // namespace
}  // namespace gridseal::trust
