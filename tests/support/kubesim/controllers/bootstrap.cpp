#include "kubesim/auth.hpp"
#include "kubesim/controllers/controllers.hpp"
#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

void create_node(Engine& engine) {
  const auto nodes = engine.resource("", "v1", "nodes");
  engine.create(*nodes, {{"metadata",
                          {{"name", "node-1"},
                           {"labels",
                            {{"kubernetes.io/arch", "amd64"},
                             {"kubernetes.io/hostname", "node-1"},
                             {"kubernetes.io/os", "linux"}}}}}});
  const ObjectPtr made = engine.cluster().store.get(nodes->storage(), "", "node-1");
  const bool ready = engine.cluster().script.nodes_ready();
  Json status = {
      {"capacity", {{"cpu", "4"}, {"memory", "8Gi"}, {"pods", "110"}}},
      {"allocatable", {{"cpu", "4"}, {"memory", "8Gi"}, {"pods", "110"}}},
      {"addresses", Json::array({{{"type", "InternalIP"}, {"address", "10.90.0.1"}},
                                 {{"type", "Hostname"}, {"address", "node-1"}}})},
      {"nodeInfo", {{"kubeletVersion", "v1.36.2"}, {"architecture", "amd64"}, {"operatingSystem", "linux"}}}};
  set_condition(status["conditions"], "Ready", ready ? "True" : "False",
                ready ? "KubeletReady" : "KubeletNotReady",
                ready ? "kubelet is posting ready status" : "container runtime is down");
  engine.set_status(*nodes, *made, std::move(status), "kubelet");
}

// The script may say that the node is not ready.
void watch_node(Engine& engine, const Resource& resource, const Json& node) {
  const bool ready = engine.cluster().script.nodes_ready();
  Json status = node["status"];
  set_condition(status["conditions"], "Ready", ready ? "True" : "False",
                ready ? "KubeletReady" : "KubeletNotReady",
                ready ? "kubelet is posting ready status" : "container runtime is down");
  engine.set_status(resource, node, std::move(status), "kubelet");
  engine.wake(resource, node, Millis(500));
}

void create_namespaces(Engine& engine) {
  const auto namespaces = engine.resource("", "v1", "namespaces");
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    engine.create(*namespaces, {{"metadata", {{"name", name}}}});
  }
}

void create_services(Engine& engine) {
  const auto services = engine.resource("", "v1", "services");
  Json service = {
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata",
       {{"name", "kubernetes"},
        {"namespace", "default"},
        {"uid", engine.cluster().fresh_uid()},
        {"labels", {{"component", "apiserver"}, {"provider", "kubernetes"}}},
        {"creationTimestamp", Clock::date()}}},
      {"spec",
       {{"clusterIP", "10.43.0.1"},
        {"clusterIPs", {"10.43.0.1"}},
        {"type", "ClusterIP"},
        {"ports",
         Json::array({{{"name", "https"}, {"port", 443}, {"protocol", "TCP"}, {"targetPort", 6443}}})}}},
      {"status", {{"loadBalancer", Json::object()}}}};
  engine.cluster().put(*services, std::move(service));
  if (engine.cluster().options.bare) return;
  const auto classes = engine.resource("storage.k8s.io", "v1", "storageclasses");
  engine.create(
      *classes,
      {{"metadata",
        {{"name", "local-path"}, {"annotations", {{"storageclass.kubernetes.io/is-default-class", "true"}}}}},
       {"provisioner", "rancher.io/local-path"},
       {"volumeBindingMode", "WaitForFirstConsumer"}});
}

}  // namespace

namespace {

void set_up(Engine& engine, bool threaded) {
  const std::scoped_lock lock(engine.cluster().mutex);
  add_namespaces(engine);
  add_deployments(engine);
  add_replica_sets(engine);
  add_pods(engine);
  add_stateful_sets(engine);
  add_daemon_sets(engine);
  add_jobs(engine);
  add_garbage_collection(engine);
  add_volumes(engine);
  add_services(engine);
  add_definitions(engine);
  engine.add("nodes.", watch_node);
  if (threaded)
    engine.start();
  else
    engine.attach();
  create_default_roles(engine.cluster());
  create_namespaces(engine);
  create_node(engine);
  create_services(engine);
}

}  // namespace

void start_controllers(Cluster& cluster) {
  set_up(*new Engine(cluster), true);  // lives as long as the process
}

std::unique_ptr<Engine> attach_controllers(Cluster& cluster) {
  auto engine = std::make_unique<Engine>(cluster);
  set_up(*engine, false);
  return engine;
}

}  // namespace gridseal::kubesim
