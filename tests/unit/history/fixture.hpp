// A history in a folder of its own, with a clock that the test turns.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/files.hpp"
#include "history/history.hpp"

namespace gridseal::history {

class TestClock final : public base::Clock {
 public:
  base::Time now() override { return now_; }
  Monotonic monotonic() override { return monotonic_; }
  bool sleep_for(base::milliseconds duration, const std::stop_token& /*stop*/) override {
    advance(duration);
    return true;
  }
  void advance(base::milliseconds duration) {
    now_ += duration;
    monotonic_ += duration;
  }

 private:
  base::Time now_{base::milliseconds(1'790'000'000'000)};
  Monotonic monotonic_{};
};

inline base::Digest digest(char fill) {
  return *base::Digest::from_hex(std::string(64, fill));
}

inline ObjectKey object(const std::string& name, const std::string& kind = "ConfigMap") {
  return {"", kind, "pumps", name};
}

inline InventoryEntry entry(const std::string& name, char declared, const std::string& kind = "ConfigMap") {
  return {object(name, kind), "v1", digest(declared)};
}

inline NewDeployment deploy(char artifact) {
  NewDeployment deployment{"pump", digest(artifact), std::string("v1@sha256:") + artifact};
  deployment.actor = "poll";
  deployment.state = "admitted";
  deployment.rendered = digest('a');
  deployment.values = digest('b');
  return deployment;
}

class HistoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = ::testing::TempDir() + "gs_history_" + test->test_suite_name() + "_" + test->name();
    empty_folder();
  }
  void TearDown() override {
    history_.reset();
    ASSERT_TRUE(files_.remove_tree(folder_));
  }

  void empty_folder() {
    history_.reset();
    ASSERT_TRUE(files_.remove_tree(folder_));
    ASSERT_TRUE(files_.make_directories(folder_, 0750));
  }

  base::Result<std::unique_ptr<History>> open(Effect effect = nullptr) {
    return History::open(files_, clock_, {folder_, std::move(effect)});
  }
  void reopen() {
    history_.reset();
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().describe();
    history_ = std::move(*opened);
  }
  std::string database_path() const { return folder_ + "/history.db"; }

  // Everything in the files of the database, as bytes.
  std::string all_bytes() {
    std::string bytes;
    for (const auto* suffix : {"", "-wal"}) {
      if (auto text = base::read_file(files_, database_path() + suffix)) bytes += *text;
    }
    return bytes;
  }

  base::Files& files_ = base::system_files();
  TestClock clock_;
  std::string folder_;
  std::unique_ptr<History> history_;
};

}  // namespace gridseal::history
