#include "receipts/sites.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/pem.hpp"

namespace gridseal::receipts {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr uint64_t kMaxSiteFile = 64 * 1024;
constexpr size_t kMaxKeys = 16;
constexpr std::string_view kKeySuffix = ".pub";
constexpr std::string_view kSeenSuffix = ".seen";

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<std::vector<crypto::PublicKey>> read_keys(base::Files& files, const std::string& path) {
  auto text = base::read_file(files, path, kMaxSiteFile);
  if (!text) return std::move(text).error();
  auto blocks = crypto::parse_pem(*text, kMaxKeys);
  if (!blocks) return Error::refused("site.key", path + " holds no public keys: " + blocks.error().message());
  std::vector<crypto::PublicKey> keys;
  for (const crypto::PemBlock& block : *blocks) {
    auto key = crypto::PublicKey::from_spki(block.bytes);
    if (!key) return Error::refused("site.key", path + " holds no public key: " + key.error().message());
    keys.push_back(std::move(*key));
  }
  return keys;
}

// A damaged file is as good as none: it only sharpens the judgement.
std::vector<Seen> read_seen(base::Files& files, const std::string& path) {
  std::vector<Seen> seen;
  auto text = base::read_file(files, path, kMaxSiteFile);
  if (!text) return seen;
  auto json = base::parse_json(*text, {kMaxSiteFile, 4, 200});
  const Json* list = json ? base::find_array(*json, "seen") : nullptr;
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const std::string* key = base::find_string((*list)[i], "key");
    const std::string* statement = base::find_string((*list)[i], "statement");
    const auto sequence = base::find_integer((*list)[i], "sequence");
    if (key == nullptr || statement == nullptr || !sequence) continue;
    auto key_digest = base::Digest::parse(*key);
    auto digest = base::Digest::parse(*statement);
    if (key_digest && digest) seen.push_back({*key_digest, *sequence, *digest});
  }
  return seen;
}

std::string text_of(const Json& object, std::string_view name) {
  const std::string* text = base::find_string(object, name);
  return text == nullptr ? std::string() : base::printable(*text, 400);
}

std::optional<base::Digest> running_in(const Json& object) {
  const Json* runs = base::find_object(object, "runs");
  const std::string* text = runs == nullptr ? nullptr : base::find_string(*runs, "digest");
  if (text == nullptr) return std::nullopt;
  auto digest = base::Digest::parse(*text);
  return digest ? std::optional(*digest) : std::nullopt;
}

void add_receipt(const Statement& statement, SiteState& site) {
  const std::string name = text_of(statement.predicate, "component");
  if (name.empty()) return;
  ComponentState& state = site.components[name];
  state.revision = text_of(statement.predicate, "revision");
  state.version = text_of(statement.predicate, "version");
  state.runs = running_in(statement.predicate);
  state.time = statement.issued;
  if (const Json* result = base::find_object(statement.predicate, "result")) {
    state.state = text_of(*result, "outcome");
    state.reason = text_of(*result, "reason");
  }
}

// What is no longer named there is no longer the site's.
void add_report(const Statement& statement, SiteState& site) {
  const Json* list = base::find_array(statement.predicate, "components");
  std::map<std::string, ComponentState> now;
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const Json& entry = (*list)[i];
    const std::string name = text_of(entry, "name");
    if (name.empty()) continue;
    ComponentState state{{}, {}, text_of(entry, "state"), text_of(entry, "reason"), running_in(entry)};
    state.time = statement.issued;
    if (const Json* runs = base::find_object(entry, "runs")) state.revision = text_of(*runs, "revision");
    const auto before = site.components.find(name);
    if (before != site.components.end() && before->second.runs == state.runs &&
        before->second.state == "healthy")
      state.version = before->second.version;
    now.emplace(name, std::move(state));
  }
  site.components = std::move(now);
}

