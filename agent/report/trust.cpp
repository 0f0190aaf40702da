#include "report/trust.hpp"

#include <algorithm>
#include <set>

#include "report/forms.hpp"

namespace gridseal::report {
namespace {

using base::Json;

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

// "a, b and c".
std::string listed(const std::vector<std::string>& parts, const char* last) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? last : ", ") + parts[i];
  return text;
}

std::string scalar_text(const config::Scalar& scalar) {
  return std::visit([](const auto& value) { return base::dump_json(Json(value)); }, scalar);
}

std::string identity_words(const config::CertificateIdentity& identity) {
  std::string text = identity.subject.empty() ? "anybody whose name matches '" + identity.subject_regexp + "'"
                                              : "'" + identity.subject + "'";
  text += identity.issuer.empty() ? ", vouched for by an issuer that matches '" + identity.issuer_regexp + "'"
                                  : ", vouched for by '" + identity.issuer + "'";
  std::vector<std::string> more;
  for (const auto& [name, value] : identity.extensions) more.push_back(name + " '" + value + "'");
  return more.empty() ? text : text + ", with " + listed(more, " and ");
}

std::string demands(const config::Authority& authority) {
  const bool keyless = !authority.identities.empty();
  std::vector<std::string> list;
  if (authority.log.value_or(keyless)) list.emplace_back("an entry in a transparency log");
  if (keyless && authority.sct.value_or(true)) list.emplace_back("a logged certificate");
  if (authority.timestamp.value_or(false)) list.emplace_back("a timestamp");
  if (list.empty()) return "";
  const bool said = !keyless && !authority.trusted_root.empty();
  return ", with " + listed(list, " and ") + (said ? " of the trusted root " + authority.trusted_root : "");
}

// What must have signed; identities follow in lines of their own.
std::vector<std::string> authority_words(const config::Authority& authority) {
  if (!authority.keys.empty())
    return {(authority.keys.size() == 1 ? "the key " : "one of the keys ") + joined(authority.keys, ", ") +
            demands(authority)};
  if (!authority.notation.empty())
    return {"somebody whom the Notary Project policy " + authority.notation + " trusts" +
            (authority.notation_store.empty()
                 ? ""
                 : ", by certificates of the store " + authority.notation_store)};
  std::vector<std::string> lines{
      "a certificate" +
      (authority.trusted_root.empty() ? "" : " under the trusted root " + authority.trusted_root) +
      demands(authority) + ", for"};
  for (const auto& identity : authority.identities)
    lines.push_back((lines.size() == 1 ? "  " : "  or ") + identity_words(identity));
  return lines;
}

// A short name with what it stands for.
std::string type_words(const std::string& type) {
  const std::string uri = trust::predicate_type_uri(type);
  return uri.empty() || uri == type ? type : type + " (" + uri + ")";
}

std::string condition_words(const config::Condition& condition) {
  if (condition.equals) return condition.field + " is " + scalar_text(*condition.equals);
  if (!condition.one_of.empty()) {
    std::vector<std::string> values;
    for (const auto& value : condition.one_of) values.push_back(scalar_text(value));
    return condition.field + " is one of " + joined(values, ", ");
  }
  if (!condition.matches.empty()) return condition.field + " matches '" + condition.matches + "'";
  if (condition.at_least) return condition.field + " is at least " + scalar_text(*condition.at_least);
  if (condition.at_most) return condition.field + " is at most " + scalar_text(*condition.at_most);
  return condition.field + " is there";
}

void warn_of_expression(std::vector<std::string>& list, const std::string& what, const std::string& pattern) {
  if (pattern.empty()) return;
  for (std::string& warning : sigstore::expression_warnings(what, pattern))
    list.push_back(std::move(warning));
}

const char* key_state(const trust::Denials& denials, const base::Digest& id) {
  const trust::DenialEntries entries = denials.entries();
  if (std::ranges::find(entries.keys, id, &trust::DeniedKey::id) != entries.keys.end()) return "denied";
  if (std::ranges::find(entries.retired, id, &trust::RetiredKey::id) != entries.retired.end())
    return "retired";
  return "good";
}

Json keys_json(const trust::TrustState& state, const trust::TrustBundle* bundle) {
  Json list = Json::array();
  for (const trust::PinnedKey& key : state.keys()) {
    const auto* in_bundle = bundle == nullptr ? nullptr : bundle->find_key(key.name);
    const bool from_bundle = in_bundle != nullptr && *in_bundle == key.key;
    list.push_back({{"name", key.name},
                    {"id", key.key.key_id()},
                    {"kind", crypto::to_string(key.key.kind())},
                    {"from", from_bundle ? "bundle" : "file"},
                    {"state", key_state(state.denials(), key.key.fingerprint())}});
  }
  return list;
}

Json role_json(const trust::BundleRole& role) {
  return {{"keys", role.keys}, {"threshold", role.threshold}};
}

Json bundle_json(const trust::TrustBundle& bundle) {
  const trust::TrustBundleContent& content = bundle.content();
  Json signers = Json::array();
  for (const trust::BundleSignature& signature : bundle.signatures()) {
    const auto key = std::ranges::find_if(content.keys, [&](const trust::BundleKey& known) {
      return known.key.fingerprint() == signature.key;
    });
    signers.push_back(key == content.keys.end() ? signature.key.to_string() : key->name);
  }
  Json roles = {{"root", role_json(content.root)}};
  if (content.deny) roles["deny"] = role_json(*content.deny);
  if (content.endorse) roles["endorse"] = role_json(*content.endorse);
  return {{"version", content.version},
          {"fingerprint", bundle.fingerprint().to_string()},
          {"created", base::format_rfc3339(content.created)},
          {"expires", form(content.expires)},
          {"roles", std::move(roles)},
          {"signers", std::move(signers)}};
}

