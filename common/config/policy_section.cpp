#include "config/policy_section.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "config/checks.hpp"

namespace gridseal::config {
namespace {

std::string join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

bool is_set(const Member& table, std::string_view key) {
  const Member* found = table.value.find(key);
  if (found == nullptr) return false;
  const Value& value = found->value;
  if (value.kind == Value::Kind::string) return !value.text.empty();
  if (value.kind == Value::Kind::boolean) return value.boolean;
  if (value.kind == Value::Kind::array) return !value.items.empty();
  return true;
}

// Exactly one of these keys is set.
void one_of(Reader& reader, const Member& table, std::initializer_list<const char*> keys) {
  std::string list;
  int count = 0;
  for (const char* key : keys) {
    // `equals = ""` and `equals = false` are tests.
    const bool plain = std::string_view(key) == "equals" && table.value.find(key) != nullptr;
    count += plain || is_set(table, key) ? 1 : 0;
    list.append(list.empty() ? "" : ", ").append(key);
  }
  if (count == 1) return;
  reader.problem(table.place, table.name,
                 (count == 0 ? "one must be set of " : "only one may be set of ") + list);
}

class PolicySection {
 public:
  PolicySection(Reader& reader, std::string path, const Member& table, TrustPolicy& policy)
      : reader_(reader), path_(std::move(path)), table_(table), policy_(policy) {}

  void read() {
    reader_.section(path_, &table_, kPolicyKeys, policy_, {"authority", "attestation"});
    not_empty(path_, table_, "keys");
    const Member* authorities = table_.value.find("authority");
    if (const Member* all = reader_.as_table(join(path_, "authority"), authorities); all != nullptr) {
      for (const auto& member : all->value.members) read_authority(member);
    }
    if (!is_set(table_, "keys") && policy_.authorities.empty() && table_.value.find("keys") == nullptr) {
      reader_.missing(table_.place, join(path_, "keys"),
                      ": a policy has keys = [...], or sections [" + join(path_, "authority.NAME]"));
    }
    if (!policy_.keys.empty() && !policy_.authorities.empty()) {
      reader_.problem(reader_.place_of(path_, "keys", &table_), join(path_, "keys"),
                      "is the short form for one authority; with authorities, put the keys into one of them");
    }
    check_threshold();
    for (const auto& one : reader_.as_tables(join(path_, "attestation"), table_.value.find("attestation")))
      read_attestation(one);
    note_places();
  }

 private:
  // Relative to the policy.
  void note(const std::string& path, const Place& place) {
    std::string_view name = std::string_view(path).substr(path_.size());
    if (!path_.empty() && !name.empty()) name.remove_prefix(1);
    policy_.places.emplace(name, place.to_string());
  }

  // What the reader noted of every value that is written there.
  void note_places() {
    note(path_, table_.place);
    for (const auto& entry : reader_.effective) {
      const bool below = path_.empty() || entry.section == path_ || entry.section.starts_with(path_ + ".");
      if (below && entry.place) note(join(entry.section, entry.key), *entry.place);
    }
  }

  void not_empty(const std::string& path, const Member& table, const char* key) {
    const Member* found = table.value.find(key);
    if (found != nullptr && found->value.kind == Value::Kind::array && found->value.items.empty())
      reader_.problem(found->place, join(path, key), "must not be empty");
  }

  void read_authority(const Member& member) {
    const std::string path = join(path_, "authority." + base::printable(member.name, 80));
    const Member* one = reader_.as_table(path, &member);
    if (one == nullptr) return;
    if (auto wrong = check_label(member.name); !wrong.empty())
      return reader_.problem(member.place, path, "the name " + wrong);
    Authority& authority = policy_.authorities.emplace_back();
    authority.name = member.name;
    note(path, member.place);
    reader_.section(path, one, kAuthorityKeys, authority, {"identity"});
    not_empty(path, *one, "keys");
    for (const auto& table : reader_.as_tables(path + ".identity", one->value.find("identity"))) {
      CertificateIdentity& identity = authority.identities.emplace_back();
      reader_.section(table.name, &table, kIdentityKeys, identity);
      one_of(reader_, table, {"issuer", "issuer_regexp"});
      one_of(reader_, table, {"subject", "subject_regexp"});
    }
    check_kind(path, *one, authority);
  }

