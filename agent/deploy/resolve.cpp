#include "deploy/resolve.hpp"

#include "deploy/revision.hpp"

namespace gridseal::deploy {
namespace {

base::Result<std::string> newest_tag(oci::Registry& registry, const oci::Repository& repository,
                                     const config::Component& component, const std::stop_token& stop) {
  auto range = TagRange::of(component);
  if (!range) return std::move(range).error();
  auto tags = registry.list_tags(repository, stop);
  if (!tags) return std::move(tags).error();
  auto tag = range->newest(*tags);
  if (!tag) {
    return base::Error::blocked("oci.no_matching_tag",
                                "no tag of " + repository.path + " is a version in the range \"" +
                                    component.semver + "\"" +
                                    (component.tag_filter.empty() ? "" : " that passes the tag filter"));
  }
  return *tag;
}

}  // namespace

base::Result<TagRange> TagRange::of(const config::Component& component) {
  auto range = oci::SemverRange::parse(component.semver);
  if (!range) return std::move(range).error();
  TagRange tags;
  tags.range_ = std::move(*range);
  if (component.tag_filter.empty()) return tags;
  auto filter = oci::TagFilter::parse(component.tag_filter);
  if (!filter) return std::move(filter).error();
  tags.filter_ = std::move(*filter);
  return tags;
}

std::optional<std::string> TagRange::newest(const std::vector<std::string>& tags) const {
  return oci::newest(tags, range_, filter_ ? &*filter_ : nullptr);
}

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
