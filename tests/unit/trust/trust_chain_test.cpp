#include "trust/trust_chain.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/json.hpp"
#include "crypto/hash.hpp"
#include "support/faults/faulty_files.hpp"
#include "support/trust_bundles/trust_bundles.hpp"
#include "trust/effective_trust.hpp"

namespace gridseal::trust {
namespace {

using test::at;

template <class T>
std::string code(const base::Result<T>& verdict) {
  return verdict ? "" : verdict.error().code();
}

class TrustChainTest : public testing::Test {
 protected:
  TrustChainTest() {
    std::string pattern = testing::TempDir() + "trust_chain_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    places_ = {directory_ + "/etc", directory_ + "/var"};
    reset();
    TrustBundleContent content = people_.first();
    for (int i = 0; i < 4; ++i) {
      envelopes_.push_back(people_.sign(content, {"root-a", "root-b"}));
      contents_.push_back(content);
      content = test::Signers::after(content);
      content.denials.digests.push_back({crypto::sha256("bad " + std::to_string(i))});
    }
  }
  ~TrustChainTest() override { std::filesystem::remove_all(directory_); }

  void reset() const {
    std::filesystem::remove_all(places_.trust_directory);
    std::filesystem::remove_all(places_.state_directory);
    std::filesystem::create_directories(places_.trust_directory);
    std::filesystem::create_directories(places_.state_directory);
  }
  void put(const std::string& path, const std::string& text) const {
    ASSERT_TRUE(base::write_file(base::system_files(), path, text, 0600));
  }
  void pin() const { put(places_.trust_directory + "/root.json", envelopes_[0]); }
  void pin_fingerprint() const {
    put(places_.trust_directory + "/root.sha256", bundle(0).fingerprint().to_string() + "\n");
  }
  std::string stored(int64_t version) const {
    return places_.bundles() + "/" + std::to_string(version) + ".json";
  }
  TrustBundle bundle(size_t i) const { return *parse_trust_bundle(envelopes_[i]); }
  base::Result<TrustChain> load(base::Files& files = base::system_files()) const {
    return TrustChain::load(files, places_);
  }
  int64_t version(base::Files& files = base::system_files()) const {
    auto chain = load(files);
    return chain && chain->current() != nullptr ? chain->current()->version() : 0;
  }
  std::string damage() const {
    auto chain = load();
    return chain->damage() ? chain->damage()->code() : "";
  }
  void accept_all() const {
    auto chain = load();
    for (const std::string& envelope : envelopes_) ASSERT_TRUE(chain->accept(envelope));
  }

