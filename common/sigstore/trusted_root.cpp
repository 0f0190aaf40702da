#include "sigstore/trusted_root.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "sigstore/bundle_fields.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Json;
using base::Result;
using crypto::KeyKind;
using crypto::Scheme;

constexpr base::JsonLimits kRootLimits{kMaxTrustedRoot, 16, 50'000};
constexpr size_t kMaxInstances = 256;  // of each list
constexpr size_t kMaxChain = 16;
constexpr size_t kEd25519Size = 32;
constexpr Document kRoot{"the trusted root", "root.entry_invalid"};

// PublicKeyDetails of sigstore_common.proto that can be verified here.
struct KeyDetails {
  std::string_view name;
  KeyKind kind;
  Scheme scheme;
  unsigned bits = 0;   // RSA: as named
  bool pkcs1 = false;  // rawBytes is an RSAPublicKey, not a SubjectPublicKeyInfo
};

constexpr std::array kKeyDetails{
    KeyDetails{"PKIX_ECDSA_P256_SHA_256", KeyKind::ecdsa_p256, Scheme::sha256},
    KeyDetails{"PKIX_ECDSA_P384_SHA_384", KeyKind::ecdsa_p384, Scheme::sha384},
    KeyDetails{"PKIX_ECDSA_P384_SHA_256", KeyKind::ecdsa_p384, Scheme::sha256},
    KeyDetails{"PKIX_ECDSA_P521_SHA_512", KeyKind::ecdsa_p521, Scheme::sha512},
    KeyDetails{"PKIX_ECDSA_P521_SHA_256", KeyKind::ecdsa_p521, Scheme::sha256},
    KeyDetails{"PKIX_ED25519", KeyKind::ed25519, Scheme::ed25519},
    KeyDetails{"PKIX_ED25519_PH", KeyKind::ed25519, Scheme::ed25519ph},
    KeyDetails{"PKCS1_RSA_PKCS1V5", KeyKind::rsa, Scheme::sha256, 0, true},
    KeyDetails{"PKIX_RSA_PKCS1V5", KeyKind::rsa, Scheme::sha256},
    KeyDetails{"PKIX_RSA_PKCS1V15_2048_SHA256", KeyKind::rsa, Scheme::sha256, 2048},
    KeyDetails{"PKIX_RSA_PKCS1V15_3072_SHA256", KeyKind::rsa, Scheme::sha256, 3072},
    KeyDetails{"PKIX_RSA_PKCS1V15_4096_SHA256", KeyKind::rsa, Scheme::sha256, 4096},
};

Error bad_entry(const std::string& path, const std::string& why) {
  return Error::refused("root.entry_invalid", "the trusted root's member " + path + " " + why);
}

base::Time read_time(Fields& fields, std::string_view name) {
  const auto time = base::parse_rfc3339(fields.text(name));
  if (time) return *time;
  fields.fail(bad_entry(fields.path_of(name), "is not a time in RFC 3339"));
  return {};
}

Validity read_validity(Fields& owner) {
  Fields fields(owner.object("validFor"), owner.path_of("validFor"), {"start", "end"}, kRoot);
  Validity validity{read_time(fields, "start"), std::nullopt};
  if (fields.has("end")) validity.end = read_time(fields, "end");
  if (validity.end && *validity.end < validity.start)
    fields.fail(bad_entry(owner.path_of("validFor"), "ends before it starts"));
  owner.absorb(fields);
  return validity;
}

// "https://host:port/path" taken apart; empty when it is no such address.
struct Host {
  std::string name;
  std::string with_port;
};

Host host_of(std::string_view url) {
  const std::string_view scheme = url.starts_with("https://") ? "https://" : "http://";
  if (!url.starts_with(scheme)) return {};
  std::string_view rest = url.substr(scheme.size());
  rest = rest.substr(0, rest.find_first_of("/?#"));
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  };
  if (!std::ranges::all_of(rest, allowed)) return {};
  const size_t colon = rest.find(':', rest.starts_with('[') ? std::min(rest.find(']'), rest.size()) : 0);
  return {std::string(rest.substr(0, colon)), std::string(rest)};
}

