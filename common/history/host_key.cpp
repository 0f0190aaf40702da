#include "history/host_key.hpp"

#include <sodium.h>

namespace gridseal::history {

using base::Error;
using base::Result;

static_assert(crypto_secretbox_KEYBYTES == 32 && crypto_auth_hmacsha256_KEYBYTES == 32 &&
              crypto_kdf_KEYBYTES == 32 && crypto_auth_hmacsha256_BYTES == 32);

namespace {

constexpr const char* kContext = "gridseal";  // crypto_kdf_CONTEXTBYTES
constexpr uint64_t kBox = 1;
constexpr uint64_t kMac = 2;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: libsodium's own byte type
}

Result<std::string> create(base::Files& files, const std::string& path) {
  std::string master(crypto_kdf_KEYBYTES, '\0');
  randombytes_buf(master.data(), master.size());
  if (auto written = base::write_file(files, path, master, 0600); !written) {
    return std::move(written).error().with_context("the host's key cannot be made");
  }
  return master;
}

}  // namespace

HostKey::HostKey(std::string_view master) {
  crypto_kdf_derive_from_key(box_.data(), box_.size(), kBox, kContext, bytes_of(master));
  crypto_kdf_derive_from_key(mac_.data(), mac_.size(), kMac, kContext, bytes_of(master));
}

HostKey::~HostKey() {
  sodium_memzero(box_.data(), box_.size());
  sodium_memzero(mac_.data(), mac_.size());
}

Result<HostKey> HostKey::load_or_create(base::Files& files, const std::string& state_directory) {
  if (sodium_init() < 0) return Error::blocked("history.host_key", "libsodium cannot be started");
  const std::string path = state_directory + "/host.key";
  auto master = base::read_file(files, path, 4096);
  if (!master && base::is_not_found(master.error())) master = create(files, path);
  if (!master) return std::move(master).error();
  if (master->size() != crypto_kdf_KEYBYTES) {
    return Error::blocked("history.host_key", path +
                                                  " is not a host key of 32 bytes: restore it, or remove "
                                                  "it to have a new one made");
  }
  std::string& bytes = *master;
  HostKey key(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

std::string HostKey::encrypt(std::string_view plain) const {
  std::string sealed(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.size(), '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());  // NOLINT: libsodium's own byte type
  randombytes_buf(out, crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, bytes_of(plain), plain.size(), out, box_.data());
  return sealed;
}

Result<std::string> HostKey::decrypt(std::string_view sealed) const {
  const auto wrong = [] {
    return Error::blocked("history.host_key",
                          "a kept object body cannot be decrypted: the host's key is another one");
  };
  constexpr size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (sealed.size() < kOverhead) return wrong();
  std::string plain(sealed.size() - kOverhead, '\0');
  const auto* nonce = bytes_of(sealed);
  auto* out = reinterpret_cast<unsigned char*>(plain.data());  // NOLINT: libsodium's own byte type
  if (crypto_secretbox_open_easy(out, nonce + crypto_secretbox_NONCEBYTES,
                                 sealed.size() - crypto_secretbox_NONCEBYTES, nonce, box_.data()) != 0) {
    return wrong();
  }
  return plain;
}

base::Digest HostKey::keyed_digest(std::string_view bytes) const {
  base::Digest::Raw raw{};
  crypto_auth_hmacsha256(raw.data(), bytes_of(bytes), bytes.size(), mac_.data());
  return base::Digest(raw);
}

}  // namespace gridseal::history
