// From files to Settings: reads every section, then checks what spans several keys.
#include <algorithm>
#include <tuple>

#include "base/encoding.hpp"
#include "config/checks.hpp"
#include "config/component_section.hpp"
#include "config/load.hpp"
#include "config/policy_section.hpp"
#include "config/reader.hpp"

namespace gridseal::config {

namespace {

const std::vector<std::string> kSections{"site",   "registry", "trust", "component", "kubernetes", "storage",
                                         "images", "control",  "media", "upgrade",   "receipts",   "log"};
constexpr size_t kMaxNamed = 1000;

class Parser {
 public:
  Parser(const Value& root, std::string file, const std::string& directory)
      : root_(root), file_(std::move(file)), reader_(directory) {}

  Settings read() {
    reader_.refuse_unknown("", &whole_, kSections);
    site();
    registries();
    trust();
    components();
    reader_.section("kubernetes", table("kubernetes"), kKubernetesKeys, out_.kubernetes);
    reader_.section("storage", table("storage"), kStorageKeys, out_.storage);
    images();
    reader_.section("control", table("control"), kControlKeys, out_.control);
    reader_.section("media", table("media"), kMediaKeys, out_.media);
    upgrade();
    receipts();
    reader_.section("log", table("log"), kLogKeys, out_.log);
    return std::move(out_);
  }

  std::vector<Problem>& problems() { return reader_.problems; }
  std::vector<Effective>& effective() { return reader_.effective; }

 private:
  const Member* table(std::string_view name) { return reader_.as_table(std::string(name), root_.find(name)); }

  // Calls `read` with path and table of each "[kind.NAME]".
  template <class Read>
  void named(const std::string& kind, const Member* all, Read read) {
    if (all == nullptr) return;
    if (all->value.members.size() > kMaxNamed)
      return reader_.problem(all->place, kind, "has more than 1000 entries");
    for (const auto& member : all->value.members) {
      const std::string path = kind + "." + base::printable(member.name, 80);
      const Member* one = reader_.as_table(path, &member);
      if (one == nullptr) continue;
      if (auto wrong = check_label(member.name); !wrong.empty()) {
        reader_.problem(member.place, path, "the name " + wrong);
        continue;
      }
      read(path, *one);
    }
  }

  void site() {
    const Member* found = table("site");
    if (found == nullptr && root_.find("site") == nullptr) {
      reader_.missing({file_, 0, 0}, "site.name");
    }
    reader_.section("site", found, kSiteKeys, out_.site);
  }

  void registries() {
    named("registry", table("registry"), [&](const std::string& path, const Member& one) {
      Registry& registry = out_.registries[one.name];
      registry.name = one.name;
      reader_.section(path, &one, kRegistryKeys, registry);
      check_registry(path, one, registry);
    });
  }

  void check_registry(const std::string& path, const Member& one, const Registry& registry) {
    for (const auto& url : registry.urls) {
      if (!is_plain_http(url)) continue;
      const Place place = reader_.place_of(path, "url", &one);
      if (!registry.plain_http) {
        reader_.problem(place, path + ".url", "http:// needs plain_http = true");
      } else if (!is_loopback(url)) {
        reader_.problem(place, path + ".url", "http:// is for a registry on this host only");
      }
    }
    if (registry.client_certificate.empty() != registry.client_key.empty()) {
      const auto* missing = registry.client_key.empty() ? "client_key" : "client_certificate";
      reader_.missing(one.place, path + "." + missing, ": a client certificate needs both files");
    }
  }

  void images() {
    const Member* found = table("images");
    reader_.section("images", found, kImagesKeys, out_.images);
    if (found != nullptr && out_.images.certificate.empty() != out_.images.key.empty())
      reader_.missing(found->place, out_.images.key.empty() ? "images.key" : "images.certificate",
                      ": TLS needs both files");
  }

  void trust() {
    const Member* found = table("trust");
    reader_.section("trust", found, kTrustKeys, out_.trust, {"policy"});
    const Member* all = found != nullptr ? found->value.find("policy") : nullptr;
    named("trust.policy", reader_.as_table("trust.policy", all),
          [&](const std::string& path, const Member& one) {
            TrustPolicy& policy = out_.trust.policies[one.name];
            policy.name = one.name;
            read_policy(reader_, path, one, policy);
          });
    if (found != nullptr && !out_.trust.repository.empty())
      check_reference("trust", *found, "registry", out_.registries, out_.trust.registry);
  }

