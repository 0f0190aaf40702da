#include "support/pki/encode.hpp"

namespace gridseal::test::pki {

namespace der = crypto::der;

namespace {

std::string entry(const RevokedSpec& spec) {
  std::vector<ExtensionSpec> extensions = spec.extensions;
  if (spec.reason) {
    const std::string code = der::encode(0x0A, std::string(1, static_cast<char>(*spec.reason)));
    extensions.push_back({"2.5.29.21", false, code});
  }
  if (spec.invalid_since) {
    const std::string time = encode_generalized_time(generalized_time_text(*spec.invalid_since));
    extensions.push_back({"2.5.29.24", false, time});
  }
  std::string content = der::encode_unsigned_integer(spec.serial) + encode_time(spec.revoked_at);
  if (!extensions.empty()) content += encode_extensions(extensions);
  return sequence(content);
}

}  // namespace

std::string revocation_list(const RevocationListSpec& spec, const Identity& issuer) {
  const crypto::PublicKey& key = issuer.key.public_key();
  const std::string algorithm = signature_algorithm(key, key.natural_scheme());
  std::string content = encode_number(1) + algorithm + issuer.name() + encode_time(spec.this_update);
  if (spec.next_update) content += encode_time(*spec.next_update);
  std::string entries;
  for (const RevokedSpec& revoked : spec.revoked) entries += entry(revoked);
  if (!entries.empty()) content += sequence(entries);
  if (!spec.extensions.empty()) content += der::encode(der::context(0), encode_extensions(spec.extensions));
  const std::string tbs = sequence(content);
  return sequence(tbs + algorithm + der::encode_bit_string(sign(issuer.key, key.natural_scheme(), tbs)));
}

}  // namespace gridseal::test::pki
