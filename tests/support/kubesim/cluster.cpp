#include "kubesim/cluster.hpp"

#include <cstdio>

#include "kubesim/tables.hpp"

namespace gridseal::kubesim {

Cluster::Cluster(const ClusterOptions& wanted)
    : options(wanted),
      clock(wanted.speed),
      schema(schema_table()),
      catalog(resource_table(), schema),
      random_(wanted.seed ? *wanted.seed : std::random_device{}()) {}

Cluster::Saved Cluster::save() const {
  Saved saved{catalog.save(), store, random_, next_ip_, next_port_};
  saved.store.compact();
  return saved;
}

void Cluster::restore(const Saved& saved) {
  catalog.restore(saved.catalog);
  store = saved.store;
  random_ = saved.random;
  next_ip_ = saved.next_ip;
  next_port_ = saved.next_port;
}

std::string Cluster::fresh_uid() {
  const std::uint64_t high = random_();
  const std::uint64_t low = random_();
  std::string out(36, '\0');
  std::snprintf(out.data(), out.size() + 1, "%08x-%04x-4%03x-%04x-%012llx",
                static_cast<unsigned>(high >> 32U), static_cast<unsigned>(high >> 16U & 0xffffU),
                static_cast<unsigned>(high & 0xfffU), static_cast<unsigned>(0x8000U | (low >> 48U & 0x3fffU)),
                static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return out;
}

std::string Cluster::random_suffix(std::size_t size) {
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += kLetters[random_() % kLetters.size()];
  return out;
}

std::string Cluster::fresh_cluster_ip() {
  ++next_ip_;
  return "10.43." + std::to_string(next_ip_ / 250 % 256) + "." + std::to_string(1 + next_ip_ % 250);
}

int Cluster::fresh_node_port() {
  return next_port_ = next_port_ >= 32700 ? 30101 : next_port_ + 1;
}

ObjectPtr Cluster::put(const Resource& resource, Json object) {
  ObjectPtr out = store.put(resource.storage(), std::move(object));
  announce();
  return out;
}

ObjectPtr Cluster::remove(const Resource& resource, const std::string& ns, const std::string& name) {
  ObjectPtr out = store.remove(resource.storage(), ns, name);
  if (out != nullptr) announce();
  return out;
}

void Cluster::announce() {
  changed.notify_all();
  if (!on_change) return;
  std::vector<const Change*> last;
  store.since(store.revision() - 1, last);
  if (!last.empty()) {
    const Change copy = *last.back();
    on_change(copy);
  }
}

}  // namespace gridseal::kubesim
