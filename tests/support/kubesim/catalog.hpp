// Which resources the server knows: the built-in ones as recorded, and those of CustomResourceDefinitions.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kubesim/schema.hpp"

namespace gridseal::kubesim {

struct Subresource {
  std::string name;
  std::string group;  // of the kind it answers with, as the recording has it
  std::string version;
  std::string kind;
  std::vector<std::string> verbs;
};

struct Resource {
  std::string group;
  std::string version;
  std::string plural;
  std::string singular;
  std::string kind;
  std::string list_kind;
  bool namespaced = false;
  bool custom = false;
  std::vector<std::string> verbs;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::vector<Subresource> subresources;
  const Type* type = nullptr;
  Json definition;  // custom: the version entry of its CRD

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // Objects of all versions are stored together; Events of both groups are the same objects.
  std::string storage() const { return plural == "events" ? "events" : plural + "." + group; }
  const Subresource* subresource(std::string_view name) const;
  bool allows(std::string_view verb) const;
};

class Catalog {
 public:
  Catalog(std::string_view resources, Schema& schema);

  std::shared_ptr<const Resource> by_plural(const std::string& group, const std::string& version,
                                            const std::string& plural) const;
  std::shared_ptr<const Resource> by_kind(const std::string& group, const std::string& version,
                                          const std::string& kind) const;
  // The first version of the group that serves the kind.
  std::shared_ptr<const Resource> by_kind(const std::string& api_version, const std::string& kind) const;
  bool has_group(const std::string& group) const;
  bool has_version(const std::string& group, const std::string& version) const;
  const std::vector<std::shared_ptr<const Resource>>& all() const { return resources_; }
  // Group/version pairs in the order of the recorded discovery.
  std::vector<std::pair<std::string, std::string>> versions() const;
  // 012: makes the resources of a CRD served, or takes them away.
  void serve(const Json& definition);
  void withdraw(const std::string& group, const std::string& plural);
  // Changes with every serve and withdraw.
  unsigned revision() const { return revision_; }

  using Index = std::map<std::string, std::shared_ptr<const Resource>>;
  struct Saved {
    std::vector<std::shared_ptr<const Resource>> resources;
    Index index;
  };
  Saved save() const { return {resources_, index_}; }
  void restore(const Saved& saved);

 private:
  void read_line(std::string_view line);

  Schema& schema_;
  std::vector<std::shared_ptr<const Resource>> resources_;
  Index index_;
  unsigned revision_ = 0;
};

}  // namespace gridseal::kubesim
