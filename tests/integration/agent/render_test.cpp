// What a host's settings add to an artifact: variables, labels, files that are left out.
#include "integration/agent/bad_input_fixture.hpp"
#include "unit/archive/tar_builder.hpp"

namespace gridseal::test {
namespace {

const std::string kRenderedConfig = "/api/v1/namespaces/shop/configmaps/web";
const std::string kRenderedWeb = "/apis/apps/v1/namespaces/shop/deployments/web";

void replace(std::string& text, std::string_view what, std::string_view by) {
  text.replace(text.find(what), what.size(), by);
}

// Replicas, a part of the image's name and a line of configuration come of variables.
Manifests variable_application(const std::string& version) {
  Manifests manifests = application(version);
  manifests["config.yaml"] =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata:\n  level: "
      "\"${level}\"\n"
      "  raw: $${level}\n";
  replace(manifests["web.yaml"], "replicas: 1", "replicas: ${replicas:=1}");
  replace(manifests["web.yaml"], "registry.test/web", "registry.test/${app:=web}");
  return manifests;
}

class RenderTest : public AgentTest {
 protected:
  void deploy(const Manifests& manifests) {
    promote(publish("1.0.0", manifests));
    ASSERT_TRUE(start());
    ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << reason() << component().sentence;
  }
  std::string level() { return cluster_->get(kRenderedConfig)["data"].value("level", ""); }
  std::string image() {
    return cluster_->get(kRenderedWeb)["spec"]["template"]["spec"]["containers"][0].value("image", "");
  }
  base::Json plan_of(history::DeploymentId id) {
    auto deployment = engine_->history().deployment(id);
    return deployment && *deployment ? (*deployment)->steps.at(0).detail : base::Json();
  }
};

// GS-DEPLOY-302: A change of a variable is deployed like a new revision, and the values that were used are
// kept with the deployment; two dollars are one.
TEST_F(RenderTest, AChangedVariableIsDeployed) {
  settings_.site.variables = {{"level", "7"}, {"unused", "x"}};
  deploy(variable_application("1.0.0"));
  EXPECT_EQ(level(), "7");
  EXPECT_EQ(cluster_->get(kRenderedConfig)["data"].value("raw", ""), "${level}");
  EXPECT_EQ(cluster_->get(kRenderedWeb)["spec"]["replicas"], 1);
  settings().variables = {{"level", "8"}, {"replicas", "2"}};
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return deployments().size() == 2 && state() == "healthy"; }))
      << state() << component().sentence;
  EXPECT_EQ(level(), "8");
  EXPECT_EQ(cluster_->get(kRenderedWeb)["spec"]["replicas"], 2);
  EXPECT_EQ(plan_of(deployments()[0].id)["variables"], (base::Json{{"level", "8"}, {"replicas", "2"}}));
  EXPECT_EQ(plan_of(deployments()[1].id)["variables"], (base::Json{{"level", "7"}}));
  settings_.site.variables["level"] = "9";  // the component's wins: nothing changes
  ASSERT_TRUE(engine_->reload(settings_));
  const auto before = engine_->activities().at(0).activity.last_poll;
  ASSERT_TRUE(run_until([&] { return engine_->activities().at(0).activity.last_poll != before; }));
  EXPECT_EQ(deployments().size(), 2U);
}

// GS-DEPLOY-303: A variable that is not set is refused with object, field and file; what runs is not touched.
TEST_F(RenderTest, AnUnknownVariableIsRefused) {
  settings_.site.variables = {{"level", "7"}};
  deploy(variable_application("1.0.0"));
  Manifests next = variable_application("1.1.0");
  replace(next["config.yaml"], "${level}\"", "${levle}\"");
  promote(publish("1.1.0", next));
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "manifest.substitution");
  for (const char* part : {"ConfigMap web", "data.level", "config.yaml", "levle"})
    EXPECT_NE(component().sentence.find(part), std::string::npos) << component().sentence;
  EXPECT_EQ(level(), "7");
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_EQ(deployments().size(), 1U);
  settings_.site.variables["levle"] = "8";
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return live_version() == "1.1.0" && state() == "healthy"; }))
      << state() << component().sentence;
  EXPECT_EQ(level(), "8");
}

