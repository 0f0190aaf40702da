// `gridseal verify` as a user runs it, over what real signers left in a registry.
#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "support/program.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

constexpr const char* kFixtures = GRIDSEAL_FIXTURES;
constexpr const char* kSubject =
    "https://github.com/acme/fleet/.github/workflows/release.yml@refs/heads/main";
constexpr const char* kIssuer = "https://token.actions.githubusercontent.com";

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        ::testing::TempDir() + "gs_verify_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    ASSERT_TRUE(files_.remove_tree(folder_));
    ASSERT_TRUE(files_.make_directories(folder_ + "/tmp", 0755));
  }
  void TearDown() override { ASSERT_TRUE(files_.remove_tree(folder_)); }

  test::Ran verify(const std::string& arguments) const {
    return test::run_program("NO_COLOR=1 TMPDIR='" + folder_ +
                             "/tmp' '" GRIDSEAL_PROGRAM "' verify --config-dir '" + folder_ + "/etc' " +
                             arguments);
  }
  Json verify_json(const std::string& arguments) const {
    const test::Ran ran = verify(arguments + " -o json");
    auto json = base::parse_json(ran.output);
    EXPECT_TRUE(json) << ran.output;
    return json ? *json : Json();
  }
  std::string read(const std::string& path) {
    auto text = base::read_file(files_, path);
    EXPECT_TRUE(text) << path;
    return text ? *text : std::string();
  }
  void put(const std::string& name, std::string_view text) {
    const std::string path = folder_ + "/" + name;
    ASSERT_TRUE(files_.make_directories(base::parent_directory(path), 0755));
    auto file = files_.open_output(path, base::WriteMode::truncate, 0644);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write(text));
  }

  static std::string fixture(const std::string& name) { return std::string(kFixtures) + "/" + name; }
  static std::string key(const std::string& name) { return fixture("signing/" + name + "/cosign.pub"); }

  // What lies among the fixtures, as an OCI layout; returns the target.
  std::string layout(const std::string& name) {
    const std::string from = fixture("signing/" + name);
    Json manifests = Json::array();
    const auto tags = base::parse_json(read(from + "/tags.json"));
    EXPECT_TRUE(tags);
    for (const auto& [tag, digest] : tags->items()) {
      const std::string bytes = read(from + "/blobs/" + digest.get<std::string>().substr(7));
      const auto document = base::parse_json(bytes);
      EXPECT_TRUE(document);
      manifests.push_back({{"mediaType", (*document)["mediaType"]},
                           {"digest", digest},
                           {"size", bytes.size()},
                           {"annotations", {{"org.opencontainers.image.ref.name", tag}}}});
    }
    put(name + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    put(name + "/index.json", base::dump_json({{"schemaVersion", 2}, {"manifests", manifests}}));
    const auto blobs = files_.list(from + "/blobs");
    EXPECT_TRUE(blobs);
    for (const base::Entry& blob : *blobs)
      put(name + "/blobs/sha256/" + blob.name, read(from + "/blobs/" + blob.name));
    return "oci-layout:" + folder_ + "/" + name + ":v1";
  }
  std::string blob_of(const std::string& name, const std::string& tag) {
    const auto tags = base::parse_json(read(fixture("signing/" + name + "/tags.json")));
    return name + "/blobs/sha256/" + (*tags)[tag].get<std::string>().substr(7);
  }
  static std::string identity(const std::string& subject = kSubject, const std::string& issuer = kIssuer) {
    return " --certificate-identity '" + subject + "' --certificate-oidc-issuer '" + issuer +
           "' --trusted-root " + fixture("sigstore/roots/local.json");
  }

  base::Files& files_ = base::system_files();
  std::string folder_;
};

// GS-CLI-041: Every form of a signature by a key verifies by that key alone; another key is refused with 1.
TEST_F(VerifyTest, Keys) {
  for (const char* name :
       {"cosign2-keyed-legacy", "cosign2-keyed-rekor", "cosign3-keyed-bundle", "cosign3-keyed-bundle-p384",
        "cosign3-keyed-tsa-only", "cosign3-sign-and-attest"}) {
    const std::string target = layout(name);
    const test::Ran good = verify("--key " + key(name) + " " + target);
    EXPECT_EQ(good.code, 0) << name << good.output;
    EXPECT_NE(good.output.find("✓ signature"), std::string::npos) << good.output;
    const test::Ran wrong = verify(target + " --key " + key("cosign2-keyed-legacy-p521"));
    EXPECT_EQ(wrong.code, 1) << name << wrong.output;
    EXPECT_NE(wrong.output.find("✗ signature"), std::string::npos) << wrong.output;
  }
}

