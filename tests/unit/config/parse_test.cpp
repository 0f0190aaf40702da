#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/files.hpp"
#include "unit/config/sources.hpp"

namespace gridseal::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Pair;

// GS-CONFIG-001: an operator with one registry, one key and one component writes at most 20 lines.
TEST(Parse, LeastSettingsAreEnough) {
  auto loaded = parse_text(kLeast);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  const auto& component = loaded->settings.components.at("pump");
  EXPECT_EQ(component.registry, "mirror");
  EXPECT_EQ(component.policy, "release");
  EXPECT_EQ(component.expect, "pump");
  EXPECT_EQ(component.path, "./");
  EXPECT_EQ(component.interval, 1min);
  EXPECT_EQ(component.retry_interval, 1min);
  EXPECT_EQ(component.timeout, 5min);
  EXPECT_EQ(component.soak, 10s);
  EXPECT_EQ(component.grace, 10s);
  EXPECT_TRUE(component.prune);
  EXPECT_FALSE(component.allow_image_tags);
  EXPECT_FALSE(component.suspend);
  EXPECT_FALSE(component.ceiling.privileged);
  EXPECT_EQ(component.on_first_failure, FirstFailure::remove);
  EXPECT_EQ(loaded->settings.trust.keys_directory(), "/etc/gridseal/trust/keys");
  EXPECT_EQ(loaded->settings.kubernetes.kubeconfig, "/etc/gridseal/kubeconfig");
  EXPECT_EQ(loaded->settings.kubernetes.request_timeout, 30s);
  EXPECT_EQ(loaded->settings.storage.free_space_min, 256U << 20U);
  EXPECT_EQ(loaded->settings.storage.keep_revisions, 3);
  EXPECT_EQ(loaded->settings.control.socket, "/run/gridseal/control.sock");
  EXPECT_EQ(loaded->settings.log.level, base::Level::info);
}

// GS-CONFIG-002: every key of a full file arrives as its typed value.
TEST(Parse, FullFile) {
  auto text = base::read_file(base::system_files(), GRIDSEAL_FIXTURES "/config/agent.toml");
  ASSERT_TRUE(text);
  auto loaded = parse_text(*text);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  const auto& settings = loaded->settings;
  EXPECT_EQ(settings.site.name, "substation-7");
  EXPECT_THAT(settings.site.variables, ElementsAre(Pair("pump_count", "4"), Pair("region", "north")));

  const auto& registry = settings.registries.at("mirror");
  EXPECT_THAT(registry.urls,
              ElementsAre("https://mirror-a.site.example:5000", "https://mirror-b.site.example:5000"));
  EXPECT_EQ(registry.ca, "/etc/gridseal/mirror-ca.crt");
  EXPECT_EQ(registry.credentials.kind, SecretSource::Kind::credential);
  EXPECT_EQ(registry.credentials.path("/run/credentials/x"), "/run/credentials/x/mirror");
  EXPECT_EQ(registry.credentials.path(""), "");
  EXPECT_EQ(registry.client_key, "/etc/gridseal/client.key");

  const auto& policy = settings.trust.policies.at("release");
  EXPECT_THAT(policy.keys, ElementsAre("release.pub", "release-2.pub"));
  EXPECT_THAT(policy.annotations, ElementsAre(Pair("stage", "released")));

  const auto& component = settings.components.at("pump-control");
  EXPECT_EQ(component.semver, ">=1.0.0 <2.0.0");
  EXPECT_EQ(component.tag_filter, "^v");
  EXPECT_EQ(component.interval, 30s);
  EXPECT_EQ(component.retry_interval, 30s);
  EXPECT_EQ(component.soak, 0s);
  EXPECT_EQ(component.on_first_failure, FirstFailure::leave);
  EXPECT_THAT(component.ceiling.kinds, ElementsAre("Deployment", "Service", "ConfigMap"));
  EXPECT_THAT(component.ceiling.cluster_scoped, ElementsAre("Namespace"));
  EXPECT_EQ(settings.storage.free_space_min, 1U << 30U);
  EXPECT_EQ(settings.log.level, base::Level::debug);
}