// GS-DEPLOY-304: When a value makes the workload fail, the way back has the values of before, although the
// artifact is the same.
TEST_F(RenderTest, AFailedVariableIsTakenBack) {
  settings_.site.variables = {{"level", "7"}};
  deploy(variable_application("1.0.0"));
  const std::string good = image();
  ASSERT_TRUE(cluster_->set_script(base::Json::parse(
      R"({"rules": [{"match": {"image": "*never-ready*"}, "behaviour": {"never_ready": true}}]})")));
  settings_.site.variables = {{"level", "8"}, {"app", "never-ready"}};
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return state() == "failed"; }, 40'000)) << state() << component().sentence;
  EXPECT_EQ(deployments()[0].outcome, history::DeploymentOutcome::rolled_back);
  EXPECT_EQ(image(), good);
  EXPECT_EQ(level(), "7");
  EXPECT_EQ(deployments().size(), 2U);
  settings_.site.variables = {{"level", "8"}};
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return level() == "8" && state() == "healthy"; }))
      << state() << component().sentence;
}

// GS-DEPLOY-305: Without variables, and where the settings say so, nothing is substituted.
TEST_F(RenderTest, SubstitutionIsAskedFor) {
  Manifests manifests = application("1.0.0");
  manifests["config.yaml"] = variable_application("1.0.0")["config.yaml"];
  deploy(manifests);
  EXPECT_EQ(level(), "${level}");
  EXPECT_EQ(cluster_->get(kRenderedConfig)["data"].value("raw", ""), "$${level}");
  settings_.site.variables = {{"level", "7"}};
  settings().substitute = false;
  ASSERT_TRUE(engine_->reload(settings_));
  const auto before = engine_->activities().at(0).activity.last_poll;
  ASSERT_TRUE(run_until([&] { return engine_->activities().at(0).activity.last_poll != before; }));
  EXPECT_EQ(level(), "${level}");
  EXPECT_EQ(deployments().size(), 1U);
}

// GS-DEPLOY-306: Labels and annotations of the settings are on each object and not on its pods; the label of
// the owner stays.
TEST_F(RenderTest, CommonMetadata) {
  settings().labels = {{"site", "north"}, {"version", "ours"}};
  settings().annotations = {{"example.com/note", "3"}};
  deploy(application("1.0.0"));
  for (const auto& path : {kRenderedConfig, kRenderedWeb}) {
    const base::Json metadata = cluster_->get(path)["metadata"];
    EXPECT_EQ(metadata["labels"].value("site", ""), "north") << path;
    EXPECT_EQ(metadata["labels"].value("version", ""), "ours") << path;
    EXPECT_EQ(metadata["labels"].value("gridseal.dev/component", ""), "shop") << path;
    EXPECT_EQ(metadata["annotations"].value("example.com/note", ""), "3") << path;
  }
  const base::Json pod = cluster_->get(kRenderedWeb)["spec"]["template"]["metadata"]["labels"];
  EXPECT_EQ(pod, (base::Json{{"app", "web"}, {"version", "1.0.0"}}));
}

// GS-DEPLOY-307: Files that the artifact's .sourceignore or the settings leave out are not read; what they
// held before is pruned.
TEST_F(RenderTest, FilesAreLeftOut) {
  Manifests manifests = application("1.0.0");
  manifests["extra/more.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: shop}\n";
  manifests["extra/.sourceignore"] = "values.yaml\n";
  deploy(manifests);
  ASSERT_TRUE(cluster_->get("/api/v1/namespaces/shop/configmaps/more").is_object());
  settings().exclude = {"/extra/"};
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return deployments().size() == 2 && state() == "healthy"; }))
      << state() << component().sentence;
  EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/more").is_object());
}

class LayerTest : public BadInputTest {};

// GS-DEPLOY-308: A .sourceignore counts also for files that come before it in the archive.
TEST_F(LayerTest, SourceIgnoreMayComeLast) {
  run_good_revision();
  archive::testing::TarBuilder tar;
  tar.file("broken.yaml", "kind: [\n");
  for (const auto& [name, text] : application("1.1.0")) tar.file(name, text);
  tar.file("./.sourceignore", "/broken.yaml\n");
  const std::string next = publish_layer("1.1.0", archive::testing::gzip(tar.end()));
  promote(next);
  expect_recovery(next, "1.1.0");
}

}  // namespace
}  // namespace gridseal::test
