#include "doctor/needed_rights.hpp"

#include <map>
#include <set>

#include "k3s/rights.hpp"

namespace gridseal::doctor {
namespace {

using base::Json;

constexpr size_t kMaxQuestions = 5000;

// What is read for the sake of causes alone.
bool is_essential(const std::string& resource) {
  return resource != "events" && resource != "nodes";
}

class Questions {
 public:
  void add_rules(const Json& rules, const std::string& name_space) {
    for (const Json& rule : rules) {
      const Json names = rule.value("resourceNames", Json::array({""}));
      for (const Json& group : rule["apiGroups"])
        for (const Json& resource : rule["resources"])
          for (const Json& verb : rule["verbs"])
            for (const Json& name : names) add(verb, group, resource, name, name_space);
    }
  }
  std::vector<NeededRight> take() { return {questions_.begin(), questions_.end()}; }

 private:
  void add(const std::string& verb, const std::string& group, const std::string& resource,
           const std::string& name, const std::string& name_space) {
    if (questions_.size() >= kMaxQuestions) return;
    const size_t slash = resource.find('/');
    kube::Attributes attributes{verb, group, resource.substr(0, slash), {}, name_space, name};
    if (slash != std::string::npos) attributes.subresource = resource.substr(slash + 1);
    questions_.insert({std::move(attributes), is_essential(resource)});
  }

  std::set<NeededRight> questions_;
};

std::string text_at(const Json& object, const char* pointer) {
  const Json::json_pointer at(pointer);
  return object.contains(at) && object[at].is_string() ? object[at].get<std::string>() : std::string();
}

}  // namespace

std::vector<NeededRight> needed_rights(const config::Settings& settings,
                                       const std::vector<kube::Resource>& served, bool own_token) {
  const k3s::Rights rights = k3s::rights_for(settings, served);
  std::map<std::string, Json> roles;  // rules, by kind, namespace and name
  for (const Json& object : rights.objects)
    if (object.contains("rules"))
      roles[text_at(object, "/kind") + "/" + text_at(object, "/metadata/namespace") + "/" +
            text_at(object, "/metadata/name")] = object["rules"];
  Questions questions;
  for (const Json& object : rights.objects) {
    if (!object.contains("roleRef")) continue;
    const std::string name_space = text_at(object, "/metadata/namespace");
    const std::string name = text_at(object, "/roleRef/name");
    if (name == "gridseal-token" && !own_token) continue;
    const std::string kind = text_at(object, "/roleRef/kind");
    const auto role = roles.find(kind + "/" + (kind == "Role" ? name_space : "") + "/" + name);
    if (role != roles.end()) questions.add_rules(role->second, name_space);
  }
  return questions.take();
}

std::string describe(const kube::Attributes& attributes) {
  std::string text = attributes.resource;
  if (!attributes.subresource.empty()) text += "/" + attributes.subresource;
  if (!attributes.group.empty()) text += "." + attributes.group;
  if (!attributes.name.empty()) text += " " + attributes.name;
  if (!attributes.namespace_.empty()) text += " in the namespace " + attributes.namespace_;
  return text;
}

}  // namespace gridseal::doctor
