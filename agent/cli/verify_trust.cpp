#include "cli/verify_trust.hpp"

#include "cli/commands.hpp"
#include "cli/trust_material.hpp"
#include "deploy/trust_update.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Result;

constexpr const char* kPolicyName = "command line";

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

std::string without_json(const std::string& name) {
  return name.ends_with(".json") ? name.substr(0, name.size() - 5) : name;
}

// --- the policy in memory -----------------------------------------------------------------------

struct Basis {
  trust::TrustContent content;
  config::TrustPolicy policy;
};

Result<Basis> by_keys(Context& context, const SignerOptions& options) {
  auto keys = read_keys(context.files, options.keys);
  if (!keys) return std::move(keys).error();
  Basis basis;
  config::Authority authority;
  authority.name = "key";
  authority.keys = options.keys;
  authority.log = options.require_log;
  authority.timestamp = options.require_timestamp;
  if (!options.trusted_root.empty()) {
    auto root = read_trusted_root(context, options);
    if (!root) return std::move(root).error();
    basis.content.sigstore_roots.push_back({options.trusted_root, std::move(*root)});
    authority.trusted_root = options.trusted_root;
  }
  basis.content.keys = std::move(*keys);
  basis.policy.name = kPolicyName;
  basis.policy.authorities.push_back(std::move(authority));
  return basis;
}

Result<Basis> by_identity(Context& context, const SignerOptions& options) {
  auto root = read_trusted_root(context, options);
  if (!root) return std::move(root).error();
  auto identity = identity_of(options);
  if (!identity) return std::move(identity).error();
  Basis basis;
  basis.content.sigstore_roots.push_back({options.trusted_root, std::move(*root)});
  basis.policy.name = kPolicyName;
  config::Authority authority;
  authority.name = "identity";
  authority.identities.push_back(std::move(*identity));
  authority.trusted_root = options.trusted_root;
  authority.timestamp = options.require_timestamp;
  basis.policy.authorities.push_back(std::move(authority));
  return basis;
}

// The policy that the repository selects; when none does, the judgement says so.
std::string notation_policy_for(const notation::TrustPolicyDocument& document,
                                const std::string& repository) {
  const auto selected = document.select(repository);
  if (selected) return selected->name;
  return document.policies().empty() ? std::string() : document.policies().front().name;
}

Result<Basis> by_notation(Context& context, const TrustOptions& options, const std::string& repository) {
  Basis basis;
  if (auto read = read_notation(context.files, options.trust_policy, options.trust_store, basis.content);
      !read)
    return std::move(read).error();
  for (const std::string& path : options.revocation_lists) {
    auto text = base::read_file(context.files, path);
    if (!text) return std::move(text).error();
    basis.content.revocation_lists.push_back({path, std::move(*text)});
  }
  const auto document = notation::TrustPolicyDocument::parse(*basis.content.notation_policy);
  if (!document) return document.error();
  basis.policy.name = kPolicyName;
  config::Authority authority;
  authority.name = "notation";
  authority.notation = notation_policy_for(*document, repository);
  basis.policy.authorities.push_back(std::move(authority));
  return basis;
}

// --- a policy file ------------------------------------------------------------------------------

// "trust/policies/release.toml" finds what it names below "trust".
std::string material_directory(const TrustOptions& options) {
  if (!options.directory.empty()) return options.directory;
  const std::string folder = base::parent_directory(options.policy);
  const bool among_policies = folder == "policies" || folder.ends_with("/policies");
  return among_policies ? base::parent_directory(folder) : folder;
}

bool is_empty(const trust::TrustContent& content) {
  return content.keys.empty() && content.sigstore_roots.empty() && !content.notation_policy;
}

Result<void> add_given(Context& context, const SignerOptions& options, trust::TrustContent& content) {
  for (const std::string& path : options.keys) {
    auto key = read_key(context.files, path, file_name(path));
    if (!key) return std::move(key).error();
    content.keys.push_back(std::move(*key));
  }
  if (options.trusted_root.empty()) return {};
  auto root = read_trusted_root(context, options);
  if (!root) return std::move(root).error();
  content.sigstore_roots.push_back({without_json(file_name(options.trusted_root)), std::move(*root)});
  return {};
}

// Beside the file, and what the command line adds; where there is none of it, what this host trusts.
Result<Basis> by_policy_file(Context& context, const TrustOptions& options) {
  auto policy = config::load_policy_file(context.files, options.policy);
  if (!policy)
    return Error::refused("trust.policy_file",
                          "the policy cannot be used: " + policy.error().to_error().describe());
  auto content = read_material(context.files, material_directory(options), *policy);
  if (!content) return std::move(content).error();
  if (auto added = add_given(context, options.signer, *content); !added) return std::move(added).error();
  if (is_empty(*content) && options.directory.empty()) {
    if (auto loaded = context.settings()) {
      auto host = deploy::load_site_trust(
          context.files, {loaded->settings.trust.directory, context.globals.state_directory});
      if (!host) return std::move(host).error();
      *content = host->state.content();
    }
  }
  return Basis{std::move(*content), std::move(*policy)};
}

// --- a policy of the settings -------------------------------------------------------------------

struct FromSettings {
  config::Settings settings;
  trust::TrustState state;
  config::TrustPolicy policy;
};

