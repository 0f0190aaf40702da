#include "cli/receipt_source.hpp"

#include <iostream>
#include <iterator>

namespace gridseal::cli {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr uint64_t kMaxKeyFile = 16 * 1024;
constexpr int64_t kPage = 200;

receipts::KeyPlaces places_of(const Context& context) {
  return {context.globals.state_directory, {}};
}

}  // namespace

ReceiptSource::ReceiptSource(Context& context)
    : context_(context), client_(context.clock, context.socket_path()) {}

Result<Json> ReceiptSource::ask(const std::string& target,
                                const std::function<Result<Json>(history::History&)>& offline) {
  if (history_ != nullptr) return offline(*history_);
  auto document = client_.get(target);
  if (document || document.error().code() != "agent.not_running") return document;
  auto history = history::History::open_read_only(context_.clock, context_.globals.state_directory);
  if (!history)
    return std::move(history).error().with_context(
        "gridseald is not running, and what it recorded cannot be read");
  history_ = std::move(*history);
  return offline(*history_);
}

Result<Json> ReceiptSource::page(const receipts::Page& page) {
  const std::string query =
      page.newest ? "newest=" + std::to_string(page.limit)
                  : "after=" + std::to_string(page.after) + "&limit=" + std::to_string(page.limit);
  return ask("/v1/receipts?" + query, [&](history::History& history) -> Result<Json> {
    auto document = receipts::document(history, context_.files, places_of(context_), page);
    if (!document) return document;
    auto settings = context_.settings_in_use();
    (*document)["site"] = {{"name", settings ? settings->settings.site.name : ""},
                           {"environment", settings ? settings->settings.site.environment : ""}};
    return document;
  });
}

receipts::ReadReceipts ReceiptSource::read_receipts() {
  return [this](int64_t after) -> Result<std::vector<history::Receipt>> {
    auto document = page({after, kPage, false});
    if (!document) return std::move(document).error();
    std::vector<history::Receipt> list;
    const Json* entries = base::find_array(*document, "receipts");
    for (size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
      auto receipt = receipts::receipt_of((*entries)[i]);
      if (!receipt) return std::move(receipt).error();
      list.push_back(std::move(*receipt));
    }
    return list;
  };
}

receipts::ReadRows ReceiptSource::read_rows() {
  return [this](int64_t after) -> Result<std::vector<history::AuditRow>> {
    auto document = ask("/v1/audit/rows?after=" + std::to_string(after) + "&limit=" + std::to_string(kPage),
                        [&](history::History& history) -> Result<Json> {
                          auto rows = history.audit_after(after, kPage);
                          if (!rows) return std::move(rows).error();
                          Json list = Json::array();
                          for (const auto& row : *rows) list.push_back(receipts::to_json(row));
                          return Json{{"rows", std::move(list)}};
                        });
    if (!document) return std::move(document).error();
    std::vector<history::AuditRow> list;
    const Json* entries = base::find_array(*document, "rows");
    for (size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
      auto row = receipts::audit_row_of((*entries)[i]);
      if (!row) return std::move(row).error();
      list.push_back(std::move(*row));
    }
    return list;
  };
}

std::string site_of(const Json& document) {
  const Json* site = base::find_object(document, "site");
  const std::string* name = site == nullptr ? nullptr : base::find_string(*site, "name");
  return name == nullptr ? std::string() : *name;
}

Result<crypto::PublicKey> key_of(const Json& document) {
  const Json* key = base::find_object(document, "key");
  const std::string* pem = key == nullptr ? nullptr : base::find_string(*key, "pem");
  if (pem == nullptr)
    return Error::blocked("receipt.no_key",
                          "this host has no key for receipts yet: gridseald makes it at its first start");
  return crypto::PublicKey::from_pem(*pem);
}

void add_judge_flags(const Command& command, JudgeFlags& flags) {
  command.texts("--key", flags.keys, "public key of a site (PEM); may be repeated").value_name("FILE");
  command.text("--sites", flags.sites, "folder of enrolled sites; else 'sites' in --config-dir")
      .value_name("DIR");
}

std::string sites_folder(const Context& context, const JudgeFlags& flags) {
  return flags.sites.empty() ? context.globals.config_directory + "/sites" : flags.sites;
}

Result<NamedKey> read_site_key(Context& context, const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    auto read = base::read_file(context.files, path, kMaxKeyFile);
    if (!read) return std::move(read).error();
    text = std::move(*read);
  }
  std::string site;
  const size_t begin = text.find("-----BEGIN");
  constexpr std::string_view kSite = "Site: ";
  if (const size_t at = text.find(kSite); at != std::string::npos && at < begin)
    site = text.substr(at + kSite.size(), text.find_first_of("\r\n", at) - at - kSite.size());
  if (begin != std::string::npos) text.erase(0, begin);
  auto key = crypto::PublicKey::from_pem(text);
  if (!key)
    return Error::refused("site.key", shown(path, 200) + " holds no public key: " + key.error().message());
  return NamedKey{std::move(*key), std::move(site)};
}

Result<std::vector<receipts::EnrolledSite>> read_judges(Context& context, const JudgeFlags& flags) {
  if (flags.keys.empty()) return receipts::read_sites(context.files, sites_folder(context, flags));
  std::vector<receipts::EnrolledSite> sites;
  for (const std::string& path : flags.keys) {
    auto key = read_site_key(context, path);
    if (!key) return std::move(key).error();
    sites.push_back({"", {std::move(key->key)}});
  }
  return sites;
}

}  // namespace gridseal::cli