  test::Signers people_;
  std::string directory_;
  ChainPlaces places_;
  std::vector<TrustBundleContent> contents_;
  std::vector<std::string> envelopes_;  // versions 1 to 4; each denies one digest more
};

// GS-TRUST-330: without a pinned bundle there is none, nothing is wrong, and none can be brought in.
TEST_F(TrustChainTest, NothingPinned) {
  auto chain = load();
  ASSERT_TRUE(chain);
  EXPECT_FALSE(chain->pinned());
  EXPECT_EQ(chain->current(), nullptr);
  EXPECT_FALSE(chain->damage());
  EXPECT_TRUE(chain->warnings(at("2026-12-01T00:00:00Z")).empty());
  EXPECT_EQ(code(chain->accept(envelopes_[0])), "trust.bundle_unpinned");
}

// GS-TRUST-331: bundles are accepted one after the other, kept all, and validated again from the pin at the
// next start.
TEST_F(TrustChainTest, Accepts) {
  pin();
  auto chain = load();
  EXPECT_EQ(chain->current()->version(), 1);
  EXPECT_EQ(code(chain->accept(envelopes_[2])), "trust.bundle_gap");
  for (size_t i = 1; i < envelopes_.size(); ++i)
    EXPECT_EQ(*chain->accept(envelopes_[i]), Acceptance::accepted);
  for (const std::string& envelope : envelopes_) EXPECT_EQ(*chain->accept(envelope), Acceptance::known);
  EXPECT_EQ(code(chain->denials().check_digest(crypto::sha256("bad 2"))), "trust.denied_digest");
  auto again = load();
  EXPECT_EQ(again->current()->version(), 4);
  EXPECT_EQ(again->head(), 4);
  EXPECT_EQ(again->bundles().size(), 4U);
  EXPECT_FALSE(again->damage());
  EXPECT_EQ(again->denials().canonical(), chain->denials().canonical());
}

// GS-TRUST-332: the fingerprint alone pins the first bundle, which then comes from outside.
TEST_F(TrustChainTest, PinnedByFingerprint) {
  pin_fingerprint();
  auto chain = load();
  EXPECT_TRUE(chain->pinned());
  EXPECT_EQ(chain->current(), nullptr);
  EXPECT_EQ(chain->warnings(at("2026-12-01T00:00:00Z")).size(), 1U);
  EXPECT_EQ(code(chain->accept(envelopes_[1])), "trust.bundle_anchor");
  TrustBundleContent forged = contents_[0];
  forged.expires = at("2030-01-01T00:00:00Z");
  EXPECT_EQ(code(chain->accept(people_.sign(forged, {"root-a", "root-b"}))), "trust.bundle_anchor");
  EXPECT_EQ(*chain->accept(envelopes_[0]), Acceptance::accepted);
  EXPECT_EQ(*chain->accept(envelopes_[1]), Acceptance::accepted);
  EXPECT_EQ(version(), 2);
  std::filesystem::remove(stored(1));
  EXPECT_EQ(version(), 0);
  EXPECT_EQ(damage(), "trust.bundle_damaged");
}

// GS-TRUST-333: a pin that does not reach its own threshold, is no bundle, can be changed by others, is a
// link, or contradicts its fingerprint is an error at start.
TEST_F(TrustChainTest, BadPin) {
  const std::string path = places_.trust_directory + "/root.json";
  put(path, people_.sign(contents_[0], {"root-a"}));
  EXPECT_EQ(code(load()), "trust.bundle_threshold");
  put(path, "{}");
  EXPECT_EQ(code(load()), "trust.bundle_form");
  pin();
  std::filesystem::permissions(path, std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(code(load()), "trust.permissions");
  std::filesystem::rename(path, directory_ + "/elsewhere");
  std::filesystem::create_symlink(directory_ + "/elsewhere", path);
  EXPECT_EQ(code(load()), "trust.permissions");
  std::filesystem::remove(path);
  pin();
  put(places_.trust_directory + "/root.sha256", crypto::sha256("other").to_string());
  EXPECT_EQ(code(load()), "trust.bundle_anchor");
  put(places_.trust_directory + "/root.sha256", "root");
  EXPECT_EQ(code(load()), "trust.bundle_anchor");
}

// GS-TRUST-334: no way back and no second bundle of a version, also after a restart.
TEST_F(TrustChainTest, RollbackAndFork) {
  pin();
  accept_all();
  auto chain = load();
  TrustBundleContent fork = contents_[3];
  fork.denials = {};
  EXPECT_EQ(code(chain->accept(people_.sign(fork, {"root-a", "root-b"}))), "trust.bundle_fork");
  fork = contents_[1];
  fork.denials = {};
  EXPECT_EQ(code(chain->accept(people_.sign(fork, {"root-a", "root-b"}))), "trust.bundle_fork");
  EXPECT_EQ(version(), 4);
}

// GS-TRUST-335: an accepted bundle that is lost or damaged is said; the highest that validates is in force,
// nothing new is admitted, and the same bundle brought again repairs it.
TEST_F(TrustChainTest, DamageIsRepaired) {
  for (const bool remove : {true, false}) {
    for (const int64_t lost : {2, 4}) {
      reset();
      pin();
      accept_all();
      if (remove) {
        std::filesystem::remove(stored(lost));
      } else {
        put(stored(lost), envelopes_[static_cast<size_t>(lost) - 1].substr(0, 500));
      }
      auto chain = load();
      EXPECT_EQ(chain->current()->version(), lost - 1);
      ASSERT_TRUE(chain->damage());
      EXPECT_EQ(chain->damage()->code(), remove ? "trust.bundle_missing" : "trust.bundle_damaged");
      EXPECT_EQ(chain->damage()->outcome(), base::Outcome::blocked);
      EXPECT_EQ(chain->head(), 4);
      for (size_t i = static_cast<size_t>(lost) - 1; i < envelopes_.size(); ++i)
        EXPECT_EQ(*chain->accept(envelopes_[i]), Acceptance::accepted);
      EXPECT_FALSE(chain->damage());
      EXPECT_EQ(damage(), "");
      EXPECT_EQ(version(), 4);
    }
  }
}

// GS-TRUST-336: a bundle that took the place of the accepted one on disk is noticed, and cannot be brought in
// while the accepted one is missing.
TEST_F(TrustChainTest, SwappedOnDisk) {
  pin();
  accept_all();
  TrustBundleContent other = contents_[3];
  other.denials.digests.clear();
  const std::string swapped = people_.sign(other, {"root-a", "root-b"});
  put(stored(4), swapped);
  EXPECT_EQ(damage(), "trust.bundle_fork");
  std::filesystem::remove(stored(4));
  auto chain = load();
  EXPECT_EQ(code(chain->accept(swapped)), "trust.bundle_fork");
  EXPECT_EQ(*chain->accept(envelopes_[3]), Acceptance::accepted);
}

// GS-TRUST-337: expiry warns and changes nothing else.
TEST_F(TrustChainTest, ExpiryWarns) {
  contents_[0].expires = at("2026-06-01T00:00:00Z");
  envelopes_[0] = people_.sign(contents_[0], {"root-a", "root-b"});
  pin();
  auto chain = load();
  EXPECT_TRUE(chain->warnings(at("2026-05-31T00:00:00Z")).empty());
  EXPECT_EQ(chain->warnings(at("2026-06-02T00:00:00Z")).size(), 1U);
  TrustBundleContent next = test::Signers::after(contents_[0]);
  EXPECT_EQ(*chain->accept(people_.sign(next, {"root-a", "root-b"})), Acceptance::accepted);
}

// GS-TRUST-338: the power may go at every write: then the bundle is accepted or it is not, nothing is
// damaged, and it can be accepted again.
TEST_F(TrustChainTest, PowerCutWhileAccepting) {
  for (uint64_t effects = 0;; ++effects) {
    reset();
    pin();
    ASSERT_TRUE(load()->accept(envelopes_[1]));
    test::Fuse fuse(effects);
    test::FaultyFiles files(base::system_files(), fuse, "files.io");
    auto chain = load(files);
    const bool accepted = chain->accept(envelopes_[2]).has_value();
    EXPECT_EQ(chain->current()->version(), accepted ? 3 : 2);
    EXPECT_EQ(damage(), "") << effects;
    EXPECT_GE(version(), accepted ? 3 : 2) << effects;
    auto again = load();
    EXPECT_TRUE(again->accept(envelopes_[2])) << effects;
    EXPECT_EQ(version(), 3);
    if (accepted) {
      EXPECT_GE(effects, 8U);
      break;
    }
  }
}

// GS-TRUST-339: denying needs no signature, adds up, survives a restart, and holds beside any bundle.
TEST_F(TrustChainTest, LocalDenials) {
  pin();
  auto chain = load();
  EXPECT_TRUE(chain->deny({.digests = {{crypto::sha256("mine"), "seen to leak"}}}));
  EXPECT_TRUE(
      chain->deny({.keys = {{people_.id("ci")}}, .endorsed = {{crypto::sha256("x"), people_.id("ci")}}}));
  ASSERT_TRUE(chain->accept(envelopes_[1]));
  const Denials denials = load()->denials();
  EXPECT_EQ(code(denials.check_digest(crypto::sha256("mine"))), "trust.denied_digest");
  EXPECT_EQ(code(denials.check_digest(crypto::sha256("bad 0"))), "trust.denied_digest");
  const std::vector<SignerId> ci{people_.id("ci")};
  EXPECT_EQ(code(denials.check_signer(ci, crypto::sha256("x"), {}, Occasion::running)), "trust.denied_key");
  EXPECT_TRUE(load()->local_denials().endorsed.empty());
}

// GS-TRUST-340: denials of this host that cannot be read stop what is new, and are not written over.
TEST_F(TrustChainTest, LocalDenialsDamaged) {
  const std::string path = places_.bundles() + "/local-denials.json";
  for (const char* text : {"", "{", "{\"denied\":{\"keys\":[{}]}}", "{\"other\":1}"}) {
    std::filesystem::create_directories(places_.bundles());
    put(path, text);
    auto chain = load();
    ASSERT_TRUE(chain);
    ASSERT_TRUE(chain->damage()) << text;
    EXPECT_EQ(chain->damage()->code(), "trust.local_denials");
    EXPECT_EQ(code(chain->deny({.digests = {{crypto::sha256("y")}}})), "trust.local_denials");
    EXPECT_EQ(*base::read_file(base::system_files(), path), text);
  }
}

// GS-TRUST-341: the power may go at every write of a denial: the old denials or the new ones are there.
TEST_F(TrustChainTest, PowerCutWhileDenying) {
  for (uint64_t effects = 0;; ++effects) {
    reset();
    ASSERT_TRUE(load()->deny({.digests = {{crypto::sha256("first")}}}));
    test::Fuse fuse(effects);
    test::FaultyFiles files(base::system_files(), fuse, "files.io");
    auto chain = load(files);
    const bool done = chain->deny({.digests = {{crypto::sha256("second")}}}).has_value();
    EXPECT_EQ(damage(), "");
    const Denials denials = load()->denials();
    EXPECT_EQ(code(denials.check_digest(crypto::sha256("first"))), "trust.denied_digest");
    if (done) {
      EXPECT_EQ(code(denials.check_digest(crypto::sha256("second"))), "trust.denied_digest");
      break;
    }
  }
}

class ReanchorTest : public TrustChainTest {
 protected:
  ReanchorTest() {
    pin();
    accept_all();
    fresh_ = contents_[0];
    fresh_.version = 10;
    fresh_.keys.push_back({"new-root", new_people_.public_key("new-root")});
    fresh_.root = {{"new-root"}, 1};
    envelope_ = new_people_.sign(fresh_, {"new-root"});
    fingerprint_ = parse_trust_bundle(envelope_)->fingerprint();
  }
  base::Result<void> reanchor(TrustChain chain) const {
    return chain.reanchor(envelope_, fingerprint_, "uid 0 (root)", "root keys were lost",
                          at("2026-09-01T00:00:00Z"));
  }

  test::Signers new_people_;
  TrustBundleContent fresh_;
  std::string envelope_;
  base::Digest fingerprint_{base::Digest::Raw{}};
};

// GS-TRUST-342: a new first bundle counts by its fingerprint, is remembered with who and why, and is followed
// by its own successors only.
TEST_F(ReanchorTest, TakesThePlaceOfTheRoot) {
  auto chain = load();
  ASSERT_TRUE(reanchor(*chain));
  auto again = load();
  EXPECT_EQ(again->current()->version(), 10);
  EXPECT_FALSE(again->damage());
  ASSERT_TRUE(again->anchor());
  EXPECT_EQ(again->anchor()->who, "uid 0 (root)");
  EXPECT_EQ(again->anchor()->why, "root keys were lost");
  EXPECT_EQ(again->warnings(at("2026-09-02T00:00:00Z")).size(), 1U);
  const TrustBundleContent next = test::Signers::after(fresh_);
  EXPECT_EQ(code(again->accept(people_.sign(next, {"root-a", "root-b"}))), "trust.bundle_threshold");
  EXPECT_EQ(*again->accept(new_people_.sign(next, {"new-root"})), Acceptance::accepted);
  EXPECT_EQ(version(), 11);
}

// GS-TRUST-348: what was taken back under the lost root stays so on this host, also after a restart, and is
// there before the new root counts.
TEST_F(ReanchorTest, KeepsWhatWasTakenBack) {
  const SignerId key = people_.id("ci");
  const base::Digest artifact = crypto::sha256("explodes");
  TrustBundleContent next = test::Signers::after(contents_.back());
  next.denials.keys.push_back({key, {}, "stolen"});
  next.denials.identities.push_back({"https://issuer", "a@b", {}, "left"});
  next.denials.digests.push_back({artifact, ""});
  next.denials.floors.push_back({"pumps", base::Semver::parse("1.4.0").value(), {}});
  next.denials.endorsed.push_back({artifact, people_.id("successor"), ""});
  const std::string envelope = people_.sign(next, {"root-a", "root-b"});
  for (uint64_t effects = 0;; ++effects) {
    reset();
    pin();
    accept_all();
    ASSERT_TRUE(load()->accept(envelope));
    test::Fuse fuse(effects);
    test::FaultyFiles files(base::system_files(), fuse, "files.io");
    auto chain = load(files);
    const bool done = reanchor(*chain).has_value();
    const auto again = load();
    const Denials denials = again->denials();
    EXPECT_EQ(code(denials.check_digest(artifact)), "trust.denied_digest") << effects;
    EXPECT_EQ(code(denials.check_identity("https://issuer", "a@b", {})), "trust.denied_identity");
    EXPECT_EQ(code(denials.check_minimum("pumps", base::Semver::parse("1.3.0").value(), {})),
              "floor.minimum");
    if (!done) continue;
    EXPECT_EQ(again->current()->version(), 10);
    EXPECT_EQ(again->local_denials().keys.size(), 1U);
    EXPECT_TRUE(again->local_denials().endorsed.empty());
    break;
  }
}

// GS-TRUST-343: another fingerprint, too few signatures, or a version that was passed already is refused.
TEST_F(ReanchorTest, Refused) {
  auto chain = load();
  EXPECT_EQ(code(chain->reanchor(envelope_, crypto::sha256("typed wrong"), "", "", {})),
            "trust.bundle_anchor");
  fresh_.version = 4;
  envelope_ = new_people_.sign(fresh_, {"new-root"});
  fingerprint_ = parse_trust_bundle(envelope_)->fingerprint();
  EXPECT_EQ(code(reanchor(*chain)), "trust.bundle_rollback");
  fresh_.version = 10;
  envelope_ = new_people_.sign(fresh_, {"ci"});
  fingerprint_ = parse_trust_bundle(envelope_)->fingerprint();
  EXPECT_EQ(code(reanchor(*chain)), "trust.bundle_threshold");
  EXPECT_EQ(version(), 4);
}

// GS-TRUST-344: once another bundle is pinned, the pin counts and not the record of the re-anchoring.
TEST_F(ReanchorTest, NewPinCounts) {
  ASSERT_TRUE(reanchor(*load()));
  put(places_.trust_directory + "/root.json", envelope_);
  auto chain = load();
  EXPECT_FALSE(chain->anchor());
  EXPECT_EQ(chain->current()->version(), 10);
  EXPECT_FALSE(chain->damage());
}

// GS-TRUST-345: the power may go at every write: the old root or the new one is in force, never none.
TEST_F(ReanchorTest, PowerCut) {
  for (uint64_t effects = 0;; ++effects) {
    reset();
    pin();
    accept_all();
    test::Fuse fuse(effects);
    test::FaultyFiles files(base::system_files(), fuse, "files.io");
    auto chain = load(files);
    const bool done = reanchor(*chain).has_value();
    EXPECT_EQ(damage(), "") << effects;
    const int64_t in_force = version();
    EXPECT_TRUE(in_force == 10 || (in_force == 4 && !done)) << effects << " " << in_force;
    if (done) break;
  }
}

// GS-TRUST-346: a damaged record of the re-anchoring never brings the lost root back.
TEST_F(ReanchorTest, DamagedRecord) {
  ASSERT_TRUE(reanchor(*load()));
  put(places_.bundles() + "/anchor.json", "{");
  EXPECT_EQ(version(), 0);
  EXPECT_EQ(damage(), "trust.bundle_damaged");
  auto chain = load();
  fresh_.version = 12;
  envelope_ = new_people_.sign(fresh_, {"new-root"});
  fingerprint_ = parse_trust_bundle(envelope_)->fingerprint();
  EXPECT_TRUE(reanchor(*chain));
  EXPECT_EQ(version(), 12);
}

// GS-TRUST-347: what is trusted is the pinned files and the bundle together; what clashes or cannot be used
// is left out and said, and denials of all count.
TEST_F(TrustChainTest, Fold) {
  TrustBundleContent content = contents_[1];
  content.sigstore_roots.push_back({"broken", R"({"mediaType":"something else"})"});
  content.notation_stores.push_back(
      {"ca:acme", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"});
  const TrustBundle bundle = people_.bundle(content, {"root-a"});
  TrustContent pinned;
  pinned.keys.push_back({"local.pub", people_.public_key("local")});
  pinned.keys.push_back({"ci", people_.public_key("another")});
  pinned.keys.push_back({"next.pub", people_.public_key("successor")});
  const DenialEntries local{.digests = {{crypto::sha256("mine")}}};
  const EffectiveTrust folded = fold_trust(pinned, &bundle, local);
  EXPECT_EQ(folded.content.keys.size(), 3U);
  EXPECT_TRUE(folded.content.sigstore_roots.empty());
  EXPECT_TRUE(folded.content.notation_stores.empty());
  EXPECT_EQ(folded.left_out.size(), 4U);
  EXPECT_EQ(folded.content.bundle_version, bundle.version());
  EXPECT_EQ(code(folded.content.denials.check_digest(crypto::sha256("mine"))), "trust.denied_digest");
  EXPECT_EQ(code(folded.content.denials.check_digest(crypto::sha256("bad 0"))), "trust.denied_digest");
  EXPECT_TRUE(TrustState::make(folded.content));

  const EffectiveTrust added = fold_trust({}, &bundle, {});
  ASSERT_EQ(added.content.keys.size(), 2U);
  EXPECT_EQ(added.content.keys[0].name, "ci");
  const EffectiveTrust alone = fold_trust(pinned, nullptr, local);
  EXPECT_EQ(alone.content.keys.size(), 3U);
  EXPECT_TRUE(alone.left_out.empty());
  EXPECT_EQ(code(alone.content.denials.check_digest(crypto::sha256("mine"))), "trust.denied_digest");
}

}  // namespace
}  // namespace gridseal::trust