void add_statements(SiteState& site) {
  std::vector<const Statement*> all;
  for (const Chain& chain : site.chains)
    for (const Statement& statement : chain.statements) all.push_back(&statement);
  // Within one key by number, whatever its clock said.
  if (site.chains.size() > 1)
    std::ranges::stable_sort(all, {}, [](const Statement* statement) { return statement->issued; });
  for (const Statement* statement : all) {
    if (statement->kind == history::ReceiptKind::report) {
      add_report(*statement, site);
      site.report = *statement;
    } else {
      add_receipt(*statement, site);
    }
    site.newest = *statement;
    site.key = statement->key;
  }
}

void compare_seen(const EnrolledSite& enrolled, const Chain& chain, SiteState& site) {
  const Statement& last = chain.statements.back();
  for (const Seen& seen : enrolled.seen) {
    if (seen.key != last.key) continue;
    const auto same = std::ranges::find(chain.statements, seen.sequence, &Statement::sequence);
    if (last.sequence < seen.sequence)
      site.alarms.push_back({"receipt.older", "number " + std::to_string(seen.sequence) +
                                                  " was here before, and these end with number " +
                                                  std::to_string(last.sequence)});
    else if (same != chain.statements.end() && same->hash != seen.statement)
      site.alarms.push_back({"receipt.older", "number " + std::to_string(seen.sequence) +
                                                  " is another one than that which was here before"});
  }
}

class Judge {
 public:
  explicit Judge(const std::vector<EnrolledSite>& sites) : enrolled_(sites) {
    for (const EnrolledSite& site : sites) states_.push_back({site.name, {}});
  }

  void take(const Piece& piece) {
    auto envelope = parse_envelope(piece.envelope);
    auto statement = envelope ? parse_statement(envelope->statement) : base::Error(envelope.error());
    if (!statement) return stray({piece.where, statement.error().code(), statement.error().describe()});
    for (size_t i = 0; i < enrolled_.size(); ++i) {
      const auto owns = [&](const crypto::PublicKey& key) { return key.fingerprint() == statement->key; };
      if (std::ranges::any_of(enrolled_[i].keys, owns)) return open(i, piece);
    }
    unknown(*statement);
  }

  void stray(const Unreadable& unreadable) {
    strays_.push_back({unreadable.code, unreadable.where + ": " + unreadable.message});
  }

  std::vector<SiteState> finish() {
    for (size_t i = 0; i < enrolled_.size(); ++i) finish(i);
    for (auto& [key, state] : unknown_) states_.push_back(std::move(state));
    if (!strays_.empty()) {
      SiteState state{"", {}};
      state.alarms = std::move(strays_);
      states_.push_back(std::move(state));
    }
    return std::move(states_);
  }

 private:
  void open(size_t site, const Piece& piece) {
    auto statement = open_receipt(piece.envelope, enrolled_[site].keys);
    if (!statement) {
      states_[site].alarms.push_back(
          {statement.error().code(), piece.where + ": " + statement.error().describe()});
      return;
    }
    const std::string& name = enrolled_[site].name;
    if (!name.empty() && statement->site != name)
      states_[site].alarms.push_back({"receipt.site_name", piece.where + ": the key of '" + name +
                                                               "' signed for a site '" +
                                                               base::printable(statement->site, 80) + "'"});
    good_[site][statement->key].push_back(std::move(*statement));
  }

  void unknown(const Statement& statement) {
    SiteState& state = unknown_.try_emplace(statement.key, SiteState{"", statement.key}).first->second;
    if (!state.alarms.empty()) return;
    state.alarms.push_back({"receipt.unknown_key", "somebody who says to be '" +
                                                       base::printable(statement.site, 80) +
                                                       "' signs with the key " + statement.key.to_string() +
                                                       ", which nobody enrolled"});
  }

  void finish(size_t site) {
    SiteState& state = states_[site];
    for (auto& [key, statements] : good_[site]) {
      Chain chain = make_chain(std::move(statements));
      for (const Flaw& flaw : chain.flaws) (flaw.is_proof() ? state.alarms : state.gaps).push_back(flaw);
      compare_seen(enrolled_[site], chain, state);
      if (state.name.empty()) state.name = base::printable(chain.statements.back().site, 253);
      state.chains.push_back(std::move(chain));
    }
    add_statements(state);
  }

