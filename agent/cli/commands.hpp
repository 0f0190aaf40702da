// One function for each command: adds it to the program and says what it does when it is named.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/context.hpp"
#include "deploy/registry_access.hpp"

namespace gridseal::cli {

void add_status(CLI::App& program, Context& context);
void add_history(CLI::App& program, Context& context);
void add_show(CLI::App& program, Context& context);
void add_reconcile(CLI::App& program, Context& context);
void add_verify(CLI::App& program, Context& context);
void add_permit(CLI::App& program, Context& context);
void add_config(CLI::App& program, Context& context);
void add_version(CLI::App& program, Context& context);
void add_artifact(CLI::App& program, Context& context);

void add_artifact_keygen(CLI::App& artifact, Context& context);
void add_artifact_build(CLI::App& artifact, Context& context);
void add_artifact_sign(CLI::App& artifact, Context& context);
void add_artifact_push(CLI::App& artifact, Context& context);
void add_artifact_tag(CLI::App& artifact, Context& context);

// --ca, --credentials, --client-certificate, --client-key, --plain-http
void add_registry_flags(CLI::App& command, deploy::RegistryFlags& flags);

// "k=v" texts. Error (refused): usage.
base::Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& pairs);

// $CREDENTIALS_DIRECTORY and $TMPDIR, with their fallbacks.
std::string credentials_directory();
std::string temporary_directory();

// The first line of the file, or $COSIGN_PASSWORD when no file is named; empty when neither is there.
base::Result<std::string> read_password(base::Files& files, const std::string& file);

}  // namespace gridseal::cli
