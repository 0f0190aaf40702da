#include <algorithm>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/verify_report.hpp"
#include "cli/verify_trust.hpp"
#include "crypto/stream_hash.hpp"
#include "sigstore/verify_bundle.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Result;
using sigstore::VerifiedSignature;

constexpr uint64_t kMaxHeld = uint64_t{1} << 20U;       // of an artifact; a larger one is only hashed
constexpr uint64_t kMaxMessage = uint64_t{512} << 20U;  // that pure Ed25519 signs, which has no digest
constexpr auto kSkew = std::chrono::hours(24);

struct VerifyBundleOptions {
  std::string bundle;
  std::string artifact;
  SignerOptions signer;
};

// Who may have signed.
struct Signers {
  std::vector<trust::PinnedKey> keys{};
  std::optional<sigstore::TrustedRoot> root{};
  std::optional<sigstore::IdentityMatcher> identities{};  // else the keys
  base::Time now{};
};

Result<Signers> read_signers(Context& context, const SignerOptions& options) {
  Signers signers;
  auto keys = read_keys(context.files, options.keys);
  if (!keys) return std::move(keys).error();
  signers.keys = std::move(*keys);
  auto now = time_of(options, context.clock.now());
  if (!now) return std::move(now).error();
  signers.now = *now;
  if (options.names_identity()) {
    auto one = identity_of(options);
    if (!one) return std::move(one).error();
    auto matcher = sigstore::IdentityMatcher::make(
        {{one->issuer, one->issuer_regexp, one->subject, one->subject_regexp, one->extensions}});
    if (!matcher) return std::move(matcher).error();
    signers.identities = std::move(*matcher);
  } else if (options.trusted_root.empty()) {
    return signers;
  }
  auto text = read_trusted_root(context, options);
  if (!text) return std::move(text).error();
  auto root = sigstore::parse_trusted_root(*text);
  if (!root)
    return std::move(root).error().with_context("cannot use the trusted root '" + options.trusted_root + "'");
  signers.root = std::move(*root);
  return signers;
}

// --- the artifact -------------------------------------------------------------------------------

// A file, or only a digest.
struct Source {
  std::unique_ptr<base::InputFile> file;
  std::optional<base::Digest> digest;
};

// "sha256:<hex>" is a digest unless there is a file of that name.
Result<Source> open_artifact(base::Files& files, const std::string& argument) {
  const auto digest = base::Digest::parse(argument);
  const auto there = files.stat(argument);
  if (digest && !there) return Source{nullptr, *digest};
  auto file = files.open_input(argument);
  if (!file) return std::move(file).error().with_context("cannot read the artifact");
  return Source{std::move(*file), std::nullopt};
}

Result<void> read_through(base::InputFile& file, const std::function<void(std::string_view)>& take) {
  std::string buffer(size_t{128} << 10U, '\0');
  for (uint64_t at = 0;;) {
    const auto got = file.read_at(at, buffer.data(), buffer.size());
    if (!got) return got.error();
    if (*got == 0) return {};
    take(std::string_view(buffer).substr(0, *got));
    at += *got;
  }
}

// The one digest that the bundle is about.
crypto::Hash hash_in(const sigstore::Bundle& bundle) {
  const auto* message = std::get_if<sigstore::MessageSignature>(&bundle.content);
  if (message == nullptr) return crypto::Hash::sha256;
  if (message->algorithm == "SHA2_384") return crypto::Hash::sha384;
  return message->algorithm == "SHA2_512" ? crypto::Hash::sha512 : crypto::Hash::sha256;
}

bool is_ed25519(const crypto::PublicKey& key) {
  return key.kind() == crypto::KeyKind::ed25519;
}

// Pure Ed25519 signs no digest: the whole artifact is needed.
bool may_need_all(const sigstore::Bundle& bundle, const Signers& signers) {
  if (std::holds_alternative<sigstore::Envelope>(bundle.content)) return false;
  const auto* certificates = std::get_if<sigstore::Certificates>(&bundle.material);
  if (certificates == nullptr)
    return std::ranges::any_of(signers.keys, [](const auto& one) { return is_ed25519(one.key); });
  const auto leaf = crypto::Certificate::from_der(certificates->leaf);
  return leaf && leaf->public_key() && is_ed25519(*leaf->public_key());
}

