// What X.509, CMS and CRLs share beyond plain DER (internal to crypto): times, booleans, extensions, digest
// algorithms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/der.hpp"

namespace gridseal::crypto::der {

inline constexpr uint8_t kEnumerated = 0x0A;
inline constexpr uint8_t kUtcTime = 0x17;
inline constexpr uint8_t kGeneralizedTime = 0x18;

// UTCTime (years 1950 to 2049) or GeneralizedTime in UTC with seconds, as RFC 5280 section 4.1.2.5 wants
// them; `fraction` allows the fraction of RFC 3161 and cuts it to milliseconds. Errors: parse.der.
base::Result<base::Time> parse_time(const Element& element, bool fraction = false);
base::Result<base::Time> read_time(Reader& reader);

// 0x00 or 0xFF.
base::Result<bool> read_boolean(Reader& reader);

// The content octets of an INTEGER that is minimal and not negative.
base::Result<std::string_view> read_serial(Reader& reader);

// Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension, at most 64, every OID once. Errors: parse.der,
// parse.limit, cert.parse (twice the same).
base::Result<std::vector<Extension>> read_extensions(Reader& reader);

// A whole value: nothing before, nothing after.
base::Result<Reader> enter_whole(std::string_view bytes, uint8_t tag);

// AlgorithmIdentifier of SHA-256, 384 or 512 with parameters absent or NULL. Errors: parse.der,
// sig.alg_unsupported.
base::Result<Hash> read_digest_algorithm(Reader& reader);
std::optional<Hash> hash_of_oid(std::string_view oid);

}  // namespace gridseal::crypto::der
