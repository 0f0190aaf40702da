// Where commands about receipts get them from: the running daemon, or the history on disk.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/agent_client.hpp"
#include "cli/command_line.hpp"
#include "cli/context.hpp"
#include "receipts/audit_export.hpp"
#include "receipts/document.hpp"
#include "receipts/sites.hpp"

namespace gridseal::cli {

class ReceiptSource {
 public:
  explicit ReceiptSource(Context& context);

  // As receipts::document() with "site". Errors: those of AgentClient and of History.
  base::Result<base::Json> page(const receipts::Page& page);
  bool live() const { return history_ == nullptr; }  // after a page: the daemon answered

  receipts::ReadReceipts read_receipts();
  receipts::ReadRows read_rows();

 private:
  base::Result<base::Json> ask(const std::string& target,
                               const std::function<base::Result<base::Json>(history::History&)>& offline);

  Context& context_;
  AgentClient client_;
  std::unique_ptr<history::History> history_;  // opened when the daemon does not run
};

// Of a page.
std::string site_of(const base::Json& document);
// Error (blocked): receipt.no_key.
base::Result<crypto::PublicKey> key_of(const base::Json& document);

// --key FILE…, --sites DIR: by what receipts from elsewhere are judged.
struct JudgeFlags {
  std::vector<std::string> keys;
  std::string sites;  // empty: <config directory>/sites
};
void add_judge_flags(const Command& command, JudgeFlags& flags);
std::string sites_folder(const Context& context, const JudgeFlags& flags);
// The keys that are named, else the enrolled sites. Errors: files.*, site.key.
base::Result<std::vector<receipts::EnrolledSite>> read_judges(Context& context, const JudgeFlags& flags);
// A PEM file, also with the line "Site: NAME" that `gridseal site key` writes in front; "-" is standard
// input. Errors: files.*, site.key.
struct NamedKey {
  crypto::PublicKey key;
  std::string site;  // as the file says; may be empty
};
base::Result<NamedKey> read_site_key(Context& context, const std::string& path);

}  // namespace gridseal::cli
