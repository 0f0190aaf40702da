#include "kube/permission.hpp"

namespace gridseal::kube {

using base::Json;
using base::Result;

Result<bool> may(Cluster& cluster, std::string_view verb, const Resource& resource,
                 std::string_view namespace_name, const Limits& limits) {
  Json attributes = {{"verb", verb}, {"group", resource.group}, {"resource", resource.plural}};
  if (resource.namespaced && !namespace_name.empty()) attributes["namespace"] = namespace_name;
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

std::string describe(const Resource& resource, std::string_view namespace_name) {
  std::string text = resource.plural;
  if (!resource.group.empty()) text += "." + resource.group;
  if (resource.namespaced && !namespace_name.empty())
    text.append(" in the namespace ").append(namespace_name);
  return text;
}

}  // namespace gridseal::kube
