// Objects from an artifact on their way to the plan: taken apart, normalised, judged; never a crash, and an
// object within the ceiling asks for nothing of the host.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "manifest/ceiling.hpp"
#include "manifest/images.hpp"
#include "manifest/normalise.hpp"
#include "manifest/order.hpp"
#include "manifest/yaml.hpp"

namespace {

using namespace gridseal;

void judge(manifest::Object object) {
  manifest::Ceiling ceiling;
  ceiling.namespaces = {"*"};
  ceiling.kinds = {"*"};
  ceiling.cluster_kinds = {"*"};
  if (!manifest::normalise(object)) return;
  manifest::set_namespace(object, {}, &manifest::builtin_scope);
  manifest::set_owner_label(object, "shop");
  if (manifest::owner_of(object.body) != "shop") std::abort();
  (void)manifest::check_images_pinned(object, false);
  if (manifest::applies_before(object.key, object.key)) std::abort();
  const auto allowed = manifest::check_ceiling(ceiling, object, std::nullopt);
  if (allowed && object.key.namespace_ == "kube-system") std::abort();
  // Normalising again changes nothing.
  const auto once = object.body;
  if (!manifest::normalise(object) || object.body != once) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto documents = manifest::parse_yaml(text, {.max_bytes = 1U << 16U, .max_nodes = 20'000});
  if (!documents) return 0;
  for (auto& document : *documents) {
    auto objects = manifest::Object::from_document(std::move(document), {"fuzz.yaml", 1});
    if (!objects) continue;
    for (auto& object : *objects) judge(std::move(object));
  }
  return 0;
}
