// The payload of a trust bundle: fields, and the one text they have.
#include <algorithm>

#include "crypto/pem.hpp"
#include "trust/strict_object.hpp"
#include "trust/trust_bundle.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr const char* kCode = "trust.bundle_field";
constexpr base::JsonLimits kBundleLimits{kMaxTrustBundleBytes, 32, 200'000};
constexpr size_t kMaxBundleKeys = 256;
constexpr size_t kMaxBundleDocuments = 16;
constexpr size_t kMaxCertificates = 64;
constexpr size_t kMaxPem = size_t{256} << 10U;

Json role_json(const BundleRole& role) {
  return {{"keys", role.keys}, {"threshold", role.threshold}};
}

Json parsed_or_text(const std::string& text) {
  auto json = base::parse_json(text, kBundleLimits);
  return json ? std::move(*json) : Json(text);
}

Json keys_json(const std::vector<BundleKey>& keys) {
  Json list = Json::array();
  for (const BundleKey& key : keys) list.push_back({{"name", key.name}, {"pem", key.key.to_pem()}});
  return list;
}

class ContentReader {
 public:
  explicit ContentReader(const Json& json) : json_(json) {}

  Result<TrustBundleContent> read() {
    auto top = StrictObject::open(json_, "the bundle", kCode,
                                  {"version", "created", "expires", "keys", "roles", "artifactKeys",
                                   "sigstoreRoots", "notationStores", "denials"});
    if (!top) return std::move(top).error();
    for (const auto step :
         {&ContentReader::head, &ContentReader::keys, &ContentReader::roles, &ContentReader::artifact_keys,
          &ContentReader::sigstore_roots, &ContentReader::notation_stores, &ContentReader::denials}) {
      if (auto r = (this->*step)(*top); !r) return std::move(r).error();
    }
    return std::move(content_);
  }

 private:
  Result<void> head(const StrictObject& top) {
    auto version = top.integer("version", 1, kMaxTrustBundleVersion);
    if (!version) return std::move(version).error();
    auto created = top.time("created");
    if (!created) return std::move(created).error();
    auto expires = top.time_or_none("expires");
    if (!expires) return std::move(expires).error();
    if (*expires && **expires <= *created) return top.wrong("expires", "is not after created");
    content_.version = *version;
    content_.created = *created;
    content_.expires = *expires;
    return {};
  }

  Result<std::string> name_of(const StrictObject& item) const {
    auto name = item.text("name", 64);
    if (name && !is_name(*name))
      return item.wrong("name", "is not a name of letters, digits, '.', '_' and '-'");
    return name;
  }

  Result<void> keys(const StrictObject& top) {
    auto list = top.array("keys", kMaxBundleKeys);
    if (!list) return std::move(list).error();
    if (*list == nullptr) return top.wrong("keys", "is not there");
    for (const Json& json : **list) {
      auto item = StrictObject::open(json, top.place_of("keys"), kCode, {"name", "pem"});
      if (!item) return std::move(item).error();
      auto name = name_of(*item);
      if (!name) return std::move(name).error();
      auto pem = item->text("pem", 8192, true);
      if (!pem) return std::move(pem).error();
      auto key = crypto::PublicKey::from_pem(*pem);
      if (!key)
        return item->wrong("pem", "of " + *name + " is not a usable public key: " + key.error().describe());
      for (const BundleKey& known : content_.keys) {
        if (known.name == *name) return item->wrong("name", *name + " occurs twice");
        // Under two names one holder would count twice against a threshold.
        if (known.key == *key) return item->wrong("pem", "of " + *name + " is also that of " + known.name);
      }
      content_.keys.push_back({std::move(*name), std::move(*key)});
    }
    return {};
  }

  bool knows(const std::string& name) const {
    return std::ranges::find(content_.keys, name, &BundleKey::name) != content_.keys.end();
  }

  Result<std::vector<std::string>> names(const StrictObject& object, const char* member) const {
    auto list = object.array(member, kMaxBundleKeys);
    if (!list) return std::move(list).error();
    std::vector<std::string> found;
    if (*list == nullptr) return found;
    for (const Json& json : **list) {
      const auto* name = json.get_ptr<const std::string*>();
      if (name == nullptr || !knows(*name))
        return object.wrong(member, "names a key that the bundle does not hold");
      if (std::ranges::find(found, *name) != found.end())
        return object.wrong(member, "names " + *name + " twice");
      found.push_back(*name);
    }
    return found;
  }

  Result<BundleRole> role(const Json& json, const std::string& where) const {
    auto object = StrictObject::open(json, where, kCode, {"keys", "threshold"});
    if (!object) return std::move(object).error();
    auto keys = names(*object, "keys");
    if (!keys) return std::move(keys).error();
    if (keys->empty()) return object->wrong("keys", "is not there");
    auto threshold = object->integer("threshold", 1, static_cast<int64_t>(keys->size()));
    if (!threshold) return std::move(threshold).error();
    return BundleRole{std::move(*keys), static_cast<size_t>(*threshold)};
  }

  Result<void> roles(const StrictObject& top) {
    auto json = top.object("roles");
    if (!json) return std::move(json).error();
    auto object = StrictObject::open(**json, top.place_of("roles"), kCode, {"root", "deny", "endorse"});
    if (!object) return std::move(object).error();
    if (!object->has("root")) return object->wrong("root", "is not there");
    for (const auto& [name, value] : (*json)->items()) {
      auto parsed = role(value, object->place_of(name));
      if (!parsed) return std::move(parsed).error();
      if (name == "root")
        content_.root = std::move(*parsed);
      else if (name == "deny")
        content_.deny = std::move(*parsed);
      else
        content_.endorse = std::move(*parsed);
    }
    return {};
  }

  Result<void> artifact_keys(const StrictObject& top) {
    auto found = names(top, "artifactKeys");
    if (!found) return std::move(found).error();
    content_.artifact_keys = std::move(*found);
    return {};
  }

  Result<void> sigstore_roots(const StrictObject& top) {
    auto list = top.array("sigstoreRoots", kMaxBundleDocuments);
    if (!list) return std::move(list).error();
    if (*list == nullptr) return {};
    for (const Json& json : **list) {
      auto item = StrictObject::open(json, top.place_of("sigstoreRoots"), kCode, {"name", "trustedRoot"});
      if (!item) return std::move(item).error();
      auto name = name_of(*item);
      if (!name) return std::move(name).error();
      auto root = item->object("trustedRoot");
      if (!root) return std::move(root).error();
      if (auto r = unique(*item, content_.sigstore_roots, *name); !r) return r;
      content_.sigstore_roots.push_back({std::move(*name), base::dump_json(**root)});
    }
    return {};
  }

  static Result<void> unique(const StrictObject& item, const std::vector<BundleDocument>& known,
                             const std::string& name) {
    if (std::ranges::find(known, name, &BundleDocument::name) == known.end()) return {};
    return item.wrong("name", name + " occurs twice");
  }

  Result<void> notation_stores(const StrictObject& top) {
    auto list = top.array("notationStores", kMaxBundleDocuments);
    if (!list) return std::move(list).error();
    if (*list == nullptr) return {};
    for (const Json& json : **list) {
      auto item = StrictObject::open(json, top.place_of("notationStores"), kCode, {"name", "certificates"});
      if (!item) return std::move(item).error();
      auto name = item->text("name", 96);
      if (!name) return std::move(name).error();
      const size_t colon = name->find(':');
      const std::string kind = name->substr(0, colon);
      if (colon == std::string::npos || !is_name(std::string_view(*name).substr(colon + 1)) ||
          (kind != "ca" && kind != "signingAuthority" && kind != "tsa"))
        return item->wrong("name", "is not ca:NAME, signingAuthority:NAME or tsa:NAME");
      auto pem = item->text("certificates", kMaxPem, true);
      if (!pem) return std::move(pem).error();
      const auto blocks = crypto::parse_pem(*pem, kMaxCertificates);
      if (!blocks) return item->wrong("certificates", "is not PEM: " + blocks.error().describe());
      std::string again;
      for (const crypto::PemBlock& block : *blocks) again += crypto::encode_pem("CERTIFICATE", block.bytes);
      if (again != *pem) return item->wrong("certificates", "is not plain PEM CERTIFICATE blocks");
      if (auto r = unique(*item, content_.notation_stores, *name); !r) return r;
      content_.notation_stores.push_back({std::move(*name), std::move(*pem)});
    }
    return {};
  }

  Result<void> denials(const StrictObject& top) {
    if (!top.has("denials")) return {};
    auto entries = parse_denials(json_["denials"], top.place_of("denials"), kCode);
    if (!entries) return std::move(entries).error();
    content_.denials = std::move(*entries);
    for (const Endorsement& word : content_.denials.endorsed) {
      if (name_of_key(word.by).empty())
        return top.wrong("denials.endorsements", "is by a key that the bundle does not hold");
    }
    for (const DeniedKey& key : content_.denials.keys)
      if (auto r = not_in_a_role(top, key.id, "denied"); !r) return r;
    for (const RetiredKey& key : content_.denials.retired)
      if (auto r = not_in_a_role(top, key.id, "retired"); !r) return r;
    return {};
  }

  std::string name_of_key(const SignerId& id) const {
    for (const BundleKey& key : content_.keys) {
      if (key.key.fingerprint() == id) return key.name;
    }
    return {};
  }

  // Otherwise a holder of the deny role could lock the root role out.
  Result<void> not_in_a_role(const StrictObject& top, const SignerId& id, const char* what) const {
    const std::string name = name_of_key(id);
    if (name.empty()) return {};
    const auto holds = [&](const std::optional<BundleRole>& role) {
      return role && std::ranges::find(role->keys, name) != role->keys.end();
    };
    if (!holds(content_.root) && !holds(content_.deny) && !holds(content_.endorse)) return {};
    return top.wrong("denials", "says that " + name + " is " + what +
                                    ", and a role still has it; take it out of the role first");
  }

  const Json& json_;
  TrustBundleContent content_;
};

}  // namespace

