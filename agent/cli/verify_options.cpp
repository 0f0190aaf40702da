#include "cli/verify_options.hpp"

#include "cli/words.hpp"

namespace gridseal::cli {

bool SignerOptions::names_identity() const {
  return !identity.empty() || !identity_regexp.empty() || !issuer.empty() || !issuer_regexp.empty() ||
         !extensions.empty();
}

std::optional<std::string> SignerOptions::wrong() const {
  if ((require_log || require_timestamp) && trusted_root.empty())
    return "--require-log and --require-timestamp need a --trusted-root that knows logs and authorities";
  if (!names_identity()) return std::nullopt;
  if (!keys.empty()) return "name --key or --certificate-identity, not both; a policy may ask for both";
  if (identity.empty() == identity_regexp.empty())
    return "exactly one of --certificate-identity and --certificate-identity-regexp is needed";
  if (issuer.empty() == issuer_regexp.empty())
    return "exactly one of --certificate-oidc-issuer and --certificate-oidc-issuer-regexp is needed: a "
           "subject counts only together with who vouches for it";
  return std::nullopt;
}

bool TrustOptions::names_policy_file() const {
  return policy.find('/') != std::string::npos || policy.ends_with(".toml");
}

std::optional<std::string> TrustOptions::wrong() const {
  if (auto sentence = signer.wrong()) return sentence;
  const bool signers = !signer.keys.empty() || signer.names_identity();
  if (names_notation() && (signers || !policy.empty()))
    return "--trust-policy and --trust-store judge Notary Project signatures; a policy may ask for other "
           "signatures beside them";
  if (names_notation() && (trust_policy.empty() || trust_store.empty()))
    return "--trust-policy and --trust-store belong together";
  if (!policy.empty() && (signer.names_identity() || signer.require_log || signer.require_timestamp))
    return "who must have signed, and how, is said by --policy or by --certificate-… and --require-…, not by "
           "both";
  const bool from_file = names_policy_file();
  if (!policy.empty() && !from_file && (!signer.keys.empty() || !signer.trusted_root.empty()))
    return "the policy '" + shown(policy, 80) +
           "' is one of the settings and takes what is pinned there; name a policy file, or leave out --key "
           "and --trusted-root";
  if (!directory.empty() && !from_file) return "--trust-directory is for a policy file";
  if (!revocation_lists.empty() && !names_notation()) return "--crl is for --trust-policy";
  if (policy.empty() && !signers && !names_notation() && component.empty())
    return "say by what to judge: --policy, --key, --certificate-identity with --certificate-oidc-issuer, "
           "--trust-policy with --trust-store, or --component of the settings";
  return std::nullopt;
}

void add_signer_options(const Command& command, SignerOptions& options) {
  command.texts("--key", options.keys, "a public key, PEM; repeated: any one of them").value_name("FILE");
  command.text("--certificate-identity", options.identity, "subject of the certificate, exactly");
  command.text("--certificate-identity-regexp", options.identity_regexp,
               "the same as RE2 expression, searched for: anchor it with ^ and $");
  command.text("--certificate-oidc-issuer", options.issuer, "who vouches for the subject, exactly");
  command.text("--certificate-oidc-issuer-regexp", options.issuer_regexp, "the same as RE2 expression");
  command.texts("--certificate-extension", options.extensions,
                "name=value that the certificate must say, as source_repository_ref=refs/heads/main");
  command
      .text("--trusted-root", options.trusted_root,
            "trusted_root.json with logs and authorities; needed for certificates, with a key it judges "
            "log entries and timestamps that are there")
      .value_name("FILE");
  command.flag("--require-log", options.require_log, "with a key: an entry in a transparency log is needed");
  command.flag("--require-timestamp", options.require_timestamp,
               "a timestamp of a timestamp authority is needed");
  command.text("--at", options.at, "judge as if it were this time, RFC 3339; else now").value_name("TIME");
}

void add_trust_options(const Command& command, TrustOptions& options) {
  command
      .text("--policy", options.policy,
            "a trust policy of the settings, or a policy file (with '/' or ending in .toml)")
      .value_name("NAME|FILE");
  command
      .text("--trust-directory", options.directory,
            "where a policy file finds what it names; else its own folder, or the one above its 'policies'")
      .value_name("DIR");
  add_signer_options(command, options.signer);
  command.text("--trust-policy", options.trust_policy, "notation's trustpolicy.json").value_name("FILE");
  command
      .text("--trust-store", options.trust_store,
            "notation's store: the folder with x509/{ca,signingAuthority,tsa}/NAME/*.crt")
      .value_name("DIR");
  command.texts("--crl", options.revocation_lists, "with --trust-policy: a revocation list, DER or PEM")
      .value_name("FILE");
  command.texts("-a,--annotation", options.annotations, "name=value that the signature must carry");
  command.text("--component", options.component,
               "the signed identity must be this one; of a component in the settings, also its policy");
  command
      .text("--scope", options.scope, "what a layout stands for in policies that are bound to repositories")
      .value_name("HOST/REPOSITORY");
  command.text("--environment", options.environment,
               "of the site, for what is bound to one; of a policy in the settings: as they say");
}

base::Result<base::Time> time_of(const SignerOptions& options, base::Time now) {
  if (options.at.empty()) return now;
  auto time = base::parse_rfc3339(options.at);
  if (!time)
    return base::Error::refused(
        "usage", "--at takes a time as 2026-01-05T08:00:00Z, not '" + shown(options.at, 80) + "'");
  return *time;
}

}  // namespace gridseal::cli
