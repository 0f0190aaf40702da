// 060, 061, 062: GET, LIST and WATCH.
#include <algorithm>

#include "kubesim/api/api.hpp"
#include "kubesim/selectors.hpp"

namespace gridseal::kubesim {

namespace {

constexpr std::string_view kTokenPrefix = "sim:";

struct Query {
  Selector labels;
  Selector fields;
  std::int64_t limit = 0;
  std::string continue_token;
  std::string revision;
};

Failure too_large(std::uint64_t wanted, std::uint64_t current) {
  return failure(
      504, "Timeout",
      "Timeout: Too large resource version: " + std::to_string(wanted) +
          ", current: " + std::to_string(current),
      {{"causes",
        Json::array({{{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}}})},
       {"retryAfterSeconds", 1}});
}

Failure expired() {
  return failure(410, "Expired", "The resourceVersion for the provided list is too old.");
}

bool digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Outcome<Query> read_query(const Call& call) {
  const HttpRequest& request = *call.request;
  Query out;
  auto labels = Selector::labels(request.parameter("labelSelector"));
  if (!labels) return tl::unexpected(labels.error());
  out.labels = std::move(*labels);
  const std::string limit = request.parameter("limit");
  for (const std::string& value : {limit, request.parameter("timeoutSeconds")}) {
    if (!value.empty() && !digits(value)) {
      return tl::unexpected(
          bad_request("strconv.ParseInt: parsing " + compact(Json(value)) + ": invalid syntax"));
    }
  }
  out.limit = limit.empty() ? 0 : std::strtoll(limit.c_str(), nullptr, 10);
  out.continue_token = request.parameter("continue");
  out.revision = request.parameter("resourceVersion");
  if (request.has_parameter("resourceVersionMatch") && out.revision.empty()) {
    return tl::unexpected(
        invalid("meta.k8s.io", "ListOptions", "",
                {{"FieldValueForbidden", "resourceVersionMatch",
                  "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"}}));
  }
  auto fields = Selector::fields(request.parameter("fieldSelector"), *call.resource);
  if (!fields) return tl::unexpected(fields.error());
  out.fields = std::move(*fields);
  if (!out.revision.empty() && !digits(out.revision)) {
    return tl::unexpected(bad_request(
        "invalid resource version: resourceVersion: Invalid value: " + compact(Json(out.revision)) +
        ": strconv.ParseUint: parsing " + compact(Json(out.revision)) + ": invalid syntax"));
  }
  if (!out.continue_token.empty() && !out.continue_token.starts_with(kTokenPrefix)) {
    return tl::unexpected(
        bad_request("invalid continue token: continue key is not valid: invalid character 'i' looking for "
                    "beginning of value"));
  }
  if (!out.continue_token.empty() && !out.revision.empty() && out.revision != "0") {
    return tl::unexpected(bad_request("specifying resource version is not allowed when using continue"));
  }
  return out;
}

bool metadata_only(const HttpRequest& request) {
  return request.header("accept").find("as=PartialObjectMetadata") != std::string::npos;
}

Json partial(const Json& object) {
  return partial_metadata(object);
}

// 060: where the next page starts: revision, namespace and name, made opaque.
std::string token_of(std::uint64_t revision, const Json& object) {
  return std::string(kTokenPrefix) + std::to_string(revision) + ":" +
         text(object, {"metadata", "namespace"}) + "/" + text(object, {"metadata", "name"});
}

struct Position {
  std::uint64_t revision = 0;
  std::string ns;
  std::string name;
};

Position position_of(const std::string& token) {
  Position out;
  const std::string rest = token.substr(kTokenPrefix.size());
  const std::size_t colon = rest.find(':');
  const std::size_t slash = rest.find('/', colon);
  out.revision = std::strtoull(rest.c_str(), nullptr, 10);
  if (colon == std::string::npos || slash == std::string::npos) return out;
  out.ns = rest.substr(colon + 1, slash - colon - 1);
  out.name = rest.substr(slash + 1);
  return out;
}

bool behind(const Json& object, const Position& position) {
  const std::string ns = text(object, {"metadata", "namespace"});
  return ns > position.ns || (ns == position.ns && text(object, {"metadata", "name"}) > position.name);
}

// Collects a page; the metadata of the list is filled in.
Json page(Cluster& cluster, const Call& call, const Query& query, Json& metadata) {
  Json items = Json::array();
  Position from;
  std::uint64_t revision = cluster.store.revision();
  if (!query.continue_token.empty()) {
    from = position_of(query.continue_token);
    revision = from.revision;
  }
  // 060: resourceVersion=0 is served from the cache, and that ignores limit.
  const std::int64_t limit = query.revision == "0" ? 0 : query.limit;
  const bool partial_only = metadata_only(*call.request);
  const Json* last = nullptr;
  std::int64_t left = 0;
  for (const ObjectPtr& object : cluster.store.list(call.resource->storage(), call.ns)) {
    if (!query.continue_token.empty() && !behind(*object, from)) continue;
    if (!query.labels.matches(*object) || !query.fields.matches(*object)) continue;
    if (limit > 0 && static_cast<std::int64_t>(items.size()) >= limit) {
      ++left;
      continue;
    }
    Json item = partial_only ? partial(*object) : shown(*call.resource, *object);
    if (!partial_only && !call.resource->custom) {
      // 060: items carry no kind; those of custom resources do.
      item.erase("apiVersion");
      item.erase("kind");
    }
    items.push_back(std::move(item));
    last = object.get();
    if (limit > 0 && last != nullptr) metadata["continue"] = token_of(revision, *last);
  }
  metadata["resourceVersion"] = std::to_string(revision);
  if (left == 0) metadata.erase("continue");
  if (left > 0 && query.labels.empty() && query.fields.empty()) metadata["remainingItemCount"] = left;
  return items;
}

struct WatchState {
  Cluster* cluster;
  std::shared_ptr<const Resource> resource;
  std::string ns;
  Query query;
  std::uint64_t revision = 0;
  bool bookmarks = false;
  bool initial_events = false;
  bool initial_list = false;
  bool partial_only = false;
  Instant end;
};

std::string event_line(const char* type, const Json& object) {
  return compact({{"type", type}, {"object", object}}) + "\n";
}

Json bookmark(const WatchState& watch, bool initial_end) {
  Json object = {
      {"kind", watch.resource->kind},
      {"apiVersion", watch.resource->api_version()},
      {"metadata", {{"resourceVersion", std::to_string(watch.revision)}, {"creationTimestamp", nullptr}}}};
  if (initial_end) object["metadata"]["annotations"]["k8s.io/initial-events-end"] = "true";
  return object;
}

bool selected(const WatchState& watch, const Json& object) {
  if (!watch.ns.empty() && text(object, {"metadata", "namespace"}) != watch.ns) return false;
  return watch.query.labels.matches(object) && watch.query.fields.matches(object);
}

Json watched(const WatchState& watch, const Json& object) {
  return watch.partial_only ? partial(object) : shown(*watch.resource, object);
}

// 061: with a selector, what stops matching is DELETED and what begins to match ADDED.
std::string line_of(const WatchState& watch, const Change& change) {
  const bool now = change.kind != ChangeKind::deleted && selected(watch, *change.object);
  const Json& old = change.before != nullptr ? *change.before : *change.object;
  const bool before = change.kind == ChangeKind::added ? false : selected(watch, old);
  if (!now && !before) return {};
  if (now) return event_line(before ? "MODIFIED" : "ADDED", watched(watch, *change.object));
  if (change.kind == ChangeKind::deleted) return event_line("DELETED", watched(watch, *change.object));
  Json gone = *change.before;
  gone["metadata"]["resourceVersion"] = std::to_string(change.revision);
  return event_line("DELETED", watched(watch, gone));
}

std::string initial_lines(WatchState& watch) {
  std::string out;
  for (const ObjectPtr& object : watch.cluster->store.list(watch.resource->storage(), watch.ns)) {
    if (selected(watch, *object)) out += event_line("ADDED", watched(watch, *object));
  }
  watch.revision = watch.cluster->store.revision();
  if (watch.initial_events) out += event_line("BOOKMARK", bookmark(watch, true));
  return out;
}

// What happened since the last look; false if that is no longer known.
bool collect(WatchState& watch, std::string& out) {
  std::vector<const Change*> changes;
  if (!watch.cluster->store.since(watch.revision, changes)) return false;
  for (const Change* change : changes) {
    watch.revision = std::max(watch.revision, change->revision);
    if (change->storage == watch.resource->storage()) out += line_of(watch, *change);
  }
  return true;
}

void stream_watch(WatchState watch, ChunkWriter& writer) {
  Cluster& cluster = *watch.cluster;
  std::unique_lock lock(cluster.mutex);
  std::string lines = watch.initial_list ? initial_lines(watch) : "";
  Instant next_bookmark = Clock::now() + std::chrono::seconds(60);
  while (true) {
    if (!collect(watch, lines)) {
      // 062: a revision that is gone is an ERROR event, at once.
      Failure gone = failure(410, "Expired",
                             "too old resource version: " + std::to_string(watch.revision) + " (" +
                                 std::to_string(cluster.store.oldest()) + ")");
      lock.unlock();
      writer.write(lines + event_line("ERROR", gone.status));
      return;
    }
    const bool done = Clock::now() >= watch.end;
    if (watch.bookmarks && (done || Clock::now() >= next_bookmark)) {
      lines += event_line("BOOKMARK", bookmark(watch, false));
      next_bookmark = Clock::now() + std::chrono::seconds(60);
    }
    if (!lines.empty() || done) {
      lock.unlock();
      if (!writer.write(lines) || done) return;
      lines.clear();
      lock.lock();
      continue;
    }
    const Instant poll = std::min(watch.end, Clock::now() + std::chrono::milliseconds(500));
    cluster.changed.wait_until(lock, poll);
    lock.unlock();
    if (!writer.alive()) return;
    lock.lock();
  }
}

}  // namespace

Json partial_metadata(const Json& object) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", object.at("metadata")}};
}

