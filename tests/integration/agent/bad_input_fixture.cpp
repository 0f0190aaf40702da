#include "integration/agent/bad_input_fixture.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "oci/media_types.hpp"
#include "oci/push.hpp"

namespace gridseal::test {

void ReasonLog::write(base::Level level, std::string_view /*message*/,
                      std::initializer_list<base::LogField> fields) {
  if (level != base::Level::warning && level != base::Level::error) return;
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, value] : fields) {
    if (name == "reason") reasons_.insert(value);
  }
}

bool ReasonLog::tells(const std::string& reason) {
  const std::scoped_lock lock(mutex_);
  return reasons_.contains(reason);
}

void BadInputTest::SetUp() {
  AgentTest::SetUp();
  if (HasFatalFailure()) return;
  log_ = &reasons_;
  https_server::ServerSettings plain;
  plain.tls = false;
  front_ = std::make_unique<RegistryFront>(registry_->url(), plain);
  settings_.registries["mirror"].urls = {front_->url()};
}

void BadInputTest::TearDown() {
  engine_.reset();
  front_.reset();
  AgentTest::TearDown();
}

void BadInputTest::run_good_revision() {
  good_ = publish("1.0.0", application("1.0.0"));
  promote(good_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(good_); })) << component().sentence;
  good_workload_ = workload();
  ASSERT_GE(good_workload_.size(), 3U) << good_workload_.dump();
}

base::Json BadInputTest::workload() {
  base::Json out = base::Json::object();
  const base::Json everything = cluster_->state();
  for (const auto& [storage, objects] : everything.items()) {
    for (const auto& [name, object] : objects.items()) {
      const std::string kind = object.value("kind", "");
      if (kind != "ConfigMap" && kind != "Deployment" && kind != "Pod") continue;
      if (!name.starts_with("shop/")) continue;
      base::Json& kept = out[kind + " " + name];
      kept["uid"] = object["metadata"]["uid"];
      for (const char* part : {"spec", "data"}) {
        if (object.contains(part)) kept[part] = object[part];
      }
    }
  }
  return out;
}

void BadInputTest::expect_kept_out(const std::string& expected, const std::string& code) {
  ASSERT_TRUE(run_until([&] { return state() == expected; }, 60'000))
      << state() << " " << reason() << " " << component().sentence;
  EXPECT_EQ(reason(), code) << component().sentence;
  EXPECT_FALSE(component().sentence.empty());
  EXPECT_TRUE(runs(good_));
  EXPECT_EQ(workload(), good_workload_);
  EXPECT_TRUE(reasons_.tells(code)) << "the log does not say " << code;
  const auto audit = engine_->history().audit(20);
  ASSERT_TRUE(audit);
  EXPECT_TRUE(std::ranges::any_of(*audit,
                                  [&](const auto& row) {
                                    return row.action == "component." + expected &&
                                           row.detail.find(code) != std::string::npos;
                                  }))
      << "the history does not say " << code;
  if (expected != "refused" && expected != "pending") return;
  const auto verdicts = engine_->history().verifications_of("shop", 1);
  ASSERT_TRUE(verdicts && !verdicts->empty());
  EXPECT_EQ(verdicts->front().code, code);
}

void BadInputTest::expect_recovery(const std::string& digest, const std::string& version) {
  ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(digest); }, 60'000))
      << state() << " " << reason() << " " << component().sentence;
  EXPECT_EQ(live_version(), version);
}

std::string BadInputTest::publish_layer(const std::string& version, std::string_view layer) {
  const oci::Surroundings outside{direct_, base::system_clock(), base::null_log(), {}};
  oci::PushSettings settings;
  settings.target = {registry_->url(), {}, {}};
  auto publisher = oci::Publisher::create(settings, outside).value();
  const auto describe = [](std::string_view type, std::string_view bytes) {
    return oci::Descriptor{std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
  };
  const auto created = base::Time(std::chrono::hours(500'100 + releases_++));
  oci::Manifest manifest{std::string(oci::kOciManifest),       {}, describe(oci::kFluxConfig, "{}"),
                         {describe(oci::kFluxContent, layer)}, {}, {}};
  manifest.annotations = {{std::string(oci::kAnnotationTitle), "shop"},
                          {std::string(oci::kAnnotationVersion), version},
                          {std::string(oci::kAnnotationCreated), base::format_rfc3339(created)}};
  const oci::Repository repository{"mirror", "team/shop"};
  EXPECT_TRUE(publisher->push_blob(repository, manifest.config, "{}", {}));
  EXPECT_TRUE(publisher->push_blob(repository, manifest.layers.front(), layer, {}));
  const std::string bytes = oci::serialize(manifest);
  EXPECT_TRUE(publisher->push_manifest(repository, {}, bytes, manifest.media_type, {}));
  const std::string digest = crypto::sha256(bytes).to_string();
  sign(digest, *key_);
  return digest;
}

base::Result<void> BadInputTest::start_with(base::Files& files, base::Clock& clock,
                                            http::Connector& connector, history::Effect effect) {
  engine_.reset();
  power_ = std::stop_source();
  const deploy::Outside outside{clock, files, *log_, connector, {}, std::move(effect), {}};
  auto engine = deploy::Engine::start(outside, directory_ + "/state", settings_, std::nullopt);
  if (!engine) return std::move(engine).error();
  engine_ = std::move(*engine);
  return {};
}

}  // namespace gridseal::test
