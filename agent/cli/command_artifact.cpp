#include "cli/commands.hpp"

namespace gridseal::cli {

void add_artifact(CLI::App& program, Context& context) {
  auto* artifact =
      program.add_subcommand("artifact", "The publishing side: keys, artifacts, signatures, tags");
  artifact->require_subcommand(1);
  add_artifact_keygen(*artifact, context);
  add_artifact_build(*artifact, context);
  add_artifact_sign(*artifact, context);
  add_artifact_push(*artifact, context);
  add_artifact_tag(*artifact, context);
}

}  // namespace gridseal::cli
