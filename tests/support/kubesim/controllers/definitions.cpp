// 012, 110, 112, 113: CustomResourceDefinitions. Established comes before the paths are served.
#include <algorithm>

#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

// 112: another definition that has one of our names already.
std::string taken_by(Engine& engine, const Json& definition) {
  const std::string own = text(definition, {"metadata", "uid"});
  for (const ObjectPtr& other :
       engine.cluster().store.list("customresourcedefinitions.apiextensions.k8s.io")) {
    if (text(*other, {"metadata", "uid"}) == own ||
        text(*other, {"spec", "group"}) != text(definition, {"spec", "group"}))
      continue;
    if (text(*other, {"status", "acceptedNames", "kind"}) == text(definition, {"spec", "names", "kind"}))
      return "kind";
  }
  return {};
}

void remove_objects(Engine& engine, const Resource& resource, const Json& definition) {
  const std::string storage =
      text(definition, {"spec", "names", "plural"}) + "." + text(definition, {"spec", "group"});
  std::size_t left = 0;
  const auto type = engine.cluster().catalog.by_plural(text(definition, {"spec", "group"}),
                                                       text(definition["spec"]["versions"][0], {"name"}),
                                                       text(definition, {"spec", "names", "plural"}));
  for (const ObjectPtr& object : engine.cluster().store.list(storage)) {
    if (type == nullptr) continue;
    auto deleted = delete_object(engine.cluster(), *type, *object, {});
    if (!deleted || !deleted->gone) ++left;
  }
  if (left > 0) {
    Json status = definition["status"];
    set_condition(status["conditions"], "Terminating", "True", "InstanceDeletionInProgress",
                  "CustomResource deletion is in progress");
    engine.set_status(resource, definition, std::move(status), "kube-apiserver");
    engine.wake(resource, definition, Millis(200));
    return;
  }
  engine.cluster().remove(resource, "", text(definition, {"metadata", "name"}));
}

void reconcile_definition(Engine& engine, const Resource& resource, const Json& definition) {
  if (dying(definition)) return remove_objects(engine, resource, definition);
  const std::string uid = text(definition, {"metadata", "uid"});
  Json status = definition.value("status", Json::object());
  const std::string clash = taken_by(engine, definition);
  if (!clash.empty()) {
    const std::string kind = text(definition, {"spec", "names", "kind"});
    set_condition(status["conditions"], "NamesAccepted", "False", "KindConflict",
                  "\"" + kind + "\" is already in use");
    set_condition(status["conditions"], "Established", "False", "NotAccepted", "not all names are accepted");
    engine.wake(resource, definition, Millis(500));
    engine.set_status(resource, definition, std::move(status), "kube-apiserver");
    return;
  }
  status["acceptedNames"] = definition["spec"]["names"];
  set_condition(status["conditions"], "NamesAccepted", "True", "NoConflicts", "no conflicts found");
  set_condition(status["conditions"], "Established", "True", "InitialNamesAccepted",
                "the initial names have been accepted");
  for (const Json& version : definition["spec"]["versions"]) {
    Json& stored = status["storedVersions"];
    if (!stored.is_array()) stored = Json::array();
    if (flag(version, {"storage"}) &&
        std::find(stored.begin(), stored.end(), version["name"]) == stored.end())
      stored.push_back(version["name"]);
  }
  engine.set_status(resource, definition, std::move(status), "kube-apiserver");
  // 110: some 404s lie between Established and the first 200.
  const Millis gap(80);
  if (engine.elapsed(uid + "/served") < gap) {
    engine.wake(resource, definition, gap + Millis(1));
    return;
  }
  // A changed definition, too, is established all the while and takes effect a little later.
  const std::string generation = std::to_string(number(definition, {"metadata", "generation"}));
  const Millis known = engine.elapsed(uid + "/generation/" + generation);
  const bool changed = number(definition, {"metadata", "generation"}) > 1;
  if (changed && known < gap) {
    engine.wake(resource, definition, gap - known + Millis(1));
    return;
  }
  if (engine.elapsed(uid + "/in use/" + generation) < Millis(1)) engine.cluster().catalog.serve(definition);
}

}  // namespace

void add_definitions(Engine& engine) {
  engine.add("customresourcedefinitions.apiextensions.k8s.io", reconcile_definition);
  engine.listen([](Engine& self, const Change& change) {
    if (change.storage != "customresourcedefinitions.apiextensions.k8s.io" ||
        change.kind != ChangeKind::deleted)
      return;
    self.cluster().catalog.withdraw(text(*change.object, {"spec", "group"}),
                                    text(*change.object, {"spec", "names", "plural"}));
  });
}

}  // namespace gridseal::kubesim
