// One function for each command: adds it to the program and says what it does when it is named.
#pragma once

#include "cli/command_line.hpp"
#include "cli/context.hpp"
#include "cli/verify_report.hpp"
#include "crypto/private_key.hpp"
#include "deploy/registry_access.hpp"

namespace gridseal::cli {

void add_status(const Command& program, Context& context);
void add_history(const Command& program, Context& context);
void add_show(const Command& program, Context& context);
void add_export(const Command& program, Context& context);
void add_import(const Command& program, Context& context);
void add_upgrade(const Command& program, Context& context);
void add_media(const Command& program, Context& context);
struct ImportOptions {
  std::string path;
  std::string label{};
  bool receipts_back = false;
  std::string patience = "10m";  // for the outcome that the receipts tell
};
// Has gridseald import what lies there, and follows it; without gridseald this process does it.
ExitCode import_path(Context& context, const ImportOptions& options);
void add_reconcile(const Command& program, Context& context);
void add_verify(const Command& program, Context& context);
void add_permit(const Command& program, Context& context);
void add_rollback(const Command& program, Context& context);
void add_retry(const Command& program, Context& context);
void add_suspend(const Command& program, Context& context);
void add_resume(const Command& program, Context& context);
void add_stop(const Command& program, Context& context);
void add_clock(const Command& program, Context& context);
void add_k3s(const Command& program, Context& context);
void add_doctor(const Command& program, Context& context);
void add_config(const Command& program, Context& context);
void add_version(const Command& program, Context& context);
void add_artifact(const Command& program, Context& context);
void add_trust(const Command& program, Context& context);

void add_receipts(const Command& program, Context& context);
void add_site(const Command& program, Context& context);
void add_sites(const Command& program, Context& context);
void add_audit(const Command& program, Context& context);
void add_mirror(const Command& program, Context& context);

void add_trust_bundle(const Command& trust, Context& context);
// `outer_wrong`: a sentence when options of `verify` itself were given that mean nothing here.
void add_verify_bundle(const Command& verify, Context& context,
                       const std::function<std::optional<std::string>()>& outer_wrong);

// Of a judgement; refused (1) unless verified.
ExitCode print_report(const Context& context, const Report& report);
// Nothing was judged.
ExitCode not_judged(const Context& context, const base::Error& error, ExitCode code);
// What should have judged cannot: refused when its own rules refuse it (a trusted root that contradicts
// itself, a key of an unsafe kind, a trust policy that lets unsigned content pass), else not judged.
ExitCode no_judge(const Context& context, const std::string& target, const base::Error& error);

void add_artifact_keygen(const Command& artifact, Context& context);
void add_artifact_build(const Command& artifact, Context& context);
void add_artifact_sign(const Command& artifact, Context& context);
void add_artifact_push(const Command& artifact, Context& context);
void add_artifact_tag(const Command& artifact, Context& context);

// --ca, --credentials, --client-certificate, --client-key, --plain-http
void add_registry_flags(const Command& command, deploy::RegistryFlags& flags);

// A registry to read from and to write to, as the flags say. Errors: those of make_registry and
// make_publisher.
struct Remote {
  std::unique_ptr<oci::Registry> registry;
  std::unique_ptr<oci::Publisher> publisher;
};
base::Result<Remote> open_remote(Context& context, const std::string& host,
                                 const deploy::RegistryFlags& flags);

// --key, --password-file
struct SigningKeyFlags {
  std::string key;
  std::string password_file;
};
void add_signing_key_flags(const Command& command, SigningKeyFlags& flags);
// Errors: those of publish::read_key.
base::Result<crypto::PrivateKey> read_signing_key(Context& context, const SigningKeyFlags& flags);

// "k=v" texts. Error (refused): usage.
base::Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& pairs);

// From the working directory on; not looked up. Error (refused): usage.
base::Result<std::string> absolute_path(const std::string& path);

// $CREDENTIALS_DIRECTORY and $TMPDIR, with their fallbacks.
std::string credentials_directory();
std::string temporary_directory();

// The first line of the file, or $COSIGN_PASSWORD when no file is named; empty when neither is there.
base::Result<std::string> read_password(base::Files& files, const std::string& file);

}  // namespace gridseal::cli
