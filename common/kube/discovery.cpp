#include "kube/discovery.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/encoding.hpp"
#include "kube/fields.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;
using base::Result;

// The order of the parameters matters to the server.
constexpr const char* kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
constexpr auto kRefreshInterval = std::chrono::seconds(1);
constexpr size_t kMaxResources = 20'000;

std::vector<std::string> strings_of(const Json& object, std::string_view name) {
  std::vector<std::string> strings;
  if (const Json* array = base::find_array(object, name); array != nullptr) {
    for (const Json& item : *array)
      if (item.is_string()) strings.push_back(item.get<std::string>());
  }
  return strings;
}

// A name that goes into a path.
bool is_path_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

Result<Json> fetch(Client& client, const std::string& path, const char* accept, const Limits& limits,
                   int* status = nullptr) {
  ClientRequest request;
  request.path = path;
  request.accept = accept;
  request.subject = "discovery of " + path;
  auto response = client.request(request, limits);
  if (!response) {
    if (status != nullptr) *status = response.error().status;
    return std::move(response).error().error;
  }
  base::JsonLimits json_limits;
  json_limits.max_bytes = response->body.size() + 1;
  auto json = base::parse_json(response->body, json_limits);
  if (!json) return Error::blocked("kube.protocol", "discovery of " + path + ": the answer is not JSON");
  return json;
}

}  // namespace