// --- the judgement ------------------------------------------------------------------------------

using Passed = std::vector<sigstore::VerificationCheck>;

class BundleJudge {
 public:
  BundleJudge(const SignerOptions& options, const Signers& signers, const sigstore::Bundle& bundle)
      : options_(options), signers_(signers), bundle_(bundle) {}

  Result<VerifiedSignature> verify(const sigstore::Artifact& artifact, Passed& passed) const {
    if (signers_.identities) {
      sigstore::CertificateRules rules;
      rules.timestamps = options_.require_timestamp ? 1 : 0;
      return sigstore::verify_with_certificate(bundle_, artifact, *signers_.root, rules, &passed);
    }
    const sigstore::KeyRules rules{options_.require_log ? 1U : 0U, options_.require_timestamp ? 1U : 0U};
    return sigstore::verify_with_keys(bundle_, artifact, signers_.keys,
                                      signers_.root ? &*signers_.root : nullptr, rules, &passed);
  }

  Result<void> check_identity(const VerifiedSignature& verified) const {
    const auto* signer = std::get_if<sigstore::CertificateSigner>(&verified.signer);
    if (signer == nullptr) return {};
    auto matched = signers_.identities->match(signer->identity);
    if (!matched) return std::move(matched).error();
    return {};
  }

  // Who is wrong, this clock or the authority, cannot be told.
  Result<void> check_times(const VerifiedSignature& verified) const {
    for (const auto& time : verified.times) {
      if (time.time <= signers_.now + kSkew) continue;
      return Error::blocked("time.in_future", "signed at " + base::format_rfc3339(time.time) + ", says " +
                                                  time.authority + ", and it is " +
                                                  base::format_rfc3339(signers_.now));
    }
    return {};
  }

 private:
  const SignerOptions& options_;
  const Signers& signers_;
  const sigstore::Bundle& bundle_;
};

// What came of it; an error beside it means that the artifact cannot be read.
struct Verdict {
  std::string digest;  // of the artifact
  Result<VerifiedSignature> verified;
  Passed passed;
};

Result<Verdict> verify_source(const BundleJudge& judge, const sigstore::Bundle& bundle,
                              const Signers& signers, Source& source) {
  const auto verdict = [&](const base::Digest& digest, const sigstore::Artifact& artifact) {
    Passed passed;
    auto verified = judge.verify(artifact, passed);
    return Verdict{digest.to_string(), std::move(verified), std::move(passed)};
  };
  if (source.digest) return verdict(*source.digest, sigstore::Artifact::of_digest(*source.digest));
  const bool held = source.file->size() <= kMaxHeld;
  const bool all_needed = may_need_all(bundle, signers) && source.file->size() <= kMaxMessage;
  std::string bytes;
  crypto::StreamHash hash(hash_in(bundle));
  crypto::Sha256 sha256;
  auto read = read_through(*source.file, [&](std::string_view piece) {
    hash.update(piece);
    sha256.update(piece);
    if (held || all_needed) bytes.append(piece);
  });
  if (!read) return std::move(read).error();
  const base::Digest digest = sha256.finish();
  if (held || all_needed) return verdict(digest, sigstore::Artifact::of_bytes(bytes));
  const auto artifact = sigstore::Artifact::of_digest(hash_in(bundle), hash.finish());
  if (!artifact) return artifact.error();
  return verdict(digest, *artifact);
}

trust::SignatureEvidence evidence_of(const VerifiedSignature& verified, const SignerOptions& options,
                                     const std::string& digest, const base::Digest& bundle) {
  trust::SignatureEvidence evidence;
  evidence.scheme = "sigstore-bundle";
  evidence.policy = "command line";
  evidence.authority = options.names_identity() ? "identity" : "key";
  if (const auto* key = std::get_if<sigstore::KeySigner>(&verified.signer)) {
    evidence.key_name = key->name;
    evidence.key_id = key->key_id;
  } else {
    evidence.certificate = trust::CertificateEvidence{options.trusted_root,
                                                      std::get<sigstore::CertificateSigner>(verified.signer)};
  }
  evidence.algorithm = verified.algorithm;
  evidence.artifact = digest;
  evidence.signature_blob = bundle.to_string();
  evidence.times = verified.times;
  evidence.log_entries = verified.log_entries;
  evidence.ignored = verified.ignored;
  for (const auto& check : verified.checks) evidence.checks.push_back({check.name, check.detail});
  return evidence;
}

