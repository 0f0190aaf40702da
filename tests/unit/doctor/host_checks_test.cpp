// Settings, trust, clock, disk, files, history: what lies on the host itself.
#include <sys/stat.h>

#include <fstream>

#include "config/last_valid.hpp"
#include "history/history.hpp"
#include "support/pki/pki.hpp"
#include "trust/trust_chain.hpp"
#include "unit/doctor/doctor_fixture.hpp"

namespace gridseal::doctor {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string told(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings)
    text += std::string(to_string(finding.level)) + " " + finding.id + ": " + finding.found + "\n";
  return text;
}

Finding finding(Level level) {
  return {"x.y", {}, level, "found", {}};
}

// GS-DOCTOR-001: A host on which all is well is ready, every group says so, and nothing was written.
TEST_F(DoctorTest, ReadyHost) {
  const Findings findings = look({});
  EXPECT_EQ(verdict(findings), Verdict::ready) << told(findings);
  std::set<std::string> seen;
  for (const Finding& one : findings) {
    EXPECT_EQ(one.level, Level::good) << one.id << ": " << one.found;
    seen.insert(one.id.substr(0, one.id.find('.')));
  }
  const auto all = groups();
  EXPECT_EQ(seen, std::set<std::string>(all.begin(), all.end()));
}

// GS-DOCTOR-002: Warnings leave a host ready; what is wrong does not, whatever could not be seen; what could
// not be seen leaves it open.
TEST(Verdict, OfFindings) {
  EXPECT_EQ(verdict({finding(Level::good), finding(Level::warning)}), Verdict::ready);
  EXPECT_EQ(verdict({finding(Level::unseen), finding(Level::wrong)}), Verdict::not_ready);
  EXPECT_EQ(verdict({finding(Level::good), finding(Level::unseen)}), Verdict::unseen);
  EXPECT_TRUE(to_json({finding(Level::unseen)})["ready"].is_null());
  EXPECT_EQ(to_json({finding(Level::good)})["ready"], true);
  EXPECT_EQ(to_json({finding(Level::wrong)})["ready"], false);
  EXPECT_EQ(to_json({finding(Level::wrong)})["checks"][0]["level"], "wrong");
}

// GS-DOCTOR-003: Everything that is not good says what to do, and no secret is in any line.
TEST_F(DoctorTest, CuresWithoutSecrets) {
  settings("nonsense = 1\n");
  files_.free = 0;
  synchronised_ = false;
  unit_ = UnitState{"loaded", "failed", "enabled"};
  registry_ = [](const test::SeenRequest&) { return test::answer(401); };
  ::chmod((etc() + "/password").c_str(), 0644);
  const Findings findings = look({});
  for (const Finding& one : findings) {
    EXPECT_EQ(one.cure.empty(), one.level == Level::good) << one.id << ": " << one.found;
    for (const char* secret : {"hunter2", "not-shown-anywhere"})
      EXPECT_THAT(one.found + one.cure, Not(HasSubstr(secret)));
  }
}

// GS-DOCTOR-004: Wrong settings are each told with file and line; without a valid copy nothing else is judged
// by them, with one it goes by that.
TEST_F(DoctorTest, WrongSettings) {
  ASSERT_TRUE(config::load_or_last_valid(base::system_files(), etc(), state()));
  settings("\n[site.extra]\nnaem = 1\n");
  EXPECT_THAT(lines("settings.read"), Contains(AllOf(HasSubstr("wrong"), HasSubstr("agent.toml:2"))));
  EXPECT_EQ(level("registry.reach"), "good");
  ASSERT_TRUE(base::system_files().remove_tree(state() + "/config"));
  EXPECT_EQ(level("registry.reach"), "");
  EXPECT_THAT(lines("settings.read"), Contains(HasSubstr("does not start")));
}

// GS-DOCTOR-005: Trust that others can change, that is missing, or that cannot be read is wrong.
TEST_F(DoctorTest, TrustFiles) {
  files_.modes[etc() + "/trust/keys"] = 0777;
  EXPECT_THAT(lines("trust.files"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("chmod"))));
  files_.modes.clear();
  ASSERT_TRUE(base::system_files().remove(etc() + "/trust/keys/release.pub"));
  EXPECT_EQ(level("trust.files"), "wrong");
  EXPECT_THAT(lines("trust.policy"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("release.pub"))));
  files_.closed.insert(etc() + "/trust/keys");
  EXPECT_EQ(level("trust.files"), "unseen");
}

