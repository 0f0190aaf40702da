// A folder of a test's own, and manifests to put into it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/files.hpp"
#include "publish/build.hpp"
#include "publish/layout_writer.hpp"

namespace gridseal::publish {

inline constexpr const char* kConfigMap =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: pumps}\n";

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = ::testing::TempDir() + "gs_publish_" + test->test_suite_name() + "_" + test->name();
    ASSERT_TRUE(files_.remove_tree(root_));
    ASSERT_TRUE(files_.make_directories(root_ + "/in", 0755));
    ASSERT_TRUE(files_.make_directories(root_ + "/tmp", 0755));
  }
  void TearDown() override { ASSERT_TRUE(files_.remove_tree(root_)); }

  void put(const std::string& name, std::string_view text) {
    const std::string path = root_ + "/in/" + name;
    ASSERT_TRUE(files_.make_directories(base::parent_directory(path), 0755));
    ASSERT_TRUE(base::write_file(files_, path, text, 0644));
  }

  BuildRequest request() const {
    BuildRequest request;
    request.directory = root_ + "/in";
    request.component = "pump-control";
    request.version = "1.0.0";
    request.created = *base::parse_rfc3339("2026-01-05T08:00:00.250Z");
    request.scratch_directory = root_ + "/tmp";
    return request;
  }

  // The artifact in a layout directory, under the tag "1.0.0".
  void write_layout(const Built& built) {
    auto writer = LayoutWriter::open(files_, layout());
    ASSERT_TRUE(writer) << writer.error().describe();
    ASSERT_TRUE(writer->put_blob(built.layers.front().descriptor.digest, built.layers.front().bytes));
    ASSERT_TRUE(writer->put_blob(built.config_descriptor.digest, built.config));
    ASSERT_TRUE(writer->put_blob(built.descriptor.digest, built.manifest));
    ASSERT_TRUE(writer->set_reference("1.0.0", built.descriptor));
  }
  std::string layout() const { return root_ + "/layout"; }

  base::Files& files_ = base::system_files();
  std::string root_;
};

}  // namespace gridseal::publish
