#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "cli/commands.hpp"
#include "crypto/hash.hpp"
#include "publish/build.hpp"
#include "publish/layout_writer.hpp"

namespace gridseal::cli {
namespace {

constexpr std::string_view kLayoutPrefix = "oci-layout:";

struct ArtifactBuildOptions {
  publish::BuildRequest request;
  std::string created;
  std::vector<std::string> annotations;
  std::vector<std::string> packages;
  std::string output;
};

// --created, else SOURCE_DATE_EPOCH (reproducible-builds.org), else now.
base::Result<base::Time> creation_time(Context& context, const std::string& given) {
  if (!given.empty()) return base::parse_rfc3339(given);
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  if (epoch == nullptr || *epoch == '\0') return context.clock.now();
  const std::string_view text(epoch);
  constexpr int64_t kLatest = 253'402'300'799;  // the end of year 9999
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > kLatest)
    return base::Error::refused("usage", "SOURCE_DATE_EPOCH is not a number of seconds");
  return base::Time(std::chrono::seconds(seconds));
}

// Where it goes: the tag is the version when none is named ("+" is no letter of a tag).
base::Result<oci::LayoutReference> target_of(const ArtifactBuildOptions& options) {
  const bool prefixed = options.output.starts_with(kLayoutPrefix);
  auto target =
      oci::LayoutReference::parse(prefixed ? options.output : std::string(kLayoutPrefix) + options.output);
  if (!target) return target;
  if (target->digest) return base::Error::refused("usage", "--output takes DIR or DIR:TAG, no digest");
  if (!target->tag.empty()) return target;
  target->tag = options.request.version;
  std::ranges::replace(target->tag, '+', '_');
  if (!oci::is_tag(target->tag))
    return base::Error::refused("usage", "the version '" + shown(options.request.version, 80) +
                                             "' cannot be a tag; name one with --output DIR:TAG");
  return target;
}

base::Result<void> write(base::Files& files, const oci::LayoutReference& target,
                         const publish::Built& built) {
  auto writer = publish::LayoutWriter::open(files, target.directory);
  if (!writer) return std::move(writer).error();
  for (const publish::BuiltLayer& layer : built.layers) {
    if (auto r = writer->put_blob(layer.descriptor.digest, layer.bytes); !r) return r;
  }
  if (auto r = writer->put_blob(built.config_descriptor.digest, built.config); !r) return r;
  if (auto r = writer->put_blob(built.descriptor.digest, built.manifest); !r) return r;
  return writer->set_reference(target.tag, built.descriptor);
}

uint64_t layer_bytes(const publish::Built& built) {
  uint64_t sum = 0;
  for (const publish::BuiltLayer& layer : built.layers) sum += layer.bytes.size();
  return sum;
}

// "bookworm=build/gridseal_1.2.0-1_amd64.deb"
base::Result<std::vector<publish::PackageFile>> packages_of(const std::vector<std::string>& texts) {
  std::vector<publish::PackageFile> packages;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      return base::Error::refused("usage", "--package takes SUITE=FILE, not '" + shown(text, 200) + "'");
    packages.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return packages;
}

ExitCode finish_artifact_build(Context& context, const ArtifactBuildOptions& options,
                               const oci::LayoutReference& target, const publish::Built& built) {
  const std::string where = std::string(kLayoutPrefix) + target.directory + ":" + target.tag;
  if (context.as_json()) {
    context.print_json(base::Json{{"digest", built.descriptor.digest.to_string()},
                                  {"layout", where},
                                  {"files", built.files},
                                  {"objects", built.objects},
                                  {"layer_bytes", layer_bytes(built)},
                                  {"variables", built.variables},
                                  {"warnings", built.warnings}});
    return ExitCode::ok;
  }
  for (const std::string& warning : built.warnings) context.note("warning: " + warning);
  if (!built.variables.empty()) {
    std::string names;
    for (const std::string& name : built.variables) names += " " + shown(name);
    context.note("hosts have to set these variables:" + names);
  }
  context.note("Built " + shown(options.request.component) + " " + shown(options.request.version) + " in " +
               where + ": " +
               (options.packages.empty() ? std::to_string(built.objects) + " objects in " : std::string()) +
               std::to_string(built.files) + " files, " + size_text(layer_bytes(built)));
  context.print(built.descriptor.digest.to_string() + "\n");
  return ExitCode::ok;
}

ExitCode run_artifact_build(Context& context, ArtifactBuildOptions options) {
  auto created = creation_time(context, options.created);
  if (!created) return context.fail(created.error());
  options.request.created = *created;
  auto annotations = parse_pairs(options.annotations);
  if (!annotations) return context.fail(annotations.error());
  options.request.annotations = std::move(*annotations);
  auto packages = packages_of(options.packages);
  if (!packages) return context.fail(packages.error());
  options.request.packages = std::move(*packages);
  options.request.scratch_directory = temporary_directory();
  auto target = target_of(options);
  if (!target) return context.fail(target.error());
  auto built = publish::build(context.files, options.request);
  if (!built) return context.fail(built.error());
  if (auto r = write(context.files, *target, *built); !r) return context.fail(r.error());
  return finish_artifact_build(context, options, *target, *built);
}

}  // namespace

void add_artifact_build(const Command& artifact, Context& context) {
  const Command command = artifact.subcommand(
      "build", "Packs a folder of manifests, or packages of Gridseal; prints the artifact's digest");
  auto options = std::make_shared<ArtifactBuildOptions>();
  publish::BuildRequest& request = options->request;
  command.text("--path", request.directory, "the folder");
  command
      .texts("--package", options->packages,
             "instead: a package of Gridseal, for 'gridseal upgrade'; once for each suite and architecture")
      .value_name("SUITE=FILE");
  command.text("--component", request.component, "what the hosts expect it to be").required();
  command.text("--version", request.version, "its version, best a semantic one").required();
  command.text("--output", options->output, "OCI layout directory, made when absent: DIR or DIR:TAG")
      .required();
  command.text("--source", request.source, "URL of what it was made from");
  command.text("--revision", request.revision, "revision of that, main@sha1:…");
  command.text("--created", options->created, "RFC 3339; else SOURCE_DATE_EPOCH, else now");
  command.text("--environment", request.environment, "good in this environment only");
  command.texts("-a,--annotation", options->annotations, "name=value, may be repeated");
  command.flag("--strict", request.strict, "refuse what would be a warning");
  command.check([options]() -> std::optional<std::string> {
    if (options->request.directory.empty() == options->packages.empty())
      return "either --path names a folder of manifests, or --package a package";
    return std::nullopt;
  });
  command.action([&context, options] { return run_artifact_build(context, *options); });
}

}  // namespace gridseal::cli
