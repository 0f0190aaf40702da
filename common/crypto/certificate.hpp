// X.509 certificates (RFC 5280 section 4) read strictly: DER, versions 1 and 3, no duplicate extension. A
// certificate only states things here; whom to believe is decided in certificate_path.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/public_key.hpp"

namespace gridseal::crypto {

namespace oid {
inline constexpr std::string_view kSubjectKeyIdentifier = "2.5.29.14";
inline constexpr std::string_view kKeyUsage = "2.5.29.15";
inline constexpr std::string_view kSubjectAltName = "2.5.29.17";
inline constexpr std::string_view kBasicConstraints = "2.5.29.19";
inline constexpr std::string_view kNameConstraints = "2.5.29.30";
inline constexpr std::string_view kCrlDistributionPoints = "2.5.29.31";
inline constexpr std::string_view kCertificatePolicies = "2.5.29.32";
inline constexpr std::string_view kAuthorityKeyIdentifier = "2.5.29.35";
inline constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
inline constexpr std::string_view kAuthorityInfoAccess = "1.3.6.1.5.5.7.1.1";
inline constexpr std::string_view kSctList = "1.3.6.1.4.1.11129.2.4.2";

inline constexpr std::string_view kAnyExtendedKeyUsage = "2.5.29.37.0";
inline constexpr std::string_view kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr std::string_view kClientAuth = "1.3.6.1.5.5.7.3.2";
inline constexpr std::string_view kCodeSigning = "1.3.6.1.5.5.7.3.3";
inline constexpr std::string_view kEmailProtection = "1.3.6.1.5.5.7.3.4";
inline constexpr std::string_view kTimeStamping = "1.3.6.1.5.5.7.3.8";
inline constexpr std::string_view kOcspSigning = "1.3.6.1.5.5.7.3.9";
}  // namespace oid

struct Extension {
  std::string oid;
  bool critical = false;
  std::string_view value;  // content of extnValue
};

struct BasicConstraints {
  bool critical = false;
  bool ca = false;
  std::optional<int64_t> path_length;
};

struct KeyUsage {
  bool critical = false;
  bool digital_signature = false;
  bool content_commitment = false;  // nonRepudiation
  bool key_encipherment = false;
  bool data_encipherment = false;
  bool key_agreement = false;
  bool key_cert_sign = false;
  bool crl_sign = false;
  bool encipher_only = false;
  bool decipher_only = false;
};

struct ExtendedKeyUsage {
  bool critical = false;
  std::vector<std::string> purposes;  // OIDs, at least one
  bool contains(std::string_view oid) const;
};

// GeneralName (RFC 5280 section 4.2.1.6).
struct GeneralName {
  enum class Kind : uint8_t {
    other_name = 0,
    rfc822_name = 1,
    dns_name = 2,
    x400_address = 3,
    directory_name = 4,
    edi_party_name = 5,
    uri = 6,
    ip_address = 7,
    registered_id = 8,
  };
  Kind kind = Kind::uri;
  std::string_view bytes;  // the content: text of rfc822_name, dns_name and uri as it stands
  std::string other_type;  // other_name: its type-id
  uint8_t other_tag = 0;   // other_name: tag and content of the one element inside [0]
  std::string_view other_value;
};

struct SubjectAltNames {
  bool critical = false;
  std::vector<GeneralName> names;  // at least one
};

// One AttributeTypeAndValue of a Name, in order of the encoding.
struct NameAttribute {
  std::string oid;
  std::string short_name;  // "C", "ST", "L", "O", "OU", "CN", "STREET", "DC", "UID", ... (RFC 4514, X.520),
                           // else the OID
  std::string value;  // UTF-8; of a type that is no text: "#" and the hex of its DER (RFC 4514 section 2.4)
  size_t rdn = 0;     // the RelativeDistinguishedName it belongs to
};

// How a signature on a certificate, CRL or token was made.
struct SignatureAlgorithm {
  enum class Form { ecdsa, rsa_pkcs1, rsa_pss, ed25519 };
  Form form = Form::ecdsa;
  Hash hash = Hash::sha256;  // of no meaning for ed25519

