#include "http/resolve.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "http/connection.hpp"

namespace gridseal::http {
namespace {

constexpr int kMaxPending = 8;
std::atomic<int> pending{0};

struct Lookup {
  std::string host;
  std::string service;
  UniqueFd done;
  std::mutex mutex;
  int code = 0;
  std::vector<Address> addresses;
};

int look_up(const std::string& host, const std::string& service, int flags, std::vector<Address>& addresses) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &list);
  if (code != 0) return code;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return addresses.empty() ? EAI_NONAME : 0;
}

void run(const std::shared_ptr<Lookup>& lookup) {
  std::vector<Address> addresses;
  const int code = look_up(lookup->host, lookup->service, AI_ADDRCONFIG, addresses);
  {
    const std::lock_guard lock(lookup->mutex);
    lookup->code = code;
    lookup->addresses = std::move(addresses);
  }
  --pending;
  (void)::eventfd_write(lookup->done.get(), 1);
}

base::Error failure(const std::string& host, const std::string& why) {
  return base::Error::blocked("http.connect", "the name " + host + " cannot be resolved: " + why +
                                                  "; check the address, /etc/hosts and the name server");
}

}  // namespace

std::string Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    (void)inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
  } else {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    (void)inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  }
  return text.data();
}

base::Result<std::vector<Address>> resolve(const std::string& host, uint16_t port, const Waiter& waiter) {
  const std::string service = std::to_string(port);
  std::vector<Address> addresses;
  if (look_up(host, service, AI_NUMERICHOST, addresses) == 0) return addresses;

  if (++pending > kMaxPending) {
    --pending;
    return failure(host, "earlier lookups still wait for the name server");
  }
  auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  lookup->service = service;
  lookup->done.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  try {
    std::thread([lookup] { run(lookup); }).detach();
  } catch (const std::system_error&) {
    --pending;
    return failure(host, "no thread can be started");
  }
  if (auto ready = waiter.wait(lookup->done.get(), POLLIN); !ready) {
    return std::move(ready).error().with_context("the name " + host + " was not resolved in time");
  }
  const std::lock_guard lock(lookup->mutex);
  if (lookup->code != 0) return failure(host, ::gai_strerror(lookup->code));
  return std::move(lookup->addresses);
}

}  // namespace gridseal::http
