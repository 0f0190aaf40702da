#include "cli/import_receipts.hpp"

#include <algorithm>

#include "cli/receipt_source.hpp"
#include "cli/settling.hpp"
#include "receipts/write_back.hpp"

namespace gridseal::cli {
namespace {

using base::Json;
using base::Result;

constexpr base::milliseconds kReceiptPause{200};
constexpr base::milliseconds kForReceipts{10'000};  // they follow a deployment's end at once

std::vector<std::string> takers_of(const Json& report) {
  std::vector<std::string> names;
  for (const Json& one : report["releases"])
    if (member(one, "known") == "no") names.push_back(member(one, "component"));
  return names;
}

bool is_since(const Json& entry, std::string_view name, base::Time since) {
  const std::string* text = base::find_string(entry, name);
  const auto time =
      text == nullptr ? base::Result<base::Time>(base::Error::refused("", "")) : base::parse_rfc3339(*text);
  return time && *time >= since;
}

// A deployment of it ended since then, and no receipt of it was made yet.
Result<bool> owes_receipt(AgentClient& client, ReceiptSource& source, const std::string& name,
                          base::Time since) {
  auto history = client.get("/v1/history?limit=20&component=" + query_encode(name));
  if (!history) return std::move(history).error();
  const Json& entries = (*history)["entries"];
  const bool ended = std::ranges::any_of(entries, [&](const Json& one) {
    return member(one, "kind") == "deployment" && is_since(one, "finished", since);
  });
  if (!ended) return false;
  auto page = source.page({0, 50, true});
  if (!page) return std::move(page).error();
  return std::ranges::none_of((*page)["receipts"], [&](const Json& one) {
    return member(one, "component") == name && is_since(one, "time", since);
  });
}

Result<void> await_receipts(Context& context, AgentClient& client, ReceiptSource& source,
                            const std::vector<std::string>& names, base::Time since) {
  const auto deadline = context.clock.monotonic() + kForReceipts;
  for (const std::string& name : names) {
    for (;;) {
      auto owed = owes_receipt(client, source, name, since);
      if (!owed) return std::move(owed).error();
      if (!*owed || context.clock.monotonic() >= deadline) break;
      (void)context.clock.sleep_for(kReceiptPause, {});
    }
  }
  return {};
}

// Nothing comes of it while gridseald does not run.
Result<void> await_outcome(Context& context, ReceiptSource& source, const std::vector<std::string>& names,
                           base::Time since, base::milliseconds patience) {
  AgentClient client(context.clock, context.socket_path());
  auto requested = request_look(client, names);
  if (!requested && requested.error().code() == "agent.not_running") return {};
  if (!requested) return std::move(requested).error();
  auto settled = await_settled(context, client, names, since, patience);
  if (!settled && settled.error().code() != "agent.timeout") return std::move(settled).error();
  if (!settled) context.note("not settled in time: the receipts written now do not tell the outcome yet");
  return settled ? await_receipts(context, client, source, names, since) : Result<void>();
}

}  // namespace

Result<Json> give_receipts(Context& context, const Json& report, const std::string& folder,
                           base::milliseconds patience) {
  auto since = base::parse_rfc3339(member(report, "started"));
  if (!since) return std::move(since).error();
  ReceiptSource source(context);
  const std::vector<std::string> names = takers_of(report);
  if (!names.empty()) {
    if (auto r = await_outcome(context, source, names, *since, patience); !r) return std::move(r).error();
  }
  auto document = source.page({0, 1, true});
  if (!document) return document;
  auto key = key_of(*document);
  if (!key) return std::move(key).error();
  auto written =
      receipts::write_back(context.files, folder, site_of(*document), *key, source.read_receipts());
  if (!written) return std::move(written).error();
  return Json{{"folder", folder}, {"written", written->written}, {"there", written->there}};
}

}  // namespace gridseal::cli
