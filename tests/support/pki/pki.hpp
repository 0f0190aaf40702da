// Certificates, timestamps and revocation lists of any shape, also wrong ones, made on the fly. Keys are
// P-256 unless the test brings its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/private_key.hpp"
#include "crypto/revocation_list.hpp"
#include "crypto/timestamp.hpp"

namespace gridseal::test::pki {

// "2026-03-01T00:00:00Z"; aborts on a typing error.
base::Time at(std::string_view rfc3339);

// ---- Names and extensions, as DER -------------------------------------------------------------------------

struct Attribute {
  std::string oid;
  std::string value;
  uint8_t tag = 0x0C;  // UTF8String
};
// A Name with one attribute for each RDN; {} is the empty name.
std::string name(const std::vector<Attribute>& attributes);
// A Name of one commonName.
std::string common_name(std::string_view text);

struct ExtensionSpec {
  std::string oid;
  bool critical = false;
  std::string value;  // content of extnValue
};

ExtensionSpec basic_constraints(bool ca, std::optional<int> path_length = {}, bool critical = true);
// Bits as numbered in RFC 5280: 0 digitalSignature, 5 keyCertSign, 6 cRLSign, ...
ExtensionSpec key_usage(const std::vector<int>& bits, bool critical = true);
ExtensionSpec extended_key_usage(const std::vector<std::string>& oids, bool critical = false);
ExtensionSpec subject_key_identifier(const crypto::PublicKey& key);
ExtensionSpec authority_key_identifier(const crypto::PublicKey& key);
// Encoded GeneralNames: uri(), email(), other_name(), dns().
ExtensionSpec subject_alt_names(const std::vector<std::string>& names, bool critical = true);
std::string uri(std::string_view text);
std::string email(std::string_view text);
std::string dns(std::string_view text);
std::string other_name(std::string_view oid, std::string_view utf8);
// Distribution point and OCSP responder with these URLs.
ExtensionSpec crl_distribution_point(std::string_view url);
ExtensionSpec ocsp_responder(std::string_view url);
ExtensionSpec raw_extension(std::string_view oid, std::string_view value, bool critical = false);
// Value as DER UTF8String: Fulcio's extensions 1.3.6.1.4.1.57264.1.8 and up.
ExtensionSpec utf8_extension(std::string_view oid, std::string_view text, bool critical = false);

// ---- Certificates -----------------------------------------------------------------------------------------

struct CertificateSpec {
  std::string subject = common_name("Test");  // a Name
  base::Time not_before = at("2026-01-01T00:00:00Z");
  base::Time not_after = at("2036-01-01T00:00:00Z");
  std::string serial = "\x01\x23\x45";  // magnitude
  std::vector<ExtensionSpec> extensions;
  int version = 3;
  std::optional<crypto::Scheme> scheme;   // default: the natural one of the signing key
  std::string signature_algorithm;        // AlgorithmIdentifier instead of the scheme's own
  std::string outer_signature_algorithm;  // when it shall differ from the inner one
};

// AlgorithmIdentifier of what PrivateKey::sign makes.
std::string signature_algorithm(const crypto::PublicKey& key, crypto::Scheme scheme);

// The TBSCertificate, and a certificate around it. For SCTs: make the TBS without them, then with.
std::string to_be_signed(const CertificateSpec& spec, const crypto::PublicKey& subject_key,
                         std::string_view issuer_name, const crypto::PublicKey& issuer_key);
std::string sign_certificate(std::string_view tbs, const CertificateSpec& spec,
                             const crypto::PrivateKey& issuer_key);
std::string certificate_der(const CertificateSpec& spec, const crypto::PublicKey& subject_key,
                            std::string_view issuer_name, const crypto::PrivateKey& issuer_key);

// A certificate with its key. Moves only.
struct Identity {
  crypto::PrivateKey key;
  crypto::Certificate certificate;
  std::string name() const { return std::string(certificate.subject_der()); }
};

crypto::PrivateKey new_key();
crypto::Certificate must_parse(std::string_view der);  // aborts on an error

// Issued by itself, or by `issuer`, with a new key; extensions as in the spec and nothing else.
Identity self_signed(const CertificateSpec& spec);
Identity issue(const CertificateSpec& spec, const Identity& issuer);
// The same for a key at hand.
Identity issue(const CertificateSpec& spec, const Identity& issuer, crypto::PrivateKey key);

// Good specs to start from. Key identifiers are left out; add them where a test needs them.
CertificateSpec ca_spec(std::string_view common_name, std::optional<int> path_length = {});
CertificateSpec code_signing_spec(const std::vector<std::string>& san);  // Fulcio's: empty subject, ten
                                                                         // minutes from 2026-03-01T12:00:00Z
CertificateSpec time_stamping_spec(std::string_view common_name);

// Root, intermediate and leaf.
struct Chain {
  Identity root;
  Identity intermediate;
  Identity leaf;
  // [intermediate, root]
  std::vector<crypto::Certificate> authority() const;
  // [leaf, intermediate, root]
  std::vector<crypto::Certificate> certificates() const;
};
Chain code_signing_chain(const std::vector<std::string>& san);
Chain time_stamping_chain();

// ---- Timestamps -------------------------------------------------------------------------------------------

struct TimestampSpec {
  base::Time time = at("2026-03-01T12:05:00Z");
  std::string gen_time;                        // GeneralizedTime text instead of `time`
  std::optional<base::milliseconds> accuracy;  // whole numbers of seconds and milliseconds
  crypto::Hash imprint_hash = crypto::Hash::sha256;
  std::string imprint;            // instead of the hash of the stamped bytes
  std::string imprint_algorithm;  // OID instead of imprint_hash's
  int ess_version = 2;            // 1, 2; 0 leaves the attribute out
  std::string ess_digest;         // instead of the hash of the signer's certificate
  std::string message_digest;     // instead of the hash of the TSTInfo
  std::string content_type = "1.2.840.113549.1.9.16.1.4";
  std::string attribute_content_type;  // when it shall differ
  bool signed_attributes = true;
  int signers = 1;
  int tst_version = 1;
  std::vector<crypto::Certificate> certificates;  // embedded
};

// The bare token over `stamped`.
std::string timestamp_token(const TimestampSpec& spec, std::string_view stamped, const Identity& signer);
// A TimeStampResp around it.
std::string timestamp_response(std::string_view token, int status = 0);

// ---- Revocation lists -------------------------------------------------------------------------------------

struct RevokedSpec {
  std::string serial;  // magnitude
  base::Time revoked_at;
  std::optional<base::Time> invalid_since;
  std::optional<int> reason;
  std::vector<ExtensionSpec> extensions;  // further ones
};

struct RevocationListSpec {
  base::Time this_update = at("2026-03-01T00:00:00Z");
  std::optional<base::Time> next_update = at("2026-04-01T00:00:00Z");
  std::vector<RevokedSpec> revoked;
  std::vector<ExtensionSpec> extensions;
};

std::string revocation_list(const RevocationListSpec& spec, const Identity& issuer);

}  // namespace gridseal::test::pki
