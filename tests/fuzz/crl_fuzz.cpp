// Certificate revocation lists.
#include <cstdint>
#include <cstdlib>

#include "crypto/revocation_list.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto list = crypto::RevocationList::from_der({reinterpret_cast<const char*>(data), size});
  if (!list) return 0;
  (void)list->find("\x01");
  if (list->check_current(list->next_update() + base::milliseconds(1))) std::abort();
  return 0;
}
