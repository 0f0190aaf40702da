#include "daemon/control_receipts.hpp"

#include <algorithm>
#include <charconv>

#include "receipts/audit_export.hpp"
#include "receipts/document.hpp"

namespace gridseal::daemon {
namespace {

using base::Json;
using base::Result;

constexpr int64_t kMost = 1000;

std::optional<int64_t> number_in(const http::ServerRequest& request, const char* name) {
  const auto it = request.query.find(name);
  if (it == request.query.end()) return std::nullopt;
  const char* end = it->second.data() + it->second.size();
  int64_t value = 0;
  const auto [stopped, error] = std::from_chars(it->second.data(), end, value);
  if (error != std::errc() || stopped != end || value < 0) return std::nullopt;
  return value;
}

int64_t limit_in(const http::ServerRequest& request, const char* name) {
  return std::clamp<int64_t>(number_in(request, name).value_or(50), 1, kMost);
}

Result<Json> audit_rows(const ControlContext& context, const http::ServerRequest& request) {
  auto rows = context.engine.history().audit_after(number_in(request, "after").value_or(0),
                                                   limit_in(request, "limit"));
  if (!rows) return std::move(rows).error();
  Json list = Json::array();
  for (const history::AuditRow& row : *rows) list.push_back(receipts::to_json(row));
  return Json{{"rows", std::move(list)}};
}

Result<Json> receipts_page(const ControlContext& context, const http::ServerRequest& request) {
  receipts::Page page;
  page.newest = request.query.contains("newest");
  page.after = number_in(request, "after").value_or(0);
  page.limit = limit_in(request, page.newest ? "newest" : "limit");
  auto document = receipts::document(context.engine.history(), base::system_files(),
                                     context.engine.signing_key_places(), page);
  if (!document) return document;
  const auto generation = context.engine.generation();
  (*document)["site"] = {{"name", generation->settings.site.name},
                         {"environment", generation->settings.site.environment}};
  return document;
}

}  // namespace

std::optional<Result<Json>> receipts_answer(const ControlContext& context,
                                            const http::ServerRequest& request) {
  if (request.path == "/v1/receipts") return receipts_page(context, request);
  if (request.path == "/v1/audit/rows") return audit_rows(context, request);
  return std::nullopt;
}

Result<Json> report_site(const ControlContext& context) {
  auto report = context.engine.report_site();
  if (!report) return std::move(report).error();
  return receipts::to_json(*report);
}

}  // namespace gridseal::daemon