  void check_kind(const std::string& path, const Member& one, const Authority& authority) {
    const auto has = [&](const char* key) { return one.value.find(key) != nullptr; };
    const int kinds =
        (has("keys") ? 1 : 0) + (has("identity") ? 1 : 0) + (authority.notation.empty() ? 0 : 1);
    if (kinds != 1) {
      return reader_.problem(one.place, path,
                             kinds == 0 ? "must have one of keys, identity and notation"
                                        : "may have only one of keys, identity and notation");
    }
    const auto refuse = [&](const char* key, const char* why) {
      if (is_set(one, key)) reader_.problem(reader_.place_of(path, key, &one), path + "." + key, why);
    };
    if (!authority.notation.empty()) {
      for (const char* key : {"trusted_root", "log", "sct", "timestamp"}) refuse(key, "is not for notation");
    } else {
      refuse("notation_store", "is for notation only");
    }
    if (has("keys")) refuse("sct", "is for certificates only");
  }

  void check_threshold() {
    if (policy_.threshold == 0) {
      if (policy_.authorities.size() < 2) return;
      return reader_.missing(table_.place, join(path_, "threshold"),
                             ": say how many of the " + std::to_string(policy_.authorities.size()) +
                                 " authorities must have signed; 1: any one of them");
    }
    const size_t most = policy_.authorities.empty() ? 1 : policy_.authorities.size();
    if (static_cast<size_t>(policy_.threshold) > most) {
      reader_.problem(reader_.place_of(path_, "threshold", &table_), join(path_, "threshold"),
                      "is more than there are authorities (" + std::to_string(most) + ")");
    }
  }

  void read_attestation(const Member& table) {
    Attestation& attestation = policy_.attestations.emplace_back();
    note(table.name, table.place);
    reader_.section(table.name, &table, kAttestationKeys, attestation, {"condition"});
    const auto same = [&](const Attestation& other) { return other.name == attestation.name; };
    if (std::count_if(policy_.attestations.begin(), policy_.attestations.end(), same) > 1 &&
        !attestation.name.empty()) {
      reader_.problem(reader_.place_of(table.name, "name", &table), table.name + ".name",
                      "is the name of another attestation already");
    }
    check_authorities(table, attestation);
    for (const auto& one : reader_.as_tables(table.name + ".condition", table.value.find("condition"))) {
      Condition& condition = attestation.conditions.emplace_back();
      note(one.name, one.place);
      read_condition(reader_, one, condition);
    }
  }

  void check_authorities(const Member& table, const Attestation& attestation) {
    std::vector<std::string> names;
    for (const auto& authority : policy_.authorities) names.push_back(authority.name);
    for (const auto& name : attestation.authorities) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      const std::string near = nearest(name, names);
      std::string message = "there is no authority \"" + base::printable(name, 60) + "\"";
      if (!near.empty()) message += "; did you mean \"" + near + "\"?";
      reader_.problem(reader_.place_of(table.name, "authorities", &table), table.name + ".authorities",
                      std::move(message));
    }
  }

  Reader& reader_;
  std::string path_;
  const Member& table_;
  TrustPolicy& policy_;
};

}  // namespace

void read_condition(Reader& reader, const Member& table, Condition& condition,
                    const std::vector<std::string>& others) {
  reader.section(table.name, &table, kConditionKeys, condition, others);
  one_of(reader, table, {"equals", "one_of", "matches", "at_least", "at_most", "present"});
  for (const char* key : {"at_least", "at_most"}) {
    const Member* limit = table.value.find(key);
    if (limit == nullptr || limit->value.kind == Value::Kind::integer ||
        limit->value.kind == Value::Kind::number)
      continue;
    reader.problem(limit->place, table.name + "." + key, "must be a number");
  }
}

void read_policy(Reader& reader, const std::string& path, const Member& table, TrustPolicy& policy) {
  PolicySection(reader, path, table, policy).read();
}

}  // namespace gridseal::config
