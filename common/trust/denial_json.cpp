#include "base/encoding.hpp"
#include "trust/denial.hpp"
#include "trust/strict_object.hpp"

namespace gridseal::trust {
namespace {

using base::Json;
using base::Result;

constexpr size_t kMaxKeys = 1'000;
constexpr size_t kMaxDigests = 10'000;
constexpr size_t kMaxFloors = 1'000;
constexpr size_t kMaxIdentity = 2048;
constexpr size_t kMaxComponentName = 200;

Json with(Json json, const char* name, const std::optional<base::Time>& time) {
  if (time) json[name] = base::format_rfc3339(*time);
  return json;
}

Json because(Json json, const std::string& reason) {
  if (!reason.empty()) json["reason"] = reason;
  return json;
}

// The lists of one document, each item through its own function.
class DenialReader {
 public:
  DenialReader(std::string where, const std::string& code) : where_(std::move(where)), code_(code) {}

  Result<void> key(const Json& json) {
    auto item = StrictObject::open(json, where_ + "denied.keys", code_, {"id", "signedAfter", "reason"});
    if (!item) return std::move(item).error();
    auto id = item->digest("id");
    if (!id) return std::move(id).error();
    auto after = item->time_or_none("signedAfter");
    if (!after) return std::move(after).error();
    auto reason = item->text_or_empty("reason", kMaxReason);
    if (!reason) return std::move(reason).error();
    entries.keys.push_back({*id, *after, std::move(*reason)});
    return {};
  }

  Result<void> identity(const Json& json) {
    auto item = StrictObject::open(json, where_ + "denied.identities", code_,
                                   {"issuer", "subject", "signedAfter", "reason"});
    if (!item) return std::move(item).error();
    auto issuer = item->text("issuer", kMaxIdentity);
    if (!issuer) return std::move(issuer).error();
    auto subject = item->text("subject", kMaxIdentity);
    if (!subject) return std::move(subject).error();
    auto after = item->time_or_none("signedAfter");
    if (!after) return std::move(after).error();
    auto reason = item->text_or_empty("reason", kMaxReason);
    if (!reason) return std::move(reason).error();
    entries.identities.push_back({std::move(*issuer), std::move(*subject), *after, std::move(*reason)});
    return {};
  }

  Result<void> digest(const Json& json) {
    auto item = StrictObject::open(json, where_ + "denied.digests", code_, {"digest", "reason"});
    if (!item) return std::move(item).error();
    auto digest = item->digest("digest");
    if (!digest) return std::move(digest).error();
    auto reason = item->text_or_empty("reason", kMaxReason);
    if (!reason) return std::move(reason).error();
    entries.digests.push_back({*digest, std::move(*reason)});
    return {};
  }

  Result<void> retired(const Json& json) {
    auto item = StrictObject::open(json, where_ + "retired", code_, {"id", "since", "reason"});
    if (!item) return std::move(item).error();
    auto id = item->digest("id");
    if (!id) return std::move(id).error();
    auto since = item->time_or_none("since");
    if (!since) return std::move(since).error();
    auto reason = item->text_or_empty("reason", kMaxReason);
    if (!reason) return std::move(reason).error();
    entries.retired.push_back({*id, *since, std::move(*reason)});
    return {};
  }

  Result<void> endorsement(const Json& json) {
    auto item = StrictObject::open(json, where_ + "endorsements", code_, {"digest", "by", "reason"});
    if (!item) return std::move(item).error();
    auto digest = item->digest("digest");
    if (!digest) return std::move(digest).error();
    auto by = item->digest("by");
    if (!by) return std::move(by).error();
    auto reason = item->text_or_empty("reason", kMaxReason);
    if (!reason) return std::move(reason).error();
    entries.endorsed.push_back({*digest, *by, std::move(*reason)});
    return {};
  }

