// The standard extensions decoded (RFC 5280 section 4.2; internal to crypto).
#pragma once

#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "crypto/certificate.hpp"
#include "crypto/der.hpp"

namespace gridseal::crypto {

struct StandardExtensions {
  std::optional<BasicConstraints> basic_constraints;
  std::optional<KeyUsage> key_usage;
  std::optional<ExtendedKeyUsage> extended_key_usage;
  std::optional<SubjectAltNames> subject_alt_names;
  std::optional<std::string_view> subject_key_identifier;
  std::optional<std::string_view> authority_key_identifier;
  bool crl_distribution_points = false;
  bool ocsp = false;

  // Unknown extensions are left alone. Errors (refused): parse.der, parse.limit, cert.parse.
  base::Result<void> decode(const Extension& extension);
};

// AuthorityKeyIdentifier: its keyIdentifier, where present. Errors (refused): parse.der, cert.parse.
base::Result<std::optional<std::string_view>> parse_authority_key_identifier(std::string_view value);

// One GeneralName. Errors (refused): parse.der, cert.parse.
base::Result<GeneralName> parse_general_name(const der::Element& element);

}  // namespace gridseal::crypto
