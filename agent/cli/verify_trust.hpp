// By what `gridseal verify` judges: options turned into the very trust state and policy that gridseald uses.
#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/verify_options.hpp"
#include "trust/verify.hpp"

namespace gridseal::cli {

struct Judge {
  trust::TrustState state;
  trust::Policy policy;
  trust::Identity identity{};  // its component is empty when no identity is asked for
  trust::Circumstances circumstances{};
  std::vector<std::string> warnings{};  // what an operator should know about the policy
};

// `repository` is "host/repository" of what is judged; empty: a layout, which stands for options.scope.
// Nothing is judged when this fails, whatever the error: a file is missing, malformed or contradicts another.
base::Result<Judge> make_judge(Context& context, const TrustOptions& options, const std::string& repository);

// Public keys out of PEM files, called by their paths. Errors: those of Files, files.too_large,
// trust.key_file.
base::Result<std::vector<trust::PinnedKey>> read_keys(base::Files& files,
                                                      const std::vector<std::string>& paths);

// The text of a trusted root. Without one the error says what to do (refused: usage).
base::Result<std::string> read_trusted_root(Context& context, const SignerOptions& options);

// The one identity of the options. Error (refused): usage.
base::Result<config::CertificateIdentity> identity_of(const SignerOptions& options);

}  // namespace gridseal::cli
