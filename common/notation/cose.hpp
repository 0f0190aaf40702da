// The COSE form (signature-envelope-cose.md; RFC 9052 section 4.2, COSE_Sign1_Tagged).
#pragma once

#include "notation/envelope.hpp"

namespace gridseal::notation {

// Errors: those of parse_envelope.
base::Result<Envelope> parse_cose(std::string_view bytes);

// Sig_structure of RFC 9052 section 4.4 for COSE_Sign1 without external data: what is signed.
std::string cose_signed_bytes(std::string_view protected_header, std::string_view payload);

}  // namespace gridseal::notation
