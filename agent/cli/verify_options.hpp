// What `gridseal verify`, `verify bundle` and `mirror check` have in common on the command line: by what an
// artifact is judged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "cli/command_line.hpp"

namespace gridseal::cli {

// Who must have signed, said on the command line itself.
struct SignerOptions {
  std::vector<std::string> keys;  // files; any one of them
  std::string identity;
  std::string identity_regexp;
  std::string issuer;
  std::string issuer_regexp;
  std::vector<std::string> extensions;  // name=value
  std::string trusted_root;
  bool require_log = false;
  bool require_timestamp = false;
  std::string at;  // RFC 3339; empty: now

  bool names_identity() const;
  // A sentence on what is missing or contradicts; nothing when the options are good.
  std::optional<std::string> wrong() const;
};

// The whole of it.
struct TrustOptions {
  SignerOptions signer;
  std::string policy;       // a name in the settings, or a file
  std::string directory;    // of what the policy names
  std::string component;    // the signed identity
  std::string scope;        // "host/repository" that policies are asked for
  std::string environment;  // of the site
  std::string trust_policy;
  std::string trust_store;
  std::vector<std::string> revocation_lists;
  std::vector<std::string> annotations;  // name=value

  bool names_policy_file() const;  // else a name in the settings
  bool names_notation() const { return !trust_policy.empty() || !trust_store.empty(); }
  std::optional<std::string> wrong() const;
};

// --key, --certificate-…, --trusted-root, --require-…, --at. The options outlive the program.
void add_signer_options(const Command& command, SignerOptions& options);
// All of it.
void add_trust_options(const Command& command, TrustOptions& options);

// Error (refused): usage.
base::Result<base::Time> time_of(const SignerOptions& options, base::Time now);

}  // namespace gridseal::cli