  Result<void> floor(const Json& json) {
    auto item = StrictObject::open(json, where_ + "floors", code_, {"component", "version", "created"});
    if (!item) return std::move(item).error();
    auto component = item->text("component", kMaxComponentName);
    if (!component) return std::move(component).error();
    auto created = item->time_or_none("created");
    if (!created) return std::move(created).error();
    MinimumRelease floor{std::move(*component), {}, *created};
    if (item->has("version")) {
      auto text = item->text("version", 128);
      if (!text) return std::move(text).error();
      auto version = base::Semver::parse(*text);
      if (!version) return item->wrong("version", "is not a semantic version such as 1.4.2");
      floor.version = std::move(*version);
    }
    if (!floor.version && !floor.created) return item->wrong("version", "is missing, and so is created");
    entries.floors.push_back(std::move(floor));
    return {};
  }

  using Item = Result<void> (DenialReader::*)(const Json&);
  Result<void> list(const StrictObject& object, const char* name, size_t most, Item read) {
    auto items = object.array(name, most);
    if (!items) return std::move(items).error();
    if (*items == nullptr) return {};
    for (const Json& item : **items) {
      if (auto r = (this->*read)(item); !r) return r;
    }
    return {};
  }

  DenialEntries entries;

 private:
  std::string where_;
  std::string code_;
};

}  // namespace

Json to_json(const DenialEntries& entries) {
  Json json = Json::object();
  for (const DeniedKey& key : entries.keys) {
    Json item = with({{"id", key.id.to_string()}}, "signedAfter", key.signed_after);
    json["denied"]["keys"].push_back(because(std::move(item), key.reason));
  }
  for (const DeniedIdentity& one : entries.identities) {
    Json item = with({{"issuer", one.issuer}, {"subject", one.subject}}, "signedAfter", one.signed_after);
    json["denied"]["identities"].push_back(because(std::move(item), one.reason));
  }
  for (const DeniedDigest& denied : entries.digests)
    json["denied"]["digests"].push_back(because({{"digest", denied.digest.to_string()}}, denied.reason));
  for (const RetiredKey& key : entries.retired)
    json["retired"].push_back(because(with({{"id", key.id.to_string()}}, "since", key.since), key.reason));
  for (const Endorsement& word : entries.endorsed) {
    Json item = {{"digest", word.digest.to_string()}, {"by", word.by.to_string()}};
    json["endorsements"].push_back(because(std::move(item), word.reason));
  }
  for (const MinimumRelease& floor : entries.floors) {
    Json item = with({{"component", floor.component}}, "created", floor.created);
    if (floor.version) item["version"] = floor.version->to_string();
    json["floors"].push_back(std::move(item));
  }
  return json;
}

Result<DenialEntries> parse_denials(const Json& json, const std::string& where, const std::string& code) {
  auto object = StrictObject::open(json, where, code, {"denied", "retired", "endorsements", "floors"});
  if (!object) return std::move(object).error();
  DenialReader reader(where + ".", code);
  if (object->has("denied")) {
    auto denied =
        StrictObject::open(json["denied"], where + ".denied", code, {"keys", "identities", "digests"});
    if (!denied) return std::move(denied).error();
    if (auto r = reader.list(*denied, "keys", kMaxKeys, &DenialReader::key); !r) return std::move(r).error();
    if (auto r = reader.list(*denied, "identities", kMaxKeys, &DenialReader::identity); !r)
      return std::move(r).error();
    if (auto r = reader.list(*denied, "digests", kMaxDigests, &DenialReader::digest); !r)
      return std::move(r).error();
  }
  if (auto r = reader.list(*object, "retired", kMaxKeys, &DenialReader::retired); !r)
    return std::move(r).error();
  if (auto r = reader.list(*object, "endorsements", kMaxDigests, &DenialReader::endorsement); !r)
    return std::move(r).error();
  if (auto r = reader.list(*object, "floors", kMaxFloors, &DenialReader::floor); !r)
    return std::move(r).error();
  return std::move(reader.entries);
}

}  // namespace gridseal::trust
