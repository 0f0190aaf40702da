// Distinguished names as trust policies write them: `x509.subject: C=NO, ST=Oslo, O=Acme` (RFC 4514 text).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gridseal::notation {

struct SubjectAttribute {
  std::string type;   // dotted object identifier
  std::string value;  // UTF-8, unescaped

  friend bool operator==(const SubjectAttribute&, const SubjectAttribute&) = default;
};

// A name to be matched: every attribute must be in the certificate's subject, exactly once and equal.
struct SubjectPattern {
  std::string text;  // as written
  std::vector<SubjectAttribute> attributes;
};

// Attribute types: C, ST or S, L, O, OU, CN, STREET, POSTALCODE, SERIALNUMBER, DC, UID, or a dotted object
// identifier. C, ST and O must be there; none twice. Several attributes joined by '+' and values written as
// #hex are refused. Error (refused): notary.policy.
base::Result<SubjectPattern> parse_subject_pattern(std::string_view text);

bool matches(const SubjectPattern& pattern, const std::vector<SubjectAttribute>& subject);

// Whether all that matches one of them may match the other as well: one's attributes are among the other's.
bool overlap(const SubjectPattern& a, const SubjectPattern& b);

}  // namespace gridseal::notation
