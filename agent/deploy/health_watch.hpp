// Where one collection is all that a settling component waits for, a watch of it spares most of the looks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "deploy/site.hpp"
#include "kube/health.hpp"
#include "kube/watch.hpp"

namespace gridseal::deploy {

// One for the whole process: one component at a time has it, the others look as often as without.
class HealthWatch {
 public:
  // `heard` is called by another thread.
  explicit HealthWatch(std::function<void()> heard) : watch_(std::move(heard)) {}

  // After a look: whether from now on every change is heard of that matters next. It is when the objects that
  // are not ready are of one kind and namespace or, when all are ready, those with pods are.
  bool covers(const Site& site, const config::Component& component,
              const std::vector<kube::Reading>& readings, const std::stop_token& stop);
  void release(const std::string& component);
  void stop();
  bool has_news(const std::string& component) const { return owner_ == component && watch_.has_news(); }
  // A look begins: what was heard before it is dealt with by it.
  void looking(const std::string& component) {
    if (owner_ == component) (void)watch_.take_news();
  }

 private:
  std::string owner_;
  kube::Watch watch_;
};

}  // namespace gridseal::deploy
