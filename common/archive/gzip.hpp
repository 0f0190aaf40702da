// gzip (RFC 1952) of a text in memory, without name and time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::archive {

// Error (blocked): archive.write.
base::Result<std::string> gzip(std::string_view bytes);

// One gzip file and nothing else. Errors (refused): archive.format, archive.limit (more than `limit` bytes).
base::Result<std::string> gunzip(std::string_view packed, size_t limit);

}  // namespace gridseal::archive
