// Header fields of untrusted answers that decide where the client goes next. All parsers are bounded and give
// nothing rather than a guess.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace gridseal::oci {

// One challenge of WWW-Authenticate (RFC 9110 sections 11.3 and 11.6.1).
struct Challenge {
  std::string scheme;                             // lower case
  std::map<std::string, std::string> parameters;  // names in lower case; the first of a name counts
};
std::vector<Challenge> parse_challenges(std::string_view field);

// The target of the link with rel="next" (RFC 8288), as written.
std::optional<std::string> next_link(std::string_view field);

// "bytes 100-199/1000" (RFC 9110 section 14.4).
struct ContentRange {
  uint64_t first = 0;
  uint64_t last = 0;
  std::optional<uint64_t> total;  // empty: "*"
};
std::optional<ContentRange> parse_content_range(std::string_view field);

// Seconds or an IMF-fixdate (RFC 9110 sections 10.2.3 and 5.6.7), as a span from `now`, never negative.
std::optional<base::milliseconds> parse_retry_after(std::string_view field, base::Time now);

// A whole decimal number, nothing else.
std::optional<uint64_t> parse_number(std::string_view text);

// The media type without parameters, in lower case.
std::string essence(std::string_view content_type);

// For a query: everything but unreserved characters (RFC 3986 section 2.3) is encoded.
std::string percent_encode(std::string_view text);

}  // namespace gridseal::oci
