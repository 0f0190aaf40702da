#include "sigstore/statement.hpp"

#include <algorithm>

#include "base/json_condition.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Json;
using base::JsonPath;
using base::Result;

constexpr base::JsonStreamLimits kStatementLimits{.max_bytes = uint64_t{8} << 20U,
                                                  .max_depth = 64,
                                                  .max_values = 200'000,
                                                  .max_held = size_t{512} << 10U,
                                                  .cut_texts = base::kMaxConditionText + 1};
constexpr size_t kMaxSubjects = 1024;
constexpr size_t kMaxDigests = 32;

bool is_subject(const JsonPath& path) {
  return path.size() == 2 && path.front() == "subject";
}

Result<Subject> parse_subject(const Json& json) {
  const Json* digests = base::find_object(json, "digest");
  if (digests == nullptr || digests->empty())
    return Error::refused("intoto.no_subject", "a subject of the statement has no digest");
  if (digests->size() > kMaxDigests)
    return Error::refused("parse.limit",
                          "a subject with more than " + std::to_string(kMaxDigests) + " digests");
  Subject subject;
  if (const std::string* sha256 = base::find_string(*digests, "sha256")) subject.sha256 = *sha256;
  if (const Json* annotations = base::find_object(json, "annotations")) {
    for (const auto& [name, value] : annotations->items()) {
      if (value.is_string()) subject.annotations.emplace(name, value.get_ref<const std::string&>());
    }
  }
  return subject;
}

}  // namespace

std::string pre_authentication_head(std::string_view payload_type, uint64_t payload_size) {
  std::string head = "DSSEv1 " + std::to_string(payload_type.size()) + " ";
  head.append(payload_type);
  return head + " " + std::to_string(payload_size) + " ";
}

std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
  return pre_authentication_head(payload_type, payload.size()).append(payload);
}

StatementReader::StatementReader(const StatementFields& fields)
    : fields_(fields), stream_(*this, kStatementLimits) {}

// Whether a field is the value at `path` or lies in it.
bool StatementReader::leads_to_field(const JsonPath& path) const {
  return path.empty() || std::ranges::any_of(fields_, [&](const base::JsonPointer& field) {
           return field.steps.size() >= path.size() &&
                  std::equal(path.begin(), path.end(), field.steps.begin());
         });
}

// Whether it is one of the members that every statement is read for, or lies in one.
bool StatementReader::is_asked_for(const JsonPath& path) const {
  if (path.size() == 1) return path[0] == "_type" || path[0] == "predicateType" || path[0] == "subject";
  if (path[0] != "subject" || path.size() > 4 || subjects_.size() > kMaxSubjects) return false;
  return path.size() == 2 || path[2] == "digest" || path[2] == "annotations";
}

base::JsonFilter::Keep StatementReader::keep(const JsonPath& path, bool /*container*/) {
  return leads_to_field(path) || is_asked_for(path) ? Keep::yes : Keep::no;
}

bool StatementReader::complete(const JsonPath& path, Json& value) {
  if (!is_subject(path)) return true;
  auto subject = parse_subject(value);
  if (!subject) {
    if (!wrong_subject_) wrong_subject_ = std::move(subject).error();
  } else if (subjects_.size() <= kMaxSubjects) {
    subjects_.push_back(std::move(*subject));
  }
  return leads_to_field(path);
}

Result<Statement> StatementReader::finish() {
  auto json = stream_.finish();
  if (!json) return std::move(json).error();
  const std::string* type = base::find_string(*json, "_type");
  if (type == nullptr ||
      (*type != "https://in-toto.io/Statement/v1" && *type != "https://in-toto.io/Statement/v0.1")) {
    return Error::refused("intoto.type", "the signed payload is not an in-toto statement");
  }
  const std::string* predicate_type = base::find_string(*json, "predicateType");
  if (predicate_type == nullptr)
    return Error::refused("intoto.predicate_type", "the statement has no predicateType");
  if (base::find_array(*json, "subject") == nullptr || (subjects_.empty() && !wrong_subject_))
    return Error::refused("intoto.no_subject", "the statement is about nothing");
  if (subjects_.size() > kMaxSubjects)
    return Error::refused("parse.limit",
                          "a statement with more than " + std::to_string(kMaxSubjects) + " subjects");
  if (wrong_subject_) return *wrong_subject_;
  return Statement{*predicate_type, std::move(subjects_), std::move(*json)};
}

Result<Statement> parse_statement(std::string_view payload) {
  const StatementFields none;
  StatementReader reader(none);
  reader.feed(payload);
  return reader.finish();
}

const Subject* find_subject(const Statement& statement, const base::Digest& artifact) {
  const std::string hex = artifact.hex();
  for (const Subject& subject : statement.subjects) {
    if (subject.sha256 == hex) return &subject;
  }
  return nullptr;
}

}  // namespace gridseal::sigstore