bool Resource::can(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

// Discovery as one server told it; built aside and swapped in whole, so a failure keeps what was known.
class DiscoveryReader {
 public:
  DiscoveryReader(Client& client, const Limits& limits, Discovery::Catalog& catalog)
      : client_(client), limits_(limits), catalog_(catalog) {}

  Result<void> read() {
    for (const char* root : {"/api", "/apis"}) {
      auto answer = fetch(client_, root, kAggregated, limits_);
      if (!answer) return std::move(answer).error();
      const std::string kind = text_at(*answer, {"kind"});
      if (kind == "APIGroupDiscoveryList") {
        take_aggregated(*answer);
      } else if (auto done = read_legacy(*answer, kind); !done) {
        return done;
      }
    }
    return {};
  }

 private:
  void add(Resource resource) {
    if (!is_path_word(resource.plural) || !is_path_word(resource.version) || resource.kind.empty()) return;
    if (!resource.group.empty() && !is_path_word(resource.group)) return;
    if (catalog_.resources.size() >= kMaxResources) return;
    Discovery::Id id{resource.group, resource.version, resource.kind};
    if (catalog_.resources.emplace(id, std::move(resource)).second) catalog_.order.push_back(std::move(id));
  }

  // APIGroupDiscoveryList of apidiscovery.k8s.io/v2.
  void take_aggregated(const Json& list) {
    const Json* groups = base::find_array(list, "items");
    if (groups == nullptr) return;
    for (const Json& group : *groups) {
      const Json* metadata = base::find_object(group, "metadata");
      const std::string name = metadata == nullptr ? std::string() : text_at(*metadata, {"name"});
      const Json* versions = base::find_array(group, "versions");
      if (versions == nullptr) continue;
      for (const Json& version : *versions) take_version(name, version);
    }
  }

  void take_version(const std::string& group, const Json& version) {
    const std::string name = text_at(version, {"version"});
    if (text_at(version, {"freshness"}) == "Stale") catalog_.stale.insert(group);
    const Json* resources = base::find_array(version, "resources");
    if (resources == nullptr) return;
    for (const Json& entry : *resources) {
      const Json* kind = base::find_object(entry, "responseKind");
      if (kind == nullptr) continue;
      add({group, name, text_at(*kind, {"kind"}), text_at(entry, {"resource"}),
           text_at(entry, {"scope"}) == "Namespaced", strings_of(entry, "verbs")});
    }
  }

  // APIVersions of /api, APIGroupList of /apis: then one document for each group and version.
  Result<void> read_legacy(const Json& answer, const std::string& kind) {
    if (kind == "APIVersions") {
      for (const std::string& version : strings_of(answer, "versions"))
        if (auto done = read_version("", version, "/api/" + version); !done) return done;
      return {};
    }
    const Json* groups = base::find_array(answer, "groups");
    if (kind != "APIGroupList" || groups == nullptr)
      return Error::blocked("kube.protocol",
                            "discovery: the server at this address is no Kubernetes API server");
    for (const Json& group : *groups) {
      const std::string name = text_at(group, {"name"});
      for (const std::string& version : versions_of(group))
        if (auto done = read_version(name, version, "/apis/" + name + "/" + version); !done) return done;
    }
    return {};
  }

  // The preferred one first.
  static std::vector<std::string> versions_of(const Json& group) {
    std::vector<std::string> versions;
    if (const Json* preferred = base::find_object(group, "preferredVersion"); preferred != nullptr)
      versions.push_back(text_at(*preferred, {"version"}));
    const Json* all = base::find_array(group, "versions");
    if (all == nullptr) return versions;
    for (const Json& entry : *all) {
      std::string version = text_at(entry, {"version"});
      if (std::find(versions.begin(), versions.end(), version) == versions.end())
        versions.push_back(std::move(version));
    }
    return versions;
  }

  // An extension server that does not answer, or a version that just went, must not hide all the others.
  Result<void> read_version(const std::string& group, const std::string& version, const std::string& path) {
    if (!is_path_word(version) || (!group.empty() && !is_path_word(group))) return {};
    int status = 0;
    auto list = fetch(client_, path, "application/json", limits_, &status);
    if (!list) {
      if (status == 0) return std::move(list).error();
      catalog_.stale.insert(group);
      return {};
    }
    const Json* resources = base::find_array(*list, "resources");
    if (resources == nullptr) return {};
    for (const Json& entry : *resources) {
      const Json* namespaced = base::find_member(entry, "namespaced");
      std::string plural = text_at(entry, {"name"});
      if (plural.find('/') != std::string::npos) continue;  // a subresource
      add({group, version, text_at(entry, {"kind"}), std::move(plural),
           namespaced != nullptr && *namespaced == true, strings_of(entry, "verbs")});
    }
    return {};
  }

  Client& client_;
  const Limits& limits_;
  Discovery::Catalog& catalog_;
};

Result<void> Discovery::refresh(const Limits& limits) {
  Catalog fresh;
  if (auto done = DiscoveryReader(client_, limits, fresh).read(); !done) return done;
  // What a group served before its extension server went away is still the best guess.
  for (const auto& [id, resource] : catalog_.resources) {
    if (fresh.stale.count(std::get<0>(id)) != 0 && fresh.resources.emplace(id, resource).second)
      fresh.order.push_back(id);
  }
  catalog_ = std::move(fresh);
  loaded_ = true;
  loaded_at_ = client_.clock().monotonic();
  return {};
}

const Resource* Discovery::lookup(std::string_view group, std::string_view version,
                                  std::string_view kind) const {
  if (!version.empty()) {
    const auto it = catalog_.resources.find(Id(std::string(group), std::string(version), std::string(kind)));
    return it == catalog_.resources.end() ? nullptr : &it->second;
  }
  for (const Id& id : catalog_.order)
    if (std::get<0>(id) == group && std::get<2>(id) == kind) return &catalog_.resources.at(id);
  return nullptr;
}

Result<Resource> Discovery::find_in(std::string_view group, std::string_view version, std::string_view kind,
                                    const Limits& limits) {
  const std::lock_guard lock(mutex_);
  if (loaded_) {
    if (const Resource* known = lookup(group, version, kind); known != nullptr) return *known;
  }
  if (!loaded_ || client_.clock().monotonic() - loaded_at_ >= kRefreshInterval) {
    if (auto done = refresh(limits); !done) return std::move(done).error();
    if (const Resource* known = lookup(group, version, kind); known != nullptr) return *known;
  }
  std::string name(kind);
  if (!version.empty())
    name += " of " + (group.empty() ? "" : std::string(group) + "/") + std::string(version);
  if (catalog_.stale.count(std::string(group)) != 0) {
    return Error::blocked("kube.group_unavailable",
                          "the extension API server of group " + std::string(group) +
                              " does not answer, so the kind " + name + " cannot be served");
  }
  return Error::blocked("kube.unknown_kind", "the API server does not serve the kind " + name);
}

Result<Resource> Discovery::find(std::string_view group, std::string_view version, std::string_view kind,
                                 const Limits& limits) {
  return find_in(group, version.empty() ? std::string_view("-") : version, kind, limits);
}

Result<Resource> Discovery::find_any_version(std::string_view group, std::string_view kind,
                                             const Limits& limits) {
  return find_in(group, "", kind, limits);
}

Result<std::vector<Resource>> Discovery::all(const Limits& limits) {
  const std::lock_guard lock(mutex_);
  if (!loaded_) {
    if (auto done = refresh(limits); !done) return std::move(done).error();
  }
  std::vector<Resource> resources;
  std::set<std::pair<std::string, std::string>> seen;
  for (const Id& id : catalog_.order) {
    if (seen.emplace(std::get<0>(id), std::get<2>(id)).second) resources.push_back(catalog_.resources.at(id));
  }
  return resources;
}

void Discovery::forget() {
  const std::lock_guard lock(mutex_);
  loaded_ = false;
}

std::string collection_path(const Resource& resource, std::string_view namespace_name) {
  std::string path = resource.group.empty() ? "/api/" + resource.version
                                            : "/apis/" + resource.group + "/" + resource.version;
  if (resource.namespaced && !namespace_name.empty()) path += "/namespaces/" + percent_encode(namespace_name);
  return path + "/" + resource.plural;
}

std::string object_path(const Resource& resource, const manifest::ObjectKey& key) {
  const std::string_view name_space = key.namespace_.empty() ? std::string_view("default") : key.namespace_;
  return collection_path(resource, name_space) + "/" + percent_encode(key.name);
}

}  // namespace gridseal::kube
