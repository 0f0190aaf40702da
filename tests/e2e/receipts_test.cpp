// Receipts from the first deployment to a table on the connected side, with the programs as they are shipped.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "e2e/e2e_fixture.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

class ReceiptsE2eTest : public E2eTest {
 protected:
  std::string stick() const { return directory_ + "/stick"; }
  std::string enrolled() const { return directory_ + "/office/sites"; }
  std::string with_sites() const { return " --sites " + enrolled(); }

  static void write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
  std::string text_of(const std::string& path) const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // One good deployment, one that is rolled back, and one that is good again.
  void deploy_three() {
    release("1.0.0", shop("1.0.0"));
    ASSERT_TRUE(start_agent());
    ASSERT_TRUE(await_running("1.0.0")) << tell();
    ASSERT_TRUE(cluster_->set_script(
        {{"rules", {{{"match", {{"image", "*broken*"}}}, {"behaviour", {{"crash_loop", true}}}}}}}));
    release("1.1.0", shop("1.1.0", {}, "registry.test/broken"));
    ASSERT_TRUE(await_state("failed")) << tell();
    release("1.2.0", shop("1.2.0"));
    ASSERT_TRUE(await_running("1.2.0")) << tell();
    ASSERT_TRUE(await([&] { return count("healthy") == 2 && count("rolled_back") == 1; }));
  }
  int64_t count(const std::string& outcome) const {
    const base::Json document = json_of("receipts list");
    if (!document.is_object()) return -1;
    return std::ranges::count_if(document["receipts"],
                                 [&](const base::Json& entry) { return entry["outcome"] == outcome; });
  }
  void enroll() {
    write(directory_ + "/office/site.pub", gridseal("site key").output);
    const Ran ran = gridseal("site enroll " + directory_ + "/office/site.pub" + with_sites());
    ASSERT_EQ(ran.code, 0) << ran.output;
  }
  std::string file_with(const std::string& part) const {
    for (const auto& entry : fs::recursive_directory_iterator(stick()))
      if (entry.path().filename().string().find(part) != std::string::npos) return entry.path().string();
    return {};
  }
};

// GS-RECEIPT-060: what a host deploys gives a chain that verifies on the host and, carried on a medium,
// elsewhere; the table names site, release and state.
TEST_F(ReceiptsE2eTest, FromDeploymentToTable) {
  deploy_three();
  EXPECT_EQ(gridseal("receipts verify").code, 0) << gridseal("receipts verify").output;
  ASSERT_EQ(gridseal("receipts export " + stick()).code, 0);
  enroll();
  EXPECT_EQ(gridseal("receipts verify " + stick() + with_sites()).code, 0);
  EXPECT_EQ(gridseal("receipts verify " + stick() + " --key " + directory_ + "/office/site.pub").code, 0);
  const Ran table = gridseal("sites status " + stick() + with_sites());
  EXPECT_EQ(table.code, 0) << table.output;
  EXPECT_NE(table.output.find("whole"), std::string::npos) << table.output;
  const base::Json document = json_of("sites status " + stick() + with_sites());
  EXPECT_EQ(at(document, "/sites/0/name"), "test");
  EXPECT_EQ(at(document, "/sites/0/components/0/name"), "shop");
  EXPECT_EQ(at(document, "/sites/0/components/0/version"), "1.2.0");
  EXPECT_EQ(at(document, "/sites/0/components/0/state"), "healthy");
}

// GS-RECEIPT-061: also after kill -9 the chain goes on without a gap; with the daemon dead it is read from
// the disk.
TEST_F(ReceiptsE2eTest, SurvivesAKill) {
  release("1.0.0", shop("1.0.0"));
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  agent_->kill_hard();
  ASSERT_TRUE(start_agent());
  release("1.1.0", shop("1.1.0"));
  ASSERT_TRUE(await_running("1.1.0")) << tell();
  ASSERT_TRUE(await([&] { return count("healthy") == 2; }));
  agent_->kill_hard();
  EXPECT_EQ(gridseal("receipts verify").code, 0);
  EXPECT_EQ(count("healthy"), 2);
}

