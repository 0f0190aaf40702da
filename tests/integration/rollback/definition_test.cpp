// Definitions that a revision changes, and objects that need the change.
#include <gtest/gtest.h>

#include "integration/rollback/shop.hpp"

namespace gridseal::test {
namespace {

constexpr const char* kPump = "/apis/shop.test/v1/namespaces/shop/pumps/a";
constexpr const char* kPumps = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pumps.shop.test";

// A pump has these fields and no others.
std::string pumps(const std::string& fields) {
  return definition("pumps", "Pump",
                    "{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, "
                    "properties: {spec: {type: object, properties: {" +
                        fields + "}}}}}}");
}

std::string pump(const std::string& spec) {
  return "---\napiVersion: shop.test/v1\nkind: Pump\nmetadata: {name: a, namespace: shop}\nspec: {" + spec +
         "}\n";
}

const std::string kSize = "size: {type: integer}";
const std::string kSizeAndSpeed = kSize + ", speed: {type: integer}";

class DefinitionTest : public ::testing::Test {
 protected:
  void run_good() {
    good_ = host_.release("1.0.0", {{"all.yaml", pumps(kSize) + pump("size: 1")}});
    ASSERT_TRUE(host_.start());
    ASSERT_TRUE(host_.run_until([&] { return host_.state() == "healthy"; })) << tell();
    before_ = host_.look();
  }
  bool reaches(const std::string& state) {
    return host_.run_until([&] { return host_.state() == state; });
  }
  void expect_as_before() {
    host_.pass(std::chrono::seconds(10));
    for (const auto& line : differences(before_, host_.look())) ADD_FAILURE() << line;
    EXPECT_EQ(host_.orphans(), "");
    EXPECT_EQ(host_.flaws_of_history(), "");
  }
  std::string tell() { return host_.state() + " (" + host_.reason() + "): " + host_.component().sentence; }

  SimHost host_{std::string("def-") + ::testing::UnitTest::GetInstance()->current_test_info()->name()};
  std::string good_;
  Snapshot before_;
};

// GS-DEPLOY-212: A revision that adds a field to the definition of a kind may use it at once: what needs the
// new definition is tried when that is in place, also while the API server goes on judging by the old one.
TEST_F(DefinitionTest, NewFieldIsUsedAtOnce) {
  run_good();
  int tries = 0;
  host_.network().set_watcher([&](const http::Request& request) {
    if (request.target.starts_with(kPump) && request.target.find("dryRun=All") != std::string::npos) ++tries;
  });
  const std::string next =
      host_.release("1.1.0", {{"all.yaml", pumps(kSizeAndSpeed) + pump("size: 1, speed: 3")}});
  ASSERT_TRUE(host_.run_until([&] { return host_.runs(next); })) << tell();
  EXPECT_EQ(host_.deployments().size(), 2U);
  EXPECT_EQ(host_.get(kPump)["spec"]["speed"], 3);
  EXPECT_GE(tries, 3) << "the first and one by the old definition in vain";
}

// GS-DEPLOY-213: What the changed definition does not allow either is refused before anything of its stage is
// written; definition and objects are as before, those that stood there before the agent among them.
TEST_F(DefinitionTest, WrongFieldIsTakenBack) {
  run_good();
  host_.create("/apis/shop.test/v1/namespaces/shop/pumps",
               {{"apiVersion", "shop.test/v1"},
                {"kind", "Pump"},
                {"metadata", {{"name", "theirs"}, {"namespace", "shop"}}},
                {"spec", {{"size", 7}}}});
  before_ = host_.look();
  std::string theirs = pump("size: 1, sped: 3");
  theirs.replace(theirs.find("name: a"), 7, "name: theirs");
  std::vector<std::string> written;
  host_.network().set_watcher([&](const http::Request& request) {
    if (request.method == "PATCH" && request.target.find("dryRun") == std::string::npos)
      written.push_back(request.target.substr(0, request.target.find('?')));
  });
  host_.release("1.1.0", {{"all.yaml", pumps(kSizeAndSpeed) + config_map("new", "2") +
                                           pump("size: 1, speed: 3") + theirs}});
  ASSERT_TRUE(host_.run_until([&] { return host_.state() != "healthy" && !written.empty(); })) << tell();
  ASSERT_TRUE(reaches("refused")) << tell();
  EXPECT_NE(host_.component().sentence.find("sped"), std::string::npos) << host_.component().sentence;
  EXPECT_EQ(written.front(), kPumps);
  EXPECT_EQ(std::ranges::count(written, "/api/v1/namespaces/shop/configmaps/new"), 0);
  EXPECT_EQ(host_.deployments().front().outcome, history::DeploymentOutcome::rolled_back);
  EXPECT_TRUE(host_.runs(good_));
  expect_as_before();
}

// GS-DEPLOY-214: A field that no definition has is refused before the first write when the revision does not
// change the definition.
TEST_F(DefinitionTest, WrongFieldIsRefusedAtOnce) {
  run_good();
  host_.release("1.1.0", {{"all.yaml", pumps(kSize) + pump("size: 1, speed: 3")}});
  ASSERT_TRUE(reaches("refused")) << tell();
  EXPECT_EQ(host_.deployments().size(), 1U);
  EXPECT_NE(host_.component().sentence.find("speed"), std::string::npos) << host_.component().sentence;
  expect_as_before();
}

}  // namespace
}  // namespace gridseal::test