void report_verified(const VerifiedSignature& verified, const SignerOptions& options,
                     const BundleJudge& judge, const base::Digest& bundle, Report& report) {
  for (const std::string& ignored : verified.ignored) report.notes.push_back("not counted: " + ignored);
  if (const auto* statement = std::get_if<sigstore::SignedStatement>(&verified.content))
    report.more["statement"] = {{"predicateType", statement->statement->predicate_type}};
  if (auto same = judge.check_identity(verified); !same) return report.fail(std::move(same).error());
  if (auto past = judge.check_times(verified); !past) return report.fail(std::move(past).error());
  if (const auto* signer = std::get_if<sigstore::CertificateSigner>(&verified.signer))
    report.checks.push_back({"identity", true, {}, sigstore::describe(signer->identity), {}});
  base::Json signature = trust::to_json(evidence_of(verified, options, report.digest, bundle));
  signature["place"] = base::Json();
  signature["signatureManifest"] = base::Json();
  report.signatures.push_back(std::move(signature));
}

ExitCode judge_bundle(Context& context, const VerifyBundleOptions& options, const Signers& signers,
                      Source& source, const base::Blob& text) {
  Report report{options.artifact, {}};
  if (source.digest) report.digest = source.digest->to_string();
  if (signers.identities) report.warnings = signers.identities->warnings();
  const auto bundle = sigstore::parse_bundle(text);
  if (!bundle && bundle.error().outcome() == base::Outcome::blocked)
    return not_judged(context, Error(bundle.error()).with_context("cannot read the bundle"), ExitCode::usage);
  if (!bundle) {
    report.fail(bundle.error());
    return print_report(context, report);
  }
  report.checks.push_back({"form", true, {}, "a Sigstore bundle", {}});
  const BundleJudge judge(options.signer, signers, *bundle);
  auto verdict = verify_source(judge, *bundle, signers, source);
  if (!verdict) return not_judged(context, verdict.error(), ExitCode::usage);
  report.digest = verdict->digest;
  for (const auto& check : verdict->passed) report.checks.push_back({check.name, true, {}, check.detail, {}});
  if (verdict->verified)
    report_verified(*verdict->verified, options.signer, judge, bundle->digest, report);
  else
    report.fail(verdict->verified.error());
  return print_report(context, report);
}

ExitCode run_verify_bundle(Context& context, const VerifyBundleOptions& options) {
  auto signers = read_signers(context, options.signer);
  if (!signers) return no_judge(context, options.artifact, signers.error());
  auto source = open_artifact(context.files, options.artifact);
  if (!source) return not_judged(context, source.error(), ExitCode::usage);
  auto text = base::Blob::open(context.files, options.bundle);
  if (text) return judge_bundle(context, options, *signers, *source, *text);
  return not_judged(context, std::move(text).error().with_context("cannot read the bundle"), ExitCode::usage);
}

}  // namespace

void add_verify_bundle(const Command& verify, Context& context,
                       const std::function<std::optional<std::string>()>& outer_wrong) {
  const Command command = verify.optional_subcommand(
      "bundle", "Judges a Sigstore bundle beside a file, whatever it was signed with");
  auto options = std::make_shared<VerifyBundleOptions>();
  command.text("--bundle", options->bundle, "the bundle, as cosign and other Sigstore clients write it")
      .required()
      .value_name("FILE");
  command
      .text("artifact", options->artifact, "the file that is signed, or sha256:HEX when only that is known")
      .required();
  add_signer_options(command, options->signer);
  command.check([options, outer_wrong]() -> std::optional<std::string> {
    if (auto wrong = outer_wrong()) return wrong;
    if (auto wrong = options->signer.wrong()) return wrong;
    if (!options->signer.keys.empty() || options->signer.names_identity()) return std::nullopt;
    return "say who must have signed: --key, or --certificate-identity with --certificate-oidc-issuer";
  });
  command.footer(
      "A trusted root is never taken from this host by itself: a certificate needs --trusted-root.\n"
      "Exit code: 0 verified, 1 refused, 2 could not be judged.");
  command.action([&context, options] { return run_verify_bundle(context, *options); });
}

}  // namespace gridseal::cli
