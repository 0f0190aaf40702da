#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "crypto/random.hpp"
#include "oci/artifact.hpp"
#include "oci/layout.hpp"
#include "trust/verify.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

struct Options {
  std::string target;
  std::string policy;
  std::string key;
  std::string component;
  std::vector<std::string> annotations;
  deploy::RegistryFlags registry;
};

// --- what is judged ------------------------------------------------------------------

struct Subject {
  oci::FetchedArtifact artifact;
  std::string tag;
};

trust::Place trust_place(oci::Place place) {
  switch (place) {
    case oci::Place::referrer:
      return trust::Place::referrer;
    case oci::Place::referrer_tag:
      return trust::Place::referrer_tag;
    case oci::Place::legacy_tag:
      break;
  }
  return trust::Place::legacy_tag;
}

trust::Evidence evidence_of(const oci::FetchedArtifact& artifact) {
  trust::Evidence evidence(artifact.digest);
  evidence.manifest = artifact.manifest_bytes;
  for (const auto& signature : artifact.signatures.manifests)
    evidence.signatures.push_back(
        {trust_place(signature.place), signature.digest, signature.bytes, signature.blobs});
  evidence.not_tried = artifact.signatures.not_tried;
  evidence.notes = artifact.signatures.notes;
  return evidence;
}

base::Result<Subject> from_layout(Context& context, const std::string& target) {
  auto reference = oci::LayoutReference::parse(target);
  if (!reference) return std::move(reference).error();
  auto layout = oci::Layout::open(context.files, reference->directory);
  if (!layout) return std::move(layout).error();
  auto digest = (*layout)->resolve(*reference);
  if (!digest) return std::move(digest).error();
  auto artifact = oci::read_artifact(**layout, *digest);
  if (!artifact) return std::move(artifact).error();
  // The name inside a layout is its writer's own; it says nothing about a version.
  return Subject{std::move(*artifact), {}};
}

// The settings' registry of that host, unless flags say how to reach it.
config::Registry registry_for(const Context& context, const std::string& host,
                              const deploy::RegistryFlags& flags) {
  if (flags.ca.empty() && flags.credentials.empty() && !flags.plain_http) {
    if (auto loaded = context.settings()) {
      for (const auto& [name, registry] : loaded->settings.registries) {
        const std::string& url = registry.urls.front();
        if (url == "https://" + host || url.starts_with("https://" + host + "/")) return registry;
      }
    }
  }
  return deploy::from_flags(host, flags);
}

