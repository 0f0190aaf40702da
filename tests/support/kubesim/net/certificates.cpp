#include "kubesim/net/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace gridseal::kubesim {

namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Key read_key(const std::string& pem) {
  return Key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, nullptr));
}
Certificate read_certificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
}

void add_name(X509_NAME* name, const char* field, const std::string& value) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) throw std::runtime_error("certificate extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate blank(EVP_PKEY* key, const std::string& user, const std::vector<std::string>& groups) {
  Certificate out(X509_new());
  X509_set_version(out.get(), 2);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(out.get()), serial >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -86400L);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), 86400L * 3650);
  X509_NAME* name = X509_get_subject_name(out.get());
  for (const std::string& group : groups) add_name(name, "O", group);
  add_name(name, "CN", user);
  X509_set_pubkey(out.get(), key);
  return out;
}

KeyPair finish(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
  X509_sign(certificate, signer, EVP_sha256());
  KeyPair out;
  Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  out.certificate_pem = drain(bio.get());
  Bio key_bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  out.key_pem = drain(key_bio.get());
  return out;
}

KeyPair issue(const KeyPair& authority, const std::string& user, const std::vector<std::string>& groups,
              const std::string& usage, const std::string& alternatives) {
  Key key(EVP_EC_gen("P-256"));
  Certificate issuer = read_certificate(authority.certificate_pem);
  Key signer = read_key(authority.key_pem);
  Certificate out = blank(key.get(), user, groups);
  X509_set_issuer_name(out.get(), X509_get_subject_name(issuer.get()));
  add_extension(out.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(out.get(), issuer.get(), NID_key_usage, "critical,digitalSignature,keyEncipherment");
  add_extension(out.get(), issuer.get(), NID_ext_key_usage, usage);
  add_extension(out.get(), issuer.get(), NID_authority_key_identifier, "keyid");
  if (!alternatives.empty()) add_extension(out.get(), issuer.get(), NID_subject_alt_name, alternatives);
  return finish(out.get(), key.get(), signer.get());
}

std::string base64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace

KeyPair make_authority(const std::string& name) {
  Key key(EVP_EC_gen("P-256"));
  Certificate out = blank(key.get(), name, {});
  X509_set_issuer_name(out.get(), X509_get_subject_name(out.get()));
  add_extension(out.get(), out.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(out.get(), out.get(), NID_key_usage, "critical,digitalSignature,keyEncipherment,keyCertSign");
  add_extension(out.get(), out.get(), NID_subject_key_identifier, "hash");
  return finish(out.get(), key.get(), key.get());
}

KeyPair make_server_certificate(const KeyPair& authority, const std::vector<std::string>& addresses,
                                const std::vector<std::string>& names) {
  std::string alternatives;
  for (const std::string& address : addresses)
    alternatives += (alternatives.empty() ? "" : ",") + ("IP:" + address);
  for (const std::string& name : names) alternatives += (alternatives.empty() ? "" : ",") + ("DNS:" + name);
  return issue(authority, "k3s", {"k3s"}, "serverAuth", alternatives);
}

KeyPair make_client_certificate(const KeyPair& authority, const std::string& user,
                                const std::vector<std::string>& groups) {
  return issue(authority, user, groups, "clientAuth", "");
}

std::string kubeconfig(const std::string& url, const std::string& authority_pem, const KeyPair& client) {
  return "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: " + base64(authority_pem) +
         "\n    server: " + url +
         "\n  name: default\ncontexts:\n- context:\n    cluster: default\n    user: default\n  name: "
         "default\n"
         "current-context: default\nkind: Config\npreferences: {}\nusers:\n- name: default\n  user:\n    "
         "client-certificate-data: " +
         base64(client.certificate_pem) + "\n    client-key-data: " + base64(client.key_pem) + "\n";
}

}  // namespace gridseal::kubesim
