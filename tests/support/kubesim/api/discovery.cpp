// 011: discovery, legacy and aggregated.
#include <algorithm>

#include "kubesim/api/api.hpp"

namespace gridseal::kubesim {

namespace {

enum class Form { legacy, aggregated, none };

struct MediaRange {
  std::string type;
  bool aggregated = false;
  bool other_aggregated = false;
  double quality = 1;
};

std::vector<MediaRange> media_ranges(const std::string& accept) {
  std::vector<MediaRange> out;
  std::size_t at = 0;
  while (at < accept.size()) {
    std::size_t end = accept.find(',', at);
    if (end == std::string::npos) end = accept.size();
    std::string range = accept.substr(at, end - at);
    range.erase(std::remove(range.begin(), range.end(), ' '), range.end());
    at = end + 1;
    MediaRange made;
    made.type = range.substr(0, range.find(';'));
    const bool grouped = range.find(";as=APIGroupDiscoveryList") != std::string::npos;
    made.aggregated = grouped && range.find(";g=apidiscovery.k8s.io") != std::string::npos &&
                      range.find(";v=v2;") != std::string::npos;
    made.other_aggregated = grouped && !made.aggregated;
    if (const std::size_t q = range.find(";q="); q != std::string::npos)
      made.quality = std::strtod(range.c_str() + q + 3, nullptr);
    out.push_back(std::move(made));
  }
  return out;
}

// 011: of equal weights the aggregated form wins, whatever the order.
Form negotiate(const std::string& accept, bool may_aggregate) {
  if (accept.empty()) return Form::legacy;
  Form out = Form::none;
  double best = -1;
  for (const MediaRange& range : media_ranges(accept)) {
    if (range.other_aggregated) continue;
    if (range.type != "application/json" && range.type != "*/*" && range.type != "application/*") continue;
    if (range.aggregated && !may_aggregate) continue;
    const double weight = range.quality + (range.aggregated ? 0.0001 : 0);
    if (weight <= best) continue;
    best = weight;
    out = range.aggregated ? Form::aggregated : Form::legacy;
  }
  return out;
}

Json aggregated_resource(const Resource& resource) {
  auto kind = [](const std::string& group, const std::string& version, const std::string& name) {
    return Json{{"group", group}, {"version", version}, {"kind", name}};
  };
  // 011, 012: built-in kinds come without group and version, custom ones with them.
  Json out = {{"resource", resource.plural},
              {"responseKind", resource.custom ? kind(resource.group, resource.version, resource.kind)
                                               : kind("", "", resource.kind)},
              {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
              {"singularResource", resource.singular},
              {"verbs", resource.verbs}};
  if (!resource.short_names.empty()) out["shortNames"] = resource.short_names;
  if (!resource.categories.empty()) out["categories"] = resource.categories;
  for (const Subresource& sub : resource.subresources) {
    out["subresources"].push_back({{"subresource", sub.name},
                                   {"responseKind", kind(sub.group, sub.version, sub.kind)},
                                   {"verbs", sub.verbs}});
  }
  return out;
}

Json aggregated(Cluster& cluster, bool core) {
  Json items = Json::array();
  for (const auto& [group, version] : cluster.catalog.versions()) {
    if (group.empty() != core) continue;
    Json resources = Json::array();
    for (const auto& resource : cluster.catalog.all()) {
      if (resource->group == group && resource->version == version)
        resources.push_back(aggregated_resource(*resource));
    }
    Json entry = {{"version", version}, {"resources", resources}, {"freshness", "Current"}};
    auto it = std::find_if(items.begin(), items.end(), [&](const Json& item) {
      return text(item, {"metadata", "name"}) == group;
    });
    if (it != items.end()) {
      (*it)["versions"].push_back(std::move(entry));
      continue;
    }
    Json metadata = Json::object();
    if (!group.empty()) metadata["name"] = group;
    items.push_back({{"metadata", metadata}, {"versions", Json::array({entry})}});
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", "apidiscovery.k8s.io/v2"},
          {"metadata", Json::object()},
          {"items", items}};
}

Json group_entry(Cluster& cluster, const std::string& group) {
  Json versions = Json::array();
  for (const auto& [name, version] : cluster.catalog.versions()) {
    if (name == group) versions.push_back({{"groupVersion", group + "/" + version}, {"version", version}});
  }
  return {{"name", group}, {"versions", versions}, {"preferredVersion", versions.front()}};
}

Json group_list(Cluster& cluster) {
  Json groups = Json::array();
  std::string last;
  for (const auto& [group, version] : cluster.catalog.versions()) {
    if (group.empty() || group == last) continue;
    last = group;
    groups.push_back(group_entry(cluster, group));
  }
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}};
}

Json legacy_resources(Cluster& cluster, const std::string& group, const std::string& version) {
  Json list = Json::array();
  for (const auto& resource : cluster.catalog.all()) {
    if (resource->group != group || resource->version != version) continue;
    Json entry = {{"name", resource->plural},
                  {"singularName", resource->singular},
                  {"namespaced", resource->namespaced},
                  {"kind", resource->kind},
                  {"verbs", resource->verbs}};
    if (!resource->short_names.empty()) entry["shortNames"] = resource->short_names;
    if (!resource->categories.empty()) entry["categories"] = resource->categories;
    list.push_back(std::move(entry));
    for (const Subresource& sub : resource->subresources) {
      Json inner = {{"name", resource->plural + "/" + sub.name},
                    {"singularName", ""},
                    {"namespaced", resource->namespaced},
                    {"kind", sub.kind},
                    {"verbs", sub.verbs}};
      if (!sub.group.empty() && sub.group != group) {
        inner["group"] = sub.group;
        inner["version"] = sub.version;
      }
      list.push_back(std::move(inner));
    }
  }
  Json out = {{"kind", "APIResourceList"},
              {"groupVersion", group.empty() ? version : group + "/" + version},
              {"resources", list}};
  if (!group.empty()) out["apiVersion"] = "v1";
  return out;
}

std::string etag(const std::string& body) {
  std::string out;
  for (std::uint64_t seed : {1469598103934665603ULL, 1099511628211ULL}) {
    std::uint64_t hash = seed;
    for (unsigned char c : body) hash = (hash ^ c) * 1099511628211ULL;
    for (int i = 60; i >= 0; i -= 4) out += "0123456789ABCDEF"[hash >> static_cast<unsigned>(i) & 15U];
  }
  return "\"" + out + "\"";
}

HttpResponse aggregated_response(Cluster& cluster, const HttpRequest& request, bool core) {
  HttpResponse out = json_response(200, aggregated(cluster, core));
  const std::string tag = etag(out.body);
  out.headers = {{"Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"},
                 {"Etag", tag},
                 {"Vary", "Accept"}};
  if (request.header("if-none-match") != tag) return out;
  out.status = 304;
  out.body.clear();
  out.headers.erase(out.headers.begin());
  return out;
}

HttpResponse not_acceptable() {
  return response_of(
      failure(406, "NotAcceptable",
              "only the following media types are accepted: application/json, application/yaml, "
              "application/vnd.kubernetes.protobuf"));
}

std::optional<HttpResponse> version_document(Cluster& cluster, const std::string& path) {
  if (path.starts_with("/api/")) {
    const std::string version = path.substr(5);
    if (version == "v1") return json_response(200, legacy_resources(cluster, "", "v1"));
    return response_of(resource_not_found());
  }
  if (!path.starts_with("/apis/")) return std::nullopt;
  std::string rest = path.substr(6);
  if (rest.ends_with('/')) rest.pop_back();
  const std::size_t slash = rest.find('/');
  const std::string group = rest.substr(0, slash);
  if (!cluster.catalog.has_group(group)) return response_of(page_not_found());
  if (slash == std::string::npos) {
    Json entry = group_entry(cluster, group);
    entry["kind"] = "APIGroup";
    entry["apiVersion"] = "v1";
    return json_response(200, entry);
  }
  const std::string version = rest.substr(slash + 1);
  if (!cluster.catalog.has_version(group, version)) return response_of(resource_not_found());
  return json_response(200, legacy_resources(cluster, group, version));
}

}  // namespace

std::optional<HttpResponse> discover(Cluster& cluster, const HttpRequest& request) {
  const std::string& path = request.path;
  const bool core = path == "/api" || path == "/api/";
  const bool root = core || path == "/apis" || path == "/apis/";
  if (!root && !path.starts_with("/api/") && !path.starts_with("/apis/")) return std::nullopt;
  const Form form = negotiate(request.header("accept"), root);
  if (form == Form::none) return not_acceptable();
  if (form == Form::aggregated) return aggregated_response(cluster, request, core);
  if (core) {
    return json_response(200,
                         {{"kind", "APIVersions"},
                          {"versions", {"v1"}},
                          {"serverAddressByClientCIDRs",
                           Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", "127.0.0.1"}}})}});
  }
  if (root) return json_response(200, group_list(cluster));
  return version_document(cluster, path);
}

}  // namespace gridseal::kubesim
