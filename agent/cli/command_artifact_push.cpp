#include "base/semver.hpp"
#include "cli/commands.hpp"
#include "oci/media_types.hpp"
#include "publish/push.hpp"

namespace gridseal::cli {
namespace {

struct ArtifactPushOptions {
  std::string source;
  std::string target;
  deploy::RegistryFlags registry;
};

// Agents refuse a tag that is another version than the signed one: better heard here.
void warn_of_tag(const Context& context, oci::Layout& layout, const base::Digest& digest,
                 const std::string& tag) {
  auto bytes = layout.read_blob(digest, oci::kMaxManifestBytes);
  if (!bytes) return;
  auto manifest = oci::parse_manifest(*bytes);
  if (!manifest) return;
  const auto version = manifest->annotations.find(oci::kAnnotationVersion);
  if (version == manifest->annotations.end()) return;
  auto named = base::Semver::parse(tag);
  auto own = base::Semver::parse(version->second);
  if (named && own && *named != *own)
    context.note("warning: the artifact is version " + shown(version->second, 80) +
                 "; agents refuse it under the tag " + shown(tag, 80));
}

base::Result<publish::Pushed> push_artifact(Context& context, const ArtifactPushOptions& options) {
  auto source = oci::LayoutReference::parse(options.source);
  if (!source) return std::move(source).error();
  auto target = oci::Reference::parse(options.target, false);
  if (!target) return std::move(target).error();
  if (target->digest) return base::Error::refused("usage", "the target takes a tag, no digest");
  auto layout = oci::Layout::open(context.files, source->directory);
  if (!layout) return std::move(layout).error();
  auto digest = (*layout)->resolve(*source);
  if (!digest) return std::move(digest).error();
  warn_of_tag(context, **layout, *digest, target->tag);
  const config::Registry settings = deploy::from_flags(target->repository.registry, options.registry);
  auto publisher =
      deploy::make_publisher(settings, context.files, context.surroundings(), credentials_directory());
  if (!publisher) return std::move(publisher).error();
  return publish::push(**layout, *digest, **publisher, target->repository, target->tag, {});
}

ExitCode run_artifact_push(Context& context, const ArtifactPushOptions& options) {
  auto pushed = push_artifact(context, options);
  if (!pushed) return context.fail(pushed.error());
  if (context.as_json()) {
    context.print_json(base::Json{{"revision", pushed->revision.to_string()},
                                  {"digest", pushed->revision.digest.to_string()},
                                  {"signatures", pushed->signatures}});
    return ExitCode::ok;
  }
  if (pushed->signatures == 0)
    context.note("warning: there is no signature with it; agents will wait for one");
  context.print(pushed->revision.to_string() + "\n");
  return ExitCode::ok;
}

}  // namespace

void add_artifact_push(const Command& artifact, Context& context) {
  const Command command =
      artifact.subcommand("push", "Uploads an artifact with its signatures; prints the revision");
  auto options = std::make_shared<ArtifactPushOptions>();
  command.text("source", options->source, "oci-layout:DIR[:TAG][@DIGEST]").required();
  command.text("target", options->target, "HOST/REPOSITORY[:TAG]").required();
  add_registry_flags(command, options->registry);
  command.action([&context, options] { return run_artifact_push(context, *options); });
}

}  // namespace gridseal::cli
