#include "history/records.hpp"

#include "history/names.hpp"
#include "history/state.hpp"

namespace gridseal::history {

std::string_view to_string(VerificationOutcome outcome) {
  return name_in(kVerificationOutcomes, outcome);
}
std::string_view to_string(DeploymentKind kind) {
  return name_in(kDeploymentKinds, kind);
}
std::string_view to_string(DeploymentOutcome outcome) {
  return name_in(kDeploymentOutcomes, outcome);
}
std::string_view to_string(Side side) {
  return name_in(kSides, side);
}

std::string_view to_string(ReceiptKind kind) {
  return name_in(kReceiptKinds, kind);
}

std::string describe(const ObjectKey& key) {
  std::string text = key.group.empty() ? key.kind : key.group + "/" + key.kind;
  text += ' ';
  if (!key.namespace_name.empty()) text += key.namespace_name + "/";
  return text + key.name;
}

}  // namespace gridseal::history
