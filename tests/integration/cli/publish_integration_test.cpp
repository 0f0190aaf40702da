// The publishing commands and `gridseal verify` against a real registry over TLS with a private CA.
#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "support/https_server/test_pki.hpp"
#include "support/program.hpp"
#include "support/registry_process/registry_process.hpp"

namespace gridseal {
namespace {

constexpr const char* kManifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: pumps}\n";

class PublishTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        ::testing::TempDir() + "gs_cli_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    ASSERT_TRUE(files_.remove_tree(folder_));
    ASSERT_TRUE(files_.make_directories(folder_ + "/in", 0755));
    ASSERT_TRUE(files_.make_directories(folder_ + "/registry", 0755));
    const https_server::TestPki pki;
    const auto server = pki.server();
    put("ca.crt", pki.ca_pem());
    put("server.crt", server.cert_pem);
    put("server.key", server.key_pem);
    put("in/a.yaml", kManifest);
    test::RegistryOptions options;
    options.directory = folder_ + "/registry";
    options.certificate_file = folder_ + "/server.crt";
    options.key_file = folder_ + "/server.key";
    std::string why;
    registry_ = test::RegistryProcess::start(options, why);
    ASSERT_TRUE(registry_) << why;
    repository_ = "127.0.0.1:" + std::to_string(registry_->port()) + "/water/pump";
    ASSERT_EQ(run("artifact keygen --output " + folder_ + "/release").code, 0);
  }
  void TearDown() override {
    registry_.reset();
    ASSERT_TRUE(files_.remove_tree(folder_));
  }

  void put(const std::string& name, std::string_view text) {
    ASSERT_TRUE(base::write_file(files_, folder_ + "/" + name, text, 0600));
  }
  static test::Ran run(const std::string& arguments) {
    return test::run_program("NO_COLOR=1 '" GRIDSEAL_PROGRAM "' " + arguments);
  }
  std::string key() const { return folder_ + "/release"; }
  std::string ca() const { return " --ca " + folder_ + "/ca.crt"; }
  std::string layout(const std::string& version) const { return folder_ + "/layout-" + version; }

  // Builds `version` into a layout of its own and returns its digest.
  std::string build(const std::string& version) {
    auto ran = run("artifact build -o json --path " + folder_ + "/in --component pump --version " + version +
                   " --created 2026-01-05T08:00:00Z --output " + layout(version));
    auto answer = base::parse_json(ran.output);
    EXPECT_TRUE(answer) << ran.output;
    return answer ? (*answer)["digest"].get<std::string>() : "";
  }
  test::Ran push(const std::string& version) {
    return run("artifact push oci-layout:" + layout(version) + " " + repository_ + ":" + version + ca());
  }
  test::Ran verify(const std::string& name) {
    return run("verify " + repository_ + name + " --key " + key() + ".pub --component pump" + ca());
  }

  base::Files& files_ = base::system_files();
  std::string folder_;
  std::string repository_;
  std::unique_ptr<test::RegistryProcess> registry_;
};

// GS-CLI-023: Both forms of signatures travel with the artifact and verify out of the registry.
TEST_F(PublishTest, SignedLayoutIsPushedWhole) {
  for (const char* form : {"", "--bundle"}) {
    const std::string version = *form == '\0' ? "1.0.0" : "1.1.0";
    const std::string digest = build(version);
    ASSERT_EQ(
        run(std::string("artifact sign ") + form + " --key " + key() + ".key oci-layout:" + layout(version))
            .code,
        0);
    const test::Ran pushed = push(version);
    ASSERT_EQ(pushed.code, 0) << pushed.output;
    EXPECT_EQ(pushed.output, version + "@" + digest + "\n");
    const test::Ran verified = verify(":" + version);
    EXPECT_EQ(verified.code, 0) << verified.output;
    EXPECT_NE(verified.output.find("✓ signature"), std::string::npos) << verified.output;
  }
}

// GS-CLI-024: Pending without a signature; signed in the registry afterwards, in either form, it verifies.
TEST_F(PublishTest, SignedInTheRegistry) {
  for (const char* form : {"", "--bundle"}) {
    const std::string version = *form == '\0' ? "1.0.0" : "1.1.0";
    const std::string digest = build(version);
    ASSERT_EQ(push(version).code, 0);
    const test::Ran before = verify(":" + version);
    EXPECT_EQ(before.code, 1);
    EXPECT_NE(before.output.find("registry.no_signature"), std::string::npos) << before.output;
    const test::Ran signing = run(std::string("artifact sign ") + form + " --key " + key() + ".key " +
                                  repository_ + "@" + digest + ca());
    ASSERT_EQ(signing.code, 0) << signing.output;
    EXPECT_EQ(verify(":" + version).code, 0);
  }
}

