// The receipts of this host as the control socket and the command line hand them on.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "history/history.hpp"
#include "receipts/signing_key.hpp"

namespace gridseal::receipts {

struct Page {
  int64_t after = 0;    // those behind this number
  int64_t limit = 50;   // at most so many
  bool newest = false;  // the last `limit` ones instead
};

// {"key": {"fingerprint", "pem"} or null, "head", "receipts": [{"sequence", "kind", "component", "artifact",
// "deployment", "time", "statement", "revision", "outcome", "reason", "pushed", "envelope"}]}, ascending;
// "envelope" is the JSON text of the DSSE envelope. Errors: history.*, receipt.key.
base::Result<base::Json> document(history::History& history, base::Files& files, const KeyPlaces& places,
                                  const Page& page);

// One of the list. Without a parsable statement what the row says.
base::Json to_json(const history::Receipt& receipt);

// The way back, for what another process handed over. Error (refused): receipt.form.
base::Result<history::Receipt> receipt_of(const base::Json& entry);

}  // namespace gridseal::receipts
