#include "deploy/registry_access.hpp"

#include <utility>

namespace gridseal::deploy {
namespace {

constexpr uint64_t kMaxPemBytes = uint64_t{4} << 20U;
constexpr uint64_t kMaxCredentialsBytes = 16 * 1024;
constexpr std::string_view kCredentialPrefix = "credential:";

base::Result<std::string> read_pem(base::Files& files, const std::string& path, const char* code,
                                   const char* what) {
  auto text = base::read_file(files, path, kMaxPemBytes);
  if (text) return text;
  return base::Error::blocked(
      code, std::string(what) + " cannot be read (" + path + "): " + text.error().message());
}

base::Result<http::TlsSettings> read_tls(base::Files& files, const config::Registry& registry) {
  const std::string ca = registry.ca.empty() ? std::string(kSystemRoots) : registry.ca;
  http::TlsSettings tls;
  auto roots = read_pem(files, ca, "registry.ca", "the registry's CA");
  if (!roots) return std::move(roots).error();
  tls.ca_pem = std::move(*roots);
  if (registry.client_certificate.empty()) return tls;

  constexpr const char* kCode = "registry.client_certificate";
  auto certificate = read_pem(files, registry.client_certificate, kCode, "the client certificate");
  if (!certificate) return std::move(certificate).error();
  auto key = read_pem(files, registry.client_key, kCode, "the client certificate's key");
  if (!key) return std::move(key).error();
  tls.client_cert_pem = std::move(*certificate);
  tls.client_key_pem = std::move(*key);
  return tls;
}

base::Result<std::optional<oci::Credentials>> read_credentials(base::Files& files, const std::string& path,
                                                               const std::string& name) {
  if (path.empty())
    return base::Error::blocked("registry.credentials",
                                "the systemd credential '" + name +
                                    "' is not there: this process was not started with LoadCredential=");
  auto text = base::read_file(files, path, kMaxCredentialsBytes);
  if (!text)
    return base::Error::blocked("registry.credentials", "the registry's credentials cannot be read (" + path +
                                                            "): " + text.error().message());
  auto credentials = parse_credentials(*text, path);
  if (!credentials) return std::move(credentials).error();
  return std::optional<oci::Credentials>(std::move(*credentials));
}

}  // namespace

base::Result<oci::Credentials> parse_credentials(std::string_view text, const std::string& path) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || text.find_first_of("\r\n") != std::string_view::npos)
    return base::Error::blocked("registry.credentials",
                                "the credentials in " + path + " are not one line of the form user:password");
  return oci::Credentials{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::vector<oci::Mirror> make_mirrors(const config::Registry& registry, base::Files& files,
                                      std::string_view credentials_directory) {
  std::vector<oci::Mirror> mirrors;
  for (const std::string& url : registry.urls) {
    oci::Mirror mirror;
    mirror.url = url;
    if (!url.starts_with("http://")) mirror.tls = [&files, registry] { return read_tls(files, registry); };
    if (registry.credentials.is_set()) {
      mirror.credentials = [&files, path = registry.credentials.path(credentials_directory),
                            name = registry.credentials.name] { return read_credentials(files, path, name); };
    }
    mirrors.push_back(std::move(mirror));
  }
  return mirrors;
}

base::Result<std::unique_ptr<oci::Registry>> make_registry(const config::Registry& registry,
                                                           base::Files& files, oci::Surroundings outside,
                                                           std::string_view credentials_directory) {
  oci::RegistrySettings settings;
  settings.mirrors = make_mirrors(registry, files, credentials_directory);
  return oci::Registry::create(std::move(settings), std::move(outside));
}

base::Result<std::unique_ptr<oci::Publisher>> make_publisher(const config::Registry& registry,
                                                             base::Files& files, oci::Surroundings outside,
                                                             std::string_view credentials_directory) {
  auto mirrors = make_mirrors(registry, files, credentials_directory);
  if (mirrors.empty()) return base::Error::refused("oci.settings", "no registry to upload to is named");
  oci::PushSettings settings;
  settings.target = std::move(mirrors.front());
  return oci::Publisher::create(std::move(settings), std::move(outside));
}

config::Registry from_flags(const std::string& host, const RegistryFlags& flags) {
  config::Registry registry;
  registry.name = host;
  registry.urls = {(flags.plain_http ? "http://" : "https://") + host};
  registry.ca = flags.ca;
  registry.client_certificate = flags.client_certificate;
  registry.client_key = flags.client_key;
  registry.plain_http = flags.plain_http;
  if (flags.credentials.starts_with(kCredentialPrefix)) {
    registry.credentials = {config::SecretSource::Kind::credential,
                            flags.credentials.substr(kCredentialPrefix.size())};
  } else if (!flags.credentials.empty()) {
    registry.credentials = {config::SecretSource::Kind::file, flags.credentials};
  }
  return registry;
}

}  // namespace gridseal::deploy
