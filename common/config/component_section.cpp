#include "config/component_section.hpp"

#include <algorithm>
#include <array>

#include "config/policy_section.hpp"

namespace gridseal::config {
namespace {

// What kstatus knows by itself; a rule of ours would only contradict it.
constexpr std::array<std::string_view, 15> kJudgedByKubernetes{"Deployment",
                                                               "StatefulSet",
                                                               "DaemonSet",
                                                               "ReplicaSet",
                                                               "Job",
                                                               "CronJob",
                                                               "Pod",
                                                               "Service",
                                                               "ConfigMap",
                                                               "Secret",
                                                               "Namespace",
                                                               "Ingress",
                                                               "APIService",
                                                               "PersistentVolumeClaim",
                                                               "CustomResourceDefinition"};

class ComponentSection {
 public:
  ComponentSection(Reader& reader, std::string path, const Member& table, Component& component)
      : reader_(reader), path_(std::move(path)), table_(table), out_(component) {}

  void read() {
    reader_.section(path_, &table_, kComponentKeys, out_, {"ceiling", "ignore", "ready", "failed"});
    const Member* ceiling = reader_.as_table(path_ + ".ceiling", table_.value.find("ceiling"));
    reader_.section(path_ + ".ceiling", ceiling, kCeilingKeys, out_.ceiling);
    check_tracking();
    if (out_.sources.empty() && table_.value.find("sources") != nullptr)
      reader_.problem(reader_.place_of(path_, "sources", &table_), path_ + ".sources",
                      "must name registry, media or both");
    for (const auto& one : reader_.as_tables(path_ + ".ignore", table_.value.find("ignore")))
      reader_.section(one.name, &one, kIgnoreKeys, out_.ignore.emplace_back());
    read_rules("ready", out_.ready);
    read_rules("failed", out_.failed);
    derive();
  }

 private:
  void read_rules(const std::string& key, std::vector<HealthRule>& rules) {
    std::vector<std::string> tests;
    for (const auto& test : kConditionKeys) tests.emplace_back(test.name);
    for (const auto& one : reader_.as_tables(path_ + "." + key, table_.value.find(key))) {
      HealthRule& rule = rules.emplace_back();
      reader_.section(one.name, &one, kHealthRuleKeys, rule, tests);
      read_condition(reader_, one, rule.condition, {"kind"});
      if (std::find(kJudgedByKubernetes.begin(), kJudgedByKubernetes.end(), rule.kind) ==
          kJudgedByKubernetes.end())
        continue;
      reader_.problem(reader_.place_of(one.name, "kind", &one), one.name + ".kind",
                      "has rules of its own: this is for custom resources, as Kind.group");
    }
  }

  void check_tracking() {
    int count = 0;
    for (const auto* key : {"tag", "semver", "digest"}) {
      const Member* found = table_.value.find(key);
      const bool empty =
          found == nullptr || (found->value.kind == Value::Kind::string && found->value.text.empty());
      count += empty ? 0 : 1;
    }
    if (count != 1) {
      reader_.problem(table_.place, path_,
                      count == 0 ? "one of tag, semver and digest must be set"
                                 : "only one of tag, semver and digest may be set");
    }
    if (!out_.tag_filter.empty() && table_.value.find("semver") == nullptr) {
      reader_.problem(reader_.place_of(path_, "tag_filter", &table_), path_ + ".tag_filter",
                      "is for semver only");
    }
  }

  void derive() {
    if (out_.expect.empty()) {
      out_.expect = out_.name;
      reader_.derive(path_, "expect", "\"" + out_.name + "\"");
    }
    as_interval("retry_interval", out_.retry_interval);
    as_interval("drift_interval", out_.drift_interval);
  }

  void as_interval(std::string_view key, base::milliseconds& value) {
    if (value.count() != 0) return;
    value = out_.interval;
    for (const auto& entry : reader_.effective) {
      if (entry.section == path_ && entry.key == "interval")
        return reader_.derive(path_, key, std::string(entry.value));
    }
  }

  Reader& reader_;
  std::string path_;
  const Member& table_;
  Component& out_;
};

}  // namespace

void read_component(Reader& reader, const std::string& path, const Member& table, Component& component) {
  ComponentSection(reader, path, table, component).read();
}

}  // namespace gridseal::config
