#include <nettle/sha1.h>
#include <nettle/version.h>

#include "support/pki/encode.hpp"

namespace gridseal::test::pki {

namespace der = crypto::der;

namespace {

std::string sha1_of(std::string_view bytes) {
  std::string out(SHA1_DIGEST_SIZE, '\0');
  struct sha1_ctx context;
  sha1_init(&context);
  sha1_update(&context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
#if NETTLE_VERSION_MAJOR >= 4
  sha1_digest(&context, reinterpret_cast<uint8_t*>(out.data()));
#else
  sha1_digest(&context, out.size(), reinterpret_cast<uint8_t*>(out.data()));
#endif
  return out;
}

std::string accuracy(base::milliseconds value) {
  std::string content;
  if (value.count() >= 1000) content += encode_number(value.count() / 1000);
  if (value.count() % 1000 != 0) {
    const std::string integer = encode_number(value.count() % 1000);
    content += der::encode(der::context(0, false), integer.substr(2));
  }
  return sequence(content);
}

std::string tst_info(const TimestampSpec& spec, std::string_view stamped) {
  const std::string oid =
      spec.imprint_algorithm.empty() ? hash_oid(spec.imprint_hash) : spec.imprint_algorithm;
  const std::string imprint =
      spec.imprint.empty() ? crypto::hash_of(spec.imprint_hash, stamped) : spec.imprint;
  std::string content = encode_number(spec.tst_version);
  content += der::encode_oid("1.3.6.1.4.1.57264.2");
  content += sequence(digest_algorithm(oid) + der::encode(der::kOctetString, imprint));
  content += encode_number(4711);
  content +=
      encode_generalized_time(spec.gen_time.empty() ? generalized_time_text(spec.time) : spec.gen_time);
  if (spec.accuracy) content += accuracy(*spec.accuracy);
  return sequence(content);
}

std::string attribute(std::string_view oid, std::string_view value) {
  return sequence(der::encode_oid(oid) + der::encode(der::kSet, value));
}

std::string signing_certificate(const TimestampSpec& spec, const Identity& signer) {
  const std::string& certificate = signer.certificate.der();
  std::string digest = spec.ess_digest;
  if (digest.empty())
    digest =
        spec.ess_version == 1 ? sha1_of(certificate) : crypto::hash_of(crypto::Hash::sha256, certificate);
  const std::string identifiers = sequence(sequence(der::encode(der::kOctetString, digest)));
  const auto* const oid = spec.ess_version == 1 ? "1.2.840.113549.1.9.16.2.12" : "1.2.840.113549.1.9.16.2.47";
  return attribute(oid, sequence(identifiers));
}

std::string signed_attributes(const TimestampSpec& spec, std::string_view content, crypto::Hash hash,
                              const Identity& signer) {
  const std::string& type =
      spec.attribute_content_type.empty() ? spec.content_type : spec.attribute_content_type;
  const std::string digest =
      spec.message_digest.empty() ? crypto::hash_of(hash, content) : spec.message_digest;
  std::string attributes = attribute("1.2.840.113549.1.9.3", der::encode_oid(type));
  attributes += attribute("1.2.840.113549.1.9.4", der::encode(der::kOctetString, digest));
  if (spec.ess_version != 0) attributes += signing_certificate(spec, signer);
  return attributes;
}

std::string signer_info(const TimestampSpec& spec, std::string_view content, const Identity& signer) {
  const crypto::PublicKey& key = signer.key.public_key();
  const crypto::Hash hash = key.natural_hash();
  const auto scheme = key.natural_scheme();
  const crypto::Certificate& certificate = signer.certificate;
  std::string info = encode_number(1);
  info += sequence(std::string(certificate.issuer_der()) + der::encode(der::kInteger, certificate.serial()));
  info += digest_algorithm(hash_oid(hash));
  std::string to_sign(content);
  if (spec.signed_attributes) {
    const std::string attributes = signed_attributes(spec, content, hash, signer);
    info += der::encode(der::context(0), attributes);
    to_sign = der::encode(der::kSet, attributes);
  }
  info += signature_algorithm(key, scheme);
  info += der::encode(der::kOctetString, sign(signer.key, scheme, to_sign));
  return sequence(info);
}

}  // namespace

std::string timestamp_token(const TimestampSpec& spec, std::string_view stamped, const Identity& signer) {
  const std::string info = tst_info(spec, stamped);
  const std::string wrapped = der::encode(der::context(0), der::encode(der::kOctetString, info));
  std::string data = encode_number(3);
  data += der::encode(der::kSet, digest_algorithm(hash_oid(signer.key.public_key().natural_hash())));
  data += sequence(der::encode_oid(spec.content_type) + wrapped);
  std::string certificates;
  for (const crypto::Certificate& certificate : spec.certificates) certificates += certificate.der();
  if (!certificates.empty()) data += der::encode(der::context(0), certificates);
  std::string signers;
  for (int i = 0; i < spec.signers; ++i) signers += signer_info(spec, info, signer);
  data += der::encode(der::kSet, signers);
  const std::string content = der::encode(der::context(0), sequence(data));
  return sequence(der::encode_oid("1.2.840.113549.1.7.2") + content);
}

std::string timestamp_response(std::string_view token, int status) {
  return sequence(sequence(encode_number(status)) + std::string(token));
}

}  // namespace gridseal::test::pki
