// Packages of Gridseal itself, from CI to the command that installs them: over the mirror and on a medium.
#include <filesystem>

#include "base/files.hpp"
#include "e2e/e2e_fixture.hpp"
#include "oci/manifest.hpp"
#include "upgrade/host.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

class UpgradeE2eTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    put_settings("upgrade", "[upgrade]\nrepository = \"gridseal/packages\"\npolicy = \"release\"\n");
    const auto host = upgrade::this_host(base::system_files());
    ASSERT_TRUE(host) << host.error().describe();
    suite_ = host->suites.front();
    const std::string architecture = host->architecture == "arm" ? "armhf" : host->architecture;
    ending_ = "-1_" + architecture + ".deb";
  }

  std::string file_of(const std::string& version) const { return "gridseal_" + version + ending_; }

  // As CI does it; `sign`: with the key that this host's policy names.
  void publish_package(const std::string& version, bool sign = true) {
    put(file_of(version), content(version));
    const std::string layout = directory_ + "/package-" + version;
    const Ran built =
        gridseal("artifact build --package " + suite_ + "=" + directory_ + "/" + file_of(version) +
                 " --component gridseal --version " + version + " --output " + layout);
    ASSERT_EQ(built.code, 0) << built.output;
    const std::string from = "oci-layout:" + layout + ":" + version;
    if (sign) {
      const Ran signing = gridseal("artifact sign --key " + directory_ + "/release.key " + from);
      ASSERT_EQ(signing.code, 0) << signing.output;
    }
    const Ran pushed = gridseal("artifact push " + from + " 127.0.0.1:" + std::to_string(port_) +
                                "/gridseal/packages:" + version + " --ca " + directory_ + "/etc/ca.crt");
    ASSERT_EQ(pushed.code, 0) << pushed.output;
  }
  static std::string content(const std::string& version) {
    return "package " + version + std::string(50'000, '.');
  }

  std::string suite_;
  std::string ending_;
};

// GS-E2E-070: A newer package in the mirror is found, verified, fetched whole, and the one command that
// installs it is said; a second look at an old one changes nothing.
TEST_F(UpgradeE2eTest, FromTheMirror) {
  publish_package("0.0.1");
  const Ran old = gridseal("upgrade fetch --to " + directory_ + "/to");
  EXPECT_EQ(old.code, 0) << old.output;
  EXPECT_NE(old.output.find("the newest"), std::string::npos) << old.output;
  EXPECT_FALSE(fs::exists(directory_ + "/to"));

  publish_package("99.1.0");
  const base::Json found = json_of("upgrade check");
  ASSERT_TRUE(found.is_object());
  EXPECT_EQ(found["version"], "99.1.0") << found.dump(2);
  EXPECT_EQ(found["newer"], true);
  EXPECT_EQ(found["signatures"], "signed by release.pub") << found.dump(2);
  EXPECT_EQ(found["package"]["file"], file_of("99.1.0"));
  const Ran fetched = gridseal("upgrade fetch --to " + directory_ + "/to");
  ASSERT_EQ(fetched.code, 0) << fetched.output;
  const std::string path = directory_ + "/to/" + file_of("99.1.0");
  EXPECT_NE(fetched.output.find("sudo apt install " + path), std::string::npos) << fetched.output;
  EXPECT_EQ(base::read_file(base::system_files(), path).value(), content("99.1.0"));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_ + "/to"), {}), 1);
}

// GS-E2E-071: A package that nobody signed is refused, and nothing of it is written; without the section
// nothing is judged.
TEST_F(UpgradeE2eTest, WhatIsNotSignedIsRefused) {
  publish_package("99.0.0", false);
  const Ran fetched = gridseal("upgrade fetch --to " + directory_ + "/to");
  EXPECT_EQ(fetched.code, 1) << fetched.output;
  EXPECT_FALSE(fs::exists(directory_ + "/to"));
  put_settings("upgrade", "");
  const Ran unset = gridseal("upgrade check");
  EXPECT_EQ(unset.code, 1) << unset.output;
  EXPECT_NE(unset.output.find("upgrade.not_set"), std::string::npos) << unset.output;
}

// GS-E2E-072: On a medium the package travels beside the releases, is judged by the same policy without a
// network, and a changed one is not written; import leaves it alone and says whose matter it is.
TEST_F(UpgradeE2eTest, OnAMedium) {
  release("1.0.0", shop("1.0.0"));
  publish_package("99.0.0");
  const std::string stick = directory_ + "/stick";
  const Ran made = gridseal("export --upgrade --to " + stick);
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_NE(made.output.find("gridseal 99.0.0"), std::string::npos) << made.output;
  registry_.reset();

  const Ran taken = gridseal("import " + stick);
  EXPECT_EQ(taken.code, 0) << taken.output;
  EXPECT_NE(taken.output.find("gridseal upgrade check --from"), std::string::npos) << taken.output;
  const base::Json found = json_of("upgrade check --from " + stick);
  ASSERT_TRUE(found.is_object());
  EXPECT_EQ(found["newer"], true) << found.dump(2);
  const Ran fetched = gridseal("upgrade fetch --from " + stick + " --to " + directory_ + "/to");
  ASSERT_EQ(fetched.code, 0) << fetched.output;
  EXPECT_EQ(base::read_file(base::system_files(), directory_ + "/to/" + file_of("99.0.0")).value(),
            content("99.0.0"));

  const std::string digest = found["package"]["digest"];
  std::string changed = content("99.0.0");
  changed[3] = 'X';
  put("stick/blobs/sha256/" + digest.substr(7), changed);
  const Ran refused = gridseal("upgrade fetch --from " + stick + " --to " + directory_ + "/other");
  EXPECT_EQ(refused.code, 1) << refused.output;
  EXPECT_TRUE(fs::is_empty(directory_ + "/other"));
}

}  // namespace
}  // namespace gridseal::test
