// How much of the heap a piece of work holds at most. Counts every allocation of the process, also those of
// libraries.
#pragma once

#include <cstddef>

namespace gridseal::test {

// One at a time, one thread.
class HeapMeter {
 public:
  HeapMeter();
  // Bytes above what was held when the meter was made.
  size_t peak() const;

 private:
  size_t begin_;
};

}  // namespace gridseal::test
