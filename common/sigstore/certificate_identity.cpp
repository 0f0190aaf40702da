#include "sigstore/certificate_identity.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/der.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;
using crypto::Certificate;
using crypto::GeneralName;
namespace der = crypto::der;

constexpr std::string_view kArc = "1.3.6.1.4.1.57264.1.";
constexpr std::string_view kOtherNameType = "1.3.6.1.4.1.57264.1.7";
constexpr int kIssuerV1 = 1;
constexpr int kIssuerV2 = 8;
constexpr int kFirstDer = 8;  // below, the value is the bare text

struct Named {
  int number;
  std::string_view name;
};

constexpr std::array<Named, 21> kExtensions{{
    {9, "build_signer_uri"},
    {10, "build_signer_digest"},
    {11, "runner_environment"},
    {12, "source_repository_uri"},
    {13, "source_repository_digest"},
    {14, "source_repository_ref"},
    {15, "source_repository_identifier"},
    {16, "source_repository_owner_uri"},
    {17, "source_repository_owner_identifier"},
    {18, "build_config_uri"},
    {19, "build_config_digest"},
    {20, "build_trigger"},
    {21, "run_invocation_uri"},
    {22, "source_repository_visibility"},
    {23, "deployment_environment"},
    {24, "token_subject"},
    {2, "github_workflow_trigger"},
    {3, "github_workflow_sha"},
    {4, "github_workflow_name"},
    {5, "github_workflow_repository"},
    {6, "github_workflow_ref"},
}};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_clean_text(std::string_view text) {
  return base::is_utf8(text) && !has_control(text);
}

Error bad_extension(int number, const std::string& why) {
  return Error::refused(
      "cert.parse", "the certificate's extension " + std::string(kArc) + std::to_string(number) + " " + why);
}

// nullopt: the certificate does not have it.
Result<std::optional<std::string>> read_extension(const Certificate& certificate, int number) {
  const crypto::Extension* extension = certificate.find_extension(std::string(kArc) + std::to_string(number));
  if (extension == nullptr) return std::optional<std::string>();
  std::string_view text = extension->value;
  if (number >= kFirstDer) {
    der::Reader reader(extension->value);
    const auto element = reader.next(der::kUtf8String);
    if (!element || !reader.end()) return bad_extension(number, "is not one DER UTF8String");
    text = element->content;
  }
  if (!is_clean_text(text)) return bad_extension(number, "holds control characters or is not UTF-8");
  return std::optional<std::string>(text);
}

Error bad_name(const std::string& why) {
  return Error::refused("cert.san", "the certificate's subject alternative name " + why);
}

Result<void> read_name(const Certificate& certificate, CertificateIdentity& identity) {
  const auto& names = certificate.subject_alt_names();
  if (!names) return bad_name("is missing");
  if (names->names.size() != 1)
    return bad_name("is not one but " + std::to_string(names->names.size()) + " names");
  const GeneralName& name = names->names.front();
  std::string_view text = name.bytes;
  if (name.kind == GeneralName::Kind::uri) {
    identity.kind = SubjectKind::uri;
  } else if (name.kind == GeneralName::Kind::rfc822_name) {
    identity.kind = SubjectKind::email;
  } else if (name.kind == GeneralName::Kind::other_name && name.other_type == kOtherNameType &&
             name.other_tag == der::kUtf8String) {
    identity.kind = SubjectKind::other_name;
    text = name.other_value;
  } else {
    return bad_name("is of a kind that names no signer");
  }
  if (text.empty()) return bad_name("is empty");
  const bool ascii = identity.kind == SubjectKind::other_name || is_ascii(text);
  if (!ascii || !is_clean_text(text)) return bad_name("holds characters that no such name has");
  identity.subject = text;
  return {};
}

Result<void> read_issuer(const Certificate& certificate, CertificateIdentity& identity) {
  for (const int number : {kIssuerV2, kIssuerV1}) {
    auto issuer = read_extension(certificate, number);
    if (!issuer) return std::move(issuer).error();
    // Both are read, so that a malformed one is never passed over.
    if (*issuer && identity.issuer.empty()) identity.issuer = std::move(**issuer);
    if (number == kIssuerV2 && *issuer && identity.issuer.empty()) return bad_extension(number, "is empty");
  }
  return {};
}

}  // namespace

std::string_view to_string(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::uri:
      return "uri";
    case SubjectKind::email:
      return "email";
    case SubjectKind::other_name:
      return "otherName";
  }
  return "";
}

const std::vector<std::string>& extension_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Named& extension : kExtensions) all.emplace_back(extension.name);
    return all;
  }();
  return names;
}

Result<CertificateIdentity> read_identity(const Certificate& certificate) {
  CertificateIdentity identity;
  if (auto name = read_name(certificate, identity); !name) return std::move(name).error();
  if (auto issuer = read_issuer(certificate, identity); !issuer) return std::move(issuer).error();
  for (const Named& extension : kExtensions) {
    auto value = read_extension(certificate, extension.number);
    if (!value) return std::move(value).error();
    if (*value) identity.extensions.emplace(extension.name, std::move(**value));
  }
  return identity;
}

std::string describe(const CertificateIdentity& identity) {
  const std::string issuer = identity.issuer.empty() ? "of no issuer" : "issuer " + identity.issuer;
  return base::printable(identity.subject, 300) + " (" + base::printable(issuer, 200) + ")";
}

}  // namespace gridseal::sigstore
