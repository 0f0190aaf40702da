#include "deploy/api_check.hpp"

#include <utility>

#include "deploy/revision.hpp"
#include "deploy/rules.hpp"

namespace gridseal::deploy {
namespace {

constexpr base::milliseconds kFirstLook{60'000};  // a host that starts has more urgent things to do
constexpr base::milliseconds kInterval{600'000};
constexpr uint64_t kMaxVersion = 100;
constexpr size_t kMaxWarnings = 50;

// What is wrong with the object itself; a server that does not answer is no verdict.
bool is_verdict(const base::Error& error) {
  return error.outcome() == base::Outcome::refused && error.code() != "kube.immutable";
}

}  // namespace

ApiCheck::ApiCheck(Site& site) : site_(site), due_(site.now() + kFirstLook) {
  auto recorded = base::read_file(site.outside.files, path(), kMaxVersion);
  if (recorded) checked_ = std::move(*recorded);
}

void ApiCheck::request() {
  asked_ = true;
  due_ = site_.now();
}

void ApiCheck::run(const std::stop_token& stop) {
  due_ = site_.now() + kInterval;
  auto version = site_.cluster->client().server_version(site_.limits(stop));
  if (!version) return;  // the components say what stands in the way
  if (checked_ == *version && !std::exchange(asked_, false)) return;
  site_.cluster->discovery().forget();
  auto done = check(*version, stop);
  if (stop.stop_requested()) return;
  if (!done) {
    site_.outside.log.warning(
        "what runs could not be tried against Kubernetes " + *version + ": " + done.error().describe(),
        {{"reason", done.error().code()}});
    return;
  }
  asked_ = false;
  {
    const std::scoped_lock lock(mutex_);
    checked_ = *version;
  }
  if (auto r = base::write_file(site_.outside.files, path(), *version, 0600); !r)
    site_.outside.log.warning(r.error().describe(), {{"reason", r.error().code()}});
}

base::Result<void> ApiCheck::check(const std::string& version, const std::stop_token& stop) {
  std::vector<std::string> found;
  for (const auto& [name, component] : site_.generation->settings.components) {
    if (auto r = check_component(component, version, found, stop); !r) return r;
  }
  for (const std::string& sentence : found)
    site_.outside.log.error(sentence, {{"reason", "kube.api_removed"}});
  const std::scoped_lock lock(mutex_);
  warnings_ = std::move(found);
  return {};
}

base::Result<void> ApiCheck::check_component(const config::Component& component, const std::string& version,
                                             std::vector<std::string>& found, const std::stop_token& stop) {
  auto record = site_.history->component(component.name);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->last_good) return {};
  const std::string whose = "component " + component.name + ": ";
  const std::string revision = " of the last good revision " + (*record)->last_good->revision;
  auto good = render_from_store(site_, component, (*record)->last_good->artifact, stop);
  // That is said where what runs is verified.
  if (!good) return {};
  for (size_t i = 0; i < good->objects().size() && found.size() < kMaxWarnings; ++i) {
    auto object = good->objects().load(i);
    if (!object) return std::move(object).error();
    const manifest::ObjectKey& key = object->key;
    auto item = kube::plan_object(site_.cluster_for(component), object->body, site_.limits(stop),
                                  apply_rules(component, key));
    if (item && item->unserved) {
      found.push_back(whose + key.describe() + revision + " is declared as " +
                      (key.group.empty() ? "" : key.group + "/") + key.version + ", which Kubernetes " +
                      version + " no longer serves: it could not be put back; deploy a revision without it");
    } else if (!item && is_verdict(item.error())) {
      found.push_back(whose + key.describe() + revision + " is no longer accepted by Kubernetes " + version +
                      " and could not be put back: " + item.error().describe());
    } else if (!item && item.error().code() == "kube.unreachable") {
      return std::move(item).error();
    }
  }
  return {};
}

std::string ApiCheck::version() const {
  const std::scoped_lock lock(mutex_);
  return checked_.value_or(std::string());
}

std::vector<std::string> ApiCheck::warnings() const {
  const std::scoped_lock lock(mutex_);
  return warnings_;
}

}  // namespace gridseal::deploy
