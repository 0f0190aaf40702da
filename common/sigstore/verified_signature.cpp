#include "sigstore/verified_signature.hpp"

#include <algorithm>
#include <utility>

namespace gridseal::sigstore {

using base::Error;
using base::Result;

std::string_view to_string(TimeSource source) {
  switch (source) {
    case TimeSource::log:
      return "log";
    case TimeSource::timestamp_authority:
      return "timestamp authority";
    case TimeSource::signing_authority:
      return "signing authority";
    case TimeSource::caller:
      return "caller";
  }
  return "";
}

bool is_proof(TimeSource source) {
  return source == TimeSource::log || source == TimeSource::timestamp_authority;
}

Result<const Subject*> check_statement_subject(const Statement& statement, const base::Digest& artifact) {
  if (const Subject* subject = find_subject(statement, artifact)) return subject;
  return Error::refused("intoto.subject_mismatch",
                        "the signed statement is not about this artifact: it was moved here");
}

}  // namespace gridseal::sigstore
