#include "kubesim/catalog.hpp"

#include <algorithm>

namespace gridseal::kubesim {

namespace {

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  if (text == "-") return out;
  while (true) {
    const std::size_t end = text.find(by);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

const std::vector<std::string>& all_verbs() {
  static const std::vector<std::string> kVerbs = {"create", "delete", "deletecollection", "get",
                                                  "list",   "patch",  "update",           "watch"};
  return kVerbs;
}

Subresource read_subresource(const std::string& word) {
  const auto parts = split(word, '=');
  Subresource out;
  out.name = parts.at(0);
  out.verbs = split(parts.at(2), '+');
  const auto kind = split(parts.at(1), '/');
  out.kind = kind.back();
  if (kind.size() == 3) {
    out.group = kind[0];
    out.version = kind[1];
  }
  return out;
}

std::string index_key(const std::string& group, const std::string& version, const std::string& plural) {
  return group + "/" + version + "/" + plural;
}

}  // namespace

const Subresource* Resource::subresource(std::string_view name) const {
  auto it = std::find_if(subresources.begin(), subresources.end(),
                         [&](const Subresource& s) { return s.name == name; });
  return it == subresources.end() ? nullptr : &*it;
}

bool Resource::allows(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

Catalog::Catalog(std::string_view resources, Schema& schema) : schema_(schema) {
  while (!resources.empty()) {
    const std::size_t end = resources.find('\n');
    if (end > 0) read_line(resources.substr(0, end));
    resources.remove_prefix(end == std::string_view::npos ? resources.size() : end + 1);
  }
}

void Catalog::read_line(std::string_view line) {
  const auto words = split(line, ' ');
  if (words.size() != 9) return;
  auto made = std::make_shared<Resource>();
  const auto group_version = split(words[0], '/');
  if (group_version[0] != "-") made->group = group_version[0];
  made->version = group_version.at(1);
  made->plural = words[1];
  made->singular = words[2];
  made->kind = words[3];
  made->list_kind = words[3] + "List";
  made->namespaced = words[4] == "N";
  made->verbs = words[5] == "*" ? all_verbs() : split(words[5], '+');
  made->short_names = split(words[6], '+');
  made->categories = split(words[7], '+');
  for (const std::string& word : split(words[8], ';')) made->subresources.push_back(read_subresource(word));
  made->type = schema_.of_kind(made->group, made->version, made->kind);
  index_[index_key(made->group, made->version, made->plural)] = made;
  resources_.push_back(std::move(made));
}

std::shared_ptr<const Resource> Catalog::by_plural(const std::string& group, const std::string& version,
                                                   const std::string& plural) const {
  auto it = index_.find(index_key(group, version, plural));
  return it == index_.end() ? nullptr : it->second;
}

std::shared_ptr<const Resource> Catalog::by_kind(const std::string& group, const std::string& version,
                                                 const std::string& kind) const {
  for (const auto& resource : resources_) {
    if (resource->group == group && resource->version == version && resource->kind == kind) return resource;
  }
  return nullptr;
}

std::shared_ptr<const Resource> Catalog::by_kind(const std::string& api_version,
                                                 const std::string& kind) const {
  const std::size_t slash = api_version.find('/');
  if (slash == std::string::npos) return by_kind("", api_version, kind);
  return by_kind(api_version.substr(0, slash), api_version.substr(slash + 1), kind);
}

bool Catalog::has_group(const std::string& group) const {
  return std::any_of(resources_.begin(), resources_.end(), [&](const auto& r) { return r->group == group; });
}

bool Catalog::has_version(const std::string& group, const std::string& version) const {
  return std::any_of(resources_.begin(), resources_.end(),
                     [&](const auto& r) { return r->group == group && r->version == version; });
}

std::vector<std::pair<std::string, std::string>> Catalog::versions() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& resource : resources_) {
    std::pair<std::string, std::string> entry(resource->group, resource->version);
    if (std::find(out.begin(), out.end(), entry) == out.end()) out.push_back(std::move(entry));
  }
  return out;
}

void Catalog::serve(const Json& definition) {
  const Json& spec = definition.at("spec");
  const Json& names = spec.at("names");
  withdraw(text(spec, {"group"}), text(names, {"plural"}));
  for (const Json& version : spec.at("versions")) {
    if (!flag(version, {"served"})) continue;
    auto made = std::make_shared<Resource>();
    made->group = text(spec, {"group"});
    made->version = text(version, {"name"});
    made->plural = text(names, {"plural"});
    made->kind = text(names, {"kind"});
    made->singular = text(names, {"singular"});
    made->list_kind = text(names, {"listKind"});
    made->namespaced = text(spec, {"scope"}) == "Namespaced";
    made->custom = true;
    made->verbs = {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
    if (names.contains("shortNames")) made->short_names = names["shortNames"].get<std::vector<std::string>>();
    if (names.contains("categories")) made->categories = names["categories"].get<std::vector<std::string>>();
    if (find(version, {"subresources", "status"}) != nullptr) {
      made->subresources.push_back(
          {"status", made->group, made->version, made->kind, {"get", "patch", "update"}});
    }
    if (find(version, {"subresources", "scale"}) != nullptr) {
      made->subresources.push_back({"scale", "autoscaling", "v1", "Scale", {"get", "patch", "update"}});
    }
    const Json* open_api = find(version, {"schema", "openAPIV3Schema"});
    made->type = open_api != nullptr ? schema_.of_custom_resource(*open_api) : schema_.deduced();
    made->definition = version;
    index_[index_key(made->group, made->version, made->plural)] = made;
    resources_.push_back(std::move(made));
  }
  ++revision_;
}

void Catalog::withdraw(const std::string& group, const std::string& plural) {
  auto gone = [&](const auto& r) { return r->custom && r->group == group && r->plural == plural; };
  for (const auto& resource : resources_) {
    if (gone(resource)) index_.erase(index_key(resource->group, resource->version, resource->plural));
  }
  resources_.erase(std::remove_if(resources_.begin(), resources_.end(), gone), resources_.end());
  ++revision_;
}

void Catalog::restore(const Saved& saved) {
  resources_ = saved.resources;
  index_ = saved.index;
  ++revision_;
}

}  // namespace gridseal::kubesim
