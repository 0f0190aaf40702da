#include "cli/commands.hpp"

namespace gridseal::cli {

void add_artifact(const Command& program, Context& context) {
  const Command artifact =
      program.subcommand("artifact", "The publishing side: keys, artifacts, signatures, tags");
  add_artifact_keygen(artifact, context);
  add_artifact_build(artifact, context);
  add_artifact_sign(artifact, context);
  add_artifact_push(artifact, context);
  add_artifact_tag(artifact, context);
}

}  // namespace gridseal::cli