// Sets `key`, or `unusable` when the algorithm is not ours; complains when key and details contradict.
void read_key(Fields& fields, Log& log) {
  const std::string raw = fields.bytes("rawBytes");
  const std::string name = fields.text("keyDetails");
  if (!fields.result()) return;
  if (name.empty() || name == "PUBLIC_KEY_DETAILS_UNSPECIFIED") {
    fields.fail(bad_entry(fields.path_of("keyDetails"), "does not say the kind of key"));
    return;
  }
  const auto* details = std::ranges::find(kKeyDetails, name, &KeyDetails::name);
  if (details == kKeyDetails.end()) {
    log.unusable = "keys of the kind " + base::printable(name, 60) + " are not supported";
    return;
  }
  const auto key =
      details->pkcs1 ? crypto::PublicKey::from_pkcs1_rsa(raw) : crypto::PublicKey::from_spki(raw);
  if (!key && key.error().code() == "sig.alg_unsupported") {
    log.unusable = key.error().message();
  } else if (!key) {
    fields.fail(bad_entry(fields.path_of("rawBytes"), "is no key: " + key.error().message()));
  } else if (key->kind() != details->kind || (details->bits != 0 && key->bits() != details->bits)) {
    fields.fail(bad_entry(fields.path_of("keyDetails"),
                          "does not fit the key, which is " + std::string(crypto::to_string(key->kind()))));
  } else {
    log.key = LogKey{*key, details->scheme};
  }
}

// Rekor v2 names its key in the way of signed notes, all others by the hash of the key.
bool key_id_fits(const Log& log, bool transparency) {
  const crypto::PublicKey& key = log.key->key;
  const std::string& spki = key.spki_der();
  if (log.key_id == crypto::hash_of(crypto::Hash::sha256, spki)) return true;
  if (!transparency || key.kind() != KeyKind::ed25519) return false;
  const std::string tail = "\n\x01" + spki.substr(spki.size() - kEd25519Size);
  return log.key_id == crypto::hash_of(crypto::Hash::sha256, log.host + tail) ||
         log.key_id == crypto::hash_of(crypto::Hash::sha256, log.host_and_port + tail);
}

std::string read_key_id(Fields& owner, std::string_view name) {
  Fields fields(owner.object(name), owner.path_of(name), {"keyId"}, kRoot);
  std::string id = fields.bytes("keyId");
  owner.absorb(fields);
  return id;
}

void read_address(Fields& fields, Log& log, bool transparency) {
  if (fields.has("baseUrl")) log.base_url = fields.text("baseUrl");
  Host host = host_of(log.base_url);
  log.host = std::move(host.name);
  log.host_and_port = std::move(host.with_port);
  // Checkpoints name their log by its host.
  if (transparency && log.host.empty())
    fields.fail(bad_entry(fields.path_of("baseUrl"), "is not an address with a host"));
}

Log read_log(Fields& owner, const Json& json, const std::string& path, bool transparency) {
  Fields fields(json, path, {"baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator"},
                kRoot);
  Log log;
  read_address(fields, log, transparency);
  if (fields.text("hashAlgorithm") != "SHA2_256")
    fields.fail(bad_entry(fields.path_of("hashAlgorithm"), "is not SHA2_256"));
  Fields key(fields.object("publicKey"), fields.path_of("publicKey"), {"rawBytes", "keyDetails", "validFor"},
             kRoot);
  log.validity = read_validity(key);
  read_key(key, log);
  fields.absorb(key);
  log.key_id = read_key_id(fields, "logId");
  if (fields.has("checkpointKeyId")) (void)read_key_id(fields, "checkpointKeyId");
  if (log.key && !key_id_fits(log, transparency))
    fields.fail(bad_entry(fields.path_of("logId"), "is not the id of the log's key"));
  owner.absorb(fields);
  return log;
}

std::vector<Log> read_logs(Fields& top, std::string_view name, bool transparency) {
  std::vector<Log> logs;
  for (const Json& item : top.list(name, kMaxInstances)) {
    const std::string path = std::string(name) + "[" + std::to_string(logs.size()) + "]";
    Log log = read_log(top, item, path, transparency);
    if (find_log(logs, log.key_id) != nullptr) top.fail(bad_entry(path, "has the key id of an earlier one"));
    logs.push_back(std::move(log));
  }
  return logs;
}

