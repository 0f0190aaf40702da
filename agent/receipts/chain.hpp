// The chain of one key's statements: what is wrong with a pile of them, and what is missing.
#pragma once

#include <string>
#include <vector>

#include "receipts/receipt.hpp"

namespace gridseal::receipts {

// One thing that is wrong or missing. Codes: receipt.fork (two statements with one number), receipt.chain
// (one does not follow the one before it), receipt.audit (the audit that it names contradicts an earlier one:
// it was shortened or written anew), receipt.time (issued before the one before it; the clock went back),
// receipt.gap (numbers that are missing here). Gaps and time are no proof of a deceit; the others are.
struct Flaw {
  std::string code;
  std::string message;

  bool is_proof() const { return code != "receipt.gap" && code != "receipt.time"; }
};

struct Chain {
  std::vector<Statement> statements;  // by number, without repetitions
  std::vector<Flaw> flaws;
  size_t repeated = 0;  // the same one again

  bool whole() const;  // no gap and nothing that is proof
};

// Of statements of one key, in any order. A beginning behind number 1 is no flaw: earlier ones may have been
// handed over before.
Chain make_chain(std::vector<Statement> statements);

}  // namespace gridseal::receipts