// GS-CLI-042: An attestation is no signature: pending, with its stable code.
TEST_F(VerifyTest, AttestationIsNoSignature) {
  for (const char* name : {"cosign2-attest-keyed-vuln", "cosign3-attest-keyed-vuln"}) {
    const std::string arguments = layout(name) + " --key " + key(name);
    EXPECT_EQ(verify(arguments).code, 1);
    const Json json = verify_json(arguments);
    EXPECT_EQ(json["outcome"], "pending");
    EXPECT_EQ(json["code"], "registry.no_signature");
  }
}

// GS-CLI-043: An identity counts with its issuer and a trusted root; what passed before it fails is shown.
TEST_F(VerifyTest, Identities) {
  for (const char* name :
       {"cosign2-keyless-legacy", "cosign3-keyless-rekor1", "cosign3-keyless-rekor2-tsa"}) {
    const std::string target = layout(name);
    EXPECT_EQ(verify(target + identity()).code, 0) << name;
    const test::Ran other = verify(target + identity(std::string(kSubject) + "x"));
    EXPECT_EQ(other.code, 1);
    EXPECT_NE(other.output.find("✓ certificate chain"), std::string::npos) << other.output;
    EXPECT_NE(other.output.find("(identity.san)"), std::string::npos) << other.output;
    const test::Ran issuer = verify(target + identity(kSubject, "https://evil.example"));
    EXPECT_EQ(issuer.code, 1);
    EXPECT_NE(issuer.output.find("(identity.issuer)"), std::string::npos) << issuer.output;
  }
  const std::string target = layout("cosign3-keyless-rekor1");
  const test::Ran rootless =
      verify(target + " --certificate-identity x --certificate-oidc-issuer https://y.example");
  EXPECT_EQ(rootless.code, 2);
  EXPECT_NE(rootless.output.find("--trusted-root"), std::string::npos);
}

// GS-CLI-044: Notary Project signatures are judged by notation's own policy and store, at the time that is
// named.
TEST_F(VerifyTest, Notation) {
  put("store/x509/ca/acme/root.crt", read(fixture("notation/acme-root.crt")));
  const std::string arguments =
      layout("notation-jws-p256") + " --trust-store " + folder_ + "/store --trust-policy ";
  const std::string strict =
      arguments + fixture("notation/trustpolicy-strict.json") + " --at 2026-11-24T12:00:00Z";
  EXPECT_EQ(verify(strict).code, 0) << verify(strict).output;
  EXPECT_EQ(verify(strict + " -a site=oslo").code, 1);
  const test::Ran late =
      verify(arguments + fixture("notation/trustpolicy-strict.json") + " --at 2126-11-24T12:00:00Z");
  EXPECT_EQ(late.code, 1);
  EXPECT_NE(late.output.find("(notary.timestamp)"), std::string::npos) << late.output;
  EXPECT_NE(late.output.find("✓ authenticity"), std::string::npos) << late.output;
  const test::Ran skip = verify(arguments + fixture("notation/trustpolicy-skip.json"));
  EXPECT_EQ(skip.code, 1);
  EXPECT_NE(skip.output.find("nothing unsigned is applied"), std::string::npos) << skip.output;
}

// GS-CLI-045: A layout in a tar file, packed or not, is judged as its directory is, and leaves nothing
// behind.
TEST_F(VerifyTest, Archives) {
  const std::string name = "cosign3-keyed-bundle";
  (void)layout(name);
  for (const char* mode : {"cf", "czf"}) {
    const std::string tar = folder_ + "/layout.tar";
    ASSERT_EQ(test::run_program("tar -C " + folder_ + "/" + name + " -" + mode + " " + tar + " .").code, 0);
    EXPECT_EQ(verify("oci-layout:" + tar + ":v1 --key " + key(name)).code, 0) << mode;
    EXPECT_EQ(verify("oci-layout:" + tar + ":v1 --key " + key("cosign2-keyed-legacy-p521")).code, 1) << mode;
    put("layout.tar", read(tar).substr(0, 900));
    EXPECT_EQ(verify("oci-layout:" + tar + ":v1 --key " + key(name)).code, 2) << mode;
  }
  auto left = files_.list(folder_ + "/tmp");
  ASSERT_TRUE(left);
  EXPECT_TRUE(left->empty());
}

// GS-CLI-046: What is judged and broken ends with 1 and its code; what cannot be judged with 2.
TEST_F(VerifyTest, BrokenLayouts) {
  const std::string name = "cosign3-keyed-bundle";
  const std::string target = layout(name);
  const std::string arguments = target + " --key " + key(name);
  const std::string manifest = blob_of(name, "v1");
  const std::string bytes = read(folder_ + "/" + manifest);
  const auto document = base::parse_json(bytes);
  ASSERT_TRUE(document);
  put(manifest, bytes + " ");
  EXPECT_EQ(verify_json(arguments)["code"], "artifact.digest_mismatch");
  EXPECT_EQ(verify(arguments).code, 1);
  put(manifest, bytes);
  const std::string layer =
      name + "/blobs/sha256/" + (*document)["layers"][0]["digest"].get<std::string>().substr(7);
  put(layer, "other");
  EXPECT_EQ(verify_json(arguments)["code"], "blob.digest_mismatch");
  ASSERT_TRUE(files_.remove(folder_ + "/" + layer));
  const Json sparse = verify_json(arguments);
  EXPECT_EQ(sparse["verified"], true);
  EXPECT_EQ(sparse["notes"].size(), 1U);
  EXPECT_EQ(verify(arguments + " --key /none").code, 2);
  EXPECT_EQ(verify("oci-layout:" + folder_ + "/" + name + ":v9 --key " + key(name)).code, 2);
  put(name + "/index.json", "{");
  EXPECT_EQ(verify(arguments).code, 2);
}