Json shown(const Resource& resource, const Json& object) {
  Json out = object;
  out["apiVersion"] = resource.api_version();
  out["kind"] = resource.kind;
  if (resource.plural != "events") return out;
  // 121: one object, two groups with other names for the same fields.
  static constexpr std::array<std::pair<const char*, const char*>, 6> kNames = {
      {{"message", "note"},
       {"involvedObject", "regarding"},
       {"source", "deprecatedSource"},
       {"firstTimestamp", "deprecatedFirstTimestamp"},
       {"lastTimestamp", "deprecatedLastTimestamp"},
       {"count", "deprecatedCount"}}};
  for (const auto& [core, grouped] : kNames) {
    const char* from = resource.group.empty() ? grouped : core;
    const char* to = resource.group.empty() ? core : grouped;
    if (!out.contains(from)) continue;
    out[to] = out[from];
    out.erase(from);
  }
  return out;
}

Outcome<HttpResponse> read_object(Cluster& cluster, const Call& call) {
  const std::string revision = call.request->parameter("resourceVersion");
  if (digits(revision) && std::strtoull(revision.c_str(), nullptr, 10) > cluster.store.revision()) {
    return tl::unexpected(too_large(std::strtoull(revision.c_str(), nullptr, 10), cluster.store.revision()));
  }
  const ObjectPtr object = cluster.store.get(call.resource->storage(), call.ns, call.name);
  if (object == nullptr) return tl::unexpected(not_found(*call.resource, call.name));
  if (call.subresource == "scale") {
    const Json& metadata = object->at("metadata");
    Json scale = {
        {"kind", "Scale"}, {"apiVersion", "autoscaling/v1"}, {"metadata", {{"name", metadata["name"]}}}};
    for (const char* key : {"namespace", "uid", "resourceVersion", "creationTimestamp"}) {
      if (metadata.contains(key)) scale["metadata"][key] = metadata[key];
    }
    scale["spec"]["replicas"] = number(*object, {"spec", "replicas"});
    scale["status"]["replicas"] = number(*object, {"status", "replicas"});
    return json_response(200, scale);
  }
  if (metadata_only(*call.request)) return json_response(200, partial(*object));
  return json_response(200, shown(*call.resource, *object));
}

