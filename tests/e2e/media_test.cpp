// Media with the built programs and a real registry: made on the connected side, carried on FAT32 where loop
// devices exist, taken by a host that has no registry.
#include <sys/mount.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/files.hpp"
#include "e2e/e2e_fixture.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

// A FAT32 image on a loop device; a folder where this process may make none.
class Stick {
 public:
  explicit Stick(std::string directory) : path_(directory + "/stick"), image_(directory + "/stick.img") {
    fs::create_directories(path_);
    if (::geteuid() != 0) return;
    if (std::system(("mkfs.vfat -F 32 -C '" + image_ + "' 65536 >/dev/null 2>&1").c_str()) != 0) return;
    mounted_ = std::system(("mount -o loop '" + image_ + "' '" + path_ + "' 2>/dev/null").c_str()) == 0;
  }
  ~Stick() {
    if (mounted_) (void)::umount2(path_.c_str(), MNT_DETACH);
  }
  Stick(const Stick&) = delete;
  Stick& operator=(const Stick&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const std::string image_;
  bool mounted_ = false;
};

class MediaE2eTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    stick_ = std::make_unique<Stick>(directory_);
  }
  void TearDown() override {
    stick_.reset();
    E2eTest::TearDown();
  }

  // From now on the site knows its component from media alone, and has no registry.
  void disconnect() {
    std::string text = base::read_file(base::system_files(), directory_ + "/etc/agent.toml").value();
    const std::string from = "registry = \"mirror\"";
    text.replace(text.find(from), from.size(), "sources = [\"media\"]");
    put("etc/agent.toml", text);
    registry_.reset();
  }
  Ran make_medium(const std::string& to, const std::string& options = {}) const {
    return gridseal("export --to " + to + " shop --label 'stick 7' " + options);
  }

  std::unique_ptr<Stick> stick_;
};

// GS-E2E-050: What is exported with a site's settings is imported by that site, which has no registry, and
// becomes healthy; status says that the medium may be pulled, and the history which one it was.
TEST_F(MediaE2eTest, FromTheConnectedSideToAHealthySite) {
  release("1.0.0", shop("1.0.0"));
  const Ran made = make_medium(stick_->path());
  ASSERT_EQ(made.code, 0) << made.output;
  disconnect();
  ASSERT_TRUE(start_agent());
  const Ran taken = gridseal("import " + stick_->path());
  ASSERT_EQ(taken.code, 0) << taken.output;
  EXPECT_NE(taken.output.find("may be pulled"), std::string::npos) << taken.output;
  EXPECT_TRUE(await_running("1.0.0")) << tell();
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_NE(json_of("status").value("media", "").find("may be pulled"), std::string::npos) << tell();
  EXPECT_NE(json_of("history").dump().find("from medium stick 7"), std::string::npos)
      << json_of("history").dump(2);
  const Ran again = gridseal("import " + stick_->path());
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_NE(again.output.find("known already"), std::string::npos) << again.output;
  expect_complete_history();
}

// GS-E2E-051: A release that the site would refuse is not handed out: export ends with 1 and says why.
TEST_F(MediaE2eTest, WhatTheSiteWouldRefuseIsNotHandedOut) {
  release("1.0.0", shop("1.0.0"));
  const Ran keys = gridseal("artifact keygen --output " + directory_ + "/other");
  ASSERT_EQ(keys.code, 0) << keys.output;
  fs::copy_file(directory_ + "/other.pub", directory_ + "/etc/trust/keys/release.pub",
                fs::copy_options::overwrite_existing);
  const Ran made = make_medium(stick_->path());
  EXPECT_EQ(made.code, 1) << made.output;
  EXPECT_NE(made.output.find("would not take it"), std::string::npos) << made.output;
}

// GS-E2E-052: Without a running gridseald the command imports by itself; the release runs after the start.
TEST_F(MediaE2eTest, WithoutADaemon) {
  release("1.0.0", shop("1.0.0"));
  ASSERT_EQ(make_medium(directory_ + "/site.tar").code, 0);
  disconnect();
  const Ran taken = gridseal("import " + directory_ + "/site.tar");
  ASSERT_EQ(taken.code, 0) << taken.output;
  ASSERT_TRUE(start_agent());
  EXPECT_TRUE(await_running("1.0.0")) << tell();
}

// GS-E2E-053: A host that is killed in the middle of an import takes all of it at the second try.
TEST_F(MediaE2eTest, KilledInTheMiddle) {
  release("1.0.0", shop("1.0.0"));
  ASSERT_EQ(make_medium(stick_->path()).code, 0);
  disconnect();
  ASSERT_TRUE(start_agent());
  const Ran begun = run_program("curl -s --unix-socket " + directory_ +
                                "/control.sock -H 'Content-Type: application/json' -d '{\"path\":\"" +
                                stick_->path() + "\"}' http://localhost/v1/media");
  EXPECT_NE(begun.output.find("id"), std::string::npos) << begun.output;
  agent_->signal(SIGKILL);
  (void)agent_->await_exit();
  ASSERT_TRUE(start_agent());
  const Ran taken = gridseal("import " + stick_->path());
  ASSERT_EQ(taken.code, 0) << taken.output;
  EXPECT_TRUE(await_running("1.0.0")) << tell();
  expect_complete_history();
}

