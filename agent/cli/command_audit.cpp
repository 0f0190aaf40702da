#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/receipt_source.hpp"
#include "cli/receipt_words.hpp"

namespace gridseal::cli {
namespace {

using base::Json;
using base::Result;

constexpr uint64_t kMaxExport = uint64_t{1} << 30U;

struct AuditOptions {
  std::string file;
  std::vector<std::string> keys;
};

// A file of its own, whole or not at all.
Result<void> write_export(Context& context, const AuditOptions& options) {
  ReceiptSource source(context);
  auto document = source.page({0, 1, true});
  if (!document) return std::move(document).error();
  receipts::AuditHeader header{site_of(*document), {}, {}, context.clock.now()};
  header.environment = member((*document)["site"], "environment");
  if (auto key = key_of(*document)) header.key_pem = key->to_pem();
  if (options.file.empty() || options.file == "-") {
    return receipts::export_audit(header, source.read_rows(), source.read_receipts(),
                                  [&](std::string_view text) -> Result<void> {
                                    context.print(text);
                                    return {};
                                  });
  }
  std::string text;
  auto done = receipts::export_audit(header, source.read_rows(), source.read_receipts(),
                                     [&](std::string_view more) -> Result<void> {
                                       text.append(more);
                                       return {};
                                     });
  if (!done) return done;
  return base::write_file(context.files, options.file, text, 0640);
}

ExitCode run_audit_export(Context& context, const AuditOptions& options) {
  auto done = write_export(context, options);
  return done ? ExitCode::ok : context.fail(done.error());
}

Json verdict_json(const receipts::AuditVerdict& verdict) {
  return {{"verified", verdict.flaws.empty()},
          {"site", verdict.site},
          {"first", verdict.first},
          {"last", verdict.last},
          {"checkpoints", verdict.checkpoints},
          {"covered", verdict.covered},
          {"own_key", verdict.own_key},
          {"flaws", flaws_json(verdict.flaws)}};
}

std::string verdict_text(const receipts::AuditVerdict& verdict, const Style& style) {
  std::string text =
      shown(verdict.site, 80) + ": rows " + std::to_string(verdict.first) + " to " +
      std::to_string(verdict.last) + ", " +
      (verdict.flaws.empty() ? style.paint(Colour::good, "whole") : style.paint(Colour::bad, "wrong")) +
      "; " + std::to_string(verdict.checkpoints) + " signed checkpoints stand for what is up to row " +
      std::to_string(verdict.covered) + "\n";
  for (const receipts::Flaw& flaw : verdict.flaws)
    text += "  " + shown(flaw.message) + " (" + flaw.code + ")\n";
  return text;
}

ExitCode run_audit_verify(Context& context, const AuditOptions& options) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : options.keys) {
    auto key = read_site_key(context, path);
    if (!key) return not_judged(context, key.error(), ExitCode::usage);
    keys.push_back(std::move(key->key));
  }
  auto text = base::read_file(context.files, options.file, kMaxExport);
  if (!text) return not_judged(context, text.error(), ExitCode::usage);
  auto verdict = receipts::verify_audit(*text, keys);
  if (!verdict) return not_judged(context, verdict.error(), ExitCode::usage);
  if (context.as_json()) {
    context.print_json(verdict_json(*verdict));
  } else {
    if (verdict->own_key)
      context.note(
          "warning: judged by the key in the file itself, which proves nothing about who made it; "
          "name the site's key with --key");
    context.print(verdict_text(*verdict, context.out));
  }
  return verdict->flaws.empty() ? ExitCode::ok : ExitCode::refused;
}

}  // namespace

void add_audit(const Command& program, Context& context) {
  const Command audit = program.subcommand("audit", "The audit for an auditor: export, verify");
  auto options = std::make_shared<AuditOptions>();

  const Command out = audit.subcommand("export", "Writes all rows with the signed checkpoints");
  out.text("file", options->file, "none or -: standard output");
  out.action([&context, options] { return run_audit_export(context, *options); });

  const Command verify = audit.subcommand("verify", "Checks an export, on any machine");
  verify.text("file", options->file, "what 'gridseal audit export' wrote").required();
  verify.texts("--key", options->keys, "public key of the site (PEM); may be repeated").value_name("FILE");
  verify.footer("Exit code: 0 verified, 1 wrong, 2 could not be judged.");
  verify.action([&context, options] { return run_audit_verify(context, *options); });
}

}  // namespace gridseal::cli