// GS-RECEIPT-062: a changed, a missing and a repeated file on the medium: found, found, nothing.
TEST_F(ReceiptsE2eTest, TamperingOnTheMedium) {
  deploy_three();
  ASSERT_EQ(gridseal("receipts export " + stick()).code, 0);
  enroll();
  const std::string verify = "receipts verify " + stick() + with_sites();
  const std::string victim = file_with("rolled_back");
  ASSERT_FALSE(victim.empty());
  const std::string good = text_of(victim);
  write(stick() + "/again.json", good);
  EXPECT_EQ(gridseal(verify).code, 0);
  fs::remove(stick() + "/again.json");

  base::Json changed = base::Json::parse(good);
  std::string payload = changed["payload"];
  payload[payload.size() / 2] = payload[payload.size() / 2] == 'A' ? 'B' : 'A';
  changed["payload"] = payload;
  write(victim, changed.dump());
  EXPECT_EQ(gridseal(verify).code, 1);
  EXPECT_EQ(gridseal("sites status " + stick() + with_sites()).code, 1);
  fs::remove(victim);
  EXPECT_EQ(gridseal(verify).code, 1);
  EXPECT_EQ(gridseal("sites status " + stick() + with_sites()).code, 0);
  write(victim, good);
  EXPECT_EQ(gridseal(verify).code, 0);
  EXPECT_EQ(gridseal("receipts verify " + stick() + " --sites " + directory_ + "/nowhere").code, 2);
  EXPECT_EQ(gridseal("receipts verify " + directory_ + "/nowhere" + with_sites()).code, 2);
}

// GS-RECEIPT-063: a report is text for a screen that verifies where it is pasted; the audit's export
// verifies, and a changed one does not.
TEST_F(ReceiptsE2eTest, ReportAndAudit) {
  deploy_three();
  enroll();
  const Ran report = gridseal("site report");
  ASSERT_EQ(report.code, 0) << report.output;
  EXPECT_TRUE(report.output.starts_with("-----BEGIN GRIDSEAL SITE REPORT-----")) << report.output;
  EXPECT_LE(std::count(report.output.begin(), report.output.end(), '\n'), 40);
  write(stick() + "/pasted.txt", report.output);
  EXPECT_EQ(gridseal("receipts verify " + stick() + with_sites()).code, 0);
  const base::Json document = json_of("sites status " + stick() + with_sites());
  EXPECT_EQ(at(document, "/sites/0/components/0/state"), "healthy") << document.dump();
  EXPECT_TRUE(at(document, "/sites/0/agent").is_string());

  const std::string file = directory_ + "/office/audit.jsonl";
  ASSERT_EQ(gridseal("audit export " + file).code, 0);
  const std::string verify = "audit verify " + file + " --key " + directory_ + "/office/site.pub";
  EXPECT_EQ(gridseal(verify).code, 0) << gridseal(verify).output;
  std::string text = text_of(file);
  text.replace(text.find("rolled_back"), 11, "healthy____");
  write(file, text);
  EXPECT_EQ(gridseal(verify).code, 1);
  write(file, "nothing");
  EXPECT_EQ(gridseal(verify).code, 2);
}

// GS-RECEIPT-073: with a credential receipts go to the registry, beside their artifacts, and change nothing
// of what counts as signed there.
TEST_F(ReceiptsE2eTest, PushedToTheMirror) {
  write(directory_ + "/etc/push", "site:secret\n");
  put_settings("receipts", "[receipts]\ncredentials = \"" + directory_ + "/etc/push\"\n");
  const std::string digest = publish("1.0.0", shop("1.0.0"));
  promote(digest);
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  ASSERT_TRUE(await([&] {
    const base::Json document = json_of("receipts list");
    return document.is_object() && std::ranges::any_of(document["receipts"], [](const base::Json& entry) {
             return entry["kind"] == "receipt" && entry["pushed"].is_string();
           });
  })) << gridseal("status").output;
  const std::string target = registry_->url().substr(std::string("https://").size()) + "/team/shop@" + digest;
  const std::string ca = " --ca " + directory_ + "/etc/ca.crt";
  const Ran verified = gridseal("verify " + target + " --policy release" + ca);
  EXPECT_EQ(verified.code, 0) << verified.output;
  EXPECT_EQ(verified.output.find("receipt"), std::string::npos) << verified.output;
}

}  // namespace
}  // namespace gridseal::test
