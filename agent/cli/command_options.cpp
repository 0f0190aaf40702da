#include <cstdlib>
#include <filesystem>

#include "cli/commands.hpp"
#include "publish/keys.hpp"

namespace gridseal::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

void add_registry_flags(const Command& command, deploy::RegistryFlags& flags) {
  command.text("--ca", flags.ca, "PEM file with the CA of the registry; replaces the system's roots");
  command.text("--credentials", flags.credentials, "file with one line user:password");
  const Option certificate =
      command.text("--client-certificate", flags.client_certificate, "PEM file to show the registry");
  const Option key = command.text("--client-key", flags.client_key, "its private key, PEM");
  certificate.needs(key);
  key.needs(certificate);
  command.flag("--plain-http", flags.plain_http, "speak http; loopback addresses only");
}

base::Result<Remote> open_remote(Context& context, const std::string& host,
                                 const deploy::RegistryFlags& flags) {
  const config::Registry settings = deploy::from_flags(host, flags);
  auto registry =
      deploy::make_registry(settings, context.files, context.surroundings(), credentials_directory());
  if (!registry) return std::move(registry).error();
  auto publisher =
      deploy::make_publisher(settings, context.files, context.surroundings(), credentials_directory());
  if (!publisher) return std::move(publisher).error();
  return Remote{std::move(*registry), std::move(*publisher)};
}

void add_signing_key_flags(const Command& command, SigningKeyFlags& flags) {
  command.text("--key", flags.key, "private key, PEM; encrypted cosign keys too").required();
  command.text("--password-file", flags.password_file, "its first line opens the key; else COSIGN_PASSWORD");
}

base::Result<crypto::PrivateKey> read_signing_key(Context& context, const SigningKeyFlags& flags) {
  auto password = read_password(context.files, flags.password_file);
  if (!password) return std::move(password).error();
  return publish::read_key(context.files, flags.key, *password);
}

base::Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& pairs) {
  std::map<std::string, std::string> parsed;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos)
      return base::Error::refused("usage",
                                  "an annotation is written name=value, not '" + shown(pair, 80) + "'");
    if (!parsed.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second)
      return base::Error::refused(
          "usage", "the annotation '" + shown(pair.substr(0, equals), 80) + "' is given twice");
  }
  return parsed;
}

base::Result<std::string> absolute_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::error_code error;
  const auto whole = std::filesystem::absolute(path, error).lexically_normal();
  if (path.empty() || error) return base::Error::refused("usage", "'" + shown(path, 200) + "' is no path");
  return whole.string();
}

std::string credentials_directory() {
  return environment("CREDENTIALS_DIRECTORY");
}

std::string temporary_directory() {
  const std::string directory = environment("TMPDIR");
  return directory.empty() ? "/tmp" : directory;
}

base::Result<std::string> read_password(base::Files& files, const std::string& file) {
  if (file.empty()) return environment("COSIGN_PASSWORD");
  auto text = base::read_file(files, file, 4096);
  if (!text) return std::move(text).error().with_context("cannot read the password");
  return text->substr(0, text->find_first_of("\r\n"));
}

}  // namespace gridseal::cli