  void upgrade() {
    const Member* found = table("upgrade");
    reader_.section("upgrade", found, kUpgradeKeys, out_.upgrade);
    const Upgrade& upgrade = out_.upgrade;
    if (!upgrade.policy.empty())
      check_named("upgrade", *found, "policy", "policy", out_.trust.policies, upgrade.policy);
    if (upgrade.repository.empty()) return;
    if (upgrade.policy.empty())
      reader_.problem(found->place, "upgrade.policy", "is missing: nothing else says who may sign a package");
    check_reference("upgrade", *found, "registry", out_.registries, out_.upgrade.registry);
  }

  void receipts() {
    const Member* found = table("receipts");
    reader_.section("receipts", found, kReceiptsKeys, out_.receipts);
    if (found != nullptr && out_.receipts.credentials.is_set())
      check_reference("receipts", *found, "registry", out_.registries, out_.receipts.registry);
  }

  void components() {
    named("component", table("component"), [&](const std::string& path, const Member& one) {
      Component& component = out_.components[one.name];
      component.name = one.name;
      read_component(reader_, path, one, component);
      if (component.follows_registry())
        check_reference(path, one, "registry", out_.registries, component.registry);
      else if (!component.registry.empty())
        check_named(path, one, "registry", "registry", out_.registries, component.registry);
      check_reference(path, one, "policy", out_.trust.policies, component.policy);
      if (!component.image_policy.empty())
        check_named(path, one, "image_policy", "policy", out_.trust.policies, component.image_policy);
    });
    const Member* all = table("component");
    if (all == nullptr) return;
    for (const auto& member : all->value.members) dependencies(member);
  }

  // Every dependency is there, and none waits for itself.
  void dependencies(const Member& one) {
    const auto found = out_.components.find(one.name);
    if (found == out_.components.end()) return;
    const std::string path = "component." + one.name;
    for (const auto& name : found->second.depends_on)
      check_named(path, one, "depends_on", "component", out_.components, name);
    std::vector<std::string> way{one.name};
    if (!leads_back(one.name, one.name, way)) return;
    std::string text;
    for (const auto& name : way) text += (text.empty() ? "" : " -> ") + name;
    reader_.problem(reader_.place_of(path, "depends_on", &one), path + ".depends_on",
                    "leads back to the component itself: " + text);
  }

  // Whether following dependencies from `from` leads to `target`; `way` then holds the names passed.
  bool leads_back(const std::string& from, const std::string& target, std::vector<std::string>& way) const {
    const auto found = out_.components.find(from);
    if (found == out_.components.end()) return false;
    for (const auto& next : found->second.depends_on) {
      if (next != target && std::find(way.begin(), way.end(), next) != way.end()) continue;
      way.push_back(next);
      if (next == target || leads_back(next, target, way)) return true;
      way.pop_back();
    }
    return false;
  }

  // `name` must be a key of `known`; when it is not set and there is one only, that one.
  template <class T>
  void check_reference(const std::string& path, const Member& one, const std::string& key,
                       const std::map<std::string, T>& known, std::string& name) {
    const std::string full = path + "." + key;
    if (one.value.find(key) == nullptr) {
      if (known.size() != 1) {
        return reader_.missing(
            one.place, full,
            known.empty() ? ", and no " + key + " is defined" : ", and there is more than one " + key);
      }
      name = known.begin()->first;
      return reader_.derive(path, key, "\"" + name + "\"");
    }
    check_named(path, one, key, key, known, name);
  }

  // `name`, a value of `key`, must be a key of `known`; `what` is one of them in words.
  template <class T>
  void check_named(const std::string& path, const Member& one, const std::string& key,
                   const std::string& what, const std::map<std::string, T>& known, const std::string& name) {
    if (known.contains(name)) return;
    std::vector<std::string> names;
    names.reserve(known.size());
    for (const auto& [candidate, value] : known) names.push_back(candidate);
    const std::string near = nearest(name, names);
    std::string message = "there is no " + what + " \"" + base::printable(name, 60) + "\"";
    if (!near.empty()) message += "; did you mean \"" + near + "\"?";
    reader_.problem(reader_.place_of(path, key, &one), path + "." + key, std::move(message));
  }

