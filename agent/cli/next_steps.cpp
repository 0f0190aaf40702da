#include "cli/next_steps.hpp"

#include <algorithm>
#include <array>

#include "cli/words.hpp"

namespace gridseal::cli {
namespace {

// The first that fits; without a reason for all of the state. NAME and WANTED stand for the component's name
// and the digest that the registry names.
struct Step {
  std::string_view state;
  std::string_view reason;  // or the beginning of one, with a dot at its end
  std::string_view text;
};

constexpr std::array kSteps{
    Step{"failed", "operator.rolled_back",
         "publish another revision, or take this one again: gridseal retry NAME --reason TEXT"},
    Step{"failed", "",
         "'gridseal show WANTED' tells what was tried; publish a corrected release or, when the cause was "
         "here "
         "and is gone: gridseal retry NAME --reason TEXT"},
    Step{"refused", "floor.", ""},  // the message names the permit
    Step{"refused", "",
         "'gridseal show WANTED' tells each check; what runs goes on, and a corrected release is taken by "
         "itself"},
    Step{"pending", "", "publish what is missing; it is looked for again at each interval"},
    Step{"blocked", "deploy.dependency", ""},
    Step{"blocked", "kube.",
         "it is tried again by itself; 'gridseal doctor --only cluster' looks for the cause"},
    Step{"blocked", "http.",
         "it is tried again by itself; 'gridseal doctor --only registry' looks for the cause"},
    Step{"blocked", "oci.",
         "it is tried again by itself; 'gridseal doctor --only registry' looks for the cause"},
    Step{"blocked", "", "it is tried again by itself; 'gridseal doctor' looks for the cause on this host"},
    Step{"degraded", "",
         "nothing is undone by itself; back to the revision before: gridseal rollback NAME --reason TEXT"},
    Step{"held", "config.", "'gridseal config check' says what is wrong; then 'systemctl reload gridseald'"},
    Step{"stuck", "", "look at the cluster; when the cause is gone: gridseal retry NAME --reason TEXT"},
    Step{"suspended", "", "let it go on: gridseal resume NAME"},
};

bool fits(const Step& step, const std::string& state, const std::string& reason) {
  if (step.state != state) return false;
  return step.reason.ends_with('.') ? reason.starts_with(step.reason)
                                    : step.reason.empty() || reason == step.reason;
}

std::string filled(std::string text, std::string_view word, const std::string& value) {
  const size_t at = text.find(word);
  return at == std::string::npos ? text : text.replace(at, word.size(), value);
}

// As `gridseal show` takes it: long enough to be the only one.
std::string wanted(const base::Json& component) {
  constexpr size_t kShown = 19;  // "sha256:" and twelve digits
  const base::Json* desired = base::find_object(component, "desired");
  const std::string digest = desired == nullptr ? std::string("-") : member(*desired, "digest");
  return digest == "-" ? member(component, "name") : digest.substr(0, kShown);
}

}  // namespace

std::string next_step_for(const base::Json& component) {
  const std::string state = member(component, "state");
  const std::string reason = member(component, "reason");
  const auto step = std::ranges::find_if(kSteps, [&](const Step& one) { return fits(one, state, reason); });
  if (step == kSteps.end()) return {};
  return filled(filled(std::string(step->text), "WANTED", wanted(component)), "NAME",
                member(component, "name"));
}

}  // namespace gridseal::cli