Outcome<HttpResponse> list_objects(Cluster& cluster, const Call& call) {
  auto query = read_query(call);
  if (!query) return tl::unexpected(query.error());
  const std::uint64_t wanted = std::strtoull(query->revision.c_str(), nullptr, 10);
  if (wanted > cluster.store.revision()) return tl::unexpected(too_large(wanted, cluster.store.revision()));
  const bool exact = call.request->parameter("resourceVersionMatch") == "Exact";
  if (exact && wanted < cluster.store.oldest()) return tl::unexpected(expired());
  if (!query->continue_token.empty() &&
      position_of(query->continue_token).revision < cluster.store.oldest()) {
    Failure gone =
        failure(410, "Expired",
                "The provided continue parameter is too old to display a consistent list result. You can "
                "start a new list without "
                "the continue parameter, or use the continue token in this response to retrieve the "
                "remainder of the results. "
                "Continuing with the provided token results in an inconsistent list - objects that were "
                "created, modified, or "
                "deleted between the time the first chunk was returned and now may show up in the list.");
    Position from = position_of(query->continue_token);
    gone.status["metadata"]["continue"] = std::string(kTokenPrefix) +
                                          std::to_string(cluster.store.revision()) + ":" + from.ns + "/" +
                                          from.name;
    return tl::unexpected(gone);
  }
  Json metadata = Json::object();
  Json items = page(cluster, call, *query, metadata);
  const bool partial_only = metadata_only(*call.request);
  return json_response(200, {{"kind", partial_only ? "PartialObjectMetadataList" : call.resource->list_kind},
                             {"apiVersion", partial_only ? "meta.k8s.io/v1" : call.resource->api_version()},
                             {"metadata", metadata},
                             {"items", std::move(items)}});
}

Outcome<HttpResponse> watch_objects(Cluster& cluster, const Call& call) {
  auto query = read_query(call);
  if (!query) return tl::unexpected(query.error());
  WatchState watch;
  watch.cluster = &cluster;
  watch.resource = call.resource;
  watch.ns = call.ns;
  watch.query = std::move(*query);
  const auto on = [&](const char* name) {
    return call.request->parameter(name) == "true" || call.request->parameter(name) == "1";
  };
  watch.bookmarks = on("allowWatchBookmarks");
  watch.initial_events = on("sendInitialEvents");
  watch.partial_only = metadata_only(*call.request);
  watch.initial_list = watch.query.revision.empty() || watch.query.revision == "0" || watch.initial_events;
  watch.revision = watch.initial_list ? 0 : std::strtoull(watch.query.revision.c_str(), nullptr, 10);
  const std::string timeout = call.request->parameter("timeoutSeconds");
  watch.end = Clock::now() +
              std::chrono::seconds(timeout.empty() ? 1800 : std::strtoll(timeout.c_str(), nullptr, 10));
  HttpResponse out;
  out.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}};
  out.stream = [watch](ChunkWriter& writer) { stream_watch(watch, writer); };
  return out;
}

}  // namespace gridseal::kubesim