// GS-CONFIG-003: a file in conf.d adds components, registries and keys of any section.
TEST(Parse, LaterFilesAdd) {
  auto loaded =
      parse({{"agent.toml", kLeast},
             {"conf.d/10.toml", "[component.valve]\nrepository = \"water/valve\"\nsemver = \"1.x\"\n"},
             {"conf.d/20.toml", "[component.pump]\ninterval = \"9s\"\n[log]\nlevel = \"error\"\n"}},
            "/etc/gridseal");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->settings.components.size(), 2U);
  EXPECT_EQ(loaded->settings.components.at("pump").interval, 9s);
  EXPECT_EQ(loaded->settings.components.at("valve").semver, "1.x");
  const auto* interval = find_effective(*loaded, "component.pump", "interval");
  ASSERT_NE(interval, nullptr);
  ASSERT_TRUE(interval->place);
  EXPECT_EQ(interval->place->to_string(), "/etc/gridseal/conf.d/20.toml:2:1");
}

// GS-CONFIG-004: loading reads agent.toml and conf.d/*.toml in the order of their names, nothing else.
TEST(Parse, LoadsTheFolder) {
  auto& files = base::system_files();
  const std::string folder = ::testing::TempDir() + "gs_config_load";
  ASSERT_TRUE(files.remove_tree(folder));
  ASSERT_TRUE(files.make_directories(folder + "/conf.d", 0755));
  ASSERT_TRUE(base::write_file(files, folder + "/agent.toml", kLeast));
  ASSERT_TRUE(base::write_file(files, folder + "/conf.d/b.toml", "[log]\nlevel = \"error\"\n"));
  ASSERT_TRUE(base::write_file(files, folder + "/conf.d/a.toml", "[storage]\nkeep_revisions = 5\n"));
  ASSERT_TRUE(base::write_file(files, folder + "/conf.d/a.toml.bak", "not TOML"));
  ASSERT_TRUE(base::write_file(files, folder + "/conf.d/.a.toml", "not TOML"));
  auto loaded = load(files, folder);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  ASSERT_EQ(loaded->sources.size(), 3U);
  EXPECT_EQ(loaded->sources[1].name, "conf.d/a.toml");
  EXPECT_EQ(loaded->settings.storage.keep_revisions, 5);
  EXPECT_EQ(loaded->settings.trust.directory, folder + "/trust");

  ASSERT_TRUE(files.remove_tree(folder));
  auto gone = load(files, folder);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().to_error().code(), "config.unreadable");
  EXPECT_EQ(gone.error().list.front().place.to_string(), folder + "/agent.toml");
}

// GS-CONFIG-005: sizes are whole numbers of bytes with decimal or binary units, without overflow.
TEST(Parse, Sizes) {
  EXPECT_EQ(parse_size("256MiB").value(), 256ULL << 20U);
  EXPECT_EQ(parse_size("1TiB").value(), 1ULL << 40U);
  EXPECT_EQ(parse_size("2kB").value(), 2000U);
  EXPECT_EQ(parse_size("17").value(), 17U);
  EXPECT_EQ(parse_size("0").value(), 0U);
  for (const auto* wrong : {"", "MiB", "1.5GiB", "-1", "+1", " 1", "1 MiB", "1mib", "1PiB",
                            "18446744073709551616", "16777216TiB", "99999999999999999999GiB"}) {
    EXPECT_FALSE(parse_size(wrong)) << wrong;
  }
}

// GS-CONFIG-120: where Gridseal's own packages are looked for names a registry and a policy that are there.
TEST(Parse, Upgrade) {
  const auto loaded =
      parse_text(kLeast + "[upgrade]\nrepository = \"gridseal/packages\"\npolicy = \"release\"\n");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->settings.upgrade.registry, "mirror");
  EXPECT_EQ(loaded->settings.upgrade.semver, "*");
  EXPECT_TRUE(parse_text(kLeast + "[upgrade]\npolicy = \"release\"\n")) << "on media alone";
  const auto unsigned_ones = parse_text(kLeast + "[upgrade]\nrepository = \"gridseal/packages\"\n");
  ASSERT_FALSE(unsigned_ones);
  EXPECT_NE(unsigned_ones.error().to_string().find("upgrade.policy"), std::string::npos);
  EXPECT_FALSE(parse_text(kLeast + "[upgrade]\npolicy = \"releases\"\n"));
}

}  // namespace
}  // namespace gridseal::config
