// SHA-256 of content; see hash.hpp.
#pragma once

#include "crypto/hash.hpp"  // IWYU pragma: export
