#include "receipts/write_back.hpp"

#include <algorithm>

#include "receipts/receipt.hpp"

namespace gridseal::receipts {

using base::Result;

namespace {

constexpr int64_t kReceiptsAtOnce = 100;
constexpr size_t kDigits = 10;

// Letters that every file system of a medium takes.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 63)) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += good ? c : '-';
  }
  return out;
}

std::string name_of(const history::Receipt& receipt) {
  std::string number = std::to_string(receipt.sequence);
  number.insert(0, kDigits - std::min(kDigits, number.size()), '0');
  std::string what = "report";
  if (receipt.kind == history::ReceiptKind::receipt) {
    what = plain(receipt.component);
    auto envelope = parse_envelope(receipt.envelope);
    auto statement = envelope ? parse_statement(envelope->statement) : base::Error(envelope.error());
    const base::Json* result = statement ? base::find_object(statement->predicate, "result") : nullptr;
    const std::string* outcome = result == nullptr ? nullptr : base::find_string(*result, "outcome");
    if (outcome != nullptr) what += "-" + plain(*outcome);
  }
  return number + "-" + what + ".dsse.json";
}

// True: it was not there.
Result<bool> put(base::Files& files, const std::string& path, const std::string& text) {
  auto there = base::read_file(files, path, kMaxEnvelope);
  if (there && *there == text) return false;
  if (auto r = base::write_file(files, path, text, 0644); !r) return std::move(r).error();
  return true;
}

// What an earlier run left when it was cut.
Result<void> remove_temporaries(base::Files& files, const std::string& folder) {
  auto entries = files.list(folder);
  if (!entries) return std::move(entries).error();
  for (const base::Entry& entry : *entries) {
    const bool ours =
        entry.name.find(".dsse.json.tmp.") != std::string::npos || entry.name.starts_with("site.pub.tmp.");
    if (!ours || entry.kind != base::EntryKind::file) continue;
    if (auto r = files.remove(folder + "/" + entry.name); !r) return r;
  }
  return {};
}

}  // namespace

ReadReceipts read_from(history::History& history) {
  return [&history](int64_t after) { return history.receipts(after, kReceiptsAtOnce); };
}

Result<WrittenBack> write_back(base::Files& files, const std::string& directory, const std::string& site,
                               const crypto::PublicKey& key, const ReadReceipts& read, int64_t after) {
  const std::string folder = directory + "/" + plain(site);
  if (auto r = files.make_directories(folder, 0755); !r) return std::move(r).error();
  if (auto r = remove_temporaries(files, folder); !r) return std::move(r).error();
  if (auto r = put(files, folder + "/site.pub", key.to_pem()); !r) return std::move(r).error();
  WrittenBack out;
  out.last = after;
  for (;;) {
    auto page = read(out.last);
    if (!page) return std::move(page).error();
    if (page->empty()) return out;
    for (const history::Receipt& receipt : *page) {
      auto fresh = put(files, folder + "/" + name_of(receipt), receipt.envelope + "\n");
      if (!fresh) return std::move(fresh).error();
      ++(*fresh ? out.written : out.there);
      out.last = receipt.sequence;
    }
  }
}

}  // namespace gridseal::receipts
