#include "cli/problem.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace gridseal::cli {
namespace {

struct Advice {
  std::string_view code;  // or the beginning of one, with a dot at its end
  std::string_view text;
};

constexpr std::array kAdvice{
    Advice{"agent.not_running",
           "start it with 'systemctl start gridseald'; 'gridseal status' tells what it recorded, 'gridseal "
           "doctor' what this host lacks"},
    Advice{"agent.timeout", "'gridseal status' tells how far it is; --timeout waits longer"},
    Advice{"agent.permission",
           "run this as root, or join the group that the setting control.read_group names"},
    Advice{"control.unknown_component", "'gridseal status' lists the components"},
    Advice{"config.", "'gridseal config check' lists everything that is wrong"},
    Advice{"oci.unauthorized", "give --credentials a file with one line user:password"},
    Advice{"http.tls_settings",
           "the files given with --ca, --client-certificate and --client-key must be PEM"},
    Advice{"http.tls", "name the CA that signed the registry's certificate with --ca FILE"},
    Advice{"registry.ca", "name the CA that signed the registry's certificate with --ca FILE"},
    Advice{"key.password", "give the password with --password-file FILE or in COSIGN_PASSWORD"},
    Advice{"registry.no_signature",
           "sign it with 'gridseal artifact sign', or look for it in the right place"},
    Advice{"publish.strict", "pin the image by digest, or leave out --strict"},
    Advice{"kube.config", "name the administrator's kubeconfig with --kubeconfig FILE"},
    Advice{"history.not_found",
           "start it with 'systemctl enable --now gridseald'; 'gridseal doctor' says what this host lacks"},
    Advice{"history.unreadable", "only root and gridseald's own user may read the state directory"},
};

// Codes that say: this could not be judged as it was asked.
constexpr std::array<std::string_view, 17> kUsage{"kube.config",
                                                  "k3s.own_kubeconfig",
                                                  "oci.ca",
                                                  "oci.credentials",
                                                  "oci.reference",
                                                  "oci.settings",
                                                  "publish.request",
                                                  "control.request",
                                                  "control.unknown_component",
                                                  "report.unknown",
                                                  "report.ambiguous",
                                                  "base.",
                                                  "parse.",
                                                  "key.",
                                                  "media.request",
                                                  "trust.key_file",
                                                  "usage"};
constexpr std::array<std::string_view, 6> kForbidden{"control.forbidden", "agent.permission",
                                                     "files.permission",  "kube.forbidden",
                                                     "kube.unauthorized", "oci.forbidden"};

bool matches(std::string_view code, std::string_view pattern) {
  return pattern.ends_with('.') ? code.starts_with(pattern) : code == pattern;
}

template <class List>
bool is_one_of(const List& list, std::string_view code) {
  return std::ranges::any_of(list, [&](std::string_view pattern) { return matches(code, pattern); });
}

}  // namespace

ExitCode exit_code_of(const base::Error& error) {
  const std::string& code = error.code();
  if (is_one_of(kForbidden, code)) return ExitCode::forbidden;
  if (is_one_of(kUsage, code)) return ExitCode::usage;
  if (error.outcome() != base::Outcome::blocked || code.starts_with("config.")) return ExitCode::refused;
  return code.starts_with("files.") ? ExitCode::usage : ExitCode::unavailable;
}

std::string_view next_step(std::string_view code) {
  const auto found =
      std::ranges::find_if(kAdvice, [&](const Advice& advice) { return matches(code, advice.code); });
  return found == kAdvice.end() ? std::string_view() : found->text;
}

std::string problem_text(const base::Error& error, bool as_json) {
  if (as_json) {
    const base::Json value{
        {"error",
         {{"code", error.code()}, {"message", error.describe()}, {"outcome", to_string(error.outcome())}}}};
    return base::dump_json(value) + "\n";
  }
  constexpr size_t kLongest = 4000;
  std::string text = "gridseal: " + base::printable(error.describe(), kLongest) + " (" +
                     base::printable(error.code()) + ")\n";
  if (const auto advice = next_step(error.code()); !advice.empty()) text.append("  ").append(advice) += "\n";
  return text;
}

}  // namespace gridseal::cli