Result<FromSettings> by_settings(Context& context, const TrustOptions& options) {
  auto loaded = context.settings();
  if (!loaded && !options.policy.empty())
    return Error::refused("usage", "'" + shown(options.policy, 80) +
                                       "' would be a policy of the settings, and they cannot be read: " +
                                       loaded.error().describe() +
                                       "; a policy file is written with '/' or ends in .toml");
  if (!loaded) return std::move(loaded).error();
  config::Settings& settings = loaded->settings;
  std::string name = options.policy;
  const auto component = settings.components.find(options.component);
  if (name.empty() && component != settings.components.end()) name = component->second.policy;
  const auto known = settings.trust.policies.find(name);
  if (known == settings.trust.policies.end()) {
    return Error::refused("usage", name.empty()
                                       ? "the settings have no component '" + shown(options.component, 80) +
                                             "'; name a --policy or a --key as well"
                                       : "the settings have no trust policy '" + shown(name, 80) +
                                             "'; a policy file is written with '/' or ends in .toml");
  }
  auto trust =
      deploy::load_site_trust(context.files, {settings.trust.directory, context.globals.state_directory});
  if (!trust) return std::move(trust).error();
  config::TrustPolicy policy = known->second;
  return FromSettings{std::move(settings), std::move(trust->state), std::move(policy)};
}

// --- together -----------------------------------------------------------------------------------

Result<Judge> finish_verify_trust(const trust::TrustState& state, config::TrustPolicy settings,
                                  const TrustOptions& options) {
  auto annotations = parse_pairs(options.annotations);
  if (!annotations) return std::move(annotations).error();
  for (auto& [name, value] : *annotations) settings.annotations[name] = value;
  auto policy = trust::make_policy(state, settings);
  if (!policy) return std::move(policy).error();
  Judge judge{state, std::move(*policy)};
  judge.identity.component = options.component;
  judge.circumstances.environment = options.environment;
  judge.warnings = judge.policy.warnings();
  return judge;
}

Result<Judge> judge_of_settings(Context& context, const TrustOptions& options) {
  auto from = by_settings(context, options);
  if (!from) return std::move(from).error();
  auto judge = finish_verify_trust(from->state, std::move(from->policy), options);
  if (!judge) return judge;
  const auto component = from->settings.components.find(options.component);
  if (component != from->settings.components.end()) judge->identity.component = component->second.expect;
  if (options.environment.empty()) judge->circumstances.environment = from->settings.site.environment;
  return judge;
}

Result<Judge> judge_of_options(Context& context, const TrustOptions& options, const std::string& repository) {
  const bool from_file = !options.policy.empty();
  const bool by_key = !options.signer.keys.empty();
  auto basis = from_file                  ? by_policy_file(context, options)
               : options.names_notation() ? by_notation(context, options, repository)
               : by_key                   ? by_keys(context, options.signer)
                                          : by_identity(context, options.signer);
  if (!basis) return std::move(basis).error();
  auto state = trust::TrustState::make(std::move(basis->content));
  if (!state) return std::move(state).error();
  auto judge = finish_verify_trust(*state, std::move(basis->policy), options);
  if (judge || !from_file) return judge;
  return std::move(judge).error().with_context("what " + options.policy + " names is looked for in " +
                                               material_directory(options));
}

bool is_of_settings(const TrustOptions& options) {
  if (!options.policy.empty()) return !options.names_policy_file();
  return !options.names_notation() && options.signer.keys.empty() && !options.signer.names_identity();
}

}  // namespace

Result<std::vector<trust::PinnedKey>> read_keys(base::Files& files, const std::vector<std::string>& paths) {
  std::vector<trust::PinnedKey> keys;
  for (const std::string& path : paths) {
    auto key = read_key(files, path, path);
    if (!key) return std::move(key).error().with_context("cannot use the key");
    keys.push_back(std::move(*key));
  }
  return keys;
}

Result<std::string> read_trusted_root(Context& context, const SignerOptions& options) {
  if (!options.trusted_root.empty()) {
    auto text = base::read_file(context.files, options.trusted_root, sigstore::kMaxTrustedRoot);
    if (!text) return std::move(text).error().with_context("cannot read the trusted root");
    return text;
  }
  // Never taken by itself: what a command answers must not depend on the host it runs on.
  std::string pinned;
  if (auto loaded = context.settings()) {
    const std::string folder = loaded->settings.trust.directory + "/sigstore";
    if (auto entries = context.files.list(folder)) {
      for (const base::Entry& entry : *entries)
        if (entry.name.ends_with(".json"))
          pinned.append(pinned.empty() ? "; this host pins " : ", ").append(folder).append("/" + entry.name);
    }
  }
  return Error::refused(
      "usage",
      "a certificate is judged by logs and authorities: name them with --trusted-root FILE, "
      "a trusted_root.json as 'cosign trusted-root create' writes" +
          pinned);
}

Result<config::CertificateIdentity> identity_of(const SignerOptions& options) {
  auto extensions = parse_pairs(options.extensions);
  if (!extensions) return std::move(extensions).error();
  return config::CertificateIdentity{options.issuer, options.issuer_regexp, options.identity,
                                     options.identity_regexp, std::move(*extensions)};
}

Result<Judge> make_judge(Context& context, const TrustOptions& options, const std::string& repository) {
  const std::string& place = options.scope.empty() ? repository : options.scope;
  const auto now = time_of(options.signer, context.clock.now());
  if (!now) return now.error();
  auto judge = is_of_settings(options) ? judge_of_settings(context, options)
                                       : judge_of_options(context, options, place);
  if (!judge) return judge;
  judge->circumstances.now = *now;
  judge->circumstances.repository = place;
  return judge;
}

}  // namespace gridseal::cli
