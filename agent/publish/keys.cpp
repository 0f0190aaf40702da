#include "publish/keys.hpp"

#include "crypto/secret.hpp"

namespace gridseal::publish {
namespace {

constexpr uint64_t kMaxKeyBytes = 64 * 1024;

// create_new, so that no key is ever lost to a second run.
base::Result<void> write_new(base::Files& files, const std::string& path, std::string_view bytes,
                             uint32_t permissions) {
  auto file = files.open_output(path, base::WriteMode::create_new, permissions);
  if (!file) {
    if (file.error().code() != "files.exists") return std::move(file).error();
    return base::Error::blocked("files.exists",
                                "'" + path + "' exists already and is not overwritten; choose another name");
  }
  if (auto r = (*file)->write(bytes); !r) return r;
  return (*file)->sync();
}

}  // namespace

base::Result<KeyFiles> generate_key(base::Files& files, const std::string& name, std::string_view password) {
  auto key = crypto::PrivateKey::generate();
  if (!key) return std::move(key).error();
  const KeyFiles made{name + ".key", name + ".pub", key->public_key().key_id()};
  if (files.stat(made.public_path))
    return base::Error::blocked("files.exists", "'" + made.public_path +
                                                    "' exists already and is not overwritten; choose another "
                                                    "name");
  crypto::Secret text;
  if (password.empty()) {
    auto pem = key->to_pem();
    if (!pem) return std::move(pem).error();
    text = std::move(*pem);
  } else {
    auto pem = key->to_encrypted_pem(password);
    if (!pem) return std::move(pem).error();
    text = crypto::Secret(std::move(*pem));
  }
  if (auto r = write_new(files, made.private_path, text.view(), 0600); !r) return std::move(r).error();
  if (auto r = write_new(files, made.public_path, key->public_key().to_pem(), 0644); !r)
    return std::move(r).error();
  return made;
}

base::Result<crypto::PrivateKey> read_key(base::Files& files, const std::string& path,
                                          std::string_view password) {
  auto text = base::read_file(files, path, kMaxKeyBytes);
  if (!text) return std::move(text).error().with_context("cannot read the key '" + path + "'");
  const crypto::Secret secret(std::move(*text));
  auto key = crypto::PrivateKey::from_pem(secret.view(), password);
  if (!key) return std::move(key).error().with_context("cannot use the key '" + path + "'");
  return key;
}

}  // namespace gridseal::publish
