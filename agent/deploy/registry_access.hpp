// Registry clients out of settings: what config only names (files, systemd credentials) is read here, at each
// use, so that a renewed certificate or password counts without a restart.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "config/settings.hpp"
#include "oci/push.hpp"
#include "oci/registry.hpp"

namespace gridseal::deploy {

// Debian's and Red Hat's name of the system's roots, used when a registry names no CA.
inline constexpr std::string_view kSystemRoots = "/etc/ssl/certs/ca-certificates.crt";

// One mirror for each URL. `files` must outlive what is returned. `credentials_directory` is
// $CREDENTIALS_DIRECTORY, may be empty. Nothing is read yet; when a mirror is used, its providers fail with
// registry.ca, registry.client_certificate or registry.credentials (blocked): a file that cannot be read, or
// a credentials file that is not one line "user:password".
std::vector<oci::Mirror> make_mirrors(const config::Registry& registry, base::Files& files,
                                      std::string_view credentials_directory);

// Errors: oci.settings.
base::Result<std::unique_ptr<oci::Registry>> make_registry(const config::Registry& registry,
                                                           base::Files& files, oci::Surroundings outside,
                                                           std::string_view credentials_directory);

// For uploads: the first URL only. Errors: oci.settings.
base::Result<std::unique_ptr<oci::Publisher>> make_publisher(const config::Registry& registry,
                                                             base::Files& files, oci::Surroundings outside,
                                                             std::string_view credentials_directory);

// How the command line names a registry.
struct RegistryFlags {
  std::string ca;           // path; empty: the system's
  std::string credentials;  // path, or "credential:NAME"; empty: anonymous
  std::string client_certificate;
  std::string client_key;
  bool plain_http = false;  // loopback only
};
config::Registry from_flags(const std::string& host, const RegistryFlags& flags);

// "user:password", one line. Error (blocked): registry.credentials.
base::Result<oci::Credentials> parse_credentials(std::string_view text, const std::string& path);

}  // namespace gridseal::deploy
