// Which package is for a host, and how it gets into a folder.
#include <gtest/gtest.h>
#include <unistd.h>

#include "crypto/hash.hpp"
#include "oci/media_types.hpp"
#include "upgrade/find.hpp"
#include "upgrade/package_sink.hpp"

namespace gridseal::upgrade {
namespace {

oci::Descriptor layer(const std::string& file, const std::string& suite, const std::string& architecture) {
  oci::Descriptor descriptor =
      oci::describe(file.ends_with(".rpm") ? oci::kRpmPackage : oci::kDebianPackage, file);
  descriptor.annotations = {{std::string(oci::kAnnotationTitle), file},
                            {std::string(oci::kAnnotationSuite), suite},
                            {std::string(oci::kAnnotationArchitecture), architecture}};
  return descriptor;
}

oci::Manifest manifest_of(std::vector<oci::Descriptor> layers) {
  return {std::string(oci::kOciManifest),
          std::string(oci::kPackageArtifact),
          oci::describe(oci::kOciEmpty, "{}"),
          std::move(layers),
          {},
          {}};
}

class UpgradeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = ::testing::TempDir() + "gs_upgrade_" + test->name();
    ASSERT_TRUE(files_.remove_tree(root_));
    ASSERT_TRUE(files_.make_directories(root_ + "/etc", 0755));
  }
  void TearDown() override { ASSERT_TRUE(files_.remove_tree(root_)); }
  std::vector<std::string> suites(const std::string& os_release) {
    EXPECT_TRUE(base::write_file(files_, root_ + "/etc/os-release", os_release, 0644));
    auto host = this_host(files_, root_);
    if (!host) return {host.error().code()};
    EXPECT_EQ(host->architecture, oci::host_architecture());
    return host->suites;
  }

  base::Files& files_ = base::system_files();
  std::string root_;
};

// GS-UPGRADE-001: A host knows its release by os-release, as Debian and Red Hat write it.
TEST_F(UpgradeTest, WhatTheHostIsCalled) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(suites("ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"),
            (Names{"bookworm", "debian-12"}));
  EXPECT_EQ(suites("# a\nID=\"rocky\"\nVERSION_ID='9.4'\nPLATFORM_ID=\"platform:el9\"\n"),
            (Names{"el9", "rocky-9.4"}));
  EXPECT_EQ(suites("NAME=x\n"), (Names{"upgrade.host"}));
}

// GS-UPGRADE-002: The package for this release and architecture is taken, and no other; what is there is
// named when none is.
TEST_F(UpgradeTest, ThePackageForThisHost) {
  const oci::Manifest manifest = manifest_of({layer("gridseal_2.0.0-1_amd64.deb", "trixie", "amd64"),
                                              layer("gridseal_2.0.0-1_arm64.deb", "bookworm", "arm64"),
                                              layer("gridseal_2.0.0-1_amd64.deb", "bookworm", "amd64"),
                                              layer("gridseal-2.0.0-1.el9.x86_64.rpm", "el9", "amd64")});
  const auto debian = package_for({"amd64", {"bookworm", "debian-12"}}, manifest);
  ASSERT_TRUE(debian) << debian.error().describe();
  EXPECT_EQ(debian->blob.annotations, manifest.layers[2].annotations);
  EXPECT_TRUE(debian->is_debian());
  const auto rpm = package_for({"amd64", {"el9", "rocky-9.4"}}, manifest);
  ASSERT_TRUE(rpm) << rpm.error().describe();
  EXPECT_FALSE(rpm->is_debian());
  const auto none = package_for({"riscv64", {"bookworm"}}, manifest);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), "upgrade.no_package");
  EXPECT_NE(none.error().message().find("trixie/amd64"), std::string::npos) << none.error().message();
}

// GS-UPGRADE-003: A signed name leads nowhere else: a path, an option or another ending is refused.
TEST_F(UpgradeTest, NamesThatLeadElsewhere) {
  for (const char* name :
       {"../gridseal.deb", "/tmp/a.deb", "-o.deb", ".hidden.deb", "a b.deb", "a;b.deb", ""}) {
    oci::Descriptor one = layer("x.deb", "bookworm", "amd64");
    one.annotations[std::string(oci::kAnnotationTitle)] = name;
    const auto package = package_for({"amd64", {"bookworm"}}, manifest_of({one}));
    ASSERT_FALSE(package) << name;
    EXPECT_EQ(package.error().code(), "upgrade.package") << name;
  }
  oci::Descriptor rpm = layer("a.rpm", "bookworm", "amd64");
  rpm.media_type = oci::kDebianPackage;
  EXPECT_FALSE(package_for({"amd64", {"bookworm"}}, manifest_of({rpm})));
}

// GS-UPGRADE-004: A package has its name when its bytes are the signed ones, and leaves nothing behind else.
TEST_F(UpgradeTest, OnlyWholePackagesHaveTheirName) {
  const std::string bytes(100'000, 'x');
  const Package package{oci::describe(oci::kDebianPackage, bytes), "a.deb"};
  const auto write = [&](const std::string& text) -> base::Result<void> {
    auto sink = PackageSink::open(files_, root_, package);
    if (!sink) return std::move(sink).error();
    if (auto r = (*sink)->write(text); !r) return r;
    return (*sink)->finish();
  };
  const auto there = [&] { return files_.list(root_)->size() - 1; };  // beside etc
  std::string changed = bytes;
  changed[7] = 'y';
  EXPECT_EQ(write(changed).error().code(), "oci.digest_mismatch");
  EXPECT_EQ(there(), 0U);
  EXPECT_EQ(write(bytes.substr(1)).error().code(), "oci.size_mismatch");
  EXPECT_EQ(write(bytes + "x").error().code(), "oci.size_mismatch");
  EXPECT_EQ(there(), 0U);
  // What somebody laid there before is not written into.
  ASSERT_TRUE(base::write_file(files_, root_ + "/etc/other", "other", 0644));
  ASSERT_EQ(::symlink((root_ + "/etc/other").c_str(), (root_ + "/a.deb.part").c_str()), 0);
  ASSERT_TRUE(write(bytes));
  EXPECT_EQ(*base::read_file(files_, root_ + "/etc/other"), "other");
  EXPECT_EQ(there(), 1U);
  EXPECT_EQ(*base::read_file(files_, root_ + "/a.deb"), bytes);
}

// GS-UPGRADE-005: Newer is what semantic versions say; what is none cannot be told.
TEST_F(UpgradeTest, WhatIsNewer) {
  const std::string text = "{}";
  const oci::FetchedArtifact artifact{crypto::sha256(text), text, {}, manifest_of({}), {}, {}};
  const auto newer = [&](const std::string& version, const char* installed) {
    return Found{artifact, version, {}, {}, {}, {}, {}}.is_newer_than(installed);
  };
  EXPECT_TRUE(*newer("1.10.0", "1.9.9"));
  EXPECT_FALSE(*newer("1.9.9", "1.9.9"));
  EXPECT_FALSE(*newer("1.9.9-rc.1", "1.9.9"));
  EXPECT_EQ(newer("next", "1.0.0").error().code(), "upgrade.version");
}

}  // namespace
}  // namespace gridseal::upgrade
