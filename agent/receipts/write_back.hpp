// Receipts as files, for a medium that carries them home:
//   <directory>/<site>/site.pub
//   <directory>/<site>/0000000017-pump-control-rolled_back.dsse.json
// Each is written whole or not at all; what is there already is left alone, so that an interrupted run goes
// on where it was cut.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "crypto/public_key.hpp"
#include "history/history.hpp"

namespace gridseal::receipts {

// The next ones behind `after`, ascending; an empty list is the end.
using ReadReceipts = std::function<base::Result<std::vector<history::Receipt>>(int64_t after)>;
ReadReceipts read_from(history::History& history);

struct WrittenBack {
  size_t written = 0;
  size_t there = 0;  // already
  int64_t last = 0;  // number of the last one
};

// Those behind `after`. Errors: files.*, those of `read`.
base::Result<WrittenBack> write_back(base::Files& files, const std::string& directory,
                                     const std::string& site, const crypto::PublicKey& key,
                                     const ReadReceipts& read, int64_t after = 0);

}  // namespace gridseal::receipts
