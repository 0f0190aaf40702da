#include "daemon/memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace gridseal::daemon {
namespace {

// Whole pages of one segment that nobody writes: they are those of the file.
void unmap_clean_pages(const dl_phdr_info& object, const ElfW(Phdr) & segment) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = object.dlpi_addr + segment.p_vaddr;
  const uintptr_t end = begin + segment.p_memsz;
  const uintptr_t first = (begin + page - 1) / page * page;
  const uintptr_t last = end / page * page;
  if (first < last) (void)::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

int visit(dl_phdr_info* object, size_t /*size*/, void* /*data*/) {
  for (size_t i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0) unmap_clean_pages(*object, segment);
  }
  return 0;
}

}  // namespace

void give_back_memory() {
  (void)::malloc_trim(0);
  (void)::dl_iterate_phdr(visit, nullptr);
}

}  // namespace gridseal::daemon