  const std::vector<EnrolledSite>& enrolled_;
  std::vector<SiteState> states_;
  std::map<size_t, std::map<base::Digest, std::vector<Statement>>> good_;
  std::map<base::Digest, SiteState> unknown_;
  std::vector<Flaw> strays_;
};

}  // namespace

Result<std::vector<EnrolledSite>> read_sites(base::Files& files, const std::string& folder) {
  auto entries = files.list(folder);
  if (!entries) return std::move(entries).error();
  std::vector<EnrolledSite> sites;
  for (const base::Entry& entry : *entries) {
    if (entry.kind != base::EntryKind::file || !entry.name.ends_with(kKeySuffix)) continue;
    const std::string name = entry.name.substr(0, entry.name.size() - kKeySuffix.size());
    if (!is_name(name)) continue;
    auto keys = read_keys(files, folder + "/" + entry.name);
    if (!keys) return std::move(keys).error();
    sites.push_back(
        {name, std::move(*keys), read_seen(files, folder + "/" + name + std::string(kSeenSuffix))});
  }
  return sites;
}

Result<bool> enroll(base::Files& files, const std::string& folder, const std::string& name,
                    const crypto::PublicKey& key, bool add) {
  if (!is_name(name))
    return Error::refused("site.name",
                          "a site is named with 1 to 63 lower-case letters, digits and '-', not '" +
                              base::printable(name, 80) + "'");
  if (auto r = files.make_directories(folder, 0755); !r) return std::move(r).error();
  auto sites = read_sites(files, folder);
  if (!sites) return std::move(sites).error();
  std::string text;
  for (const EnrolledSite& site : *sites) {
    const bool has = std::ranges::find(site.keys, key) != site.keys.end();
    if (site.name != name && has)
      return Error::refused("site.enrolled",
                            "this key is enrolled already, for the site '" + site.name + "'");
    if (site.name != name) continue;
    if (has) return false;
    if (!add)
      return Error::refused("site.enrolled", "the site '" + name + "' has another key already (" +
                                                 site.keys.front().key_id() +
                                                 "); say --add when this host got a new one");
    for (const crypto::PublicKey& known : site.keys) text += known.to_pem();
  }
  text += key.to_pem();
  if (auto r = base::write_file(files, folder + "/" + name + std::string(kKeySuffix), text, 0644); !r)
    return std::move(r).error();
  return true;
}

std::vector<SiteState> judge(const Pile& pile, const std::vector<EnrolledSite>& sites) {
  Judge judge(sites);
  for (const Piece& piece : pile.pieces) judge.take(piece);
  for (const Unreadable& unreadable : pile.unreadable) judge.stray(unreadable);
  return judge.finish();
}

std::set<base::Digest> held_by(const SiteState& site) {
  std::set<base::Digest> held;
  for (const auto& [name, component] : site.components)
    if (component.runs) held.insert(*component.runs);
  return held;
}

Result<void> remember(base::Files& files, const std::string& folder, const SiteState& site) {
  if (!site.alarms.empty() || !is_name(site.name)) return {};
  const std::string path = folder + "/" + site.name + std::string(kSeenSuffix);
  Json list = Json::array();
  bool news = false;
  std::vector<Seen> seen = read_seen(files, path);
  for (const Chain& chain : site.chains) {
    const Statement& last = chain.statements.back();
    const auto known = std::ranges::find(seen, last.key, &Seen::key);
    if (known == seen.end()) {
      seen.push_back({last.key, last.sequence, last.hash});
      news = true;
    } else if (known->sequence < last.sequence) {
      *known = {last.key, last.sequence, last.hash};
      news = true;
    }
  }
  if (!news) return {};
  for (const Seen& one : seen)
    list.push_back(
        {{"key", one.key.to_string()}, {"sequence", one.sequence}, {"statement", one.statement.to_string()}});
  return base::write_file(files, path, base::dump_json_pretty({{"seen", std::move(list)}}) + "\n", 0644);
}

}  // namespace gridseal::receipts