  const Value& root_;
  const Member whole_{"", {}, root_};
  std::string file_;
  Reader reader_;
  Settings out_;
};

// In the order of the files and lines, what is missing last, at most kMaxProblems.
Problems in_order(std::vector<Problem> found, const std::vector<std::string>& files) {
  const auto rank = [&](const Problem& problem) {
    const auto file = std::find(files.begin(), files.end(), problem.place.file);
    return std::make_tuple(file - files.begin(), problem.missing, problem.place.line, problem.place.column);
  };
  std::stable_sort(found.begin(), found.end(),
                   [&](const Problem& a, const Problem& b) { return rank(a) < rank(b); });
  Problems problems;
  if (found.size() > kMaxProblems) {
    problems.left_out = found.size() - kMaxProblems;
    found.erase(found.begin() + kMaxProblems, found.end());
  }
  problems.list = std::move(found);
  return problems;
}

bool is_policy_file(const std::string& name) {
  return name != "agent.toml" && !name.starts_with("conf.d/");
}

// "release" of "/etc/gridseal/trust/policies/release.toml".
std::string policy_name(const std::string& path) {
  const std::string file = path.substr(path.rfind('/') + 1);
  return file.ends_with(".toml") ? file.substr(0, file.size() - 5) : file;
}

Value table_with(std::string name, const Place& place, Value value) {
  Value table;
  table.members.push_back({std::move(name), place, std::move(value)});
  return table;
}

// The document as [trust.policy.NAME]; what is there already stays alone.
void add_policy(Value& root, Value&& document, const std::string& path, std::vector<Problem>& problems) {
  const std::string name = policy_name(path);
  const Place place{path, 1, 1};
  const Member* found = root.find("trust");
  found = found != nullptr ? found->value.find("policy") : nullptr;
  found = found != nullptr ? found->value.find(name) : nullptr;
  if (found != nullptr) {
    problems.push_back({place, "trust.policy." + base::printable(name, 80),
                        "is defined twice: it is set at " + found->place.to_string() + " already"});
    return;
  }
  Value policies = table_with("policy", place, table_with(name, place, std::move(document)));
  merge(root, table_with("trust", place, std::move(policies)), "", problems);
}

}  // namespace

LoadResult<TrustPolicy> parse_policy(std::string_view text, const std::string& path) {
  auto document = parse_document(text, path);
  if (!document) return tl::unexpected(in_order({std::move(document).error()}, {path}));
  Reader reader(base::parent_directory(path));
  TrustPolicy policy;
  policy.name = base::printable(policy_name(path), 80);
  read_policy(reader, "", Member{"", {path, 0, 0}, std::move(*document)}, policy);
  if (!reader.problems.empty()) return tl::unexpected(in_order(std::move(reader.problems), {path}));
  return policy;
}

LoadResult<Loaded> parse(const std::vector<SourceFile>& files, const std::string& directory) {
  Value root;
  std::vector<Problem> problems;
  std::vector<std::string> names;
  for (const auto& file : files) {
    names.push_back(file.name.starts_with('/') ? file.name : directory + "/" + file.name);
    auto document = parse_document(file.text, names.back());
    if (!document) {
      problems.push_back(std::move(document).error());
    } else if (is_policy_file(file.name)) {
      add_policy(root, std::move(*document), names.back(), problems);
    } else {
      merge(root, std::move(*document), "", problems);
    }
  }
  // A file that is not TOML would only be followed by what it seems to lack.
  if (!problems.empty()) return tl::unexpected(in_order(std::move(problems), names));

  Parser parser(root, names.empty() ? directory : names.front(), directory);
  Loaded loaded;
  loaded.settings = parser.read();
  if (!parser.problems().empty()) return tl::unexpected(in_order(std::move(parser.problems()), names));
  loaded.effective = std::move(parser.effective());
  loaded.sources = files;
  return loaded;
}

}  // namespace gridseal::config
