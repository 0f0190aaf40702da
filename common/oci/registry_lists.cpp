// Lists that come in pages: tags and referrers.
#include <set>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "oci/manifest.hpp"
#include "oci/media_types.hpp"
#include "oci/registry_parts.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

Failure protocol(const MirrorClient& mirror, const std::string& why) {
  return {
      Error::blocked("oci.protocol", "the registry " + mirror.name() + " " + why), Verdict::next_mirror, {}};
}

// Follows rel="next" on the same origin, never twice to the same place.
class Pages {
 public:
  Pages(MirrorClient& mirror, Call call, size_t limit)
      : mirror_(mirror), call_(std::move(call)), limit_(limit) {}

  Attempt<http::Response> fetch(const std::stop_token& stop) {
    seen_.insert(call_.target);
    auto response = mirror_.send(call_, stop);
    if (!response) return to_failure(std::move(response).error());
    return std::move(*response);
  }

  // True: there is another page, and fetch() gets it.
  Attempt<bool> advance(const http::Response& response) {
    const auto link = next_link(response.headers.get("Link"));
    if (!link) return false;
    auto target = mirror_.same_origin_target(*link, call_.target);
    if (!target)
      return protocol(mirror_, "names a next page on another host; the list is not followed there");
    if (seen_.contains(*target)) return protocol(mirror_, "repeats the pages of a list without end");
    if (seen_.size() >= limit_) {
      full_ = true;
      return false;
    }
    call_.target = std::move(*target);
    return true;
  }

  bool full() const { return full_; }

 private:
  MirrorClient& mirror_;
  Call call_;
  const size_t limit_;
  std::set<std::string> seen_;
  bool full_ = false;
};