// Each certificate is signed by the next. An algorithm that is not ours is no fault of the file.
Result<void> check_links(const std::vector<crypto::Certificate>& chain) {
  for (size_t i = 0; i < chain.size(); ++i) {
    if (const auto& key = chain[i].public_key(); !key) return key.error();
    if (i + 1 == chain.size()) break;
    if (chain[i].issuer_der() != chain[i + 1].subject_der())
      return Error::refused("cert.untrusted_chain", "a certificate does not name the next one as its issuer");
    if (auto link = chain[i].check_signed_by(chain[i + 1]); !link) return link;
  }
  return {};
}

void read_chain(Fields& owner, Authority& authority) {
  Fields fields(owner.object("certChain"), owner.path_of("certChain"), {"certificates"}, kRoot);
  const std::string path = fields.path_of("certificates");
  for (const Json& item : fields.list("certificates", kMaxChain)) {
    Fields raw(item, path, {"rawBytes"}, kRoot);
    const std::string der = raw.bytes("rawBytes");
    fields.absorb(raw);
    if (!fields.result()) break;
    auto certificate = crypto::Certificate::from_der(der);
    if (certificate)
      authority.chain.push_back(std::move(*certificate));
    else
      fields.fail(bad_entry(path, "holds no certificate: " + certificate.error().message()));
  }
  if (authority.chain.empty()) fields.fail(bad_entry(path, "is empty"));
  if (auto links = check_links(authority.chain); !links && links.error().code() == "sig.alg_unsupported") {
    authority.chain.clear();
    authority.unusable = links.error().message();
  } else if (!links) {
    fields.fail(bad_entry(path, "is no chain up to its last certificate: " + links.error().message()));
  }
  owner.absorb(fields);
}

Authority read_authority(Fields& owner, const Json& json, const std::string& path) {
  Fields fields(json, path, {"subject", "uri", "certChain", "validFor", "operator"}, kRoot);
  Authority authority;
  if (fields.has("uri")) authority.uri = fields.text("uri");
  if (fields.has("subject")) {
    Fields subject(fields.object("subject"), fields.path_of("subject"), {"organization", "commonName"},
                   kRoot);
    if (subject.has("organization")) authority.organization = subject.text("organization");
    if (subject.has("commonName")) authority.common_name = subject.text("commonName");
    fields.absorb(subject);
  }
  authority.validity = read_validity(fields);
  read_chain(fields, authority);
  owner.absorb(fields);
  return authority;
}

std::vector<Authority> read_authorities(Fields& top, std::string_view name) {
  std::vector<Authority> authorities;
  for (const Json& item : top.list(name, kMaxInstances)) {
    const std::string path = std::string(name) + "[" + std::to_string(authorities.size()) + "]";
    authorities.push_back(read_authority(top, item, path));
    if (!top.result()) break;
  }
  return authorities;
}

Result<void> check_media_type(const Json& json) {
  const std::string* media_type = base::find_string(json, "mediaType");
  const std::string_view text = media_type == nullptr ? std::string_view() : *media_type;
  if (text == "application/vnd.dev.sigstore.trustedroot+json;version=0.1" ||
      text == "application/vnd.dev.sigstore.trustedroot.v0.2+json")
    return {};
  return Error::refused("root.media_type",
                        "the trusted root's media type '" + base::printable(text, 80) + "' is not known");
}

}  // namespace

Result<TrustedRoot> parse_trusted_root(std::string_view text) {
  const auto json = base::parse_json(text, kRootLimits);
  if (!json) return json.error();
  if (auto known = check_media_type(*json); !known) return std::move(known).error();
  Fields top(*json, "", {"mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"},
             kRoot);
  TrustedRoot root{read_logs(top, "tlogs", true), read_logs(top, "ctlogs", false),
                   read_authorities(top, "certificateAuthorities"),
                   read_authorities(top, "timestampAuthorities"), crypto::sha256(text)};
  if (auto whole = top.result(); !whole) return std::move(whole).error();
  return root;
}

const Log* find_log(const std::vector<Log>& logs, std::string_view key_id) {
  const auto found = std::ranges::find(logs, key_id, &Log::key_id);
  return found == logs.end() ? nullptr : &*found;
}

}  // namespace gridseal::sigstore
