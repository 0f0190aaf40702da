#include "cli/commands.hpp"
#include "publish/push.hpp"

namespace gridseal::cli {
namespace {

struct ArtifactTagOptions {
  std::string source;
  std::string tag;
  deploy::RegistryFlags registry;
};

base::Result<oci::Revision> move(Context& context, const ArtifactTagOptions& options) {
  auto source = oci::Reference::parse(options.source);
  if (!source) return std::move(source).error();
  if (!source->digest)
    return base::Error::refused("oci.reference", "promotion needs the digest: HOST/REPOSITORY@sha256:…");
  if (!oci::is_tag(options.tag))
    return base::Error::refused("oci.reference", "'" + shown(options.tag, 80) + "' cannot be a tag");
  auto remote = open_remote(context, source->repository.registry, options.registry);
  if (!remote) return std::move(remote).error();
  return publish::move_tag(*remote->registry, *remote->publisher, source->repository, *source->digest,
                           options.tag, {});
}

ExitCode run_artifact_tag(Context& context, const ArtifactTagOptions& options) {
  auto revision = move(context, options);
  if (!revision) return context.fail(revision.error());
  if (context.as_json()) {
    context.print_json(
        base::Json{{"revision", revision->to_string()}, {"digest", revision->digest.to_string()}});
  } else {
    context.print(revision->to_string() + "\n");
  }
  return ExitCode::ok;
}

}  // namespace

void add_artifact_tag(const Command& artifact, Context& context) {
  const Command command =
      artifact.subcommand("tag", "Promotes: moves a tag to an artifact that the registry has");
  auto options = std::make_shared<ArtifactTagOptions>();
  command.text("source", options->source, "HOST/REPOSITORY@DIGEST").required();
  command.text("tag", options->tag, "the tag to move, 'stable'").required();
  add_registry_flags(command, options->registry);
  command.action([&context, options] { return run_artifact_tag(context, *options); });
}

}  // namespace gridseal::cli
