#include "cli/commands.hpp"
#include "crypto/hash.hpp"
#include "deploy/trust_update.hpp"
#include "publish/trust_bundle.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Json;
using base::Result;
using publish::TrustBundleFile;

Result<crypto::PublicKey> read_public_key(Context& context, const std::string& path) {
  auto text = base::read_file(context.files, path, 65'536);
  if (!text) return std::move(text).error();
  auto key = crypto::PublicKey::from_pem(*text);
  if (!key) return std::move(key).error().with_context(path + " is not a usable public key");
  return key;
}

// "1 of its root: anna (2 needed)".
std::string role_words(const std::set<std::string>& have, const char* name, size_t threshold) {
  std::string names;
  for (const std::string& one : have) names += (names.empty() ? ": " : ", ") + one;
  return std::to_string(have.size()) + " of its " + name + names + " (" + std::to_string(threshold) +
         " needed)";
}

// Who has signed and as what, for the people who pass it round. The bundle before it may ask for others too.
std::string signed_words(const TrustBundleFile& file) {
  if (file.is_draft()) return ", not signed yet";
  const auto bundle = trust::parse_trust_bundle(file.envelope());
  if (!bundle) return ", which no host reads: " + bundle.error().describe();
  const trust::TrustBundleContent& content = bundle->content();
  std::string words;
  for (const auto& [role, name] : {std::pair{&content.root, "root"},
                                   {content.deny ? &*content.deny : nullptr, "deny role"},
                                   {content.endorse ? &*content.endorse : nullptr, "endorse role"}}) {
    if (role == nullptr) continue;
    const auto have = trust::signers(*bundle, *role, *bundle);
    if (!have) return ", which no host accepts: " + have.error().describe();
    if (!have->empty()) words += (words.empty() ? "" : ", ") + role_words(*have, name, role->threshold);
  }
  return ", signed by " + (words.empty() ? role_words({}, "root", content.root.threshold) : words);
}

ExitCode say(Context& context, const TrustBundleFile& file, const std::string& path) {
  const auto fingerprint = crypto::sha256(trust::canonical_text(file.content()));
  if (context.as_json()) {
    context.print_json({{"version", file.content().version},
                        {"fingerprint", fingerprint.to_string()},
                        {"draft", file.is_draft()},
                        {"file", path}});
  } else {
    context.print(path + " is trust bundle " + std::to_string(file.content().version) + signed_words(file) +
                  "\n" + fingerprint.to_string() + "\n");
  }
  return ExitCode::ok;
}

ExitCode save(Context& context, const TrustBundleFile& file, const std::string& path) {
  if (auto r = file.write(context.files, path); !r) return context.fail(r.error());
  return say(context, file, path);
}

// Reads the file, begins the next version where it is signed, lets `edit` change it, writes it.
using Edit = std::function<Result<void>(TrustBundleFile&)>;
ExitCode change(Context& context, const std::string& path, const Edit& edit) {
  auto file = TrustBundleFile::read(context.files, path);
  if (!file) return context.fail(file.error());
  file->begin_change(context.clock.now());
  if (auto r = edit(*file); !r) return context.fail(r.error());
  return save(context, *file, path);
}

Result<std::optional<base::Time>> time_of(const std::string& text) {
  if (text.empty()) return std::optional<base::Time>();
  auto time = base::parse_rfc3339(text);
  if (!time) return std::move(time).error();
  return std::optional<base::Time>(*time);
}

// --- init ------------------------------------------------------------------------------

struct Init {
  std::string path;
  std::vector<std::string> root;
  int64_t threshold = 1;
  int64_t version = 1;
  std::string expires;
};

ExitCode run_init(Context& context, const Init& options) {
  auto pairs = parse_pairs(options.root);
  if (!pairs) return context.fail(pairs.error());
  std::map<std::string, crypto::PublicKey> root;
  for (const auto& [name, path] : *pairs) {
    auto key = read_public_key(context, path);
    if (!key) return context.fail(key.error());
    root.emplace(name, std::move(*key));
  }
  if (context.files.stat(options.path))
    return context.fail(Error::blocked("files.exists", options.path + " is there already"));
  auto file = TrustBundleFile::first(root, static_cast<size_t>(options.threshold), options.version,
                                     context.clock.now());
  if (!file) return context.fail(file.error());
  auto expires = time_of(options.expires);
  if (!expires) return context.fail(expires.error());
  file->set_expiry(*expires);
  return save(context, *file, options.path);
}

void add_init(const Command& bundle, Context& context) {
  const Command command = bundle.subcommand("init", "Begins the first trust bundle");
  auto options = std::make_shared<Init>();
  command.text("file", options->path, "the file to make").required();
  command.texts("--root", options->root, "NAME=FILE, a root key; may be repeated").required();
  command.number("--threshold", options->threshold, "so many root keys must sign").shows_default();
  command.number("--version", options->version, "higher than 1 after a lost root").shows_default();
  command.text("--expires", options->expires, "RFC 3339; a warning comes after it, nothing else");
  command.action([&context, options] { return run_init(context, *options); });
}

// --- add -------------------------------------------------------------------------------

struct Add {
  std::string path;
  std::vector<std::string> keys;
  std::vector<std::string> roles;
  std::vector<std::string> thresholds;
  std::vector<std::string> sigstore;
  std::vector<std::string> notation;
  std::vector<std::string> remove;
  std::string expires;
};

Result<void> add_keys(Context& context, const Add& options, TrustBundleFile& file) {
  auto keys = parse_pairs(options.keys);
  if (!keys) return std::move(keys).error();
  const publish::Roles roles(options.roles.begin(), options.roles.end());
  for (const auto& [name, path] : *keys) {
    auto key = read_public_key(context, path);
    if (!key) return std::move(key).error();
    if (auto r = file.add_key(name, *key, roles); !r) return r;
  }
  return {};
}

Result<void> add_documents(Context& context, const Add& options, TrustBundleFile& file) {
  auto roots = parse_pairs(options.sigstore);
  if (!roots) return std::move(roots).error();
  for (const auto& [name, path] : *roots) {
    auto text = base::read_file(context.files, path, trust::kMaxTrustBundleBytes);
    if (!text) return std::move(text).error();
    if (auto r = file.add_sigstore_root(name, *text); !r) return r;
  }
  auto stores = parse_pairs(options.notation);
  if (!stores) return std::move(stores).error();
  for (const auto& [name, path] : *stores) {
    auto text = base::read_file(context.files, path, trust::kMaxTrustBundleBytes);
    if (!text) return std::move(text).error();
    if (auto r = file.add_notation_store(name, *text); !r) return r;
  }
  return {};
}

Result<void> set_thresholds(const Add& options, TrustBundleFile& file) {
  auto pairs = parse_pairs(options.thresholds);
  if (!pairs) return std::move(pairs).error();
  for (const auto& [role, number] : *pairs) {
    if (number.empty() || number.size() > 3 || number.find_first_not_of("0123456789") != std::string::npos)
      return Error::refused("usage", "--threshold is ROLE=NUMBER");
    if (auto r = file.set_threshold(role, std::stoul(number)); !r) return r;
  }
  return {};
}

ExitCode run_add(Context& context, const Add& options) {
  return change(context, options.path, [&](TrustBundleFile& file) -> Result<void> {
    if (auto r = add_keys(context, options, file); !r) return r;
    if (auto r = add_documents(context, options, file); !r) return r;
    for (const std::string& name : options.remove) {
      if (auto r = file.remove_key(name); !r) return r;
    }
    if (auto r = set_thresholds(options, file); !r) return r;
    auto expires = time_of(options.expires);
    if (!expires) return std::move(expires).error();
    if (*expires) file.set_expiry(*expires);
    return {};
  });
}

void add_add(const Command& bundle, Context& context) {
  const Command command = bundle.subcommand("add", "Adds or removes keys, roots and stores; sets thresholds");
  auto options = std::make_shared<Add>();
  command.text("file", options->path, "the bundle").required();
  command.texts("--key", options->keys, "NAME=FILE, a public key; may be repeated");
  command.texts("--role", options->roles, "of these keys: root, deny, endorse, artifact; may be repeated");
  command.texts("--threshold", options->thresholds, "ROLE=NUMBER");
  command.texts("--sigstore-root", options->sigstore, "NAME=FILE, a trusted_root.json");
  command.texts("--notation-store", options->notation, "ca:NAME=FILE, PEM certificates");
  command.texts("--remove", options->remove, "a key's name: out of all roles");
  command.text("--expires", options->expires, "RFC 3339");
  command.action([&context, options] { return run_add(context, *options); });
}

// --- deny, retire, endorse, floor -------------------------------------------------------

struct Entry {
  std::string path;
  std::string what;
  std::string key;
  std::string identity;
  std::string issuer;
  std::string version;
  std::string time;
  std::string reason;
};

Result<void> deny(const Entry& options, TrustBundleFile& file) {
  trust::DenialEntries entries;
  auto after = time_of(options.time);
  if (!after) return std::move(after).error();
  if (!options.key.empty()) {
    auto id = file.key_id(options.key);
    if (!id) return std::move(id).error();
    entries.keys.push_back({*id, *after, options.reason});
  } else if (!options.identity.empty()) {
    entries.identities.push_back({options.issuer, options.identity, *after, options.reason});
  } else {
    if (*after) return Error::refused("usage", "--signed-after is for keys and identities");
    auto digest = base::Digest::parse(options.what);
    if (!digest) return std::move(digest).error();
    entries.digests.push_back({*digest, options.reason});
  }
  file.add(entries);
  return {};
}

Result<void> retire(const Entry& options, TrustBundleFile& file) {
  auto id = file.key_id(options.key);
  if (!id) return std::move(id).error();
  auto since = time_of(options.time);
  if (!since) return std::move(since).error();
  file.add({.retired = {{*id, *since, options.reason}}});
  return {};
}

Result<void> endorse(const Entry& options, TrustBundleFile& file) {
  auto id = file.key_id(options.key);
  if (!id) return std::move(id).error();
  auto digest = base::Digest::parse(options.what);
  if (!digest) return std::move(digest).error();
  file.add({.endorsed = {{*digest, *id, options.reason}}});
  return {};
}

Result<void> floor(const Entry& options, TrustBundleFile& file) {
  trust::MinimumRelease floor{options.what, {}, {}};
  auto created = time_of(options.time);
  if (!created) return std::move(created).error();
  floor.created = *created;
  if (!options.version.empty()) {
    auto version = base::Semver::parse(options.version);
    if (!version) return std::move(version).error();
    floor.version = std::move(*version);
  }
  file.add({.floors = {std::move(floor)}});
  return {};
}

using EntryEdit = Result<void> (*)(const Entry&, TrustBundleFile&);
Command add_entry(const Command& bundle, Context& context, const std::string& name, const std::string& help,
                  const std::shared_ptr<Entry>& options, EntryEdit edit) {
  const Command command = bundle.subcommand(name, help);
  command.text("file", options->path, "the bundle").required();
  command.action([&context, options, edit] {
    return change(context, options->path, [&](TrustBundleFile& file) { return edit(*options, file); });
  });
  return command;
}

void add_entries(const Command& bundle, Context& context) {
  auto denial = std::make_shared<Entry>();
  const Command denied =
      add_entry(bundle, context, "deny", "Denies a key, a signer or an artifact", denial, deny);
  denied.text("--artifact", denial->what, "sha256:…");
  denied.text("--key", denial->key, "its name in the bundle, or sha256:… of a key or certificate");
  const Option identity = denied.text("--identity", denial->identity,
                                      "who signs with certificates: the subject, as 'show' names it");
  const Option issuer = denied.text("--issuer", denial->issuer, "of this identity");
  identity.needs(issuer);
  issuer.needs(identity);
  denied.text("--signed-after", denial->time,
              "a key or identity: only what it signed after this time, RFC 3339");
  denied.text("--reason", denial->reason, "shown where it strikes");
  denied.check([denial]() -> std::optional<std::string> {
    const int given =
        (denial->key.empty() ? 0 : 1) + (denial->what.empty() ? 0 : 1) + (denial->identity.empty() ? 0 : 1);
    if (given != 1) return "give one of --artifact, --key and --identity";
    return std::nullopt;
  });

  auto retirement = std::make_shared<Entry>();
  const Command retired =
      add_entry(bundle, context, "retire", "Retires a key: it signs nothing new, what it signed stays good",
                retirement, retire);
  retired.text("--key", retirement->key, "its name in the bundle, or sha256:…").required();
  retired.text("--since", retirement->time, "what is proven older may still be admitted, RFC 3339");
  retired.text("--reason", retirement->reason, "shown where it strikes");

  auto word = std::make_shared<Entry>();
  const Command endorsed =
      add_entry(bundle, context, "endorse", "An artifact of a retired key stays good", word, endorse);
  endorsed.text("--artifact", word->what, "sha256:…").required();
  endorsed.text("--by", word->key, "the key that vouches, its name in the bundle").required();
  endorsed.text("--reason", word->reason, "why");

  auto minimum = std::make_shared<Entry>();
  const Command floored = add_entry(
      bundle, context, "floor", "The oldest release of a component that may be installed", minimum, floor);
  floored.text("--component", minimum->what, "the signed name").required();
  floored.text("--version", minimum->version, "semantic version");
  floored.text("--created", minimum->time, "RFC 3339");
}

// --- sign, push, show --------------------------------------------------------------------

struct Sign {
  std::string path;
  SigningKeyFlags signer;
};

ExitCode run_sign(Context& context, const Sign& options) {
  auto file = TrustBundleFile::read(context.files, options.path);
  if (!file) return context.fail(file.error());
  auto key = read_signing_key(context, options.signer);
  if (!key) return context.fail(key.error());
  auto name = file->sign(*key);
  if (!name) return context.fail(name.error());
  if (name->empty())
    context.note("this key is none of the bundle; it counts only as a root key of the version before");
  return save(context, *file, options.path);
}

void add_sign(const Command& bundle, Context& context) {
  const Command command = bundle.subcommand("sign", "Adds a signature; one person after the other");
  auto options = std::make_shared<Sign>();
  command.text("file", options->path, "the bundle").required();
  add_signing_key_flags(command, options->signer);
  command.action([&context, options] { return run_sign(context, *options); });
}

struct Push {
  std::string path;
  std::string target;
  deploy::RegistryFlags registry;
};

// What "latest" holds; nothing in a repository that is still empty.
Result<std::optional<trust::TrustBundle>> published(oci::Registry& registry,
                                                    const oci::Repository& repository) {
  auto there = registry.find_manifest(repository, "latest", {});
  if (!there) {
    if (there.error().code() == "oci.not_found") return std::optional<trust::TrustBundle>();
    return std::move(there).error();
  }
  if (!*there) return std::optional<trust::TrustBundle>();
  auto envelope = deploy::fetch_trust_bundle(registry, repository, "latest", {});
  if (!envelope) return std::move(envelope).error();
  auto bundle = trust::parse_trust_bundle(*envelope);
  if (!bundle) return std::move(bundle).error();
  return std::optional<trust::TrustBundle>(std::move(*bundle));
}

Result<base::Digest> push_bundle(Context& context, const Push& options) {
  auto text = base::read_file(context.files, options.path, trust::kMaxTrustBundleBytes);
  if (!text) return std::move(text).error();
  while (!text->empty() && text->back() == '\n') text->pop_back();
  auto bundle = trust::parse_trust_bundle(*text);
  if (!bundle) return std::move(bundle).error();
  auto reference = oci::Reference::parse(options.target + ":latest");
  if (!reference) return std::move(reference).error();
  auto remote = open_remote(context, reference->repository.registry, options.registry);
  if (!remote) return std::move(remote).error();
  auto previous = published(*remote->registry, reference->repository);
  if (!previous) return std::move(previous).error();
  return publish::push_trust_bundle(*remote->publisher, reference->repository, *bundle, *previous, {});
}

ExitCode run_push(Context& context, const Push& options) {
  auto digest = push_bundle(context, options);
  if (!digest) return context.fail(digest.error());
  if (context.as_json())
    context.print_json({{"digest", digest->to_string()}});
  else
    context.print("Pushed " + options.target + "@" + digest->to_string() + "\n");
  return ExitCode::ok;
}

void add_push(const Command& bundle, Context& context) {
  const Command command = bundle.subcommand(
      "push", "Publishes a signed bundle under v<N> and latest, if it may follow what is there");
  auto options = std::make_shared<Push>();
  command.text("file", options->path, "the bundle").required();
  command.text("repository", options->target, "HOST/REPOSITORY").required();
  add_registry_flags(command, options->registry);
  command.action([&context, options] { return run_push(context, *options); });
}

ExitCode run_trust_bundle_show(Context& context, const std::string& path) {
  auto file = TrustBundleFile::read(context.files, path);
  if (!file) return context.fail(file.error());
  auto payload = base::parse_json(trust::canonical_text(file->content()));
  if (!payload) return context.fail(payload.error());
  if (!context.as_json()) (void)say(context, *file, path);
  context.print_json(*payload);
  return ExitCode::ok;
}

void add_show_bundle(const Command& bundle, Context& context) {
  const Command command = bundle.subcommand("show", "What a bundle's file says, and its fingerprint");
  auto path = std::make_shared<std::string>();
  command.text("file", *path, "the bundle").required();
  command.action([&context, path] { return run_trust_bundle_show(context, *path); });
}

}  // namespace

void add_trust_bundle(const Command& trust, Context& context) {
  const Command bundle =
      trust.subcommand("bundle", "The publishing side: trust bundles are drafted, signed and pushed");
  add_init(bundle, context);
  add_add(bundle, context);
  add_entries(bundle, context);
  add_sign(bundle, context);
  add_push(bundle, context);
  add_show_bundle(bundle, context);
}

}  // namespace gridseal::cli
