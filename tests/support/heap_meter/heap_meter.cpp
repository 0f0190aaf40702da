#include "support/heap_meter/heap_meter.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>

// The allocator of the C library under its other names (glibc).
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* block);
}

namespace {

std::atomic<size_t> held{0};
std::atomic<size_t> most{0};

void* taken(void* block) {
  if (block == nullptr) return nullptr;
  const size_t now = held += malloc_usable_size(block);
  if (now > most) most = now;
  return block;
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  return taken(__libc_malloc(size));
}
void* calloc(size_t count, size_t size) {
  return taken(__libc_calloc(count, size));
}
void* aligned_alloc(size_t alignment, size_t size) {
  return taken(__libc_memalign(alignment, size));
}
int posix_memalign(void** block, size_t alignment, size_t size) {
  *block = taken(__libc_memalign(alignment, size));
  return *block == nullptr ? 12 : 0;  // ENOMEM
}
void* realloc(void* block, size_t size) {
  const size_t before = block == nullptr ? 0 : malloc_usable_size(block);
  void* const moved = __libc_realloc(block, size);
  if (moved == nullptr && size != 0) return nullptr;
  held -= before;
  return taken(moved);
}
void free(void* block) {
  if (block != nullptr) held -= malloc_usable_size(block);
  __libc_free(block);
}
}

namespace gridseal::test {

HeapMeter::HeapMeter() : begin_(held) {
  most = begin_;
}

size_t HeapMeter::peak() const {
  return std::max(most.load(), begin_) - begin_;
}

}  // namespace gridseal::test
