#include "receipts/document.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "receipts/receipt.hpp"

namespace gridseal::receipts {

using base::Error;
using base::Json;
using base::Result;

namespace {

Json printable_in(const Json& object, std::string_view name) {
  const std::string* text = base::find_string(object, name);
  return text == nullptr ? Json() : Json(base::printable(*text, 400));
}

// What a reader of a list wants to know without opening the envelope.
void add_short(const history::Receipt& receipt, Json& out) {
  auto envelope = parse_envelope(receipt.envelope);
  if (!envelope) return;
  auto statement = parse_statement(envelope->statement);
  if (!statement) return;
  out["revision"] = printable_in(statement->predicate, "revision");
  if (const Json* result = base::find_object(statement->predicate, "result")) {
    out["outcome"] = printable_in(*result, "outcome");
    out["reason"] = printable_in(*result, "reason");
  }
}

Result<Json> key_form(base::Files& files, const KeyPlaces& places) {
  auto key = read_public_key(files, places);
  if (key) return Json{{"fingerprint", key->key_id()}, {"pem", key->to_pem()}};
  if (key.error().code() == "receipt.no_key") return Json();
  return std::move(key).error();
}

Result<int64_t> begin_of(history::History& history, const Page& page) {
  if (!page.newest) return page.after;
  int64_t last = 0;
  for (const auto kind : {history::ReceiptKind::receipt, history::ReceiptKind::report}) {
    auto receipt = history.last_receipt(kind);
    if (!receipt) return std::move(receipt).error();
    if (*receipt) last = std::max(last, (*receipt)->sequence);
  }
  return std::max<int64_t>(0, last - page.limit);
}

}  // namespace

Json to_json(const history::Receipt& receipt) {
  Json out{{"sequence", receipt.sequence},
           {"kind", to_string(receipt.kind)},
           {"component", receipt.component.empty() ? Json() : Json(receipt.component)},
           {"artifact", receipt.artifact ? Json(receipt.artifact->to_string()) : Json()},
           {"deployment", receipt.deployment ? Json(*receipt.deployment) : Json()},
           {"time", base::format_rfc3339(receipt.time)},
           {"statement", receipt.statement.to_string()},
           {"revision", nullptr},
           {"outcome", nullptr},
           {"reason", nullptr},
           {"pushed", receipt.pushed ? Json(base::format_rfc3339(*receipt.pushed)) : Json()},
           {"envelope", receipt.envelope}};
  add_short(receipt, out);
  return out;
}

Result<history::Receipt> receipt_of(const Json& entry) {
  const auto wrong = [] { return Error::refused("receipt.form", "an entry of the list is no receipt"); };
  const auto sequence = base::find_integer(entry, "sequence");
  const std::string* kind = base::find_string(entry, "kind");
  const std::string* time = base::find_string(entry, "time");
  const std::string* statement = base::find_string(entry, "statement");
  const std::string* envelope = base::find_string(entry, "envelope");
  if (!sequence || kind == nullptr || time == nullptr || statement == nullptr || envelope == nullptr)
    return wrong();
  auto when = base::parse_rfc3339(*time);
  auto digest = base::Digest::parse(*statement);
  if (!when || !digest) return wrong();
  history::Receipt receipt{*sequence, history::ReceiptKind::report, {}, {}, {}, *when, *digest, *envelope};
  if (*kind == to_string(history::ReceiptKind::receipt)) receipt.kind = history::ReceiptKind::receipt;
  receipt.deployment = base::find_integer(entry, "deployment");
  if (const std::string* component = base::find_string(entry, "component")) receipt.component = *component;
  if (const std::string* artifact = base::find_string(entry, "artifact")) {
    auto parsed = base::Digest::parse(*artifact);
    if (!parsed) return wrong();
    receipt.artifact = *parsed;
  }
  return receipt;
}

Result<Json> document(history::History& history, base::Files& files, const KeyPlaces& places,
                      const Page& page) {
  auto key = key_form(files, places);
  if (!key) return key;
  auto after = begin_of(history, page);
  if (!after) return std::move(after).error();
  auto head = history.receipt_head();
  if (!head) return std::move(head).error();
  auto receipts = history.receipts(*after, page.limit);
  if (!receipts) return std::move(receipts).error();
  Json list = Json::array();
  for (const history::Receipt& receipt : *receipts) list.push_back(to_json(receipt));
  return Json{{"key", std::move(*key)},
              {"head", head->empty() ? Json() : Json(*head)},
              {"receipts", std::move(list)}};
}

}  // namespace gridseal::receipts
