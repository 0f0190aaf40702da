// k3s gives a LoadBalancer Service the address of the node; a bare cluster never does (089).
#include "kubesim/controllers/engine.hpp"

namespace gridseal::kubesim {

namespace {

void reconcile_service(Engine& engine, const Resource& resource, const Json& service) {
  if (engine.cluster().options.bare) return;
  const bool wanted = text(service, {"spec", "type"}) == "LoadBalancer";
  if (wanted && engine.elapsed(text(service, {"metadata", "uid"}) + "/address") < Millis(200)) {
    engine.wake(resource, service, Millis(201));
    return;
  }
  Json status = {{"loadBalancer", Json::object()}};
  if (wanted) status["loadBalancer"]["ingress"] = Json::array({{{"ip", "10.90.0.1"}, {"ipMode", "VIP"}}});
  engine.set_status(resource, service, std::move(status), "k3s");
}

}  // namespace

void add_services(Engine& engine) {
  engine.add("services.", reconcile_service);
}

}  // namespace gridseal::kubesim