// GS-CLI-047: The JSON document has these members whatever the outcome, and says each check.
TEST_F(VerifyTest, Document) {
  const std::string name = "cosign3-keyed-bundle";
  const std::string target = layout(name);
  for (const std::string& by : {key(name), key("cosign2-keyed-legacy-p521")}) {
    const Json json = verify_json(target + " --key " + by);
    for (const char* member : {"verified", "outcome", "code", "message", "target", "digest", "checks",
                               "signatures", "attestations", "warnings", "notes"})
      EXPECT_TRUE(json.contains(member)) << member;
    for (const Json& check : json["checks"]) {
      for (const char* member : {"check", "ok", "code", "message", "where"})
        EXPECT_TRUE(check.contains(member)) << member;
    }
    const bool good = json["verified"].get<bool>();
    EXPECT_EQ(json["code"].is_null(), good);
    EXPECT_EQ(json["signatures"].size(), good ? 1U : 0U);
  }
}

// GS-CLI-048: A policy file finds keys beside it and above its `policies`; what it does not find is said, 2.
TEST_F(VerifyTest, PolicyFiles) {
  const std::string name = "cosign3-sign-and-attest";
  const std::string target = layout(name);
  put("a/p.toml", "keys = [\"ci.pub\"]\n");
  const std::string missing = target + " --policy " + folder_ + "/a/p.toml";
  const test::Ran nothing = verify(missing);
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.output.find(folder_ + "/a"), std::string::npos) << nothing.output;
  put("a/ci.pub", read(key(name)));
  EXPECT_EQ(verify(missing).code, 0);
  const std::string wants = "keys = [\"ci.pub\"]\n[[attestation]]\nname = \"p\"\ntype = \"";
  put("b/keys/ci.pub", read(key(name)));
  put("b/policies/p.toml", wants + "slsaprovenance1\"\n");
  EXPECT_EQ(verify(target + " --policy " + folder_ + "/b/policies/p.toml").code, 0);
  put("b/policies/p.toml", wants + "openvex\"\n");
  EXPECT_EQ(verify_json(target + " --policy " + folder_ + "/b/policies/p.toml")["code"],
            "attestation.missing");
  EXPECT_EQ(verify(target + " --policy " + folder_ + "/none.toml").code, 2);
}

// GS-CLI-049: Bundles are judged by file and by digest; wrong use is 2, a wrong bundle 1.
TEST_F(VerifyTest, Bundles) {
  const std::string folder = fixture("sigstore/conformance/assets/");
  const std::string at = folder + "bundle-verify/managed-key-and-trusted-root/";
  const std::string by = "bundle --key " + at + "key.pub --bundle " + at + "bundle.sigstore.json ";
  EXPECT_EQ(verify(by + folder + "a.txt").code, 0) << verify(by + folder + "a.txt").output;
  const std::string digest = verify_json(by + folder + "a.txt")["digest"].get<std::string>();
  EXPECT_EQ(verify(by + digest).code, 0);
  put("other", "other");
  EXPECT_EQ(verify_json(by + folder_ + "/other")["code"], "artifact.digest_mismatch");
  EXPECT_EQ(verify(by + folder_ + "/other").code, 1);
  EXPECT_EQ(verify(by + folder_ + "/none").code, 2);
  EXPECT_EQ(verify(by).code, 2);
  EXPECT_EQ(verify(by + folder + "a.txt --policy x").code, 2);
  put("junk", "{");
  EXPECT_EQ(verify("bundle --key " + at + "key.pub --bundle " + folder_ + "/junk " + folder + "a.txt").code,
            1);
  put("big", std::string((size_t{8} << 20U) + 1, ' '));
  const test::Ran big =
      verify("bundle --key " + at + "key.pub --bundle " + folder_ + "/big " + folder + "a.txt");
  EXPECT_EQ(big.code, 1);
  EXPECT_NE(big.output.find("parse.limit"), std::string::npos) << big.output;
  EXPECT_EQ(verify("bundle --key /none --bundle " + at + "bundle.sigstore.json " + digest).code, 2);
}

}  // namespace
}  // namespace gridseal::cli
