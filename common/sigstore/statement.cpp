#include "sigstore/statement.hpp"

#include "base/json.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr base::JsonLimits kStatementLimits{size_t{8} << 20U, 64, 200'000};
constexpr size_t kMaxSubjects = 1024;
constexpr size_t kMaxDigests = 32;

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

std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
  std::string encoding = "DSSEv1 " + std::to_string(payload_type.size()) + " ";
  encoding.append(payload_type);
  encoding += " " + std::to_string(payload.size()) + " ";
  return encoding.append(payload);
}

Result<Statement> parse_statement(std::string_view payload) {
  const auto json = base::parse_json(payload, kStatementLimits);
  if (!json) return json.error();
  const std::string* type = base::find_string(*json, "_type");
  if (type == nullptr ||
      (*type != "https://in-toto.io/Statement/v1" && *type != "https://in-toto.io/Statement/v0.1")) {
    return Error::refused("intoto.type", "the signed payload is not an in-toto statement");
  }
  const std::string* predicate_type = base::find_string(*json, "predicateType");
  if (predicate_type == nullptr)
    return Error::refused("intoto.predicate_type", "the statement has no predicateType");
  const Json* subjects = base::find_array(*json, "subject");
  if (subjects == nullptr || subjects->empty())
    return Error::refused("intoto.no_subject", "the statement is about nothing");
  if (subjects->size() > kMaxSubjects)
    return Error::refused("parse.limit",
                          "a statement with more than " + std::to_string(kMaxSubjects) + " subjects");
  Statement statement{*predicate_type, {}};
  for (const Json& subject : *subjects) {
    auto parsed = parse_subject(subject);
    if (!parsed) return std::move(parsed).error();
    statement.subjects.push_back(std::move(*parsed));
  }
  return statement;
}

const Subject* find_subject(const Statement& statement, const base::Digest& artifact) {
  const std::string hex = artifact.hex();
  for (const Subject& subject : statement.subjects) {
    if (subject.sha256 == hex) return &subject;
  }
  return nullptr;
}

}  // namespace gridseal::sigstore
