#include "upgrade/host.hpp"

#include <algorithm>
#include <map>

#include "base/encoding.hpp"
#include "oci/media_types.hpp"

namespace gridseal::upgrade {
namespace {

using base::Error;
using base::Result;

constexpr uint64_t kMaxOsRelease = uint64_t{64} << 10U;
constexpr size_t kMaxNamed = 20;

// NAME=value or NAME="value", one a line.
std::map<std::string, std::string> assignments(std::string_view text) {
  std::map<std::string, std::string> found;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    std::string_view value = line.substr(equals + 1);
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
    if (quoted && value.back() == value.front()) value = value.substr(1, value.size() - 2);
    found.emplace(line.substr(0, equals), value);
  }
  return found;
}

std::string note(const oci::Descriptor& layer, std::string_view name) {
  const auto found = layer.annotations.find(std::string(name));
  return found == layer.annotations.end() ? std::string() : found->second;
}

bool is_package(const oci::Descriptor& layer) {
  return layer.media_type == oci::kDebianPackage || layer.media_type == oci::kRpmPackage;
}

bool is_file_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-+~").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= 200 && name.front() != '.' && name.front() != '-' &&
         std::ranges::all_of(name, good);
}

}  // namespace

Result<Host> this_host(base::Files& files, const std::string& root) {
  auto text = base::read_file(files, root + "/etc/os-release", kMaxOsRelease);
  if (!text) text = base::read_file(files, root + "/usr/lib/os-release", kMaxOsRelease);
  if (!text) return std::move(text).error();
  auto said = assignments(*text);
  const std::string platform = said["PLATFORM_ID"];
  Host host{std::string(oci::host_architecture()),
            {said["VERSION_CODENAME"], platform.substr(platform.find(':') + 1)}};
  if (!said["ID"].empty() && !said["VERSION_ID"].empty())
    host.suites.push_back(said["ID"] + "-" + said["VERSION_ID"]);
  std::erase(host.suites, "");
  if (host.suites.empty())
    return Error::blocked("upgrade.host",
                          "/etc/os-release does not say which release of which system this is");
  return host;
}

Result<Package> package_for(const Host& host, const oci::Manifest& manifest) {
  std::string others;
  size_t named = 0;
  for (const std::string& suite : host.suites) {
    for (const oci::Descriptor& layer : manifest.layers) {
      if (!is_package(layer) || note(layer, oci::kAnnotationSuite) != suite ||
          note(layer, oci::kAnnotationArchitecture) != host.architecture)
        continue;
      const std::string file = note(layer, oci::kAnnotationTitle);
      const std::string_view ending = layer.media_type == oci::kDebianPackage ? ".deb" : ".rpm";
      if (is_file_name(file) && file.ends_with(ending)) return Package{layer, file};
      return Error::refused("upgrade.package",
                            "'" + base::printable(file, 80) + "' is no name for a package");
    }
  }
  for (const oci::Descriptor& layer : manifest.layers) {
    if (!is_package(layer) || ++named > kMaxNamed) continue;
    others += (others.empty() ? "" : ", ") + base::printable(note(layer, oci::kAnnotationSuite), 40) + "/" +
              base::printable(note(layer, oci::kAnnotationArchitecture), 40);
  }
  return Error::refused("upgrade.no_package", "there is no package for " + host.suites.front() + "/" +
                                                  host.architecture + " in it, only for " +
                                                  (others.empty() ? "nothing" : others));
}

}  // namespace gridseal::upgrade
