#include "integration/cuts/scenarios.hpp"

#include <gtest/gtest.h>

#include "integration/rollback/shop.hpp"

namespace gridseal::test {
namespace {

using kubesim::Json;

// Fewer looks at health: they leave nothing behind, and each would be one more place to cut at.
void be_quick(SimHost& host) {
  host.settings().soak = base::milliseconds(400);
  host.settings().grace = base::milliseconds(300);
  host.settings().timeout = base::milliseconds(20'000);
}

Workload web(const std::string& version, const std::string& image = "registry.test/web") {
  Workload out;
  out.version = version;
  out.image = image;
  return out;
}

std::string namespace_yaml(const std::string& name) {
  return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + "}\n";
}

std::string pump(const std::string& name, int size) {
  return "---\napiVersion: shop.test/v1\nkind: Pump\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: {size: " + std::to_string(size) + "}\n";
}

std::string later_map(const std::string& value) {
  return "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: there, namespace: later}\ndata: {value: '" +
         value + "'}\n";
}

void theirs(SimHost& host) {
  host.create("/api/v1/namespaces/shop/configmaps",
              {{"apiVersion", "v1"},
               {"kind", "ConfigMap"},
               {"metadata", {{"name", "theirs"}, {"annotations", {{"note", "keep"}}}}},
               {"data", {{"value", "theirs"}, {"other", "kept"}}}},
              "helm");
}

std::string good_objects() {
  return config_map("settings", "1") + secret("password", "1") + deployment(web("1")) +
         config_map("old", "1") + definition("pumps", "Pump", simple_version("v1", true)) + pump("a", 1);
}

std::string next_objects(const std::string& image) {
  return config_map("settings", "2") + secret("password", "2") + deployment(web("2", image)) +
         config_map("new", "2") + config_map("theirs", "ours") + namespace_yaml("later") + later_map("2") +
         definition("pumps", "Pump", simple_version("v1", true)) + pump("a", 2) + pump("b", 2);
}

// Prepares `good` as the running revision (nothing when empty) and promotes `next`, which works or does not.
Scenario scenario(std::string name, std::string good, std::string next, bool works,
                  std::function<void(SimHost&)> before = {}) {
  Scenario out;
  out.name = std::move(name);
  auto digest = std::make_shared<std::string>();
  out.prepare = [=](SimHost& host) {
    be_quick(host);
    if (before) before(host);
    if (!good.empty()) {
      host.release("1.0.0", {{"all.yaml", good}});
      ASSERT_TRUE(host.start());
      ASSERT_TRUE(host.run_until([&] { return host.state() == "healthy"; })) << host.component().sentence;
      host.stop();
    }
    *digest = host.release("1.1.0", {{"all.yaml", next}});
    host.pass(std::chrono::seconds(61));
  };
  out.rests = [works, digest](SimHost& host) {
    const auto list = host.deployments();
    if (list.empty() || !list.front().finished || list.front().artifact.to_string() != *digest) return false;
    return works ? host.state() == "healthy" && host.runs(*digest) : host.state() == "failed";
  };
  out.flaws = [works, digest, first = good.empty()](SimHost& host) -> std::string {
    if (!works && first)
      return host.component().last_good ? "a failed first revision is taken for good; " : "";
    return host.runs(*digest) == works ? "" : "the wrong revision runs; ";
  };
  return out;
}

}  // namespace

Scenario first_deployment() {
  return scenario("first deployment", {}, next_objects("registry.test/web"), true, theirs);
}

Scenario upgrade() {
  return scenario("upgrade", good_objects(), next_objects("registry.test/web"), true, theirs);
}

Scenario failed_upgrade() {
  return scenario("failed upgrade", good_objects(), next_objects("registry.test/nonesuch"), false, theirs);
}

Scenario failed_first_deployment() {
  return scenario("failed first deployment", {}, next_objects("registry.test/nonesuch"), false, theirs);
}

Scenario small_first_deployment() {
  return scenario("small first deployment", {}, deployment(web("1")), true);
}

Scenario small_upgrade() {
  return scenario("small upgrade", config_map("old", "1") + deployment(web("1")), deployment(web("2")), true);
}

Scenario small_failed_upgrade() {
  return scenario("small failed upgrade", config_map("settings", "1") + deployment(web("1")),
                  config_map("new", "2") + deployment(web("2", "registry.test/nonesuch")), false);
}

Scenario small_failed_first_deployment() {
  return scenario("small failed first deployment", {}, deployment(web("2", "registry.test/nonesuch")), false);
}

}  // namespace gridseal::test
