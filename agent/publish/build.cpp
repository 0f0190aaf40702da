#include "publish/build.hpp"

#include "archive/extract.hpp"
#include "base/encoding.hpp"
#include "base/semver.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "manifest/images.hpp"
#include "manifest/rendered.hpp"
#include "oci/media_types.hpp"
#include "publish/folder.hpp"
#include "publish/package.hpp"

namespace gridseal::publish {
namespace {

constexpr std::string_view kConfig = "{}";

base::Error bad_request(std::string message) {
  return base::Error::refused("publish.request", std::move(message));
}

// Hands the unpacked files to the same reader that an agent uses.
class ManifestVisitor final : public archive::Visitor {
 public:
  explicit ManifestVisitor(manifest::RenderedWriter& writer) : writer_(writer) {}
  base::Result<bool> begin_file(const std::string& path, uint64_t size) override {
    return writer_.begin_file(path, size);
  }
  base::Result<void> content(std::string_view chunk) override { return writer_.content(chunk); }
  base::Result<void> end_file() override { return writer_.end_file(); }

 private:
  manifest::RenderedWriter& writer_;
};

base::Result<void> set(oci::Annotations& annotations, std::string_view key, std::string_view value) {
  if (value.empty()) return {};
  if (!base::is_utf8(value)) return bad_request("the value of '" + std::string(key) + "' is not UTF-8");
  if (!annotations.emplace(key, value).second)
    return bad_request("the annotation '" + std::string(key) + "' is set by an option of its own");
  return {};
}

base::Result<oci::Annotations> annotations_of(const BuildRequest& request) {
  if (request.component.empty()) return bad_request("the artifact needs a component name");
  if (request.version.empty()) return bad_request("the artifact needs a version");
  const auto created = std::chrono::floor<std::chrono::seconds>(request.created);
  const std::vector<std::pair<std::string_view, std::string>> standard{
      {oci::kAnnotationTitle, request.component},
      {oci::kAnnotationVersion, request.version},
      {oci::kAnnotationCreated, base::format_rfc3339(created)},
      {oci::kAnnotationSource, request.source},
      {oci::kAnnotationRevision, request.revision},
      {kAnnotationEnvironment, request.environment}};
  oci::Annotations annotations;
  for (const auto& [key, value] : standard) {
    if (auto r = set(annotations, key, value); !r) return std::move(r).error();
  }
  for (const auto& [key, value] : request.annotations) {
    if (key.empty()) return bad_request("an annotation without a name");
    if (auto r = set(annotations, key, value); !r) return std::move(r).error();
  }
  return annotations;
}

// Reads the layer as an agent would; counts objects and collects what an agent may not accept.
base::Result<void> read_back(base::Files& files, const BuildRequest& request, Built& built) {
  manifest::Substitution substitution = manifest::Substitution::without_values();
  manifest::RenderOptions options;
  options.substitution = &substitution;
  options.each = [&built](manifest::Object& object) -> base::Result<void> {
    for (const manifest::ImageUse& use : manifest::images_of(object)) {
      if (manifest::is_pinned(use.image)) continue;
      built.warnings.push_back(object.origin.describe() + ": " + object.key.describe() + ": image '" +
                               base::printable(use.image) +
                               "' is not pinned by digest; agents refuse it unless the component says "
                               "allow_image_tags");
    }
    return {};
  };
  const std::string scratch =
      request.scratch_directory + "/gridseal-build-" + base::encode_hex(crypto::random_bytes(8)) + ".jsonl";
  auto writer = manifest::RenderedWriter::create(files, scratch, std::move(options));
  if (!writer) return std::move(writer).error();
  ManifestVisitor visitor(*writer);
  const BuiltLayer& layer = built.layers.front();
  auto extracted = archive::extract(archive::read_from(layer.bytes), visitor, {}, layer.descriptor.digest);
  if (!extracted) return std::move(extracted).error();
  auto rendered = writer->finish();
  if (!rendered) return std::move(rendered).error();
  built.objects = rendered->size();
  built.variables = {substitution.needed().begin(), substitution.needed().end()};
  for (const std::string& finding : substitution.findings())
    built.warnings.push_back(finding + "; hosts with variables refuse it");
  return {};
}

base::Result<void> pack(base::Files& files, const BuildRequest& request, Built& built) {
  auto folder = read_folder(files, request.directory);
  if (!folder)
    return std::move(folder).error().with_context("cannot read the folder '" + request.directory + "'");
  std::string layer;
  auto packed = archive::pack_tar_gzip(std::move(*folder), [&layer](std::string_view bytes) {
    layer += bytes;
    return base::Result<void>();
  });
  if (!packed) return std::move(packed).error();
  built.files = packed->files;
  built.layers.push_back(
      {{std::string(oci::kFluxContent), packed->digest, packed->packed_bytes, {}, {}, {}}, std::move(layer)});
  return read_back(files, request, built);
}

}  // namespace

base::Result<Built> build(base::Files& files, const BuildRequest& request) {
  auto annotations = annotations_of(request);
  if (!annotations) return std::move(annotations).error();
  const bool holds_packages = !request.packages.empty();
  Built built{oci::describe("", ""),
              {},
              std::string(kConfig),
              oci::describe(holds_packages ? oci::kOciEmpty : oci::kFluxConfig, kConfig),
              {}};
  if (!base::Semver::parse(request.version))
    built.warnings.push_back("the version '" + base::printable(request.version) +
                             "' is no semantic version: agents can order such releases only by their time");
  auto filled = holds_packages ? add_packages(files, request, built) : pack(files, request, built);
  if (!filled) return std::move(filled).error();
  if (request.strict && !built.warnings.empty())
    return base::Error::refused("publish.strict", built.warnings.front());

  oci::Manifest manifest{std::string(oci::kOciManifest), {}, built.config_descriptor, {}, {},
                         std::move(*annotations)};
  if (holds_packages) manifest.artifact_type = oci::kPackageArtifact;
  for (const BuiltLayer& layer : built.layers) manifest.layers.push_back(layer.descriptor);
  built.manifest = oci::serialize(manifest);
  built.descriptor = oci::describe(oci::kOciManifest, built.manifest);
  return built;
}

}  // namespace gridseal::publish
