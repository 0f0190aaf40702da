#include "integration/agent/agent_fixture.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/encoding.hpp"
#include "oci/layout.hpp"
#include "publish/build.hpp"
#include "publish/layout_writer.hpp"
#include "publish/push.hpp"
#include "publish/sign.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImage =
    "registry.test/web@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097";

class FusedTransport final : public http::Transport {
 public:
  FusedTransport(std::shared_ptr<http::Transport> inner, Fuse& fuse, std::stop_source power)
      : inner_(std::move(inner)), fuse_(fuse), power_(std::move(power)) {}
  base::Result<http::Response> send(const http::Request& request, const std::stop_token& stop) override {
    if (!fuse_.burn()) return cut();
    return inner_->send(request, stop);
  }
  base::Result<http::Response> stream(const http::Request& request, const http::HeadCheck& check,
                                      const http::BodySink& sink, const std::stop_token& stop) override {
    if (!fuse_.burn()) return cut();
    return inner_->stream(request, check, sink, stop);
  }

 private:
  base::Error cut() {
    power_.request_stop();
    return base::Error::blocked("http.cut", "the power is cut");
  }
  std::shared_ptr<http::Transport> inner_;
  Fuse& fuse_;
  std::stop_source power_;
};

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

base::Result<std::shared_ptr<http::Transport>> FusedConnector::connect(const http::Origin& origin,
                                                                       const http::TlsSettings& tls) {
  auto inner = inner_.connect(origin, tls);
  if (!inner) return inner;
  return std::shared_ptr<http::Transport>(std::make_shared<FusedTransport>(std::move(*inner), fuse_, power_));
}

