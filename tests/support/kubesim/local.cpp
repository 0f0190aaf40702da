#include "kubesim/local.hpp"

#include "kubesim/controllers/controllers.hpp"

namespace gridseal::kubesim {

namespace {

ClusterOptions standing(ClusterOptions options) {
  Clock::set(Instant(std::chrono::hours(1)));
  if (!options.seed) options.seed = 1;
  return options;
}

}  // namespace

LocalCluster::LocalCluster(ClusterOptions options)
    : cluster_(standing(options)), engine_(attach_controllers(cluster_)), api_(cluster_) {
  run_until(now() + std::chrono::seconds(2));
}

HttpResponse LocalCluster::ask(HttpRequest request) {
  parse_target(request);
  request.peer = {true, true, "system:admin", {"system:masters"}};
  return api_.handle(request);
}

void LocalCluster::run_until(Instant end) {
  const std::scoped_lock lock(cluster_.mutex);
  engine_->run_until(end);
}

LocalCluster::Image LocalCluster::save() {
  const std::scoped_lock lock(cluster_.mutex);
  return {cluster_.save(), engine_->save(), Clock::now()};
}

void LocalCluster::restore(const Image& image) {
  const std::scoped_lock lock(cluster_.mutex);
  cluster_.restore(image.cluster);
  engine_->restore(image.engine);
  Clock::set(image.now);
}

}  // namespace gridseal::kubesim