// GS-DOCTOR-006: A trust store whose last certificate ended is wrong, one that ends within a month is warned
// of.
TEST_F(DoctorTest, TrustThatEnds) {
  const auto store = [this](const char* until) {
    auto spec = test::pki::ca_spec("Acme");
    spec.not_after = test::pki::at(until);
    put(etc() + "/trust/notation/truststore/x509/ca/acme/ca.crt",
        test::pki::self_signed(spec).certificate.to_pem());
  };
  store("2027-01-01T00:00:00Z");
  EXPECT_THAT(lines("trust.expiry"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("ca:acme"))));
  store("2027-02-01T00:00:00Z");
  EXPECT_THAT(lines("trust.expiry"), ElementsAre(HasSubstr("warning")));
  store("2030-02-01T00:00:00Z");
  EXPECT_EQ(level("trust.expiry"), "");
}

// GS-DOCTOR-007: A policy all of whose keys are denied can never be satisfied.
TEST_F(DoctorTest, DeniedKeys) {
  const auto pem = base::read_file(base::system_files(), etc() + "/trust/keys/release.pub").value();
  const auto key = crypto::PublicKey::from_pem(pem).value();
  trust::DenialEntries entries;
  entries.keys.push_back({key.fingerprint()});
  auto chain = trust::TrustChain::load(base::system_files(), {etc() + "/trust", state()});
  ASSERT_TRUE(chain);
  ASSERT_TRUE(base::system_files().make_directories(state() + "/trust", 0750));
  ASSERT_TRUE(chain->deny(entries));
  EXPECT_THAT(lines("trust.policy"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("denied"))));
}

// GS-DOCTOR-008: A clock before this program or behind a proven time is wrong; one that follows nothing is
// warned of; a kernel that does not say is left out.
TEST_F(DoctorTest, Clock) {
  clock_.set_floor(system_clock_.now() + std::chrono::hours(48));
  EXPECT_THAT(lines("clock.time"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("clock reset"))));
  clock_.set_floor({});
  system_clock_.advance(-std::chrono::seconds(1'800'000'000));
  EXPECT_THAT(lines("clock.time"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("1970-01-01"))));
  EXPECT_EQ(level("clock.synchronised"), "good");
  synchronised_ = false;
  EXPECT_EQ(level("clock.synchronised"), "warning");
  synchronised_.reset();
  EXPECT_EQ(level("clock.synchronised"), "");
}

// GS-DOCTOR-009: A state directory that others can write, that its owner cannot use, that is no directory, or
// that is on a read-only disk is wrong; one that is not there yet is warned of.
TEST_F(DoctorTest, StateDirectory) {
  files_.modes[state()] = 0770;
  EXPECT_THAT(lines("disk.state"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("chmod 0750"))));
  files_.modes[state()] = 0550;
  EXPECT_EQ(level("disk.state"), "wrong");
  files_.modes.clear();
  put(folder_ + "/proc/self/mounts",
      "/dev/sda1 / ext4 rw 0 0\n/dev/sda2 " + folder_ + "/var ext4 ro,relatime 0 0\n");
  EXPECT_THAT(lines("disk.state"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("read-only"))));
  ASSERT_TRUE(base::system_files().remove_tree(state()));
  EXPECT_EQ(level("disk.state"), "warning");
  EXPECT_EQ(level("disk.space"), "good");
  put(state(), "a file");
  EXPECT_EQ(level("disk.state"), "wrong");
}

// GS-DOCTOR-010: Less free space than storage.free_space_min is wrong, less than twice as much is warned of.
TEST_F(DoctorTest, FreeSpace) {
  settings("[storage]\nfree_space_min = \"1GiB\"\n");
  files_.free = uint64_t{1} << 29U;
  EXPECT_EQ(level("disk.space"), "wrong");
  files_.free = uint64_t{3} << 29U;
  EXPECT_EQ(level("disk.space"), "warning");
  files_.free = uint64_t{1} << 32U;
  EXPECT_EQ(level("disk.space"), "good");
}

