// What a component may say of how it is applied and watched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "unit/config/sources.hpp"

namespace gridseal::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Pair;

const std::string kFull = kLeast + R"toml(
depends_on = ["base"]
service_account = "water-works/deployer"
labels = { "example.com/site" = "7" }
annotations = { contact = "ops" }
variables = { level = "3" }
exclude = ["*.md", "/ci/"]
drift = "report"
drift_interval = "10m"
unschedulable = "2m"
check_images = false
image_policy = "release"

[[component.pump.ignore]]
kind = "Deployment"
name = "pump"
fields = ["/spec/replicas"]

[[component.pump.ready]]
kind = "Pump.example.com"
field = "/status/phase"
equals = "Running"

[[component.pump.failed]]
kind = "Pump.example.com"
field = "/status/faults"
at_least = 1

[component.base]
repository = "water/base"
tag = "stable"
)toml";

std::string problem_of(const std::string& text) {
  auto loaded = parse_text(text);
  return loaded ? "" : loaded.error().to_string();
}

// GS-CONFIG-070: how a component is applied, whom it waits for and what others own arrive as typed values.
TEST(ComponentSection, FullOne) {
  auto loaded = parse_text(kFull);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  const Component& pump = loaded->settings.components.at("pump");
  EXPECT_THAT(pump.depends_on, ElementsAre("base"));
  EXPECT_EQ(pump.service_account, "water-works/deployer");
  EXPECT_THAT(pump.labels, ElementsAre(Pair("example.com/site", "7")));
  EXPECT_THAT(pump.variables, ElementsAre(Pair("level", "3")));
  EXPECT_EQ(pump.drift, Drift::report);
  EXPECT_EQ(pump.drift_interval, 10min);
  EXPECT_EQ(pump.unschedulable, 2min);
  EXPECT_FALSE(pump.check_images);
  EXPECT_EQ(pump.image_policy, "release");
  ASSERT_EQ(pump.ignore.size(), 1U);
  EXPECT_THAT(pump.ignore[0].fields, ElementsAre("/spec/replicas"));
  ASSERT_EQ(pump.ready.size(), 1U);
  EXPECT_EQ(pump.ready[0].kind, "Pump.example.com");
  EXPECT_EQ(pump.ready[0].condition.field, "/status/phase");
  EXPECT_EQ(pump.ready[0].condition.equals, Scalar("Running"));
  ASSERT_EQ(pump.failed.size(), 1U);
  EXPECT_EQ(pump.failed[0].condition.at_least, Scalar(int64_t{1}));
}

// GS-CONFIG-071: without a word about it drift is corrected at the poll's interval and images are looked for.
TEST(ComponentSection, Defaults) {
  auto loaded = parse_text(kLeast + "interval = \"40s\"\n");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  const Component& pump = loaded->settings.components.at("pump");
  EXPECT_EQ(pump.drift, Drift::correct);
  EXPECT_EQ(pump.drift_interval, 40s);
  EXPECT_EQ(pump.unschedulable, 60s);
  EXPECT_TRUE(pump.check_images);
  EXPECT_TRUE(pump.substitute);
  EXPECT_TRUE(pump.depends_on.empty());
}

// GS-CONFIG-072: `config show` prints all of it so that it can be read again.
TEST(ComponentSection, ShownAsItIsRead) {
  auto loaded = parse_text(kFull);
  ASSERT_TRUE(loaded);
  auto again = parse_text(show(*loaded));
  ASSERT_TRUE(again) << again.error().to_string() << show(*loaded);
  ASSERT_EQ(again->effective.size(), loaded->effective.size());
  for (size_t i = 0; i < loaded->effective.size(); ++i)
    EXPECT_EQ(again->effective[i].value, loaded->effective[i].value) << loaded->effective[i].key;
}

