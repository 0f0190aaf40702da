// Several requests to the API server at the same time.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "integration/rollback/shop.hpp"

namespace gridseal::test {
namespace {

using kubesim::Json;

constexpr size_t kAtOnce = 4;
constexpr std::chrono::seconds kNeverThatLong{60};

bool is_dry_run(const http::Request& request) {
  return request.method == "PATCH" && request.target.find("dryRun=All") != std::string::npos;
}
bool is_apply(const http::Request& request) {
  return request.method == "PATCH" && request.target.find("dryRun") == std::string::npos;
}
bool is_of(const http::Request& request, const std::string& path) {
  return request.target.find(path) != std::string::npos;
}

// Nobody gets past it before as many are there.
class Meeting {
 public:
  void join() {
    std::unique_lock lock(mutex_);
    if (++there_ >= kAtOnce) all_there_.notify_all();
    met_ = all_there_.wait_for(lock, kNeverThatLong, [&] { return there_ >= kAtOnce; });
  }
  bool met() const { return met_; }

 private:
  std::mutex mutex_;
  std::condition_variable all_there_;
  size_t there_ = 0;
  bool met_ = false;
};

// Opened once.
class Door {
 public:
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  bool pass() {
    std::unique_lock lock(mutex_);
    return opened_.wait_for(lock, kNeverThatLong, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

std::string four_maps(const std::string& value) {
  std::string out;
  for (const char* name : {"a", "b", "c", "d"}) out += config_map(name, value);
  return out;
}

class AtOnceTest : public ::testing::Test {
 protected:
  AtOnceTest() { host_.set_in_flight(kAtOnce); }

  bool reaches(const std::string& state) {
    return host_.run_until([&] { return host_.state() == state; });
  }
  void run_good() {
    host_.release("1.0.0", {{"all.yaml", base_objects("1")}});
    ASSERT_TRUE(host_.start());
    ASSERT_TRUE(reaches("healthy")) << tell();
    before_ = host_.look();
  }
  void expect_as_before() {
    host_.pass(std::chrono::seconds(10));
    for (const auto& line : differences(before_, host_.look())) ADD_FAILURE() << line;
    EXPECT_EQ(host_.orphans(), "");
    EXPECT_EQ(host_.flaws_of_history(), "");
  }
  std::string tell() { return host_.state() + " (" + host_.reason() + "): " + host_.component().sentence; }

  SimHost host_{std::string("once-") + ::testing::UnitTest::GetInstance()->current_test_info()->name()};
  Snapshot before_;
};

// GS-DEPLOY-215: Objects are tried and applied several at once, as many as the outside allows; kinds keep
// their order all the same.
TEST_F(AtOnceTest, SeveralAreUnderWay) {
  Meeting trying;
  Meeting applying;
  host_.network().set_gate([&](const http::Request& request) {
    if (!is_of(request, "/configmaps/") || is_of(request, "/configmaps/settings")) return;
    if (is_dry_run(request)) trying.join();
    if (is_apply(request)) applying.join();
  });
  std::vector<size_t> ranks;
  host_.network().set_watcher([&](const http::Request& request) {
    static const std::vector<std::string> kOrder{"/serviceaccounts/", "/roles/",    "/configmaps/",
                                                 "/secrets/",         "/services/", "/deployments/"};
    if (!is_apply(request)) return;
    const auto kind =
        std::ranges::find_if(kOrder, [&](const std::string& path) { return is_of(request, path); });
    ranks.push_back(static_cast<size_t>(kind - kOrder.begin()));
  });
  host_.release("1.0.0", {{"all.yaml", base_objects("1") + four_maps("1")}});
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(reaches("healthy")) << tell();
  EXPECT_TRUE(trying.met());
  EXPECT_TRUE(applying.met());
  EXPECT_EQ(ranks.size(), 10U);
  EXPECT_TRUE(std::ranges::is_sorted(ranks));
  EXPECT_EQ(host_.orphans(), "");
}

// GS-DEPLOY-216: Of several refused dry runs the one is told that comes first in the plan, whichever was
// answered first; nothing is written.
TEST_F(AtOnceTest, FirstOfThePlanIsTold) {
  run_good();
  Door third_was_answered;
  host_.network().set_gate([&](const http::Request& request) {
    if (is_dry_run(request) && is_of(request, "/configmaps/b?")) {
      EXPECT_TRUE(third_was_answered.pass());
    }
  });
  host_.network().set_watcher([&](const http::Request& request) {
    if (is_dry_run(request) && is_of(request, "/configmaps/c?")) third_was_answered.open();
  });
  const auto wrong = [](const std::string& name) {
    return config_map(name, "2") + "wrong_" + name + ": 1\n";
  };
  host_.release("1.1.0", {{"all.yaml", base_objects("1") + config_map("a", "2") + wrong("b") + wrong("c")}});
  ASSERT_TRUE(reaches("refused")) << tell();
  EXPECT_NE(host_.component().sentence.find("ConfigMap shop/b"), std::string::npos) << tell();
  expect_as_before();
}

// GS-DEPLOY-217: The same of what is refused while it is applied: what was written beside it is known and
// taken back.
TEST_F(AtOnceTest, WhatWasWrittenBesideIsTakenBack) {
  run_good();
  Meeting all_begun;
  Door others_were_sent;
  int sent = 0;
  host_.network().set_gate([&](const http::Request& request) {
    if (!is_apply(request) || !is_of(request, "/configmaps/") || is_of(request, "/configmaps/settings"))
      return;
    all_begun.join();
    if (is_of(request, "/configmaps/b?")) {
      EXPECT_TRUE(others_were_sent.pass());
    }
  });
  host_.network().set_watcher([&](const http::Request& request) {
    const bool other = is_of(request, "/configmaps/a?") || is_of(request, "/configmaps/c?") ||
                       is_of(request, "/configmaps/d?");
    if (is_apply(request) && other && ++sent == 3) others_were_sent.open();
  });
  const Json refused = {{"status", 403}, {"message", "not today"}};
  Json faults = Json::array();
  for (const char* path : {"*/configmaps/b", "*/configmaps/c"}) {
    for (const char* query : {"fieldManager=gridseal", "fieldManager=gridseal&force=true"}) {
      faults.push_back(
          {{"match", {{"method", "PATCH"}, {"path_glob", path}, {"query_glob", query}}}, {"fault", refused}});
    }
  }
  host_.script({{"faults", faults}});
  host_.release("1.1.0", {{"all.yaml", base_objects("1") + four_maps("2")}});
  ASSERT_TRUE(host_.run_until([&] {
    const auto list = host_.deployments();
    return list.size() == 2 && list.front().finished;
  })) << tell();
  EXPECT_EQ(host_.deployments().front().outcome, history::DeploymentOutcome::rolled_back);
  EXPECT_NE(host_.deployments().front().sentence.find("ConfigMap shop/b could not be applied"),
            std::string::npos)
      << host_.deployments().front().sentence;
  EXPECT_TRUE(all_begun.met());
  expect_as_before();
}

}  // namespace
}  // namespace gridseal::test