Attempt<void> add_tags(const MirrorClient& mirror, const http::Response& page, size_t limit,
                       std::vector<std::string>& tags) {
  auto body =
      base::parse_json(page.body, {.max_bytes = kMaxManifestBytes, .max_depth = 8, .max_values = 500'000});
  if (!body || !body->is_object()) return protocol(mirror, "sent a list of tags that is no JSON object");
  const base::Json* list = base::find_member(*body, "tags");
  if (list == nullptr) return {};
  if (!list->is_array()) return protocol(mirror, "sent a list of tags that is no list");
  for (const base::Json& item : *list) {
    const auto* tag = item.get_ptr<const std::string*>();
    if (tag == nullptr || !is_tag(*tag)) continue;
    if (tags.size() >= limit) {
      return Failure{
          Error::refused("oci.too_large", "the registry " + mirror.name() + " lists more than " +
                                              std::to_string(limit) +
                                              " tags; track a tag instead of a range, or remove old tags"),
          Verdict::next_mirror,
          {}};
    }
    tags.push_back(*tag);
  }
  return {};
}

// 400 and HTML are what registries without the API answer, too.
bool lacks_referrers(const http::Response& response) {
  const int status = response.status;
  if (status == 400 || status == 404 || status == 405 || status == 406 || status == 501) return true;
  return status == 200 && essence(response.headers.get("Content-Type")) == "text/html";
}

class ReferrerCollector {
 public:
  ReferrerCollector(ReferrerList& list, size_t limit) : list_(list), limit_(limit) {}

  void add(const Index& index, bool from_api) {
    for (const Descriptor& descriptor : index.manifests) {
      if (!seen_.insert(descriptor.digest).second) continue;
      if (list_.referrers.size() >= limit_) {
        list_.truncated = true;
        return;
      }
      list_.referrers.push_back({descriptor, from_api});
    }
  }
  void note(std::string text) {
    if (list_.notes.size() < 20) list_.notes.push_back(std::move(text));
  }

 private:
  ReferrerList& list_;
  const size_t limit_;
  std::set<base::Digest> seen_;
};

Attempt<void> from_api(MirrorClient& mirror, const std::string& repository, const base::Digest& subject,
                       const Limits& limits, base::Time now, ReferrerList& list, ReferrerCollector& collector,
                       const std::stop_token& stop) {
  Call call;
  call.target = mirror.api(repository, "referrers/" + subject.to_string());
  call.repository = repository;
  call.headers.set("Accept", std::string(kOciIndex));
  call.max_body = limits.manifest_bytes;
  Pages pages(mirror, std::move(call), limits.pages);
  for (;;) {
    auto response = pages.fetch(stop);
    if (!response) return std::move(response).error();
    if (lacks_referrers(*response)) return {};
    if (response->status != 200) {
      return to_failure(*response,
                        "cannot list what refers to " + subject.short_form() + " in " + mirror.name(), now);
    }
    auto index = parse_index(response->body);
    if (!index) {
      collector.note("the referrers of " + mirror.name() + ": " + index.error().describe());
      return {};
    }
    collector.add(*index, true);
    auto more = pages.advance(*response);
    if (!more) {
      collector.note(more.error().error.describe());
      return {};
    }
    list.truncated = list.truncated || pages.full();
    if (!*more) return {};
  }
}

}  // namespace

Attempt<std::vector<std::string>> Registry::Parts::tags_from(MirrorClient& mirror,
                                                             const std::string& repository,
                                                             const std::stop_token& stop) const {
  Call call;
  call.target = mirror.api(repository, "tags/list?n=1000");
  call.repository = repository;
  call.max_body = settings.limits.manifest_bytes;
  Pages pages(mirror, std::move(call), settings.limits.pages);
  std::vector<std::string> tags;
  for (;;) {
    auto response = pages.fetch(stop);
    if (!response) return std::move(response).error();
    if (response->status != 200)
      return to_failure(*response, "cannot list the tags of " + repository + " in " + mirror.name(),
                        outside.clock.now());
    if (auto r = add_tags(mirror, *response, settings.limits.tags, tags); !r) return std::move(r).error();
    auto more = pages.advance(*response);
    if (!more) return std::move(more).error();
    // A part of the list could hide the newest version.
    if (pages.full()) return protocol(mirror, "has a list of tags of too many pages");
    if (!*more) return tags;
  }
}

Result<std::vector<std::string>> Registry::list_tags(const Repository& repository,
                                                     const std::stop_token& stop) {
  return parts_->walk<std::vector<std::string>>(
      "cannot list the tags of " + repository.path, stop,
      [&](MirrorClient& mirror) { return parts_->tags_from(mirror, repository.path, stop); });
}

Attempt<ReferrerList> Registry::Parts::referrers_from(MirrorClient& mirror, const std::string& repository,
                                                      const base::Digest& subject,
                                                      const std::stop_token& stop) const {
  ReferrerList list;
  ReferrerCollector collector(list, settings.limits.referrers);
  if (auto r =
          from_api(mirror, repository, subject, settings.limits, outside.clock.now(), list, collector, stop);
      !r)
    return std::move(r).error();
  auto fallback = manifest_from(mirror, repository, digest_tag(subject), nullptr, stop);
  if (fallback) {
    auto index = parse_index(fallback->bytes, fallback->media_type);
    if (index) {
      collector.add(*index, false);
    } else {
      collector.note("the tag " + digest_tag(subject) + " in " + mirror.name() + ": " +
                     index.error().describe());
    }
  } else if (fallback.error().error.outcome() == base::Outcome::refused) {
    collector.note(fallback.error().error.describe());
  } else if (fallback.error().error.code() != "oci.not_found") {
    return std::move(fallback).error();
  }
  // A mirror that lost the signatures must not hide those of the next one.
  if (list.referrers.empty() && list.notes.empty())
    return Failure{
        Error::blocked("oci.not_found", mirror.name() + " knows no referrers"), Verdict::next_mirror, {}};
  return list;
}

Result<ReferrerList> Registry::referrers(const Repository& repository, const base::Digest& subject,
                                         const std::stop_token& stop) {
  Walk walk(parts_->settings.retry, parts_->outside, "cannot list what refers to " + subject.short_form(),
            parts_->mirrors.size());
  walk.settle_for_absence();
  auto list = parts_->walk<ReferrerList>(walk, stop, [&](MirrorClient& mirror) {
    return parts_->referrers_from(mirror, repository.path, subject, stop);
  });
  if (!list && walk.absent() && list.error().code() != "oci.cancelled") return ReferrerList{};
  return list;
}

}  // namespace gridseal::oci
