// A host that is ready, in a folder: settings, trust, state, k3s, a registry and a cluster that answer. Each
// test breaks one thing.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "doctor/doctor.hpp"
#include "support/http/scripted_http.hpp"

namespace gridseal::doctor {

// The machine's files, on which nothing can be written. Owners, modes and free space are what the test says.
class SeenFiles final : public base::Files {
 public:
  struct Owner {
    uint32_t user = 0;
    uint32_t group = 0;
  };
  Owner owner{};                        // of everything else
  std::map<std::string, Owner> owners;  // by path
  std::map<std::string, uint32_t> modes;
  std::set<std::string> closed;  // for this user, with all that is below
  uint64_t free = uint64_t{64} << 30U;

  base::Result<std::unique_ptr<base::OutputFile>> open_output(const std::string& path, base::WriteMode,
                                                              uint32_t) override {
    return changed(path);
  }
  base::Result<void> rename(const std::string& from, const std::string&) override { return changed(from); }
  base::Result<void> sync_directory(const std::string& path) override { return changed(path); }
  base::Result<void> remove(const std::string& path) override { return changed(path); }
  base::Result<void> remove_tree(const std::string& path) override { return changed(path); }
  base::Result<void> make_directories(const std::string& path, uint32_t) override { return changed(path); }

  base::Result<std::unique_ptr<base::InputFile>> open_input(const std::string& path) override {
    if (is_closed(path)) return denied(path);
    return system_.open_input(path);
  }
  base::Result<base::FileInfo> stat(const std::string& path) override {
    if (is_closed(base::parent_directory(path))) return denied(path);
    auto info = system_.stat(path);
    if (!info) return info;
    const auto whose = owners.find(path);
    const Owner& of = whose == owners.end() ? owner : whose->second;
    info->owner = of.user;
    info->group = of.group;
    if (const auto mode = modes.find(path); mode != modes.end()) info->mode = mode->second;
    return info;
  }
  base::Result<std::vector<base::Entry>> list(const std::string& path) override {
    if (is_closed(path)) return denied(path);
    return system_.list(path);
  }
  base::Result<uint64_t> free_bytes(const std::string&) override { return free; }

 private:
  static base::Error changed(const std::string& path) {
    ADD_FAILURE() << "it changed " << path;
    return base::Error::blocked("files.permission", "nothing may be written");
  }
  static base::Error denied(const std::string& path) {
    return base::Error::blocked("files.permission", "cannot look at " + path + ": Permission denied");
  }
  bool is_closed(const std::string& path) const {
    for (const std::string& folder : closed)
      if (path == folder || path.starts_with(folder + "/")) return true;
    return false;
  }

  base::Files& system_ = base::system_files();
};

class DoctorTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::string etc() const { return folder_ + "/etc/gridseal"; }
  std::string state() const { return folder_ + "/var/lib/gridseal"; }
  std::string k3s() const { return folder_ + "/var/lib/rancher/k3s"; }
  void put(const std::string& path, const std::string& text, uint32_t mode = 0644);
  void settings(const std::string& more);  // appended to agent.toml

  Host host();
  Findings look(const std::string& group);
  // All of one id; each line "level: found → cure".
  std::vector<std::string> lines(const std::string& id);
  std::string level(const std::string& id);  // the worst of that id; empty: none

  std::string folder_;
  SeenFiles files_;
  test::ManualClock system_clock_;
  base::FlooredClock clock_{system_clock_, base::Time{}};
  std::function<test::ScriptedAnswer(const test::SeenRequest&)> registry_;
  std::function<test::ScriptedAnswer(const test::SeenRequest&)> cluster_;
  std::set<std::string> ending_;  // origins whose certificate ends soon
  test::ScriptedHttp http_{[this](const test::SeenRequest& seen) { return answer(seen); }};
  test::ScriptedHttp later_{[this](const test::SeenRequest& seen) {
    return ending_.contains(seen.origin.to_string()) ? failing("http.tls", "it expired at 2027-02-01")
                                                     : answer(seen);
  }};
  std::optional<bool> synchronised_ = true;
  base::Result<UnitState> unit_ = UnitState{"loaded", "active", "enabled"};
  base::Result<base::Json> status_ =
      base::Json{{"agent", {{"version", "1.2.3"}, {"pid", 812}, {"held", nullptr}}},
                 {"components", {{{"state", "healthy"}}}}};
  base::Result<std::vector<std::string>> addresses_ = std::vector<std::string>{"192.0.2.7"};
  base::Result<std::string> verified_ = std::string("verifies");

  static test::ScriptedAnswer failing(const std::string& code, const std::string& message);

 private:
  test::ScriptedAnswer answer(const test::SeenRequest& seen) {
    return seen.origin.host == "mirror.test" || seen.origin.host == "second.test" ? registry_(seen)
                                                                                  : cluster_(seen);
  }
};

}  // namespace gridseal::doctor