Manifests application(const std::string& version, const std::string& extra) {
  const std::string config =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {version: '" + version +
      "'}\n";
  const std::string deployment =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  labels: {version: "
      "'" +
      version +
      "'}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: "
      "{app: web, version: '" +
      version + "'}}\n    spec:\n      containers:\n        - {name: web, image: '" + kImage + "'}\n";
  return {{"config.yaml", config}, {"web.yaml", deployment + extra}};
}

void AgentTest::SetUp() {
  directory_ = fs::temp_directory_path() / ("gridseal-agent-" + std::to_string(::getpid()) + "-" +
                                            ::testing::UnitTest::GetInstance()->current_test_info()->name());
  fs::remove_all(directory_);
  for (const char* name : {"registry", "cluster", "state", "releases"})
    fs::create_directories(directory_ + "/" + name);
  std::string why;
  registry_ = RegistryProcess::start({directory_ + "/registry", {}, {}, {}, true, 0}, why);
  ASSERT_TRUE(registry_) << why;
  cluster_ = KubesimProcess::start(directory_ + "/cluster", {}, 20, why);
  ASSERT_TRUE(cluster_) << why;
  ASSERT_EQ(cluster_->send("POST", "/api/v1/namespaces", "application/json",
                           R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})"),
            201);
  key_ = crypto::PrivateKey::generate().value();
  write(directory_ + "/trust/keys/release.pub", key_->public_key().to_pem());
  fs::permissions(directory_ + "/trust", fs::perms(0755));
  fs::permissions(directory_ + "/trust/keys", fs::perms(0755));
  fs::permissions(directory_ + "/trust/keys/release.pub", fs::perms(0644));

  using base::milliseconds;
  settings_.site = {"test", "production", {}};
  config::Registry registry;
  registry.name = "mirror";
  registry.urls = {registry_->url()};
  registry.plain_http = true;
  settings_.registries["mirror"] = registry;
  settings_.trust.directory = directory_ + "/trust";
  settings_.trust.policies["release"] = {"release", {"release.pub"}, {}};
  settings_.kubernetes = {cluster_->kubeconfig(), milliseconds(10'000)};
  settings_.storage = {0, 3};
  config::Component shop;
  shop.name = "shop";
  shop.registry = "mirror";
  shop.repository = "team/shop";
  shop.tag = "stable";
  shop.policy = "release";
  shop.expect = "shop";
  shop.interval = milliseconds(50);
  shop.retry_interval = milliseconds(50);
  shop.drift_interval = milliseconds(50);
  shop.timeout = milliseconds(2'500);
  shop.soak = milliseconds(100);
  shop.grace = milliseconds(300);
  shop.ceiling.namespaces = {"shop"};
  settings_.components["shop"] = shop;
}

void AgentTest::TearDown() {
  engine_.reset();
  if (cluster_) {
    const base::Json requests = cluster_->requests();
    // A request that the simulator does not know is a mistake of ours or a gap of its own: either way the
    // test is void.
    if (requests.contains("unknown")) {
      EXPECT_TRUE(requests["unknown"].empty()) << requests["unknown"].dump();
    }
  }
  cluster_.reset();
  registry_.reset();
  if (!HasFailure()) fs::remove_all(directory_);
}

std::string AgentTest::publish(const std::string& version, const Manifests& manifests,
                               const crypto::PrivateKey* key, const std::string& component) {
  const std::string release = directory_ + "/releases/" + std::to_string(releases_++);
  for (const auto& [name, text] : manifests) write(release + "/manifests/" + name, text);
  publish::BuildRequest request;
  request.directory = release + "/manifests";
  request.component = component;
  request.version = version;
  request.created = base::Time(std::chrono::hours(500'000 + releases_));
  request.source = "https://git.example.com/team/shop.git";
  request.revision = "main@sha1:0123456789abcdef0123456789abcdef01234567";
  request.scratch_directory = release;
  base::Files& files = base::system_files();
  auto built = publish::build(files, request);
  EXPECT_TRUE(built) << built.error().describe();
  if (!built) return {};
  const oci::Surroundings outside{connector_, base::system_clock(), base::null_log(), {}};
  oci::PushSettings settings;
  settings.target = {registry_->url(), {}, {}};
  auto publisher = oci::Publisher::create(settings, outside).value();
  const oci::Repository repository{"mirror", "team/shop"};
  EXPECT_TRUE(publisher->push_blob(repository, built->config_descriptor, built->config, {}));
  EXPECT_TRUE(
      publisher->push_blob(repository, built->layers.front().descriptor, built->layers.front().bytes, {}));
  EXPECT_TRUE(publisher->push_manifest(repository, {}, built->manifest, built->descriptor.media_type, {}));
  const std::string digest = built->descriptor.digest.to_string();
  if (key != nullptr) sign(digest, *key);
  return digest;
}

void AgentTest::sign(const std::string& digest, const crypto::PrivateKey& key) {
  const oci::Surroundings outside{connector_, base::system_clock(), base::null_log(), {}};
  oci::PushSettings settings;
  settings.target = {registry_->url(), {}, {}};
  auto publisher = oci::Publisher::create(settings, outside).value();
  oci::RegistrySettings reading;
  reading.mirrors = {settings.target};
  auto registry = oci::Registry::create(reading, outside).value();
  publish::SignRequest request;
  request.reference = "mirror/team/shop";
  auto signature = publish::sign_in_registry(*registry, *publisher, {"mirror", "team/shop"},
                                             base::Digest::parse(digest).value(), key, request, {});
  ASSERT_TRUE(signature) << signature.error().describe();
}

void AgentTest::promote(const std::string& digest, const std::string& tag) {
  const oci::Surroundings outside{connector_, base::system_clock(), base::null_log(), {}};
  oci::PushSettings settings;
  settings.target = {registry_->url(), {}, {}};
  auto publisher = oci::Publisher::create(settings, outside).value();
  oci::RegistrySettings reading;
  reading.mirrors = {settings.target};
  auto registry = oci::Registry::create(reading, outside).value();
  auto moved = publish::move_tag(*registry, *publisher, {"mirror", "team/shop"},
                                 base::Digest::parse(digest).value(), tag, {});
  ASSERT_TRUE(moved) << moved.error().describe();
}

base::Result<void> AgentTest::start(Fuse* fuse) {
  engine_.reset();
  power_ = std::stop_source();
  base::Files* files = &base::system_files();
  http::Connector* connector = &connector_;
  history::Effect effect;
  if (fuse != nullptr) {
    faulty_files_ = std::make_unique<FaultyFiles>(base::system_files(), *fuse, "files.io", true);
    fused_connector_ = std::make_unique<FusedConnector>(connector_, *fuse, power_);
    files = faulty_files_.get();
    connector = fused_connector_.get();
    effect = [fuse](std::string_view) { return fuse->burn(); };
  }
  const deploy::Outside outside{base::system_clock(), *files, *log_, *connector, {}, effect, {}};
  auto engine = deploy::Engine::start(outside, directory_ + "/state", settings_, std::nullopt);
  if (!engine) return std::move(engine).error();
  engine_ = std::move(*engine);
  return {};
}

void AgentTest::run_once() {
  base::Clock& clock = base::system_clock();
  const auto due = engine_->next_due();
  const auto wait = std::chrono::duration_cast<base::milliseconds>(due - clock.monotonic());
  if (wait.count() > 0) (void)clock.sleep_for(std::min(wait, base::milliseconds(20)), {});
  engine_->run_due(power_.get_token());
}

bool AgentTest::run_until(const std::function<bool()>& condition, int patience_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    run_once();
  }
  return condition();
}

history::ComponentRecord AgentTest::component(const std::string& name) {
  auto record = engine_->history().component(name);
  if (!record || !*record) return {};
  return **record;
}

bool AgentTest::runs(const std::string& digest) {
  const auto record = component();
  return record.last_good && record.last_good->artifact.to_string() == digest;
}

std::vector<history::Deployment> AgentTest::deployments() {
  auto list = engine_->history().deployments("shop", 100);
  return list ? *list : std::vector<history::Deployment>();
}

std::string AgentTest::live_version() {
  const base::Json object = cluster_->get("/apis/apps/v1/namespaces/shop/deployments/web");
  if (!object.is_object()) return {};
  return object["metadata"]["labels"].value("version", "");
}

}  // namespace gridseal::test