// GS-CONFIG-073: a dependency that is not there, or that leads back, is an error that names the way.
TEST(ComponentSection, Dependencies) {
  EXPECT_NE(problem_of(kLeast + "depends_on = [\"pumpp\"]\n").find("did you mean \"pump\""),
            std::string::npos);
  EXPECT_NE(problem_of(kLeast + "depends_on = [\"pump\"]\n")
                .find("leads back to the component itself: pump -> pump"),
            std::string::npos);
  const std::string circle = kLeast +
                             "depends_on = [\"a\"]\n[component.a]\nrepository = \"a\"\ntag = \"s\"\n"
                             "depends_on = [\"b\"]\n[component.b]\nrepository = \"b\"\ntag = \"s\"\n"
                             "depends_on = [\"pump\"]\n";
  EXPECT_NE(
      problem_of(circle).find("component.pump.depends_on: leads back to the component itself: pump -> a -> "
                              "b -> pump"),
      std::string::npos)
      << problem_of(circle);
}

// GS-CONFIG-074: what is not a ServiceAccount, a label's name, a pointer or a custom kind is refused with its
// place.
TEST(ComponentSection, Refused) {
  for (const auto& [line, part] : std::vector<std::pair<std::string, std::string>>{
           {"service_account = \"deployer\"", "component.pump.service_account"},
           {"service_account = \"ns/UPPER\"", "component.pump.service_account"},
           {"labels = { \"a b\" = \"x\" }", "component.pump.labels"},
           {"labels = { \"gridseal.dev/component\" = \"x\" }", "must not be one of Gridseal's own"},
           {"drift = \"fix\"", "\"fix\" is not one of \"correct\", \"report\", \"off\""},
           {"[[component.pump.ignore]]\nkind = \"Deployment\"\nfields = [\"spec\"]",
            "must be a JSON pointer"},
           {"[[component.pump.ignore]]\nkind = \"Deployment\"\nfields = [\"/a~2\"]", "RFC 6901"},
           {"[[component.pump.ignore]]\nkind = \"Deployment\"", "fields: is missing"},
           {"[[component.pump.ready]]\nkind = \"Deployment\"\nfield = \"/a\"\nequals = 1",
            "has rules of its own"},
           {"[[component.pump.ready]]\nkind = \"A.b\"\nfield = \"/a\"", "one must be set of equals"},
           {"[[component.pump.ready]]\nkind = \"A.b\"\nfield = \"/a\"\nat_least = \"1\"", "must be a number"},
           {"image_policy = \"relese\"", "did you mean \"release\""},
       }) {
    EXPECT_NE(problem_of(kLeast + line + "\n").find(part), std::string::npos)
        << line << ": " << problem_of(kLeast + line + "\n");
  }
}

// GS-CONFIG-350: A component whose only source are media needs no registry; both are sources when nothing is
// said, and other words are refused.
TEST(Component, Sources) {
  const std::string offline =
      "[site]\nname = \"s\"\n[trust.policy.release]\nkeys = [\"release.pub\"]\n[component.pump]\n"
      "repository = \"water/pump\"\ntag = \"stable\"\nceiling.namespaces = [\"water\"]\n";
  const auto media = parse_text(offline + "sources = [\"media\"]\n[media]\nautomatic = true\n");
  ASSERT_TRUE(media) << media.error().to_string();
  const Component& pump = media->settings.components.at("pump");
  EXPECT_TRUE(pump.follows_media());
  EXPECT_FALSE(pump.follows_registry());
  EXPECT_TRUE(pump.registry.empty());
  EXPECT_TRUE(media->settings.media.automatic);
  EXPECT_THAT(media->settings.media.file_systems, ElementsAre("vfat", "exfat"));
  const auto both = parse_text(kLeast);
  ASSERT_TRUE(both);
  EXPECT_TRUE(both->settings.components.at("pump").follows_registry());
  EXPECT_TRUE(both->settings.components.at("pump").follows_media());
  EXPECT_FALSE(parse_text(offline));
  EXPECT_FALSE(parse_text(offline + "sources = []\n"));
  EXPECT_FALSE(parse_text(offline + "sources = [\"pigeon\"]\n"));
  EXPECT_FALSE(parse_text(kLeast + "[media]\nfile_systems = [\"ntfs\"]\n"));
}

}  // namespace
}  // namespace gridseal::config
