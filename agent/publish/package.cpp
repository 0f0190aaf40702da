#include "publish/package.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.hpp"
#include "oci/media_types.hpp"

namespace gridseal::publish {
namespace {

constexpr uint64_t kMaxPackage = uint64_t{256} << 20U;
constexpr size_t kMaxPackages = 64;

// What package builders call an architecture, and what OCI does.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kArchitectures{{{"amd64", "amd64"},
                                                                                       {"arm64", "arm64"},
                                                                                       {"armhf", "arm"},
                                                                                       {"riscv64", "riscv64"},
                                                                                       {"x86_64", "amd64"},
                                                                                       {"aarch64", "arm64"},
                                                                                       {"armv7hl", "arm"}}};

struct PackageName {
  std::string_view media_type;
  std::string_view architecture;
};

// Of "gridseal_1.2.0-1_amd64.deb" and "gridseal-1.2.0-1.el9.x86_64.rpm".
std::optional<PackageName> read_name(std::string_view name) {
  const bool debian = name.ends_with(".deb");
  if (!debian && !name.ends_with(".rpm")) return std::nullopt;
  const std::string_view stem = name.substr(0, name.size() - 4);
  const size_t before = stem.rfind(debian ? '_' : '.');
  if (before == std::string_view::npos) return std::nullopt;
  const auto known =
      std::ranges::find(kArchitectures, stem.substr(before + 1), [](const auto& one) { return one.first; });
  if (known == kArchitectures.end()) return std::nullopt;
  return PackageName{debian ? oci::kDebianPackage : oci::kRpmPackage, known->second};
}

base::Error bad_package(std::string message) {
  return base::Error::refused("publish.request", std::move(message));
}

base::Result<oci::Descriptor> describe_package(const PackageFile& package, std::string_view bytes) {
  const std::string file = package.path.substr(package.path.rfind('/') + 1);
  const auto name = read_name(file);
  if (!name || !base::is_utf8(file) || !base::is_utf8(package.suite) || package.suite.empty())
    return bad_package("'" + base::printable(package.path, 200) +
                       "' is not called as packages are: SUITE=…/gridseal_1.2.0-1_amd64.deb or "
                       "SUITE=…/gridseal-1.2.0-1.el9.x86_64.rpm");
  oci::Descriptor descriptor = oci::describe(name->media_type, bytes);
  descriptor.annotations = {{std::string(oci::kAnnotationTitle), file},
                            {std::string(oci::kAnnotationSuite), package.suite},
                            {std::string(oci::kAnnotationArchitecture), std::string(name->architecture)}};
  return descriptor;
}

bool is_for_the_same(const oci::Descriptor& a, const oci::Descriptor& b) {
  return a.media_type == b.media_type &&
         a.annotations.at(std::string(oci::kAnnotationSuite)) ==
             b.annotations.at(std::string(oci::kAnnotationSuite)) &&
         a.annotations.at(std::string(oci::kAnnotationArchitecture)) ==
             b.annotations.at(std::string(oci::kAnnotationArchitecture));
}

}  // namespace

base::Result<void> add_packages(base::Files& files, const BuildRequest& request, Built& built) {
  if (!request.directory.empty()) return bad_package("an artifact holds either manifests or packages");
  if (request.packages.size() > kMaxPackages)
    return bad_package("more than " + std::to_string(kMaxPackages) + " packages");
  for (const PackageFile& package : request.packages) {
    auto bytes = base::read_file(files, package.path, kMaxPackage);
    if (!bytes) return std::move(bytes).error();
    auto descriptor = describe_package(package, *bytes);
    if (!descriptor) return std::move(descriptor).error();
    for (const BuiltLayer& other : built.layers) {
      if (is_for_the_same(other.descriptor, *descriptor))
        return bad_package("two packages are for " + package.suite + " and the same architecture");
    }
    built.layers.push_back({std::move(*descriptor), std::move(*bytes)});
  }
  built.files = built.layers.size();
  return {};
}

}  // namespace gridseal::publish
