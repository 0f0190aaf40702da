#include "cli/commands.hpp"
#include "publish/sign.hpp"

namespace gridseal::cli {
namespace {

struct ArtifactSignOptions {
  std::string target;
  SigningKeyFlags signer;
  bool bundle = false;
  std::vector<std::string> annotations;
  std::string reference;
  deploy::RegistryFlags registry;
};

struct Signed {
  base::Digest artifact;
  base::Digest signature;
};

base::Result<Signed> sign_in_layout(Context& context, const ArtifactSignOptions& options,
                                    const crypto::PrivateKey& key, const publish::SignRequest& request) {
  auto reference = oci::LayoutReference::parse(options.target);
  if (!reference) return std::move(reference).error();
  auto layout = oci::Layout::open(context.files, reference->directory);
  if (!layout) return std::move(layout).error();
  auto digest = (*layout)->resolve(*reference);
  if (!digest) return std::move(digest).error();
  auto signature = publish::sign_layout(context.files, reference->directory, *digest, key, request);
  if (!signature) return std::move(signature).error();
  return Signed{*digest, *signature};
}

base::Result<Signed> sign_remote(Context& context, const ArtifactSignOptions& options,
                                 const crypto::PrivateKey& key, const publish::SignRequest& request) {
  auto reference = oci::Reference::parse(options.target);
  if (!reference) return std::move(reference).error();
  auto remote = open_remote(context, reference->repository.registry, options.registry);
  if (!remote) return std::move(remote).error();
  std::optional<base::Digest> digest = reference->digest;
  if (!digest) {
    auto head = remote->registry->head_manifest(reference->repository, reference->tag, {});
    if (!head) return std::move(head).error();
    digest = head->digest;
  }
  auto signature = publish::sign_in_registry(*remote->registry, *remote->publisher, reference->repository,
                                             *digest, key, request, {});
  if (!signature) return std::move(signature).error();
  return Signed{*digest, *signature};
}

ExitCode run_artifact_sign(Context& context, const ArtifactSignOptions& options) {
  auto annotations = parse_pairs(options.annotations);
  if (!annotations) return context.fail(annotations.error());
  auto key = read_signing_key(context, options.signer);
  if (!key) return context.fail(key.error());
  const publish::SignRequest request{options.bundle ? publish::Form::bundle : publish::Form::simple_signing,
                                     std::move(*annotations), options.reference, context.clock.now()};
  auto done = options.target.starts_with("oci-layout:") ? sign_in_layout(context, options, *key, request)
                                                        : sign_remote(context, options, *key, request);
  if (!done) return context.fail(done.error());
  const char* form = options.bundle ? "sigstore-bundle" : "cosign-simplesigning";
  if (context.as_json()) {
    context.print_json(base::Json{{"digest", done->artifact.to_string()},
                                  {"signature_manifest", done->signature.to_string()},
                                  {"form", form},
                                  {"key_id", key->public_key().key_id()}});
  } else {
    context.print("Signed " + done->artifact.to_string() + " (" + form + ", " +
                  std::string(to_string(key->public_key().kind())) + ")\n");
  }
  return ExitCode::ok;
}

}  // namespace

void add_artifact_sign(const Command& artifact, Context& context) {
  const Command command =
      artifact.subcommand("sign", "Signs an artifact with a PEM key, as 'cosign sign --key' does");
  auto options = std::make_shared<ArtifactSignOptions>();
  command.text("target", options->target, "oci-layout:DIR[:TAG][@DIGEST] or HOST/REPOSITORY(:TAG|@DIGEST)")
      .required();
  add_signing_key_flags(command, options->signer);
  command.flag("--bundle", options->bundle, "as a Sigstore bundle (cosign 3) instead of a .sig tag");
  command.texts("-a,--annotation", options->annotations, "name=value signed with it, may be repeated");
  command.text("--reference", options->reference, "the repository's name as the signature tells it");
  add_registry_flags(command, options->registry);
  command.action([&context, options] { return run_artifact_sign(context, *options); });
}

}  // namespace gridseal::cli
