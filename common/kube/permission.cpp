#include "kube/permission.hpp"

namespace gridseal::kube {

using base::Json;
using base::Result;

Result<bool> may(Cluster& cluster, const Attributes& asked, const Limits& limits) {
  Json attributes = {{"verb", asked.verb}, {"group", asked.group}, {"resource", asked.resource}};
  if (!asked.subresource.empty()) attributes["subresource"] = asked.subresource;
  if (!asked.namespace_.empty()) attributes["namespace"] = asked.namespace_;
  if (!asked.name.empty()) attributes["name"] = asked.name;
  const Json review = {{"apiVersion", "authorization.k8s.io/v1"},
                       {"kind", "SelfSubjectAccessReview"},
                       {"spec", {{"resourceAttributes", std::move(attributes)}}}};
  auto answer =
      cluster.client().create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, limits);
  if (!answer) return std::move(answer).error().error;
  const Json* status = base::find_object(answer->object, "status");
  const Json* allowed = status == nullptr ? nullptr : base::find_member(*status, "allowed");
  return allowed != nullptr && *allowed == true;
}

Result<bool> may(Cluster& cluster, std::string_view verb, const Resource& resource,
                 std::string_view namespace_name, const Limits& limits) {
  Attributes attributes;
  attributes.verb = verb;
  attributes.group = resource.group;
  attributes.resource = resource.plural;
  if (resource.namespaced) attributes.namespace_ = namespace_name;
  return may(cluster, attributes, limits);
}

std::string describe(const Resource& resource, std::string_view namespace_name) {
  std::string text = resource.plural;
  if (!resource.group.empty()) text += "." + resource.group;
  if (resource.namespaced && !namespace_name.empty())
    text.append(" in the namespace ").append(namespace_name);
  return text;
}

}  // namespace gridseal::kube
