// Where the bytes of a blob go while they arrive.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::oci {

// Used by one thread at a time.
class BlobSink {
 public:
  virtual ~BlobSink() = default;
  // Bytes it holds already: where a cut transfer goes on.
  virtual uint64_t size() const = 0;
  virtual base::Result<void> write(std::string_view piece) = 0;
  // Forgets what it holds.
  virtual base::Result<void> restart() = 0;
  // All bytes are there: checks size and digest and makes them usable. oci.digest_mismatch or
  // oci.size_mismatch (refused): nothing became usable; restart() may follow.
  virtual base::Result<void> finish() = 0;
};

}  // namespace gridseal::oci