template <class Documents>
Json names_of(const Documents& documents) {
  std::set<std::string> names;  // a store comes in pieces
  for (const auto& document : documents) names.insert(document.name);
  return Json(names);
}

}  // namespace

std::vector<std::string> policy_in_words(const config::TrustPolicy& policy) {
  std::vector<config::Authority> authorities = policy.authorities;
  if (!policy.keys.empty()) {
    config::Authority keys;
    keys.keys = policy.keys;
    authorities.insert(authorities.begin(), std::move(keys));
  }
  std::vector<std::string> lines;
  const auto needed = static_cast<size_t>(std::max<int64_t>(policy.threshold, 1));
  const auto add = [&](const std::string& lead, const std::string& indent,
                       const config::Authority& authority) {
    const std::vector<std::string> words = authority_words(authority);
    for (size_t i = 0; i < words.size(); ++i)
      lines.push_back((i == 0 ? lead : indent) + words[i] + (i + 1 == words.size() ? "." : ""));
  };
  if (authorities.size() == 1) {
    add("An artifact must be signed by ", "", authorities.front());
  } else {
    lines.push_back("An artifact must be signed by " +
                    std::string(needed == authorities.size() ? "all" : "at least " + std::to_string(needed)) +
                    " of these " + std::to_string(authorities.size()) + ", each another key or identity:");
    for (const auto& authority : authorities) add("  " + authority.name + ": ", "  ", authority);
  }
  for (const auto& [name, value] : policy.annotations)
    lines.push_back("Each signature must carry the annotation " + name + "=" + value + ".");
  for (const auto& attestation : policy.attestations) {
    std::string line =
        "It must carry the attestation " + attestation.name + " of the type " + type_words(attestation.type) +
        ", signed by " +
        (attestation.authorities.empty() ? std::string(authorities.size() == 1 ? "the same" : "one of them")
                                         : listed(attestation.authorities, " or "));
    if (attestation.conditions.empty()) {
      lines.push_back(line + ".");
      continue;
    }
    lines.push_back(line + ", in which");
    for (const auto& condition : attestation.conditions) lines.push_back("  " + condition_words(condition));
  }
  if (policy.max_age.count() > 0)
    lines.push_back("It must have been created no longer ago than " + base::format_duration(policy.max_age) +
                    " when it is admitted; what runs may grow older.");
  if (!policy.repositories.empty())
    lines.push_back("The policy is for the repositories " + listed(policy.repositories, " and ") + " only.");
  if (!policy.environments.empty())
    lines.push_back("The policy is for the environments " + listed(policy.environments, " and ") + " only.");
  return lines;
}

std::vector<std::string> policy_warnings(const config::TrustPolicy& policy) {
  std::vector<std::string> list;
  for (const auto& authority : policy.authorities) {
    for (const auto& identity : authority.identities) {
      warn_of_expression(list, "policy " + policy.name + ": the issuer", identity.issuer_regexp);
      warn_of_expression(list, "policy " + policy.name + ": the subject", identity.subject_regexp);
    }
    if (!authority.identities.empty() && (!authority.log.value_or(true) || !authority.sct.value_or(true)))
      list.push_back("policy " + policy.name +
                     ": certificates are accepted without the logs that watch them");
  }
  for (const auto& attestation : policy.attestations) {
    for (const auto& condition : attestation.conditions)
      warn_of_expression(list, "policy " + policy.name + ": the expression for " + condition.field,
                         condition.matches);
  }
  return list;
}

Json trust(const config::Settings& settings, const trust::TrustState& state, const trust::TrustChain& chain,
           const std::vector<std::string>& warnings) {
  Json policies = Json::array();
  Json all_warnings = warnings;
  for (const auto& [name, policy] : settings.trust.policies) {
    policies.push_back({{"name", name}, {"words", policy_in_words(policy)}});
    for (std::string& warning : policy_warnings(policy)) all_warnings.push_back(std::move(warning));
  }
  Json anchor;
  if (chain.anchor())
    anchor = {{"fingerprint", chain.anchor()->fingerprint.to_string()},
              {"at", base::format_rfc3339(chain.anchor()->at)},
              {"who", chain.anchor()->who},
              {"why", chain.anchor()->why}};
  return {{"pinned", chain.pinned()},
          {"bundle", chain.current() == nullptr ? Json() : bundle_json(*chain.current())},
          {"damage", chain.damage() ? Json(chain.damage()->describe()) : Json()},
          {"anchor", std::move(anchor)},
          {"keys", keys_json(state, chain.current())},
          {"sigstore_roots", names_of(state.content().sigstore_roots)},
          {"notation_stores", names_of(state.content().notation_stores)},
          {"policies", std::move(policies)},
          {"denials", trust::to_json(state.denials().entries())},
          {"local_denials", trust::to_json(chain.local_denials())},
          {"warnings", std::move(all_warnings)}};
}

Json trust_history(const trust::TrustChain& chain) {
  Json list = Json::array();
  for (const trust::TrustBundle& bundle : chain.bundles()) list.push_back(bundle_json(bundle));
  return {{"bundles", std::move(list)}};
}

}  // namespace gridseal::report
