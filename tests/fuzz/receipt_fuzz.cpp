// What comes back from sites: envelopes, armoured text, statements, exported audits.
#include <cstdint>
#include <cstdlib>

#include "receipts/armour.hpp"
#include "receipts/audit_export.hpp"
#include "receipts/chain.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<receipts::Statement> statements;
  if (auto statement = receipts::parse_statement(text)) statements.push_back(std::move(*statement));
  if (auto envelope = receipts::parse_envelope(text)) {
    const auto again = receipts::parse_envelope(receipts::to_json(*envelope));
    if (!again || again->statement != envelope->statement) std::abort();
    if (auto statement = receipts::parse_statement(envelope->statement))
      statements.push_back(std::move(*statement));
  }
  if (auto envelopes = receipts::read_armour(text)) {
    // Nobody here has a key.
    for (const std::string& envelope : *envelopes)
      if (receipts::open_receipt(envelope, {})) std::abort();
  }
  (void)receipts::make_chain(std::move(statements));
  (void)receipts::verify_audit(text, {});
  return 0;
}