// GS-E2E-054: A layout that skopeo copied, signature tag included, is taken as it is.
TEST_F(MediaE2eTest, ALayoutOfSkopeo) {
  if (std::system("command -v skopeo >/dev/null 2>&1") != 0) GTEST_SKIP() << "skopeo is not installed";
  const std::string digest = publish("1.0.0", shop("1.0.0"));
  promote(digest);
  const std::string from = "docker://127.0.0.1:" + std::to_string(port_) + "/team/shop:";
  const std::string signature = "sha256-" + digest.substr(7) + ".sig";
  for (const std::string& tag : {std::string("stable"), signature}) {
    const Ran copied =
        run_program("skopeo copy --src-cert-dir " + directory_ + "/etc/certs --src-tls-verify=false " + from +
                    tag + " oci:" + stick_->path() + "/layout:" + tag);
    ASSERT_EQ(copied.code, 0) << copied.output;
  }
  disconnect();
  ASSERT_TRUE(start_agent());
  const Ran taken = gridseal("import " + stick_->path());
  ASSERT_EQ(taken.code, 0) << taken.output;
  EXPECT_TRUE(await_running("1.0.0")) << tell();
}

// GS-E2E-055: A second export after a small change writes in proportion to the change.
TEST_F(MediaE2eTest, ASecondExportWritesWhatChanged) {
  release("1.0.0", shop("1.0.0"));
  ASSERT_EQ(make_medium(stick_->path()).code, 0);
  const Ran second = make_medium(stick_->path(), "-o json");
  ASSERT_EQ(second.code, 0) << second.output;
  const size_t begin = second.output.find('{');
  const base::Json report = base::Json::parse(second.output.substr(begin), nullptr, false);
  ASSERT_TRUE(report.is_object()) << second.output;
  // The document of what is on it, and index.json.
  EXPECT_LT(report["written_bytes"].get<int64_t>(), 20'000) << report.dump(2);
}

// GS-E2E-059: What the site's own receipts say it runs is left out; without its enrolled key, and when all of
// them were tampered with, nothing is written.
TEST_F(MediaE2eTest, WhatReceiptsSayIsLeftOut) {
  const std::string office = directory_ + "/office";
  const std::string since = "--since " + stick_->path() + "/back --sites " + office + "/sites";
  release("1.0.0", shop("1.0.0"));
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  ASSERT_EQ(gridseal("receipts export " + stick_->path() + "/back").code, 0);
  const Ran key = gridseal("site key");
  ASSERT_EQ(key.code, 0) << key.output;
  fs::create_directories(office);
  put("office/site.pub", key.output);

  const Ran unknown = make_medium(stick_->path() + "/to", since);
  EXPECT_NE(unknown.code, 0);
  EXPECT_NE(unknown.output.find("site enroll"), std::string::npos) << unknown.output;
  EXPECT_FALSE(fs::exists(stick_->path() + "/to"));

  ASSERT_EQ(gridseal("site enroll " + office + "/site.pub --sites " + office + "/sites").code, 0);
  const Ran nothing = make_medium(stick_->path() + "/to", since);
  ASSERT_EQ(nothing.code, 0) << nothing.output;
  EXPECT_NE(nothing.output.find("Left out, the site has it: shop"), std::string::npos) << nothing.output;

  release("1.1.0", shop("1.1.0"));
  const Ran news = make_medium(stick_->path() + "/to", since);
  ASSERT_EQ(news.code, 0) << news.output;
  EXPECT_NE(news.output.find("shop 1.1.0"), std::string::npos) << news.output;

  // A damaged one and one that was cut are named, and count for nothing; the others still do.
  const std::string back = stick_->path() + "/back/";
  put("cut.dsse.json", "{\"payloadType\": \"application/vnd.in-toto+json\", \"payl");
  fs::copy_file(directory_ + "/cut.dsse.json", back + "cut.dsse.json");
  const Ran cut = make_medium(stick_->path() + "/to", since);
  ASSERT_EQ(cut.code, 0) << cut.output;
  EXPECT_NE(cut.output.find("counts for nothing: " + back + "cut.dsse.json"), std::string::npos)
      << cut.output;

  for (const auto& file : fs::recursive_directory_iterator(back)) {
    if (!file.path().string().ends_with(".dsse.json")) continue;
    std::string text = base::read_file(base::system_files(), file.path().string(), 1U << 20U).value();
    char& one = text[text.size() / 2];
    one = one == 'A' ? 'B' : 'A';
    ASSERT_TRUE(base::write_file(base::system_files(), file.path().string(), text, 0644));
  }
  const Ran changed = make_medium(stick_->path() + "/other", since);
  EXPECT_NE(changed.code, 0) << changed.output;
  EXPECT_FALSE(fs::exists(stick_->path() + "/other"));
}

}  // namespace
}  // namespace gridseal::test
