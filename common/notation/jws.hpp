// The JWS form (signature-envelope-jws.md; RFC 7515 section 7.2.2, flattened JSON serialization).
#pragma once

#include "notation/envelope.hpp"

namespace gridseal::notation {

// Errors: those of parse_envelope.
base::Result<Envelope> parse_jws(std::string_view text);

}  // namespace gridseal::notation
