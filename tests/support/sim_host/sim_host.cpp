#include "support/sim_host/sim_host.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>

#include "base/encoding.hpp"
#include "oci/layout.hpp"
#include "publish/build.hpp"
#include "publish/layout_writer.hpp"
#include "publish/push.hpp"
#include "publish/sign.hpp"
#include "receipts/signing_key.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;
using base::milliseconds;

constexpr const char* kKubeconfig = R"({"apiVersion": "v1", "kind": "Config", "current-context": "c",
 "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}],
 "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:6443"}}]})";

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  fs::permissions(path, fs::perms(0644));
}

// In memory where there is such a place: thousands of engines start on these files.
std::string place(const std::string& name) {
  const fs::path memory = "/dev/shm";
  const fs::path root = ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
  return root / ("gridseal-sim-" + std::to_string(::getpid()) + "-" + name);
}

oci::PushSettings pushing() {
  oci::PushSettings settings;
  settings.target = {"http://127.0.0.1:5000", {}, {}};
  return settings;
}

// The fixture itself does not work: nothing can be tested.
template <class T>
T must(base::Result<T> result) {
  if (result) {
    if constexpr (std::is_void_v<T>)
      return;
    else
      return std::move(*result);
  }
  std::cerr << "SimHost: " << result.error().describe() << std::endl;
  std::abort();
}

const oci::Repository kRepository{"mirror", "team/shop"};

Effect effect_of(std::string_view sql) {
  return sql.starts_with("COMMIT") ? Effect::lasting : Effect::statement;
}

}  // namespace

SimHost::SimHost(const std::string& name, kubesim::ClusterOptions options)
    : directory_(place(name)), cluster_(options), key_(crypto::PrivateKey::generate().value()) {
  fs::remove_all(directory_);
  for (const char* folder : {"state", "releases", "moments"})
    fs::create_directories(directory_ + "/" + folder);
  fs::permissions(directory_, fs::perms(0755));
  write(directory_ + "/kubeconfig", kKubeconfig);
  write(directory_ + "/trust/keys/release.pub", key_.public_key().to_pem());
  fs::permissions(directory_ + "/trust", fs::perms(0755));
  fs::permissions(directory_ + "/trust/keys", fs::perms(0755));
  create("/api/v1/namespaces",
         {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "shop"}}}});
  // Made before, so that not every exploration goes through its making; that has a test of its own.
  (void)must(receipts::load_or_create_key(base::system_files(), {directory_ + "/state", {}}));
  make_settings();
  clock_.advance(std::chrono::seconds(1));
}