  // An AlgorithmIdentifier, the whole element. ECDSA and RSA with SHA-256, 384, 512; PSS with MGF1 of the
  // same hash and salt of the hash's length; Ed25519. Errors (refused): parse.der, sig.alg_unsupported.
  static base::Result<SignatureAlgorithm> from_der(std::string_view algorithm_identifier);

  // Errors (refused): sig.alg_mismatch (key of another kind), sig.invalid.
  base::Result<void> verify(const PublicKey& key, std::string_view message, std::string_view signature) const;
};

// Immutable, cheap to copy. Every view it returns lives as long as any copy. Thread safe.
class Certificate {
 public:
  static constexpr size_t kMaxSize = 64 * 1024;

  // The whole of `der`. Errors (refused): parse.der, parse.limit, cert.parse (structure, duplicate
  // extensions, different inner and outer signature algorithm, malformed standard extension). A key or
  // signature of an unsupported kind is no error here.
  static base::Result<Certificate> from_der(std::string_view der);
  // Text with exactly one CERTIFICATE block. Also parse.pem, parse.base64.
  static base::Result<Certificate> from_pem(std::string_view text);
  // One or more CERTIFICATE blocks, in order.
  static base::Result<std::vector<Certificate>> from_pem_bundle(std::string_view text, size_t max = 64);

  const std::string& der() const;
  std::string to_pem() const;
  const base::Digest& fingerprint() const;  // SHA-256 of the DER

  int version() const;              // 1 or 3
  std::string_view tbs() const;     // the signed TBSCertificate
  std::string_view serial() const;  // content octets of the INTEGER, as they stand
  std::string_view issuer_der() const;
  std::string_view subject_der() const;
  base::Time not_before() const;
  base::Time not_after() const;
  bool valid_at(base::Time time) const;  // closed interval
  std::string_view spki_der() const;
  // Error: what PublicKey::from_spki said.
  const base::Result<PublicKey>& public_key() const;
  std::string_view signature_algorithm_der() const;
  std::string_view signature() const;

  const std::vector<NameAttribute>& subject() const;
  const std::vector<NameAttribute>& issuer() const;
  // "CN=name,O=org" for people, RFC 4514 order reversed to the order of the encoding; printable.
  std::string subject_text() const;
  std::string issuer_text() const;
  bool self_issued() const;  // subject equals issuer byte for byte

  const std::vector<Extension>& extensions() const;
  const Extension* find_extension(std::string_view oid) const;  // null when absent

  // Absent when the extension is.
  const std::optional<BasicConstraints>& basic_constraints() const;
  const std::optional<KeyUsage>& key_usage() const;
  const std::optional<ExtendedKeyUsage>& extended_key_usage() const;
  const std::optional<SubjectAltNames>& subject_alt_names() const;
  const std::optional<std::string_view>& subject_key_identifier() const;
  // The keyIdentifier of the extension.
  const std::optional<std::string_view>& authority_key_identifier() const;
  bool has_crl_distribution_points() const;
  bool has_ocsp() const;  // authorityInfoAccess with id-ad-ocsp
  bool is_ca() const;     // basicConstraints with CA:TRUE

  // TBSCertificate without this extension, lengths recomputed and all else copied (RFC 6962 section 3.2).
  // Unchanged when it has none.
  std::string tbs_without_extension(std::string_view oid) const;

  // Only the signature: neither names nor rights nor times. Errors (refused): sig.alg_unsupported (SHA-1,
  // MD5, key), sig.alg_mismatch, sig.invalid.
  base::Result<void> check_signed_by(const Certificate& issuer) const;
  base::Result<void> check_signed_by(const PublicKey& key) const;

  friend bool operator==(const Certificate& a, const Certificate& b) { return a.der() == b.der(); }

  struct State;  // internal to crypto

 private:
  explicit Certificate(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace gridseal::crypto
