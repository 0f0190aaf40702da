// The units as they are installed, judged by systemd's own tools.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "support/program.hpp"

namespace gridseal::test {
namespace {

class Units : public ::testing::Test {
 protected:
  void SetUp() override {
    if (run_program("command -v systemd-analyze").code != 0)
      GTEST_SKIP() << "systemd-analyze is not installed";
    std::string name = std::filesystem::temp_directory_path() / "gs-units-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    // The programs are not installed here: what stands for them is.
    const Ran copied =
        run_program("cp " GRIDSEAL_UNITS "/*.service " GRIDSEAL_UNITS "/*.socket " + directory_ +
                    " && sed -i 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' " + directory_ + "/*.service");
    ASSERT_EQ(copied.code, 0) << copied.output;
  }
  void TearDown() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }
  std::string directory_;
};

// GS-PACKAGE-020: systemd has nothing to say against the units.
TEST_F(Units, AreWellFormed) {
  std::string units;
  for (const char* unit :
       {"gridseald.service", "gridseald.socket", "gridseal-images.service", "gridseal-media@sda1.service"})
    units += " " + directory_ + "/" + unit;
  const Ran verified = run_program("systemd-analyze verify --man=no --recursive-errors=no" + units);
  EXPECT_EQ(verified.code, 0) << verified.output;
  EXPECT_EQ(verified.output, "");
}

// GS-PACKAGE-021: The services are exposed to at most 1.3 by systemd's measure, and the agent still sees who
// asks it something.
TEST_F(Units, AreSandboxed) {
  const Ran judged = run_program("systemd-analyze security --offline=true --threshold=13 " + directory_ +
                                 "/gridseald.service " + directory_ + "/gridseal-images.service");
  EXPECT_EQ(judged.code, 0) << judged.output;
  const Ran hidden =
      run_program("grep -E '^(PrivateUsers|ProtectProc)=' " + directory_ + "/gridseald.service");
  EXPECT_EQ(hidden.output, "");
}

// GS-PACKAGE-022: The unit that imports what is plugged in is well formed, holds few capabilities, and
// belongs to the group that may talk to gridseald: without CAP_DAC_OVERRIDE being root opens no socket.
TEST_F(Units, MediaMayTalkToTheAgent) {
  const std::string unit = directory_ + "/gridseal-media@.service";
  const Ran verified =
      run_program("systemd-analyze verify --man=no --recursive-errors=no " + unit + " | grep -v umount");
  EXPECT_EQ(verified.output, "");
  const auto value = [](const std::string& name, const std::string& file) {
    return run_program("sed -n 's/^" + name + "=//p' '" + file + "'").output;
  };
  EXPECT_EQ(value("CapabilityBoundingSet", unit), "CAP_SYS_ADMIN CAP_DAC_READ_SEARCH\n");
  EXPECT_EQ(value("SocketMode", directory_ + "/gridseald.socket"), "0660\n");
  EXPECT_EQ(value("SupplementaryGroups", unit), value("SocketGroup", directory_ + "/gridseald.socket"));
}

}  // namespace
}  // namespace gridseal::test
