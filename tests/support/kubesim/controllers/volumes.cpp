// 089: claims. A class with a provisioner binds them, at once or for the first pod that uses them.
#include "kubesim/controllers/engine.hpp"

namespace gridseal::kubesim {

namespace {

bool used(Engine& engine, const std::string& ns, const std::string& name) {
  for (const ObjectPtr& pod : engine.cluster().store.list("pods.", ns)) {
    for (const Json& volume : (*pod)["spec"].value("volumes", Json::array())) {
      if (text(volume, {"persistentVolumeClaim", "claimName"}) == name) return true;
    }
  }
  return false;
}

void bind(Engine& engine, const Resource& resource, const Json& claim) {
  const std::string volume = "pvc-" + text(claim, {"metadata", "uid"});
  const auto volumes = engine.resource("", "v1", "persistentvolumes");
  const Json& spec = claim["spec"];
  if (engine.cluster().store.get(volumes->storage(), "", volume) == nullptr) {
    engine.create(*volumes, {{"metadata", {{"name", volume}}},
                             {"spec",
                              {{"capacity", spec["resources"]["requests"]},
                               {"accessModes", spec["accessModes"]},
                               {"claimRef",
                                {{"kind", "PersistentVolumeClaim"},
                                 {"apiVersion", "v1"},
                                 {"namespace", text(claim, {"metadata", "namespace"})},
                                 {"name", text(claim, {"metadata", "name"})},
                                 {"uid", text(claim, {"metadata", "uid"})}}},
                               {"persistentVolumeReclaimPolicy", "Delete"},
                               {"storageClassName", text(spec, {"storageClassName"})},
                               {"hostPath", {{"path", "/var/lib/rancher/k3s/storage/" + volume}}}}}});
  }
  Json after = claim;
  after["spec"]["volumeName"] = volume;
  after["status"] = {
      {"phase", "Bound"}, {"accessModes", spec["accessModes"]}, {"capacity", spec["resources"]["requests"]}};
  engine.update(resource, claim, std::move(after));
}

void reconcile_claim(Engine& engine, const Resource& resource, const Json& claim) {
  const std::string ns = text(claim, {"metadata", "namespace"});
  const std::string name = text(claim, {"metadata", "name"});
  if (dying(claim)) {
    // kubernetes.io/pvc-protection: only a pod keeps it.
    if (used(engine, ns, name))
      engine.wake(resource, claim, Millis(500));
    else
      engine.cluster().remove(resource, ns, name);
    return;
  }
  if (text(claim, {"status", "phase"}) == "Bound") return;
  const ObjectPtr storage = engine.cluster().store.get("storageclasses.storage.k8s.io", "",
                                                       text(claim, {"spec", "storageClassName"}));
  if (storage == nullptr) return;
  // 089: nobody provisions for a class of the recordings.
  if (text(*storage, {"provisioner"}).starts_with("example.com/")) return;
  if (text(*storage, {"volumeBindingMode"}) == "WaitForFirstConsumer" && !used(engine, ns, name)) {
    engine.event(claim, "Normal", "WaitForFirstConsumer",
                 "waiting for first consumer to be created before binding", "persistentvolume-controller");
    return;
  }
  bind(engine, resource, claim);
}

}  // namespace

// kubernetes.io/pv-protection: nothing here keeps a deleted volume.
static void release(Engine& engine, const Resource& resource, const Json& volume) {
  if (dying(volume)) engine.cluster().remove(resource, "", text(volume, {"metadata", "name"}));
}

void add_volumes(Engine& engine) {
  engine.add("persistentvolumes.", release);

  engine.add("persistentvolumeclaims.", reconcile_claim);
}

}  // namespace gridseal::kubesim
