// Names of X.501 (RFC 5280 section 4.1.2.4) for policies and people (internal to crypto).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "crypto/certificate.hpp"

namespace gridseal::crypto {

// `name` is a whole Name; at most 64 attributes. Errors (refused): parse.der, parse.limit.
base::Result<std::vector<NameAttribute>> parse_name(std::string_view name);

// "C=DE,O=Works,CN=line 4", printable.
std::string name_text(const std::vector<NameAttribute>& attributes);

}  // namespace gridseal::crypto
