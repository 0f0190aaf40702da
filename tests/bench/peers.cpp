#include "peers.hpp"

#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>

namespace gridseal::bench {
namespace {

const unsigned char* octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Verification openssl_verification(const std::string& key_pem, const std::string& hash,
                                  const std::string& message, const std::string& signature) {
  BIO* const bio = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
  const std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr), &EVP_PKEY_free);
  BIO_free(bio);
  const EVP_MD* const md = hash.empty() ? nullptr : EVP_get_digestbyname(hash.c_str());
  return [key, md, message, signature] {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(context.get(), nullptr, md, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                            message.size()) == 1;
  };
}

Verification mbedtls_verification(const std::string& key_pem, const std::string& hash,
                                  const std::string& message, const std::string& signature) {
  if (hash.empty()) return {};  // no Ed25519
  const mbedtls_md_type_t type = hash == "SHA256"   ? MBEDTLS_MD_SHA256
                                 : hash == "SHA384" ? MBEDTLS_MD_SHA384
                                                    : MBEDTLS_MD_SHA512;
  const auto release = [](mbedtls_pk_context* context) {
    mbedtls_pk_free(context);
    delete context;
  };
  const std::shared_ptr<mbedtls_pk_context> key(new mbedtls_pk_context, release);
  mbedtls_pk_init(key.get());
  if (mbedtls_pk_parse_public_key(key.get(), octets(key_pem), key_pem.size() + 1) != 0) return {};
  return [key, type, message, signature] {
    std::array<unsigned char, 64> digest{};
    const auto* const info = mbedtls_md_info_from_type(type);
    mbedtls_md(info, octets(message), message.size(), digest.data());
    return mbedtls_pk_verify(key.get(), type, digest.data(), mbedtls_md_get_size(info), octets(signature),
                             signature.size()) == 0;
  };
}

}  // namespace gridseal::bench
