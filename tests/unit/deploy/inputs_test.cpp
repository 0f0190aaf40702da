#include "deploy/inputs.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace gridseal::deploy {
namespace {

// GS-DEPLOY-300: the component's variables win over the site's, and line ends in values go, as in Flux.
TEST(Inputs, MergesVariables) {
  config::Settings settings;
  settings.site.variables = {{"a", "site"}, {"b", "site"}};
  config::Component component;
  component.variables = {{"b", "component"}, {"c", "two\nlines\n"}};
  const std::map<std::string, std::string> expected{{"a", "site"}, {"b", "component"}, {"c", "twolines"}};
  EXPECT_EQ(inputs_of(settings, component).variables, expected);
  component.substitute = false;
  EXPECT_TRUE(inputs_of(settings, component).variables.empty());
}

// GS-DEPLOY-301: whatever of the host changes what is rendered changes the digest of the values, and nothing
// else does.
TEST(Inputs, DigestCoversAllOfThem) {
  config::Settings settings;
  settings.site.variables = {{"a", "1"}};
  config::Component component;
  const std::vector<std::function<void()>> changes = {[&] {},
                                                      [&] { settings.site.variables["a"] = "2"; },
                                                      [&] { component.variables["a"] = "3"; },
                                                      [&] { component.substitute = false; },
                                                      [&] { component.labels["x"] = "1"; },
                                                      [&] { component.annotations["x"] = "1"; },
                                                      [&] { component.exclude = {"x"}; },
                                                      [&] { component.path = "x"; },
                                                      [&] { component.target_namespace = "x"; },
                                                      [&] { component.media_type = "x"; }};
  std::set<std::string> digests;
  for (const auto& change : changes) {
    change();
    digests.insert(values_digest(settings, component).to_string());
  }
  EXPECT_EQ(digests.size(), changes.size());
  const auto before = values_digest(settings, component);
  component.interval = base::milliseconds(1);
  EXPECT_EQ(values_digest(settings, component), before);
}

}  // namespace
}  // namespace gridseal::deploy
