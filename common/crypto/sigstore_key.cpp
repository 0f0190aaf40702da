#include "crypto/sigstore_key.hpp"

#include <sodium.h>

#include <cstdint>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/octets.hpp"
#include "crypto/random.hpp"
#include "crypto/sodium_ready.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Json;
using base::Result;

struct Cost {
  uint64_t n = 65536;  // what cosign writes; older keys 32768
  uint32_t r = 8;
  uint32_t p = 1;
};

// Memory is 128 * N * r bytes: a file must not be able to ask for all of it.
constexpr uint64_t kMaxMemory = uint64_t{256} << 20U;
constexpr uint64_t kMaxN = uint64_t{1} << 20U;
constexpr int64_t kMaxR = 32;
constexpr int64_t kMaxP = 4;

Error bad_key(const std::string& why) {
  return Error::refused("key.invalid", "the encrypted private key is malformed: " + why);
}

Result<Cost> read_cost(const Json& params) {
  const auto n = base::find_integer(params, "N");
  const auto r = base::find_integer(params, "r");
  const auto p = base::find_integer(params, "p");
  if (!n || !r || !p || *n < 2 || *r < 1 || *p < 1) return bad_key("the scrypt parameters are missing");
  const auto un = static_cast<uint64_t>(*n);
  if ((un & (un - 1)) != 0) return bad_key("scrypt's N is not a power of two");
  if (un > kMaxN || *r > kMaxR || *p > kMaxP || 128 * un * static_cast<uint64_t>(*r) > kMaxMemory)
    return Error::refused("parse.limit", "the encrypted private key asks for too much scrypt work");
  return Cost{un, static_cast<uint32_t>(*r), static_cast<uint32_t>(*p)};
}

Result<std::string> read_bytes(const Json& owner, std::string_view name) {
  const std::string* text = base::find_string(owner, name);
  if (text == nullptr) return bad_key("'" + std::string(name) + "' is missing");
  return base::decode_base64(*text);
}

Result<Secret> derive(std::string_view password, std::string_view salt, const Cost& cost) {
  std::string key(crypto_secretbox_KEYBYTES, '\0');
  const int failed =
      crypto_pwhash_scryptsalsa208sha256_ll(octets(password), password.size(), octets(salt), salt.size(),
                                            cost.n, cost.r, cost.p, octets(key), key.size());
  if (failed != 0) return Error::blocked("key.generate", "scrypt failed: not enough memory");
  Secret secret(std::move(key));
  return secret;
}

// An object with the one `name`d algorithm that the format knows.
const Json* algorithm(const Json& owner, std::string_view member, std::string_view name) {
  const Json* object = base::find_object(owner, member);
  if (object == nullptr) return nullptr;
  const std::string* found = base::find_string(*object, "name");
  return found != nullptr && *found == name ? object : nullptr;
}

}  // namespace

Result<Secret> open_sigstore_key(std::string_view json, std::string_view password) {
  sodium_ready();
  const auto parsed = base::parse_json(json, {size_t{64} << 10U, 8, 64});
  if (!parsed) return parsed.error();
  const Json* kdf = algorithm(*parsed, "kdf", "scrypt");
  const Json* cipher = algorithm(*parsed, "cipher", "nacl/secretbox");
  if (kdf == nullptr || cipher == nullptr) return bad_key("not scrypt with nacl/secretbox");
  const Json* params = base::find_object(*kdf, "params");
  if (params == nullptr) return bad_key("the scrypt parameters are missing");
  const auto cost = read_cost(*params);
  const auto salt = read_bytes(*kdf, "salt");
  const auto nonce = read_bytes(*cipher, "nonce");
  const auto box = read_bytes(*parsed, "ciphertext");
  if (!cost) return cost.error();
  if (!salt) return salt.error();
  if (!nonce) return nonce.error();
  if (!box) return box.error();
  if (nonce->size() != crypto_secretbox_NONCEBYTES || box->size() <= crypto_secretbox_MACBYTES)
    return bad_key("nonce or ciphertext have the wrong size");
  const auto key = derive(password, *salt, *cost);
  if (!key) return key.error();
  std::string plain(box->size() - crypto_secretbox_MACBYTES, '\0');
  if (crypto_secretbox_open_easy(octets(plain), octets(*box), box->size(), octets(*nonce),
                                 octets(key->view())) != 0)
    return Error::refused("key.password", "the password does not open the private key");
  return Secret(std::move(plain));
}

Result<std::string> seal_sigstore_key(std::string_view pkcs8, std::string_view password) {
  sodium_ready();
  const Cost cost;
  const std::string salt = random_bytes(32);
  const std::string nonce = random_bytes(crypto_secretbox_NONCEBYTES);
  const auto key = derive(password, salt, cost);
  if (!key) return key.error();
  std::string box(pkcs8.size() + crypto_secretbox_MACBYTES, '\0');
  crypto_secretbox_easy(octets(box), octets(pkcs8), pkcs8.size(), octets(nonce), octets(key->view()));
  const Json json = {{"kdf",
                      {{"name", "scrypt"},
                       {"params", {{"N", cost.n}, {"r", cost.r}, {"p", cost.p}}},
                       {"salt", base::encode_base64(salt)}}},
                     {"cipher", {{"name", "nacl/secretbox"}, {"nonce", base::encode_base64(nonce)}}},
                     {"ciphertext", base::encode_base64(box)}};
  return base::dump_json(json);
}

}  // namespace gridseal::crypto