// GS-DOCTOR-011: A secret that everybody can read is wrong, and the cure names the file; settings that others
// can write are wrong.
TEST_F(DoctorTest, OpenFiles) {
  files_.modes[etc() + "/password"] = 0644;
  files_.modes[etc() + "/kubeconfig"] = 0604;
  EXPECT_THAT(lines("files.secret"), ElementsAre(HasSubstr("sudo chmod o-rwx " + etc() + "/kubeconfig"),
                                                 HasSubstr("sudo chmod o-rwx " + etc() + "/password")));
  files_.modes[etc() + "/password"] = 0640;
  files_.modes[etc() + "/kubeconfig"] = 0640;
  EXPECT_EQ(level("files.secret"), "good");
  files_.modes[state() + "/host.key"] = 0640;
  EXPECT_EQ(level("files.secret"), "warning");
  files_.modes[etc() + "/conf.d"] = 0775;
  EXPECT_THAT(lines("files.settings"), ElementsAre(HasSubstr("sudo chmod go-w " + etc() + "/conf.d")));
}

// GS-DOCTOR-012: What the agent's user may not read is found before the agent does, by owner, group, other
// groups and the folders above.
TEST_F(DoctorTest, WhatTheAgentMayRead) {
  files_.owner = {0, 0};
  files_.owners[state()] = {990, 991};
  files_.owners[state() + "/host.key"] = {990, 991};
  files_.modes[etc() + "/password"] = 0640;
  files_.modes[etc() + "/kubeconfig"] = 0600;
  files_.owners[etc() + "/password"] = {0, 995};  // a group that the user is in besides
  EXPECT_THAT(lines("files.readable"),
              ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("runs as gridseal"),
                                HasSubstr("sudo chgrp gridseal " + etc() + "/kubeconfig"))));
  files_.owners[etc() + "/kubeconfig"] = {0, 991};
  files_.modes[etc() + "/kubeconfig"] = 0640;
  EXPECT_EQ(level("files.readable"), "good");
  files_.modes[etc()] = 0700;
  EXPECT_THAT(lines("files.readable"), Contains(HasSubstr("sudo chmod o+x " + etc())));
}

// GS-DOCTOR-013: A database that is damaged, or gone while its key is there, and a key that is gone or
// damaged are wrong; a host that never ran has neither.
TEST_F(DoctorTest, HistoryAndKey) {
  EXPECT_EQ(level("history.audit"), "good");
  ASSERT_TRUE(base::system_files().remove(state() + "/host.key"));
  EXPECT_EQ(level("history.key"), "wrong");
  put(state() + "/host.key", "short", 0600);
  EXPECT_EQ(level("history.key"), "wrong");
  put(state() + "/host.key", std::string(32, 'k'), 0600);
  EXPECT_EQ(level("history.key"), "good");
  {
    std::ofstream file(state() + "/history.db", std::ios::binary | std::ios::trunc);
    file << "no database at all, but long enough for one to be expected here" << std::string(4096, 'x');
  }
  EXPECT_THAT(lines("history.database"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("backup"))));
  ASSERT_TRUE(base::system_files().remove(state() + "/history.db"));
  EXPECT_THAT(lines("history.database"), ElementsAre(AllOf(HasSubstr("wrong"), HasSubstr("release floors"))));
  ASSERT_TRUE(base::system_files().remove(state() + "/host.key"));
  EXPECT_EQ(level("history.database"), "good");
  EXPECT_EQ(level("history.key"), "");
}

// GS-DOCTOR-014: For somebody who may not look into the state directory, what he cannot see is said to be
// unseen, and never wrong.
TEST_F(DoctorTest, WithoutRoot) {
  files_.closed = {state(), k3s() + "/server", etc() + "/kubeconfig", etc() + "/password"};
  const Findings findings = look({});
  EXPECT_EQ(verdict(findings), Verdict::unseen) << told(findings);
  std::set<std::string> unseen;
  for (const Finding& one : findings)
    if (one.level == Level::unseen) unseen.insert(one.id);
  for (const char* id :
       {"trust.bundle", "files.secret", "history.key", "cluster.kubeconfig", "k3s.certificates"})
    EXPECT_TRUE(unseen.contains(id)) << id;
}

}  // namespace
}  // namespace gridseal::doctor
