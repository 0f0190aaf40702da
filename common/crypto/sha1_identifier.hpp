// SHA-1 where an old format names a certificate by it (RFC 2634 section 5.4; internal to crypto). It
// identifies and never authenticates: what it names is checked by other means.
#pragma once

#include <string>
#include <string_view>

namespace gridseal::crypto {

std::string sha1_identifier(std::string_view bytes);  // 20 bytes

}  // namespace gridseal::crypto
