#include <algorithm>

#include "unit/receipts/fixture.hpp"

namespace gridseal::receipts {
namespace {

using base::Json;

class StatementTest : public ReceiptsTest {
 protected:
  // Signed again after `change`, by the same key.
  std::string changed(const history::Receipt& receipt, const std::function<void(Json&)>& change) {
    Json json = Json::parse(parse_envelope(receipt.envelope)->statement);
    change(json);
    return seal(*load_or_create_key(files_, places()), base::dump_json(json))->envelope;
  }
  Statement opened(const std::string& envelope) {
    auto statement = open_receipt(envelope, {key()});
    EXPECT_TRUE(statement) << statement.error().describe();
    return std::move(*statement);
  }
  std::vector<std::string> codes(std::vector<Statement> statements) {
    std::vector<std::string> codes;
    for (const Flaw& flaw : make_chain(std::move(statements)).flaws) codes.push_back(flaw.code);
    return codes;
  }
};

// GS-RECEIPT-010: a receipt is an in-toto statement about the artifact, in a DSSE envelope that the key
// verifies.
TEST_F(StatementTest, SaysWhatHappened) {
  live();
  const auto receipts = all();
  ASSERT_EQ(receipts.size(), 4U);
  const Json envelope = Json::parse(receipts[1].envelope);
  EXPECT_EQ(envelope["payloadType"], "application/vnd.in-toto+json");
  EXPECT_EQ(envelope["signatures"][0]["keyid"], key().key_id());
  const Statement second = opened(receipts[1].envelope);
  EXPECT_EQ(second.subject, *receipts[1].artifact);
  EXPECT_EQ(second.site, "plant-7");
  EXPECT_EQ(second.sequence, 2);
  EXPECT_EQ(second.predicate["component"], "pump");
  EXPECT_EQ(second.predicate["version"], "1.1.0");
  EXPECT_EQ(second.predicate["result"]["outcome"], "rolled_back");
  EXPECT_EQ(second.predicate["result"]["reason"], "health.failed");
  EXPECT_EQ(second.predicate["evidence"]["trustVersion"], 4);
  EXPECT_EQ(second.previous, opened(receipts[0].envelope).hash);
  EXPECT_GT(second.audit.sequence, 0);
  const Statement report = opened(receipts[3].envelope);
  EXPECT_EQ(report.kind, history::ReceiptKind::report);
  EXPECT_EQ(report.subject, key().fingerprint());
  EXPECT_EQ(report.predicate["components"][0]["runs"]["digest"], receipts[2].artifact->to_string());
}

// GS-RECEIPT-011: a changed statement, a foreign key and a statement that names another key are found.
TEST_F(StatementTest, TamperingIsFound) {
  live();
  const history::Receipt receipt = all().front();
  Envelope envelope = *parse_envelope(receipt.envelope);
  const size_t at = envelope.statement.find("healthy");
  ASSERT_NE(at, std::string::npos);
  envelope.statement[at] = 'H';
  EXPECT_EQ(open_receipt(to_json(envelope), {key()}).error().code(), "sig.invalid");
  const auto other = crypto::PrivateKey::generate();
  EXPECT_EQ(open_receipt(receipt.envelope, {other->public_key()}).error().code(), "receipt.unknown_key");
  const auto forged = seal(*other, parse_envelope(receipt.envelope)->statement);
  EXPECT_EQ(open_receipt(forged->envelope, {key(), other->public_key()}).error().code(), "sig.invalid");
}

// GS-RECEIPT-012: statements of other types, without a place in the chain or with a wrong one are refused.
TEST_F(StatementTest, StrictForm) {
  live();
  const history::Receipt receipt = all()[1];
  const std::vector<std::function<void(Json&)>> changes{
      [](Json& json) { json["predicateType"] = "https://slsa.dev/provenance/v1"; },
      [](Json& json) { json["subject"].push_back(json["subject"][0]); },
      [](Json& json) { json["predicate"].erase("sequence"); },
      [](Json& json) { json["predicate"]["sequence"] = 0; },
      [](Json& json) { json["predicate"]["previous"] = nullptr; },
      [](Json& json) { json["predicate"]["sequence"] = 1; },
      [](Json& json) { json["predicate"]["audit"]["hash"] = "x"; },
      [](Json& json) { json["predicate"]["site"]["name"] = ""; },
      [](Json& json) { json["predicate"]["issued"] = "yesterday"; },
      [](Json& json) { json["predicate"]["key"] = 7; }};
  for (size_t i = 0; i < changes.size(); ++i)
    EXPECT_EQ(open_receipt(changed(receipt, changes[i]), {key()}).error().code(), "receipt.form") << i;
  for (const char* text : {"", "{}", "[]", R"({"payload":"","payloadType":"x","signatures":[]})"})
    EXPECT_EQ(parse_envelope(text).error().code(), "receipt.form") << text;
}

// GS-RECEIPT-013: a whole chain is whole in any order and with repetitions.
TEST_F(StatementTest, WholeChain) {
  live();
  auto list = statements();
  std::swap(list[0], list[3]);
  list.push_back(list[1]);
  const Chain chain = make_chain(list);
  EXPECT_TRUE(chain.whole());
  EXPECT_EQ(chain.repeated, 1U);
  EXPECT_EQ(chain.statements.size(), 4U);
}

// GS-RECEIPT-014: removal, another order, a second statement with one number, an audit that was shortened and
// a clock that went back are found, by what they are.
TEST_F(StatementTest, BrokenChains) {
  live();
  const auto list = statements();
  const auto receipts = all();
  EXPECT_EQ(codes({list[0], list[3]}), std::vector<std::string>{"receipt.gap"});
  EXPECT_EQ(codes({list[1], list[2]}), std::vector<std::string>());
  const Statement reordered =
      opened(changed(receipts[1], [](Json& json) { json["predicate"]["sequence"] = 3; }));
  EXPECT_EQ(codes({list[0], list[1], reordered}), std::vector<std::string>{"receipt.chain"});
  const Statement fork =
      opened(changed(receipts[1], [](Json& json) { json["predicate"]["result"]["outcome"] = "healthy"; }));
  EXPECT_EQ(codes({list[0], list[1], fork}), std::vector<std::string>{"receipt.fork"});
  const Statement shortened =
      opened(changed(receipts[1], [](Json& json) { json["predicate"]["audit"]["sequence"] = 1; }));
  EXPECT_EQ(codes({list[0], shortened}), std::vector<std::string>{"receipt.audit"});
  const Statement early =
      opened(changed(receipts[1], [](Json& json) { json["predicate"]["issued"] = "2001-01-01T00:00:00Z"; }));
  EXPECT_EQ(codes({list[0], early}), std::vector<std::string>{"receipt.time"});
}

// GS-RECEIPT-015: armoured text gives back the envelope, also indented, with CRLF and between other text; a
// report fits on a screen.
TEST_F(StatementTest, Armour) {
  live();
  std::string text;
  for (const auto& receipt : all()) text += "some words\n" + *armour(receipt.envelope);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_LE(lines, 4 * 40);
  std::string console;
  for (const char c : text) console += c == '\n' ? std::string(" \r\n  ") : std::string(1, c);
  auto read = read_armour(console);
  ASSERT_TRUE(read) << read.error().describe();
  ASSERT_EQ(read->size(), 4U);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(opened((*read)[i]).hash, statements()[i].hash);
  EXPECT_TRUE(read_armour("nothing here")->empty());
}

// GS-RECEIPT-016: a report of twenty components is at most 40 lines.
TEST_F(StatementTest, ReportIsShort) {
  SiteFacts site = facts();
  site.system = "Debian GNU/Linux 12 (bookworm)";
  site.kernel = "6.1.0-18-amd64";
  site.kubernetes = "v1.31.5+k3s1";
  ReportFacts report;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "component-" + std::to_string(i);
    history::ComponentRecord record;
    record.name = name;
    record.state = "healthy";
    record.floor = history::Floor{"1.4." + std::to_string(i), std::nullopt, crypto::sha256(name)};
    record.last_good = history::LastGood{crypto::sha256(name), "stable@" + crypto::sha256(name).to_string(),
                                         history::digest('1'), history::digest('2'), i};
    record.desired_digest = record.last_good->artifact;
    report.components.push_back(record);
  }
  const auto signing = crypto::PrivateKey::generate();
  const history::ReceiptPlace place{9, history::digest('a'), 77, std::string(64, 'b'), site.host_clock};
  const auto sealed = seal(*signing, compose_report(site, report, signing->public_key(), place));
  const std::string text = *armour(sealed->envelope);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 40);
}

// GS-RECEIPT-017: a letter that is missing or wrong, and an end that is missing, are found before anything is
// judged.
TEST_F(StatementTest, DamagedArmour) {
  live();
  const std::string text = *armour(all().back().envelope);
  const size_t body = text.find("\n\n") + 2;
  std::string missing = text;
  missing.erase(body + 10, 1);
  EXPECT_EQ(read_armour(missing).error().code(), "receipt.armour");
  EXPECT_EQ(read_armour(text.substr(0, text.rfind("-----END"))).error().code(), "receipt.armour");
  std::string wrong = text;
  wrong[body + 60] = wrong[body + 60] == 'A' ? 'B' : 'A';
  const auto read = read_armour(wrong);
  EXPECT_TRUE(!read || !open_receipt(read->front(), {key()}));
}

}  // namespace
}  // namespace gridseal::receipts
