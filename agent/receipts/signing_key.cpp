#include "receipts/signing_key.hpp"

namespace gridseal::receipts {
namespace {

using base::Error;
using base::Result;

constexpr uint64_t kMaxKeyFile = 16 * 1024;

Error unusable(const std::string& path, const std::string& why) {
  return Error::blocked("receipt.key",
                        "the key of this host's receipts cannot be used (" + path + "): " + why);
}

Result<crypto::PrivateKey> read_key(base::Files& files, const std::string& path) {
  auto text = base::read_file(files, path, kMaxKeyFile);
  if (!text && base::is_not_found(text.error())) return std::move(text).error();
  if (!text) return unusable(path, text.error().message());
  const crypto::Secret pem(std::move(*text));
  auto key = crypto::PrivateKey::from_pem(pem.view());
  if (!key) return unusable(path, key.error().message());
  if (key->public_key().kind() != crypto::KeyKind::ecdsa_p256)
    return unusable(path, "it is not of ECDSA P-256");
  return key;
}

Result<crypto::PrivateKey> create_key(base::Files& files, const KeyPlaces& places) {
  auto key = crypto::PrivateKey::generate();
  if (!key) return key;
  const auto pem = key->to_pem();
  if (!pem) return pem.error();
  if (auto r = base::write_file(files, places.file(), pem->view(), 0600); !r)
    return std::move(r).error().with_context("the key of this host's receipts cannot be made");
  return key;
}

Result<crypto::PrivateKey> find_key(base::Files& files, const KeyPlaces& places) {
  if (const std::string path = places.credential(); !path.empty()) {
    auto key = read_key(files, path);
    if (key || !base::is_not_found(key.error())) return key;
  }
  auto key = read_key(files, places.file());
  if (key || !base::is_not_found(key.error())) return key;
  if (files.stat(sealed_mark(places)))
    return unusable(places.file(), "it was sealed, and systemd does not hand it over as the credential " +
                                       std::string(kKeyCredential) + "; remove " + sealed_mark(places) +
                                       " to have a new one made, which is to be enrolled again");
  return create_key(files, places);
}

}  // namespace

std::string KeyPlaces::credential() const {
  return credentials_directory.empty() ? std::string() : credentials_directory + "/" + kKeyCredential;
}

std::string sealed_mark(const KeyPlaces& places) {
  return places.state_directory + "/signing.sealed";
}

Result<crypto::PrivateKey> load_or_create_key(base::Files& files, const KeyPlaces& places) {
  auto key = find_key(files, places);
  if (!key) return key;
  const std::string pem = key->public_key().to_pem();
  const auto written = base::read_file(files, places.public_file(), kMaxKeyFile);
  if (written && *written == pem) return key;
  if (auto r = base::write_file(files, places.public_file(), pem, 0644); !r) return std::move(r).error();
  return key;
}

Result<crypto::PublicKey> read_public_key(base::Files& files, const KeyPlaces& places) {
  auto text = base::read_file(files, places.public_file(), kMaxKeyFile);
  if (!text && base::is_not_found(text.error()))
    return Error::blocked("receipt.no_key", "there is no " + places.public_file() +
                                                ": gridseald makes this host's key at its first start");
  if (!text) return unusable(places.public_file(), text.error().message());
  auto key = crypto::PublicKey::from_pem(*text);
  if (!key) return unusable(places.public_file(), key.error().message());
  return key;
}

}  // namespace gridseal::receipts