SimHost::~SimHost() {
  stop();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void SimHost::make_settings() {
  settings_.site = {"test", "production", {}};
  config::Registry registry;
  registry.name = "mirror";
  registry.urls = {"http://127.0.0.1:5000"};
  registry.plain_http = true;
  settings_.registries["mirror"] = registry;
  settings_.trust.directory = directory_ + "/trust";
  settings_.trust.policies["release"] = {"release", {"release.pub"}, {}};
  settings_.kubernetes = {directory_ + "/kubeconfig", milliseconds(10'000)};
  settings_.storage = {0, 3};
  config::Component shop;
  shop.name = "shop";
  shop.registry = "mirror";
  shop.repository = "team/shop";
  shop.tag = "stable";
  shop.policy = "release";
  shop.expect = "shop";
  shop.interval = milliseconds(60'000);
  shop.retry_interval = milliseconds(10'000);
  shop.timeout = milliseconds(30'000);
  shop.soak = milliseconds(2'000);
  shop.grace = milliseconds(1'000);
  shop.ceiling.namespaces = {"shop", "later", "dying"};
  shop.ceiling.cluster_scoped = {"Namespace", "CustomResourceDefinition", "ClusterRole", "PriorityClass"};
  shop.ceiling.kinds = {"*", "Role"};
  settings_.components["shop"] = shop;
}

std::string SimHost::publish(const std::string& version, const SimManifests& manifests) {
  const std::string release = directory_ + "/releases/" + std::to_string(releases_++);
  for (const auto& [name, text] : manifests) write(release + "/manifests/" + name, text);
  publish::BuildRequest request;
  request.directory = release + "/manifests";
  request.component = "shop";
  request.version = version;
  request.created = base::Time(std::chrono::hours(499'000 + releases_));
  request.source = "https://git.example.com/team/shop.git";
  request.revision = "main@sha1:0123456789abcdef0123456789abcdef01234567";
  request.scratch_directory = release;
  auto built = must(publish::build(base::system_files(), request));
  const oci::Surroundings outside{network_, clock_, base::null_log(), {}};
  auto publisher = must(oci::Publisher::create(pushing(), outside));
  must(publisher->push_blob(kRepository, built.config_descriptor, built.config, {}));
  must(publisher->push_blob(kRepository, built.layers.front().descriptor, built.layers.front().bytes, {}));
  (void)must(publisher->push_manifest(kRepository, {}, built.manifest, built.descriptor.media_type, {}));
  const std::string digest = built.descriptor.digest.to_string();
  sign(digest);
  return digest;
}

void SimHost::sign(const std::string& digest) {
  const oci::Surroundings outside{network_, clock_, base::null_log(), {}};
  auto publisher = must(oci::Publisher::create(pushing(), outside));
  oci::RegistrySettings reading;
  reading.mirrors = {pushing().target};
  auto registry = must(oci::Registry::create(reading, outside));
  publish::SignRequest request;
  request.reference = "mirror/team/shop";
  (void)must(publish::sign_in_registry(*registry, *publisher, kRepository,
                                       base::Digest::parse(digest).value(), key_, request, {}));
}

void SimHost::promote(const std::string& digest) {
  const oci::Surroundings outside{network_, clock_, base::null_log(), {}};
  auto publisher = must(oci::Publisher::create(pushing(), outside));
  oci::RegistrySettings reading;
  reading.mirrors = {pushing().target};
  auto registry = must(oci::Registry::create(reading, outside));
  (void)must(publish::move_tag(*registry, *publisher, kRepository, base::Digest::parse(digest).value(),
                               "stable", {}));
}

std::string SimHost::release(const std::string& version, const SimManifests& manifests) {
  std::string digest = publish(version, manifests);
  promote(digest);
  if (engine_) (void)engine_->request("shop");
  return digest;
}

base::Result<void> SimHost::start(Fuse* fuse) {
  stop();
  power_ = std::stop_source();
  fuse_ = fuse;
  network_.set_fuse(fuse, power_);
  base::Files* files = &base::system_files();
  history::Effect effect;
  if (fuse != nullptr) {
    files_ = std::make_unique<FaultyFiles>(base::system_files(), *fuse, "files.io", true);
    files = files_.get();
    effect = [fuse](std::string_view sql) { return fuse->burn(effect_of(sql)); };
  }
  const deploy::Outside outside{clock_, *files, *log_, network_, {}, effect, {}, nullptr, in_flight_};
  auto engine = deploy::Engine::start(outside, directory_ + "/state", settings_, std::nullopt);
  if (!engine) return std::move(engine).error();
  engine_ = std::move(*engine);
  return {};
}

void SimHost::stop() {
  engine_.reset();
  fuse_ = nullptr;
  network_.set_fuse(nullptr, {});
}

void SimHost::run_once() {
  const auto wait = std::chrono::ceil<milliseconds>(engine_->next_due() - clock_.monotonic());
  if (wait.count() > 0) clock_.advance(wait);
  engine_->run_due(power_.get_token());
}

bool SimHost::run_until(const std::function<bool()>& condition, milliseconds patience) {
  const auto deadline = clock_.monotonic() + patience;
  while (clock_.monotonic() < deadline && !power_.stop_requested() && !(fuse_ != nullptr && fuse_->blown())) {
    if (condition()) return true;
    run_once();
  }
  return condition();
}

void SimHost::pass(milliseconds time) {
  clock_.advance(time);
}

history::ComponentRecord SimHost::component() {
  auto record = engine_->history().component("shop");
  if (!record || !*record) return {};
  return **record;
}

bool SimHost::runs(const std::string& digest) {
  const auto record = component();
  return record.last_good && record.last_good->artifact.to_string() == digest;
}

std::vector<history::Deployment> SimHost::deployments() {
  auto list = engine_->history().deployments("shop", 1000);
  return list ? *list : std::vector<history::Deployment>();
}

std::string SimHost::orphans() {
  std::set<std::string> known;
  for (const auto side : {history::Side::last_good, history::Side::attempt, history::Side::leftover}) {
    const auto entries = history().inventory("shop", side);
    if (!entries) return entries.error().describe();
    for (const auto& entry : *entries)
      known.insert(entry.key.group + " " + entry.key.kind + " " + entry.key.namespace_name + "/" +
                   entry.key.name);
  }
  std::string found;
  const std::scoped_lock lock(cluster_.cluster().mutex);
  for (const auto& storage : cluster_.cluster().store.storages()) {
    for (const auto& object : cluster_.cluster().store.list(storage)) {
      const auto* labels = kubesim::find(*object, {"metadata", "labels"});
      if (labels == nullptr || labels->value("gridseal.dev/component", "") != "shop") continue;
      if (kubesim::find(*object, {"metadata", "ownerReferences"}) != nullptr) continue;
      const std::string version = kubesim::text(*object, {"apiVersion"});
      const size_t slash = version.find('/');
      const std::string key = (slash == std::string::npos ? "" : version.substr(0, slash)) + " " +
                              kubesim::text(*object, {"kind"}) + " " +
                              kubesim::text(*object, {"metadata", "namespace"}) + "/" +
                              kubesim::text(*object, {"metadata", "name"});
      if (!known.contains(key)) found += key + "; ";
    }
  }
  return found;
}

std::string SimHost::flaws_of_history() {
  const auto chain = history().verify_chain();
  if (!chain) return chain.error().describe();
  if (chain->broken_at) return "the chain is broken: " + chain->sentence;
  std::string found;
  for (const auto& deployment : deployments())
    if (!deployment.finished)
      found += "deployment " + std::to_string(deployment.id) + " is " + deployment.state + "; ";
  return found + flaws_of_receipts();
}

std::string SimHost::flaws_of_receipts() {
  const auto owed = history().owed_receipts(10);
  if (!owed || !owed->empty()) return "an ended deployment has no receipt; ";
  const auto list = history().receipts(0, 1000);
  if (!list) return list.error().describe();
  std::string found;
  int64_t expected = 0;
  for (const auto& receipt : *list)
    if (receipt.sequence != ++expected) found += "receipt " + std::to_string(expected) + " is missing; ";
  return found;
}

int SimHost::send(const std::string& method, const std::string& path, const std::string& content_type,
                  const std::string& body) {
  kubesim::HttpRequest request;
  request.method = method;
  request.target = path;
  request.body = body;
  request.headers.emplace("content-type", content_type);
  return cluster_.ask(std::move(request)).status;
}

void SimHost::create(const std::string& collection, const kubesim::Json& object, const std::string& manager) {
  (void)send("POST", collection + "?fieldManager=" + manager, "application/json", object.dump());
}

kubesim::Json SimHost::get(const std::string& path) {
  kubesim::HttpRequest request;
  request.method = "GET";
  request.target = path;
  const auto answer = cluster_.ask(std::move(request));
  return answer.status == 200 ? kubesim::Json::parse(answer.body) : kubesim::Json();
}

void SimHost::script(const kubesim::Json& script) {
  const std::scoped_lock lock(cluster_.cluster().mutex);
  (void)cluster_.cluster().script.load(script);
}

SimHost::Moment SimHost::keep() {
  Moment moment{cluster_.save(), directory_ + "/moments/" + std::to_string(moments_++)};
  fs::copy(directory_ + "/state", moment.files, fs::copy_options::recursive);
  return moment;
}

void SimHost::go_back(const Moment& moment) {
  stop();
  cluster_.restore(moment.cluster);
  fs::remove_all(directory_ + "/state");
  fs::copy(moment.files, directory_ + "/state", fs::copy_options::recursive);
}

void SimHost::forget(const Moment& moment) {
  fs::remove_all(moment.files);
}

}  // namespace gridseal::test
