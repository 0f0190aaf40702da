// DSSE (secure-systems-lab/dsse, protocol.md) and in-toto statements (in-toto/attestation spec v1 and v0.1).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace gridseal::sigstore {

using Annotations = std::map<std::string, std::string>;

inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

// The bytes that a DSSE signature is over.
std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload);

struct Subject {
  std::string sha256;  // as written; empty when it names none
  Annotations annotations;
};

struct Statement {
  std::string predicate_type;
  std::vector<Subject> subjects;
};

// Unknown members are ignored, as the specification asks. Errors (refused): parse.json, parse.duplicate_key,
// parse.limit, intoto.type, intoto.no_subject.
base::Result<Statement> parse_statement(std::string_view payload);

// The subject that names `artifact`, lower-case hex; nullptr when none does.
const Subject* find_subject(const Statement& statement, const base::Digest& artifact);

}  // namespace gridseal::sigstore
