// Names to addresses by getaddrinfo(3), with a deadline.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/waiter.hpp"

namespace gridseal::http {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  std::string to_string() const;
};

// At least one address. getaddrinfo cannot be interrupted: a name runs in a thread of its own, which is left
// behind when `waiter` ends first; at most eight such threads are left behind. Errors: http.connect,
// Waiter's.
base::Result<std::vector<Address>> resolve(const std::string& host, uint16_t port, const Waiter& waiter);

}  // namespace gridseal::http
