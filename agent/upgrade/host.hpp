// Which package is for this host.
#pragma once

#include <string>
#include <vector>

#include "base/files.hpp"
#include "oci/manifest.hpp"

namespace gridseal::upgrade {

struct Host {
  std::string architecture;         // as OCI spells it
  std::vector<std::string> suites;  // what its release may be called, the likeliest first; never empty
};

// Out of os-release(5): VERSION_CODENAME ("bookworm"), what PLATFORM_ID ends in ("el9"), ID-VERSION_ID.
// Errors: upgrade.host (blocked: the file says none of them); those of Files.
base::Result<Host> this_host(base::Files& files, const std::string& root = {});

struct Package {
  oci::Descriptor blob;
  std::string file;  // a plain name that ends in .deb or .rpm

  bool is_debian() const { return file.ends_with(".deb"); }
};

// Errors (refused): upgrade.no_package (names those that are there), upgrade.package (its name is none that a
// file may have here).
base::Result<Package> package_for(const Host& host, const oci::Manifest& manifest);

}  // namespace gridseal::upgrade