std::string canonical_text(const TrustBundleContent& given) {
  TrustBundleContent content = given;
  const auto sort_role = [](BundleRole& role) { std::ranges::sort(role.keys); };
  std::ranges::sort(content.keys, {}, &BundleKey::name);
  sort_role(content.root);
  std::ranges::sort(content.artifact_keys);
  std::ranges::sort(content.sigstore_roots, {}, &BundleDocument::name);
  std::ranges::sort(content.notation_stores, {}, &BundleDocument::name);
  Json json = {{"version", content.version},
               {"created", base::format_rfc3339(content.created)},
               {"keys", keys_json(content.keys)},
               {"roles", {{"root", role_json(content.root)}}}};
  if (content.expires) json["expires"] = base::format_rfc3339(*content.expires);
  for (auto [name, role] : {std::pair{"deny", &content.deny}, std::pair{"endorse", &content.endorse}}) {
    if (!*role) continue;
    sort_role(**role);
    json["roles"][name] = role_json(**role);
  }
  if (!content.artifact_keys.empty()) json["artifactKeys"] = content.artifact_keys;
  for (const BundleDocument& root : content.sigstore_roots)
    json["sigstoreRoots"].push_back({{"name", root.name}, {"trustedRoot", parsed_or_text(root.text)}});
  for (const BundleDocument& store : content.notation_stores)
    json["notationStores"].push_back({{"name", store.name}, {"certificates", store.text}});
  Json denials = to_json(Denials(content.denials).entries());
  if (!denials.empty()) json["denials"] = std::move(denials);
  // Not base::dump_json, which escapes more than JSON asks for.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<TrustBundleContent> parse_trust_bundle_content(std::string_view payload) {
  const auto json = base::parse_json(payload, kBundleLimits);
  if (!json) return json.error();
  auto content = ContentReader(*json).read();
  if (!content) return content;
  if (canonical_text(*content) != payload)
    return Error::refused(
        "trust.bundle_form",
        "the bundle is not in its canonical form: compact JSON, names and lists sorted, nothing "
        "twice and nothing empty; make it with gridseal trust bundle");
  return content;
}

}  // namespace gridseal::trust
