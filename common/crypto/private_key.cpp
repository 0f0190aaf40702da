#include "crypto/private_key.hpp"

#include <mbedtls/ecp.h>
#include <mbedtls/version.h>
#include <sodium.h>

#include <mutex>
#include <optional>

#include "base/encoding.hpp"
#include "crypto/der.hpp"
#include "crypto/mbed.hpp"
#include "crypto/octets.hpp"
#include "crypto/pem.hpp"
#include "crypto/random.hpp"
#include "crypto/sigstore_key.hpp"
#include "crypto/sodium_ready.hpp"
#include "crypto/spki.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kPkcs8Label = "PRIVATE KEY";
constexpr std::string_view kSealedLabel = "ENCRYPTED SIGSTORE PRIVATE KEY";
constexpr std::string_view kOldSealedLabel = "ENCRYPTED COSIGN PRIVATE KEY";
constexpr size_t kMaxKeyDer = 8192;

Error not_a_key(const std::string& why) {
  return Error::refused("key.invalid", "not a usable private key: " + why);
}

int parse_key(mbedtls_pk_context* context, std::string_view der) {
#if MBEDTLS_VERSION_MAJOR >= 3
  return mbedtls_pk_parse_key(context, octets(der), der.size(), nullptr, 0, Random::fill, Random::context());
#else
  return mbedtls_pk_parse_key(context, octets(der), der.size(), nullptr, 0);
#endif
}

int sign_hash(mbedtls_pk_context* context, Hash hash, std::string_view value, std::string& signature) {
  size_t length = 0;
#if MBEDTLS_VERSION_MAJOR >= 3
  const int result = mbedtls_pk_sign(context, md_type(hash), octets(value), value.size(), octets(signature),
                                     signature.size(), &length, Random::fill, Random::context());
#else
  const int result = mbedtls_pk_sign(context, md_type(hash), octets(value), value.size(), octets(signature),
                                     &length, Random::fill, Random::context());
#endif
  signature.resize(result == 0 ? length : 0);
  return result;
}

// mbedTLS writes DER at the end of the buffer.
template <class Writer>
Result<Secret> write_der(Writer writer, mbedtls_pk_context* context) {
  std::string buffer(kMaxKeyDer, '\0');
  const int length = writer(context, octets(buffer), buffer.size());
  Secret out(length > 0 ? buffer.substr(buffer.size() - static_cast<size_t>(length)) : std::string());
  wipe(buffer);
  if (length <= 0) return Error::blocked("key.generate", "the key could not be encoded");
  return out;
}

}  // namespace

struct PrivateKey::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { wipe(ed25519); }

  // Takes the public half from the private one, and proves that they belong together.
  Result<void> complete(Result<PublicKey> key) {
    if (!key) return std::move(key).error();
    public_key = std::move(*key);
    const auto signature = sign(public_key->natural_scheme(), "");
    if (!signature) return not_a_key("it cannot sign");
    if (!public_key->verify(public_key->natural_scheme(), "", *signature))
      return not_a_key("its public half does not belong to it");
    return {};
  }

  Result<void> complete_from_context() {
    auto spki = write_der(mbedtls_pk_write_pubkey_der, context.get());
    if (!spki) return std::move(spki).error();
    return complete(PublicKey::from_spki(spki->view()));
  }

  Result<void> load_ed25519(std::string_view seed) {
    if (seed.size() != crypto_sign_SEEDBYTES) return not_a_key("an Ed25519 key has 32 bytes");
    sodium_ready();
    std::string public_bytes(crypto_sign_PUBLICKEYBYTES, '\0');
    ed25519.assign(crypto_sign_SECRETKEYBYTES, '\0');
    crypto_sign_seed_keypair(octets(public_bytes), octets(ed25519), octets(seed));
    return complete(PublicKey::from_spki(encode_spki(KeyKind::ed25519, public_bytes)));
  }

  std::string sign_ed25519(Scheme scheme, std::string_view message) const {
    std::string signature(crypto_sign_BYTES, '\0');
    if (scheme == Scheme::ed25519) {
      crypto_sign_detached(octets(signature), nullptr, octets(message), message.size(), octets(ed25519));
      return signature;
    }
    crypto_sign_state state;
    crypto_sign_init(&state);
    crypto_sign_update(&state, octets(message), message.size());
    crypto_sign_final_create(&state, octets(signature), nullptr, octets(ed25519));
    return signature;
  }

  Result<std::string> sign(Scheme scheme, std::string_view message) {
    if (!public_key->supports(scheme)) {
      return Error::refused("sig.alg_mismatch", "a key of kind " +
                                                    std::string(to_string(public_key->kind())) +
                                                    " does not sign as " + std::string(to_string(scheme)));
    }
    if (public_key->kind() == KeyKind::ed25519) return sign_ed25519(scheme, message);
    const Hash hash = scheme == Scheme::sha384   ? Hash::sha384
                      : scheme == Scheme::sha512 ? Hash::sha512
                                                 : Hash::sha256;
    std::string signature(1024, '\0');
    const std::lock_guard lock(mutex);
    if (sign_hash(context.get(), hash, hash_of(hash, message), signature) != 0)
      return Error::blocked("sig.failed", "the key could not sign");
    return signature;
  }

  std::optional<PublicKey> public_key;
  std::string ed25519;  // seed and public key, as libsodium keeps them
  std::mutex mutex;
  PkContext context;
};

