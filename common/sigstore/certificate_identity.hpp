// Who a signing certificate was issued to: its one subject alternative name and the extensions
// 1.3.6.1.4.1.57264.1.* (fulcio, docs/oid-info.md).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "crypto/certificate.hpp"

namespace gridseal::sigstore {

enum class SubjectKind { uri, email, other_name };

std::string_view to_string(SubjectKind kind);  // "uri", "email", "otherName"

struct CertificateIdentity {
  SubjectKind kind = SubjectKind::uri;
  std::string subject;  // the subject alternative name, as in the certificate
  std::string issuer;   // extension .8; .1 only where .8 is absent
  // Every other extension of the family that is there, by the names of extension_names().
  std::map<std::string, std::string> extensions;
};

// "build_signer_uri", "build_signer_digest", "runner_environment", "source_repository_uri",
// "source_repository_digest", "source_repository_ref", "source_repository_identifier",
// "source_repository_owner_uri", "source_repository_owner_identifier", "build_config_uri",
// "build_config_digest", "build_trigger", "run_invocation_uri", "source_repository_visibility",
// "deployment_environment", "token_subject", and the older "github_workflow_trigger", "github_workflow_sha",
// "github_workflow_name", "github_workflow_repository", "github_workflow_ref".
const std::vector<std::string>& extension_names();

// Strict: exactly one subject alternative name of the three kinds; .8 and above are each one DER UTF8String;
// no control characters anywhere. A certificate without an issuer extension has an empty issuer, which no
// pattern matches. Errors (refused): cert.san, cert.parse (an extension).
base::Result<CertificateIdentity> read_identity(const crypto::Certificate& certificate);

// "https://github.com/acme/... (issuer https://token.actions...)": for people, printable.
std::string describe(const CertificateIdentity& identity);

}  // namespace gridseal::sigstore
