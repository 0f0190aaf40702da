#include "cli/commands.hpp"
#include "publish/keys.hpp"

namespace gridseal::cli {
namespace {

struct ArtifactKeygenOptions {
  std::string name;
  std::string password_file;
};

ExitCode run_artifact_keygen(Context& context, const ArtifactKeygenOptions& options) {
  auto password = read_password(context.files, options.password_file);
  if (!password) return context.fail(password.error());
  auto made = publish::generate_key(context.files, options.name, *password);
  if (!made) return context.fail(made.error());
  if (context.as_json()) {
    context.print_json(base::Json{{"private_key", made->private_path},
                                  {"public_key", made->public_path},
                                  {"key_id", made->key_id},
                                  {"encrypted", !password->empty()}});
    return ExitCode::ok;
  }
  context.print(made->private_path + (password->empty()
                                          ? "  not encrypted: keep it where only CI can read it\n"
                                          : "  encrypted\n"));
  context.print(made->public_path + "  pin this one on the hosts, in the trust directory's keys/\n");
  return ExitCode::ok;
}

}  // namespace

void add_artifact_keygen(const Command& artifact, Context& context) {
  const Command command = artifact.subcommand("keygen", "A new key pair, ECDSA P-256, as cosign uses them");
  auto options = std::make_shared<ArtifactKeygenOptions>();
  command.text("--output", options->name, "writes NAME.key and NAME.pub; nothing is overwritten")
      .required()
      .value_name("NAME");
  command.text("--password-file", options->password_file,
               "encrypt with its first line; else with COSIGN_PASSWORD, if set");
  command.action([&context, options] { return run_artifact_keygen(context, *options); });
}

}  // namespace gridseal::cli
