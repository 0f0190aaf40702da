#include "receipts/chain.hpp"

#include <algorithm>

namespace gridseal::receipts {
namespace {

std::string number(const Statement& statement) {
  return std::to_string(statement.sequence);
}

std::string range(int64_t first, int64_t last) {
  return first == last ? "number " + std::to_string(first) + " is missing"
                       : "numbers " + std::to_string(first) + " to " + std::to_string(last) + " are missing";
}

void compare_audit(const Statement& before, const Statement& after, std::vector<Flaw>& flaws) {
  const bool same_row = before.audit.sequence == after.audit.sequence;
  if (after.audit.sequence < before.audit.sequence || (same_row && after.audit.hash != before.audit.hash))
    flaws.push_back({"receipt.audit", "number " + number(after) + " names row " +
                                          std::to_string(after.audit.sequence) +
                                          " as the end of the audit, number " + number(before) +
                                          " named row " + std::to_string(before.audit.sequence) +
                                          " before: the audit was shortened or written anew"});
}

void compare(const Statement& before, const Statement& after, std::vector<Flaw>& flaws) {
  if (after.sequence > before.sequence + 1)
    flaws.push_back({"receipt.gap", range(before.sequence + 1, after.sequence - 1)});
  else if (after.previous != before.hash)
    flaws.push_back({"receipt.chain", "number " + number(after) + " does not follow the number " +
                                          number(before) + " that is here"});
  compare_audit(before, after, flaws);
  if (after.issued < before.issued)
    flaws.push_back({"receipt.time", "number " + number(after) + " was issued at " +
                                         base::format_rfc3339(after.issued) + ", number " + number(before) +
                                         " at " + base::format_rfc3339(before.issued) +
                                         ": the clock of the host went back"});
}

}  // namespace

bool Chain::whole() const {
  return std::ranges::none_of(flaws,
                              [](const Flaw& flaw) { return flaw.is_proof() || flaw.code == "receipt.gap"; });
}

Chain make_chain(std::vector<Statement> statements) {
  std::ranges::stable_sort(statements, {}, &Statement::sequence);
  Chain chain;
  for (Statement& statement : statements) {
    if (!chain.statements.empty() && chain.statements.back().sequence == statement.sequence) {
      if (chain.statements.back().hash == statement.hash) {
        ++chain.repeated;
        continue;
      }
      chain.flaws.push_back({"receipt.fork", "there are two different statements with number " +
                                                 number(statement) +
                                                 ": the host's state was set back, copied or forged"});
      continue;
    }
    if (!chain.statements.empty()) compare(chain.statements.back(), statement, chain.flaws);
    chain.statements.push_back(std::move(statement));
  }
  return chain;
}

}  // namespace gridseal::receipts