// A place for what is fetched, removed again.
class Scratch {
 public:
  explicit Scratch(base::Files& files)
      : files_(files),
        path_(temporary_directory() + "/gridseal-verify-" + base::encode_hex(crypto::random_bytes(8))) {}
  ~Scratch() { (void)files_.remove_tree(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  base::Files& files_;
  std::string path_;
};

base::Result<Subject> from_registry(Context& context, const Options& options) {
  auto reference = oci::Reference::parse(options.target);
  if (!reference) return std::move(reference).error();
  const config::Registry settings = registry_for(context, reference->repository.registry, options.registry);
  auto registry =
      deploy::make_registry(settings, context.files, context.surroundings(), credentials_directory());
  if (!registry) return std::move(registry).error();
  std::optional<base::Digest> digest = reference->digest;
  if (!digest) {
    auto head = (*registry)->head_manifest(reference->repository, reference->tag, {});
    if (!head) return std::move(head).error();
    digest = head->digest;
  }
  const Scratch scratch(context.files);
  auto store = oci::Store::open(context.files, context.log, {scratch.path(), 0});
  if (!store) return std::move(store).error();
  auto artifact = oci::fetch_artifact(**registry, **store, reference->repository, *digest, {});
  if (!artifact) return std::move(artifact).error();
  return Subject{std::move(*artifact), reference->tag};
}

// --- by what it is judged ------------------------------------------------------------

struct Judge {
  trust::TrustState state;
  trust::Policy policy;
  trust::Identity identity;
  std::optional<std::string> environment;  // of the site
};

base::Result<trust::TrustState> pinned_by_flag(base::Files& files, const std::string& path) {
  auto text = base::read_file(files, path, 64 * 1024);
  if (!text) return std::move(text).error().with_context("cannot read the key");
  auto key = crypto::PublicKey::from_pem(*text);
  if (!key) return std::move(key).error().with_context("cannot use the key '" + path + "'");
  return trust::TrustState::from_keys({{path, std::move(*key)}});
}

base::Result<Judge> make_judge(Context& context, const Options& options) {
  auto annotations = parse_pairs(options.annotations);
  if (!annotations) return std::move(annotations).error();
  trust::Identity identity;
  identity.component = options.component;
  if (!options.key.empty()) {
    auto state = pinned_by_flag(context.files, options.key);
    if (!state) return std::move(state).error();
    auto policy = trust::make_policy(*state, {"--key", {options.key}, std::move(*annotations)});
    if (!policy) return std::move(policy).error();
    return Judge{std::move(*state), std::move(*policy), std::move(identity), std::nullopt};
  }
  auto loaded = context.settings();
  if (!loaded) return std::move(loaded).error();
  const config::Settings& settings = loaded->settings;
  std::string name = options.policy;
  const auto component = settings.components.find(options.component);
  if (component != settings.components.end()) {
    if (name.empty()) name = component->second.policy;
    identity.component = component->second.expect;
  }
  const auto known = settings.trust.policies.find(name);
  if (known == settings.trust.policies.end())
    return base::Error::refused("usage", name.empty()
                                             ? "name a --policy of the settings, a --key, or a --component"
                                             : "the settings have no trust policy '" + shown(name, 80) + "'");
  auto state = trust::load_trust(context.files, settings.trust.directory);
  if (!state) return std::move(state).error();
  trust::PolicySettings wanted = known->second;
  for (auto& [key, value] : *annotations) wanted.annotations[key] = value;
  auto policy = trust::make_policy(*state, wanted);
  if (!policy) return std::move(policy).error();
  return Judge{std::move(*state), std::move(*policy), std::move(identity), settings.site.environment};
}

// --- the verdict ---------------------------------------------------------------------

struct Verdict {
  std::vector<trust::Check> passed;
  std::optional<base::Error> error;
  std::optional<trust::Satisfied> satisfied;
  std::optional<trust::Verified> verified;  // says more than the signature alone

  Json evidence() const {
    if (verified) return trust::to_json(*verified);
    return satisfied ? trust::to_json(*satisfied) : Json();
  }
};

base::Result<void> check_environment(const trust::Verified& verified, const std::optional<std::string>& own) {
  if (!own || !verified.environment() || *verified.environment() == *own) return {};
  return base::Error::refused("identity.environment", "the release is signed for the environment '" +
                                                          *verified.environment() + "', this site is '" +
                                                          *own + "'");
}

void judge_identity(const Judge& judge, const trust::Evidence& evidence, const std::string& tag,
                    Verdict& verdict) {
  auto verified = trust::verify(judge.state, judge.policy, judge.identity, evidence);
  if (!verified) {
    verdict.error = verified.error();
    return;
  }
  verdict.verified = *verified;
  verdict.passed.push_back({"identity", "component " + verified->component() + ", version " +
                                            verified->version() + ", created " +
                                            base::format_rfc3339(verified->created())});
  if (auto r = check_environment(*verified, judge.environment); !r) {
    verdict.error = r.error();
    return;
  }
  if (tag.empty()) return;
  if (auto r = trust::check_tag(*verified, tag); !r) {
    verdict.error = r.error();
    return;
  }
  verdict.passed.push_back({"tag", "'" + tag + "' agrees with the signed version"});
}

Verdict judge_subject(const Judge& judge, const Subject& subject) {
  Verdict verdict;
  const trust::Evidence evidence = evidence_of(subject.artifact);
  auto signature = trust::verify_signatures(judge.state, judge.policy, evidence);
  if (!signature) {
    verdict.error = signature.error();
    return verdict;
  }
  for (const auto& one : signature->signatures)
    verdict.passed.insert(verdict.passed.end(), one.checks.begin(), one.checks.end());
  verdict.satisfied = *signature;
  if (!judge.identity.component.empty()) judge_identity(judge, evidence, subject.tag, verdict);
  return verdict;
}

std::string word_of(const Verdict& verdict) {
  return verdict.error ? std::string(to_string(verdict.error->outcome())) : "verified";
}

ExitCode print(Context& context, const Subject& subject, const Verdict& verdict) {
  const std::string digest = subject.artifact.digest.to_string();
  if (context.as_json()) {
    Json checks = Json::array();
    for (const trust::Check& check : verdict.passed)
      checks.push_back({{"name", check.name}, {"passed", true}, {"detail", check.detail}});
    context.print_json(Json{{"digest", digest},
                            {"outcome", word_of(verdict)},
                            {"reason", verdict.error ? Json(verdict.error->code()) : Json()},
                            {"message", verdict.error ? Json(verdict.error->describe()) : Json()},
                            {"checks", std::move(checks)},
                            {"evidence", verdict.evidence()}});
  } else {
    std::string text = digest + "\n";
    for (const trust::Check& check : verdict.passed)
      text +=
          "  " + context.out.paint(Colour::good, "✓") + " " + check.name + ": " + shown(check.detail) + "\n";
    if (verdict.error)
      text += "  " + context.out.paint(Colour::bad, "✗") + " " + shown(verdict.error->describe(), 4000) +
              " (" + verdict.error->code() + ")\n";
    context.print(text + context.out.paint(colour_of(word_of(verdict)), word_of(verdict)) + "\n");
  }
  return verdict.error ? ExitCode::refused : ExitCode::ok;
}

// Nothing was judged, whatever stood in the way.
ExitCode not_judged(const Context& context, const base::Error& error) {
  (void)context.fail(error);
  return ExitCode::usage;
}

ExitCode run(Context& context, const Options& options) {
  auto judge = make_judge(context, options);
  if (!judge) return not_judged(context, judge.error());
  auto subject = options.target.starts_with("oci-layout:") ? from_layout(context, options.target)
                                                           : from_registry(context, options);
  if (!subject) return not_judged(context, subject.error());
  return print(context, *subject, judge_subject(*judge, *subject));
}

}  // namespace

void add_verify(const Command& program, Context& context) {
  const Command command =
      program.subcommand("verify", "Judges an artifact as gridseald would, and says each check");
  auto options = std::make_shared<Options>();
  command.text("target", options->target, "HOST/REPOSITORY(:TAG|@DIGEST) or oci-layout:DIR[:TAG][@DIGEST]")
      .required();
  const Option policy = command.text("--policy", options->policy, "a trust policy of the settings");
  const Option key = command.text("--key", options->key, "a public key, PEM, instead of a policy");
  policy.excludes(key);
  command.text("--component", options->component,
               "the signed identity must be this one; of a component in the settings, also its policy");
  command.texts("-a,--annotation", options->annotations, "name=value that the signature must carry");
  add_registry_flags(command, options->registry);
  command.footer("Exit code: 0 verified, 1 refused or pending, 2 could not be judged.");
  command.action([&context, options] { return run(context, *options); });
}

}  // namespace gridseal::cli
