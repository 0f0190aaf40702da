#include "deploy/resolve.hpp"

#include "deploy/revision.hpp"
#include "oci/semver_range.hpp"

namespace gridseal::deploy {
namespace {

base::Result<std::string> newest_tag(oci::Registry& registry, const oci::Repository& repository,
                                     const config::Component& component, const std::stop_token& stop) {
  auto range = oci::SemverRange::parse(component.semver);
  if (!range) return std::move(range).error();
  std::optional<oci::TagFilter> filter;
  if (!component.tag_filter.empty()) {
    auto parsed = oci::TagFilter::parse(component.tag_filter);
    if (!parsed) return std::move(parsed).error();
    filter = std::move(*parsed);
  }
  auto tags = registry.list_tags(repository, stop);
  if (!tags) return std::move(tags).error();
  auto tag = oci::newest(*tags, *range, filter ? &*filter : nullptr);
  if (!tag) {
    return base::Error::blocked("oci.no_matching_tag",
                                "no tag of " + repository.path + " is a version in the range \"" +
                                    component.semver + "\"" +
                                    (component.tag_filter.empty() ? "" : " that passes the tag filter"));
  }
  return *tag;
}

}  // namespace

base::Result<std::string> tag_of(oci::Registry& registry, const oci::Repository& repository,
                                 const config::Component& component, const std::stop_token& stop) {
  if (!component.tag.empty()) return component.tag;
  return newest_tag(registry, repository, component, stop);
}

base::Result<Resolved> resolve(const Generation& generation, const config::Component& component,
                               const std::stop_token& stop) {
  if (!component.digest.empty()) {
    auto digest = base::Digest::parse(component.digest);
    if (!digest) return std::move(digest).error();
    return Resolved{{}, *digest};
  }
  oci::Registry& registry = *generation.registries.at(component.registry);
  const oci::Repository repository{component.registry, component.repository};
  auto tag = tag_of(registry, repository, component, stop);
  if (!tag) return std::move(tag).error();
  auto head = registry.head_manifest(repository, *tag, stop);
  if (!head) return std::move(head).error();
  return Resolved{std::move(*tag), head->digest};
}

}  // namespace gridseal::deploy