PrivateKey::PrivateKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::from_pem(std::string_view text, std::string_view password) {
  auto blocks = parse_pem(text, 1);
  if (!blocks) return std::move(blocks).error();
  const std::string label = blocks->front().label;
  const Secret content(std::move(blocks->front().bytes));
  if (label == kPkcs8Label) return from_pkcs8(content.view());
  if (label == "EC PRIVATE KEY" || label == "RSA PRIVATE KEY") return from_traditional(content.view());
  if (label == kSealedLabel || label == kOldSealedLabel) {
    const auto opened = open_sigstore_key(content.view(), password);
    if (!opened) return opened.error();
    return from_pkcs8(opened->view());
  }
  return Error::refused("parse.pem", "a PEM block '" + base::printable(label, 40) +
                                         "' is not a private key that can be read here");
}

Result<PrivateKey> PrivateKey::from_pkcs8(std::string_view der) {
  der::Reader outer(der);
  auto info = outer.enter(der::kSequence);
  if (!info) return info.error();
  if (auto end = outer.end(); !end) return end.error();
  const auto version = info->small_integer();
  if (!version) return version.error();
  auto algorithm = info->enter(der::kSequence);
  if (!algorithm) return algorithm.error();
  const auto id = algorithm->oid();
  if (!id) return id.error();
  const auto key = info->octet_string();
  if (!key) return key.error();
  if (*id != oid::kEd25519) return from_traditional(der);
  der::Reader wrapped(*key);
  const auto seed = wrapped.octet_string();
  if (!seed) return seed.error();
  if (auto end = wrapped.end(); !end) return end.error();
  auto state = std::make_unique<State>();
  if (auto loaded = state->load_ed25519(*seed); !loaded) return std::move(loaded).error();
  return PrivateKey(std::move(state));
}

Result<PrivateKey> PrivateKey::from_traditional(std::string_view der) {
  der::Reader outer(der);
  if (const auto whole = outer.next(der::kSequence); !whole) return whole.error();
  if (auto end = outer.end(); !end) return end.error();
  auto state = std::make_unique<State>();
  if (parse_key(state->context.get(), der) != 0) return not_a_key("its structure or values are wrong");
  if (auto loaded = state->complete_from_context(); !loaded) return std::move(loaded).error();
  return PrivateKey(std::move(state));
}

Result<PrivateKey> PrivateKey::generate() {
  auto state = std::make_unique<State>();
  mbedtls_pk_context* context = state->context.get();
  const bool made = mbedtls_pk_setup(context, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) == 0 &&
                    mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*context), Random::fill,
                                        Random::context()) == 0;
  if (!made) return Error::blocked("key.generate", "a new key could not be made");
  if (auto loaded = state->complete_from_context(); !loaded) return std::move(loaded).error();
  return PrivateKey(std::move(state));
}

const PublicKey& PrivateKey::public_key() const {
  return *state_->public_key;
}

Result<Secret> PrivateKey::to_pkcs8() const {
  const KeyKind kind = public_key().kind();
  if (kind == KeyKind::ed25519) {
    const Secret seed(der::encode(der::kOctetString, state_->ed25519.substr(0, crypto_sign_SEEDBYTES)));
    return Secret(encode_pkcs8(kind, seed.view()));
  }
  const std::lock_guard lock(state_->mutex);
  const auto key = write_der(mbedtls_pk_write_key_der, state_->context.get());
  if (!key) return key.error();
  return Secret(encode_pkcs8(kind, key->view()));
}

Result<Secret> PrivateKey::to_pem() const {
  const auto pkcs8 = to_pkcs8();
  if (!pkcs8) return pkcs8.error();
  return Secret(encode_pem(kPkcs8Label, pkcs8->view()));
}

Result<std::string> PrivateKey::to_encrypted_pem(std::string_view password) const {
  const auto pkcs8 = to_pkcs8();
  if (!pkcs8) return pkcs8.error();
  const auto sealed = seal_sigstore_key(pkcs8->view(), password);
  if (!sealed) return sealed.error();
  return encode_pem(kSealedLabel, *sealed);
}

Result<std::string> PrivateKey::sign(Scheme scheme, std::string_view message) const {
  return state_->sign(scheme, message);
}

}  // namespace gridseal::crypto
