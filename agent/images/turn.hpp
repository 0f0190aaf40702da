// Leave to wait for a mirror: so many requests may at a time. Private to this module.
#pragma once

#include "images/service.hpp"

namespace gridseal::images {

class Service::Turn {
 public:
  explicit Turn(Service& service) : service_(service) {
    granted_ = service_.waiting_.fetch_add(1) < service_.settings_.waiting;
  }
  ~Turn() { service_.waiting_.fetch_sub(1); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  bool granted() const { return granted_; }

 private:
  Service& service_;
  bool granted_;
};

}  // namespace gridseal::images