// GS-CLI-025: Promotion moves a tag; an old build under a new version's tag is refused.
TEST_F(PublishTest, TagsAreMoved) {
  const std::string digest = build("1.0.0");
  ASSERT_EQ(run("artifact sign --key " + key() + ".key oci-layout:" + layout("1.0.0")).code, 0);
  ASSERT_EQ(push("1.0.0").code, 0);
  ASSERT_EQ(run("artifact tag " + repository_ + "@" + digest + " stable" + ca()).code, 0);
  EXPECT_EQ(verify(":stable").code, 0);
  ASSERT_EQ(run("artifact tag " + repository_ + "@" + digest + " 2.0.0" + ca()).code, 0);
  const test::Ran refused = verify(":2.0.0");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.output.find("identity.tag_version"), std::string::npos) << refused.output;
}

// GS-CLI-026: A signature taken from another artifact is refused with its reason.
TEST_F(PublishTest, BorrowedSignatureIsRefused) {
  const std::string real = build("1.0.0");
  ASSERT_EQ(run("artifact sign --key " + key() + ".key oci-layout:" + layout("1.0.0")).code, 0);
  put("in/a.yaml", std::string(kManifest) + "data: {max-flow: '900'}\n");
  const std::string forged = build("1.1.0");
  ASSERT_EQ(push("1.0.0").code, 0);
  ASSERT_EQ(push("1.1.0").code, 0);
  // The forgery's .sig tag names the real artifact's signature.
  auto hex = [](const std::string& digest) { return digest.substr(std::string("sha256:").size()); };
  const std::string index = folder_ + "/layout-1.0.0/index.json";
  auto text = base::read_file(files_, index);
  ASSERT_TRUE(text);
  const std::string tag = "sha256-" + hex(real) + ".sig";
  auto document = base::parse_json(*text);
  ASSERT_TRUE(document);
  std::string signature;
  for (const auto& entry : (*document)["manifests"]) {
    if (base::dump_json(entry).find(tag) != std::string::npos) signature = entry["digest"].get<std::string>();
  }
  const test::Ran stolen = run("artifact push oci-layout:" + layout("1.0.0") + "@" + signature + " " +
                               repository_ + ":sha256-" + hex(forged) + ".sig" + ca());
  ASSERT_EQ(stolen.code, 0) << stolen.output;
  const test::Ran refused = verify("@" + forged);
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.output.find("✗"), std::string::npos);
  EXPECT_NE(refused.output.find("simplesigning.digest"), std::string::npos) << refused.output;
}

// GS-CLI-027: A registry of another CA, and none at all, are said so; nothing is judged.
TEST_F(PublishTest, UnreachableRegistry) {
  const https_server::TestPki other;
  put("other.crt", other.ca_pem());
  const test::Ran wrong_ca =
      run("verify " + repository_ + ":1 --key " + key() + ".pub --ca " + folder_ + "/other.crt");
  EXPECT_EQ(wrong_ca.code, 3);
  EXPECT_NE(wrong_ca.output.find("http.tls"), std::string::npos) << wrong_ca.output;
  const std::string digest = build("1.0.0");
  registry_->stop();
  EXPECT_EQ(push("1.0.0").code, 3);
  EXPECT_EQ(verify("@" + digest).code, 3);
}

// GS-CLI-050: A mirror that lost the signature is told from one that holds it, with what was lost on the way.
TEST_F(PublishTest, MirrorCheck) {
  const std::string digest = build("1.0.0");
  ASSERT_EQ(push("1.0.0").code, 0);
  const std::string copy = repository_ + "-copy";
  ASSERT_EQ(run("artifact push oci-layout:" + layout("1.0.0") + " " + copy + ":1.0.0" + ca()).code, 0);
  ASSERT_EQ(run("artifact sign --bundle --key " + key() + ".key " + repository_ + "@" + digest + ca()).code,
            0);
  const std::string by = " --key " + key() + ".pub" + ca();
  const test::Ran whole = run("mirror check " + repository_ + ":1.0.0" + by);
  EXPECT_EQ(whole.code, 0) << whole.output;
  EXPECT_NE(whole.output.find("Sigstore bundle"), std::string::npos) << whole.output;
  auto lossy = base::parse_json(run("mirror check -o json " + copy + ":1.0.0" + by + " --source " +
                                    repository_ + ":1.0.0 --source-ca " + folder_ + "/ca.crt")
                                    .output);
  ASSERT_TRUE(lossy);
  EXPECT_EQ((*lossy)["code"], "registry.no_signature");
  EXPECT_EQ((*lossy)["lost"].size(), 1U);
  EXPECT_EQ((*lossy)["missing"].size(), 1U);
  EXPECT_EQ((*lossy)["hints"].size(), 1U);
}

}  // namespace
}  // namespace gridseal
