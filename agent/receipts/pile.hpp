// A pile of receipts as it came together on the connected side: folders with files of all kinds. Read are
// DSSE envelopes (one in a file, or one a line), armoured texts, and so also the blobs of OCI layouts; what
// is something else is counted and passed over. Nothing is verified here.
#pragma once

#include <string>
#include <vector>

#include "base/files.hpp"

namespace gridseal::receipts {

struct Piece {
  std::string where;  // path
  std::string envelope;
};

struct Unreadable {
  std::string where;
  std::string code;
  std::string message;
};

struct Pile {
  std::vector<Piece> pieces;
  std::vector<Unreadable> unreadable;  // meant to be a receipt and damaged
  size_t foreign = 0;                  // files of other kinds
};

// Files and folders, in any order. Links are not followed. Errors: files.* of a path that is named;
// receipt.none (refused: a named file holds no receipt); parse.limit (refused: more than 200,000 files or
// receipts).
base::Result<Pile> read_pile(base::Files& files, const std::vector<std::string>& paths);

}  // namespace gridseal::receipts
