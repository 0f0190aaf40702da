// DSSE (secure-systems-lab/dsse, protocol.md) and in-toto statements (in-toto/attestation spec v1 and v0.1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json_pointer.hpp"
#include "base/json_stream.hpp"

namespace gridseal::sigstore {

using Annotations = std::map<std::string, std::string>;

inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

// The bytes that a DSSE signature is over: what stands in front of the payload, and all of it.
std::string pre_authentication_head(std::string_view payload_type, uint64_t payload_size);
std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload);

struct Subject {
  std::string sha256;  // as written; empty when it names none
  Annotations annotations;
};

// Fields of a statement that somebody will look at, as pointers into the whole of it.
using StatementFields = std::vector<base::JsonPointer>;

struct Statement {
  std::string predicate_type;
  std::vector<Subject> subjects;
  // The statement with those fields only that were asked for: a list or an object that is one of them is
  // empty, a text is cut after base::kMaxConditionText + 1 bytes.
  base::Json fields{};
};

// Reads a statement that comes in pieces, up to 8 MiB. What is held of it: type, subjects and the fields
// asked for, together at most 512 KiB. Unknown members are ignored, as the specification asks.
class StatementReader : private base::JsonFilter {
 public:
  explicit StatementReader(const StatementFields& fields);

  // False as soon as the text is refused: what follows need not be given.
  bool feed(std::string_view piece) { return stream_.feed(piece); }
  // The end; once. Errors (refused): parse.json, parse.duplicate_key, parse.limit, intoto.type,
  // intoto.no_subject, intoto.predicate_type.
  base::Result<Statement> finish();

 private:
  Keep keep(const base::JsonPath& path, bool container) override;
  bool complete(const base::JsonPath& path, base::Json& value) override;
  bool leads_to_field(const base::JsonPath& path) const;
  bool is_asked_for(const base::JsonPath& path) const;

  const StatementFields& fields_;
  std::vector<Subject> subjects_;
  std::optional<base::Error> wrong_subject_;
  base::JsonStream stream_;
};

// The same of a text that is all there; no fields.
base::Result<Statement> parse_statement(std::string_view payload);

// The subject that names `artifact`, lower-case hex; nullptr when none does.
const Subject* find_subject(const Statement& statement, const base::Digest& artifact);

}  // namespace gridseal::sigstore
