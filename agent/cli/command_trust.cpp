#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "deploy/trust_update.hpp"
#include "report/trust.hpp"

namespace gridseal::cli {
namespace {

using base::Json;
using base::Result;

// What the files say, when gridseald does not run, and for `check`.
struct Local {
  config::Settings settings;
  deploy::SiteTrust trust;
};

Result<Local> read_local(Context& context) {
  auto loaded = context.settings();
  if (!loaded) return std::move(loaded).error();
  auto trust = deploy::load_site_trust(context.files,
                                       {loaded->settings.trust.directory, context.globals.state_directory});
  if (!trust) return std::move(trust).error();
  return Local{std::move(loaded->settings), std::move(*trust)};
}

std::vector<std::string> warnings_of(Context& context, const Local& local) {
  std::vector<std::string> list = local.trust.chain.warnings(context.clock.now());
  list.insert(list.end(), local.trust.left_out.begin(), local.trust.left_out.end());
  return list;
}

Json local_document(Context& context, const Local& local) {
  return report::trust(local.settings, local.trust.state, local.trust.chain, warnings_of(context, local));
}

Result<Json> document(Context& context) {
  auto answer = AgentClient(context.clock, context.socket_path()).get("/v1/trust");
  if (answer || answer.error().code() != "agent.not_running") return answer;
  auto local = read_local(context);
  if (!local) return std::move(local).error();
  return local_document(context, *local);
}

std::string text_list(const Json& list, const std::string& indent) {
  std::string text;
  for (const Json& line : list)
    text += indent + shown(line.is_string() ? line.get<std::string>() : "") + "\n";
  return text;
}

std::string bundle_lines(const Json& trust) {
  const Json* bundle = base::find_object(trust, "bundle");
  if (bundle == nullptr)
    return member(trust, "pinned") == "yes" ? "Trust bundle: pinned, and none is in force\n"
                                            : "Trust bundle: none\n";
  std::string text = "Trust bundle " + member(*bundle, "version") + " of " + member(*bundle, "created") +
                     ", expires " +
                     (member(*bundle, "expires") == "-" ? "never" : member(*bundle, "expires")) + "\n  " +
                     member(*bundle, "fingerprint") + "\n";
  if (const Json* roles = base::find_object(*bundle, "roles")) {
    for (const auto& [name, role] : roles->items()) {
      std::string keys;
      for (const Json& key : role["keys"]) keys += (keys.empty() ? "" : ", ") + shown(key.get<std::string>());
      text += "  " + name + ": " + member(role, "threshold") + " of " + keys + "\n";
    }
  }
  return text;
}

// "denied key sha256:… for what was signed after 2026-… (laptop stolen)".
std::string denial_line(const std::string& what, const Json& item, const char* name) {
  std::string text = "  " + what + " " + member(item, name);
  for (const auto& [key, words] : {std::pair{"issuer", " of "},
                                   {"signedAfter", " for what is not proven to be as old as "},
                                   {"since", " for what is not proven to be as old as "},
                                   {"by", " by "},
                                   {"version", " "},
                                   {"created", " of "}}) {
    if (item.contains(key)) text += words + member(item, key);
  }
  return text + (item.contains("reason") ? " (" + member(item, "reason") + ")" : "") + "\n";
}

std::string denial_lines(const Json& trust) {
  std::string text;
  const Json* denials = base::find_object(trust, "denials");
  if (denials == nullptr) return text;
  const auto each = [&](const char* pointer, const char* what, const char* name) {
    const Json::json_pointer at(pointer);
    if (!denials->contains(at)) return;
    for (const Json& item : (*denials)[at]) text += denial_line(what, item, name);
  };
  each("/denied/keys", "denied key", "id");
  each("/denied/identities", "denied signer", "subject");
  each("/denied/digests", "denied artifact", "digest");
  each("/retired", "retired key", "id");
  each("/endorsements", "endorsed artifact", "digest");
  each("/floors", "minimum release of", "component");
  return text.empty() ? text : "Taken back:\n" + text;
}

std::string warning_lines(const Context& context, const Json& trust) {
  const Json* warnings = base::find_array(trust, "warnings");
  if (warnings == nullptr || warnings->empty()) return {};
  return context.out.paint(Colour::waiting, "Warnings:") + "\n" + text_list(*warnings, "  ");
}

ExitCode run_trust_list(Context& context) {
  auto trust = document(context);
  if (!trust) return context.fail(trust.error());
  if (context.as_json()) {
    context.print_json(*trust);
    return ExitCode::ok;
  }
  Table table({"KEY", "KIND", "FROM", "STATE", "ID"});
  for (const Json& key : (*trust)["keys"])
    table.add({member(key, "name"), member(key, "kind"), member(key, "from"), member(key, "state"),
               member(key, "id")});
  context.print(bundle_lines(*trust));
  if (!table.empty()) context.print(table.to_string(terminal_width()));
  for (const auto& [name, title] : {std::pair{"sigstore_roots", "Sigstore root: "},
                                    std::pair{"notation_stores", "Certificate store: "}}) {
    if (const Json* list = base::find_array(*trust, name)) context.print(text_list(*list, title));
  }
  for (const Json& policy : (*trust)["policies"])
    context.print("Policy " + member(policy, "name") + "\n" + text_list(policy["words"], "  "));
  context.print(denial_lines(*trust));
  context.print(warning_lines(context, *trust));
  return ExitCode::ok;
}

ExitCode run_trust_show(Context& context, const std::string& name) {
  auto loaded = context.settings();
  if (!loaded) return context.fail(loaded.error());
  const auto policy = loaded->settings.trust.policies.find(name);
  if (policy == loaded->settings.trust.policies.end())
    return context.fail(
        base::Error::refused("usage", "the settings have no trust policy '" + shown(name, 80) + "'"));
  const auto words = report::policy_in_words(policy->second);
  const auto warnings = report::policy_warnings(policy->second);
  if (context.as_json()) {
    context.print_json({{"name", name}, {"words", words}, {"warnings", warnings}});
    return ExitCode::ok;
  }
  context.print(text_list(Json(words), ""));
  context.print(warning_lines(context, {{"warnings", warnings}}));
  return ExitCode::ok;
}

// Everything that a start would read, and every policy made.
ExitCode run_check(Context& context) {
  auto local = read_local(context);
  if (!local) return context.fail(local.error());
  Json problems = Json::array();
  if (local->trust.chain.damage()) problems.push_back(local->trust.chain.damage()->describe());
  for (const auto& [name, policy] : local->settings.trust.policies) {
    auto made = trust::make_policy(local->trust.state, policy);
    const auto usable = made ? trust::check_not_denied(*made, local->trust.state.denials()) : made.error();
    if (!usable) problems.push_back("policy " + name + ": " + usable.error().describe());
  }
  const Json trust = local_document(context, *local);
  if (context.as_json()) {
    context.print_json({{"problems", problems}, {"warnings", trust["warnings"]}});
  } else {
    context.print(problems.empty() ? "Trust can be used as it is.\n" : text_list(problems, "wrong: "));
    context.print(warning_lines(context, trust));
  }
  return problems.empty() ? ExitCode::ok : ExitCode::refused;
}

ExitCode run_trust_history(Context& context) {
  auto local = read_local(context);
  if (!local) return context.fail(local.error());
  const Json history = report::trust_history(local->trust.chain);
  if (context.as_json()) {
    context.print_json(history);
    return ExitCode::ok;
  }
  Table table({"VERSION", "CREATED", "SIGNED BY", "FINGERPRINT"});
  for (const Json& bundle : history["bundles"]) {
    std::string signers;
    for (const Json& name : bundle["signers"])
      signers += (signers.empty() ? "" : ", ") + shown(name.get<std::string>());
    table.add({member(bundle, "version"), member(bundle, "created"), signers, member(bundle, "fingerprint")});
  }
  context.print(table.empty() ? "No trust bundle is in force.\n" : table.to_string(terminal_width()));
  return ExitCode::ok;
}

Result<std::string> read_bundle(Context& context, const std::string& path) {
  return base::read_file(context.files, path, trust::kMaxTrustBundleBytes);
}

ExitCode post(Context& context, const std::string& act, const Json& body,
              const std::function<std::string(const Json&)>& say) {
  auto answer = AgentClient(context.clock, context.socket_path()).post("/v1/trust/" + act, body);
  if (!answer) return context.fail(answer.error());
  if (context.as_json())
    context.print_json(*answer);
  else
    context.print(say(*answer));
  return ExitCode::ok;
}

ExitCode run_import(Context& context, const std::string& path) {
  auto bundle = read_bundle(context, path);
  if (!bundle) return context.fail(bundle.error());
  return post(context, "import", {{"bundle", *bundle}}, [](const Json& answer) {
    const std::string name = "Trust bundle " + member(answer, "version");
    return member(answer, "accepted") == "yes" ? name + " is accepted; everything is judged again.\n"
                                               : name + " was accepted before.\n";
  });
}

struct Denial {
  std::string what;
  std::string identity;
  std::string issuer;
  std::string signed_after;
  std::string why;
  bool retire = false;
};

// An identity, a digest of an artifact, "key:" in front of the id of a key or certificate, or a file with a
// public key.
Result<trust::DenialEntries> denial_entries(Context& context, const Denial& options) {
  constexpr std::string_view kKeyPrefix = "key:";
  trust::DenialEntries entries;
  std::optional<base::Time> after;
  if (!options.signed_after.empty()) {
    auto time = base::parse_rfc3339(options.signed_after);
    if (!time) return std::move(time).error();
    after = *time;
  }
  const auto add_key = [&](const base::Digest& id) {
    if (options.retire)
      entries.retired.push_back({id, after, options.why});
    else
      entries.keys.push_back({id, after, options.why});
  };
  if (!options.identity.empty()) {
    if (options.retire) return base::Error::refused("usage", "--retire is for keys");
    entries.identities.push_back({options.issuer, options.identity, after, options.why});
    return entries;
  }
  if (options.what.starts_with(kKeyPrefix)) {
    auto id = base::Digest::parse(std::string_view(options.what).substr(kKeyPrefix.size()));
    if (!id) return std::move(id).error();
    add_key(*id);
    return entries;
  }
  if (auto digest = base::Digest::parse(options.what)) {
    if (after || options.retire)
      return base::Error::refused("usage",
                                  "--signed-after and --retire are for keys; write key:" + options.what);
    entries.digests.push_back({*digest, options.why});
    return entries;
  }
  if (options.what.starts_with("sha256:"))
    return base::Error::refused("usage", "a digest is sha256: and 64 lower-case hexadecimal digits");
  auto text = base::read_file(context.files, options.what, 65'536);
  if (!text) return std::move(text).error();
  auto key = crypto::PublicKey::from_pem(*text);
  if (!key) return std::move(key).error().with_context(options.what + " is not a usable public key");
  add_key(key->fingerprint());
  return entries;
}

ExitCode run_deny(Context& context, const Denial& options) {
  auto entries = denial_entries(context, options);
  if (!entries) return context.fail(entries.error());
  return post(
      context, "deny", {{"denials", trust::to_json(*entries)}, {"why", options.why}}, [](const Json&) {
        return "It counts from now on; everything is judged again. It is taken back only by removing it from "
               "trust/local-denials.json in the state directory.\n";
      });
}

struct Anchor {
  std::string path;
  std::string fingerprint;
  std::string why;
};

ExitCode run_reanchor(Context& context, const Anchor& options) {
  auto bundle = read_bundle(context, options.path);
  if (!bundle) return context.fail(bundle.error());
  const Json body = {{"bundle", *bundle}, {"fingerprint", options.fingerprint}, {"why", options.why}};
  return post(context, "reanchor", body, [](const Json& answer) {
    return "Trust begins anew with " + member(answer, "fingerprint") +
           "; pin it in the trust directory too. What the trust before it denied stays denied on this host "
           "(trust/local-denials.json in the state directory).\n";
  });
}

void add_queries(const Command& trust, Context& context) {
  trust.subcommand("list", "Keys, roots, stores, the trust bundle, policies in words, and what is denied")
      .action([&context] { return run_trust_list(context); });
  const Command show = trust.subcommand("show", "A trust policy in words");
  auto name = std::make_shared<std::string>();
  show.text("policy", *name, "its name").required();
  show.action([&context, name] { return run_trust_show(context, *name); });
  trust.subcommand("check", "Loads all that is trusted and says what is wrong with it").action([&context] {
    return run_check(context);
  });
  trust.subcommand("history", "The trust bundles that this host accepted, oldest first").action([&context] {
    return run_trust_history(context);
  });
}

void add_acts(const Command& trust, Context& context) {
  const Command accept = trust.subcommand("import", "Accepts the next trust bundle from a file");
  auto path = std::make_shared<std::string>();
  accept.text("file", *path, "the signed bundle").required();
  accept.action([&context, path] { return run_import(context, *path); });

  const Command deny =
      trust.subcommand("deny", "Denies a key, a signer or an artifact on this host; needs no signature");
  auto denial = std::make_shared<Denial>();
  const Option what =
      deny.text("what", denial->what, "sha256:… of an artifact, key:sha256:…, or a public key's file");
  const Option identity = deny.text("--identity", denial->identity,
                                    "who signs with certificates: the subject, as 'show' names it");
  const Option issuer = deny.text("--issuer", denial->issuer, "of this identity");
  identity.needs(issuer);
  issuer.needs(identity);
  identity.excludes(what);
  deny.text("--signed-after", denial->signed_after,
            "a key or identity: only what it signed after this time, RFC 3339");
  deny.flag("--retire", denial->retire, "a key: it signs nothing new, and what it signed stays good");
  deny.text("--reason", denial->why, "why; is kept in the audit with your name").required();
  deny.check([denial]() -> std::optional<std::string> {
    if (denial->what.empty() == denial->identity.empty()) return "name what is denied, or an --identity";
    return std::nullopt;
  });
  deny.action([&context, denial] { return run_deny(context, *denial); });

  const Command reanchor =
      trust.subcommand("reanchor", "Begins trust anew with another first bundle, after its root was lost");
  auto anchor = std::make_shared<Anchor>();
  reanchor.text("file", anchor->path, "the new first bundle").required();
  reanchor.text("--fingerprint", anchor->fingerprint, "sha256:…, as it was told you by another way")
      .required();
  reanchor.text("--reason", anchor->why, "why; is kept in the audit with your name").required();
  reanchor.action([&context, anchor] { return run_reanchor(context, *anchor); });
}  // namespace

}  // namespace

void add_trust(const Command& program, Context& context) {
  const Command trust = program.subcommand("trust", "What this host trusts, and how that changes");
  add_queries(trust, context);
  add_acts(trust, context);
  add_trust_bundle(trust, context);
}

}  // namespace gridseal::cli
