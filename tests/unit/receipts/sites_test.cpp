#include "receipts/document.hpp"
#include "receipts/write_back.hpp"
#include "unit/receipts/fixture.hpp"

namespace gridseal::receipts {
namespace {

class SitesTest : public ReceiptsTest {
 protected:
  std::string sites() const { return folder_ + "/sites"; }
  std::string stick() const { return folder_ + "/stick"; }
  std::string path_of(const std::string& name) const { return stick() + "/plant-7/" + name; }

  void write() {
    auto written = write_back(files_, stick(), "plant-7", key(), read_from(*history_));
    ASSERT_TRUE(written) << written.error().describe();
  }
  void set_up() {
    live();
    write();
    ASSERT_TRUE(*enroll(files_, sites(), "plant-7", key(), false));
  }
  std::vector<SiteState> judged() {
    auto pile = read_pile(files_, {stick()});
    EXPECT_TRUE(pile);
    auto enrolled = read_sites(files_, sites());
    EXPECT_TRUE(enrolled);
    return judge(*pile, *enrolled);
  }
  static std::vector<std::string> codes(const std::vector<Flaw>& flaws) {
    std::vector<std::string> list;
    for (const Flaw& flaw : flaws) list.push_back(flaw.code);
    return list;
  }
};

// GS-RECEIPT-040: what is written back is one file for each, with the key; a second time nothing is written.
TEST_F(SitesTest, WriteBack) {
  live();
  auto first = write_back(files_, stick(), "plant-7", key(), read_from(*history_));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->written, 4U);
  EXPECT_EQ(first->last, 4);
  EXPECT_TRUE(files_.stat(path_of("0000000002-pump-rolled_back.dsse.json")));
  EXPECT_TRUE(files_.stat(path_of("0000000004-report.dsse.json")));
  auto again = write_back(files_, stick(), "plant-7", key(), read_from(*history_));
  EXPECT_EQ(again->written, 0U);
  EXPECT_EQ(again->there, 4U);
  EXPECT_EQ(write_back(files_, stick(), "plant-7", key(), read_from(*history_), 3)->there, 1U);
}

// GS-RECEIPT-041: pulling the medium at any write leaves whole files, and a second try makes it complete.
TEST_F(SitesTest, WriteBackAndCuts) {
  live();
  for (uint64_t cut = 0;; ++cut) {
    ASSERT_TRUE(files_.remove_tree(stick()));
    test::Fuse fuse(cut);
    test::FaultyFiles faulty(files_, fuse);
    (void)write_back(faulty, stick(), "plant-7", key(), read_from(*history_));
    if (auto left = read_pile(files_, {stick()})) {
      EXPECT_TRUE(left->unreadable.empty()) << cut;
    }
    write();
    auto pile = read_pile(files_, {stick()});
    EXPECT_EQ(pile->pieces.size(), 4U) << cut;
    if (!fuse.blown()) break;
  }
}

// GS-RECEIPT-042: a pile shows each enrolled site with its releases, and nothing is wrong with it.
TEST_F(SitesTest, WholePile) {
  set_up();
  ASSERT_TRUE(*enroll(files_, sites(), "silent-1", crypto::PrivateKey::generate()->public_key(), false));
  const auto states = judged();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_TRUE(states[0].is_whole());
  EXPECT_EQ(states[0].name, "plant-7");
  EXPECT_EQ(states[0].components.at("pump").state, "");
  EXPECT_EQ(states[0].components.at("pump").runs, *all()[2].artifact);
  EXPECT_EQ(held_by(states[0]), std::set<base::Digest>{*all()[2].artifact});
  EXPECT_EQ(states[0].report->sequence, 4);
  EXPECT_FALSE(states[1].newest);
}

// GS-RECEIPT-043: a removed file is a gap, a changed one and one of an unknown key are alarms, a second copy
// is nothing.
TEST_F(SitesTest, TamperedPile) {
  set_up();
  ASSERT_TRUE(base::write_file(files_, stick() + "/copy.json",
                               *base::read_file(files_, path_of("0000000004-report.dsse.json"))));
  EXPECT_TRUE(judged()[0].is_whole());
  ASSERT_TRUE(files_.remove(path_of("0000000002-pump-rolled_back.dsse.json")));
  EXPECT_EQ(codes(judged()[0].gaps), std::vector<std::string>{"receipt.gap"});
  EXPECT_TRUE(judged()[0].alarms.empty());

  Envelope changed = *parse_envelope(all()[0].envelope);
  changed.statement.replace(changed.statement.find("healthy"), 7, "removed");
  ASSERT_TRUE(base::write_file(files_, stick() + "/changed.json", to_json(changed)));
  EXPECT_EQ(codes(judged()[0].alarms), std::vector<std::string>{"sig.invalid"});
  ASSERT_TRUE(files_.remove(stick() + "/changed.json"));

  const auto stranger = crypto::PrivateKey::generate();
  const history::ReceiptPlace place{1, std::nullopt, 1, std::string(64, 'a'), facts().host_clock};
  const auto foreign = seal(*stranger, compose_report(facts(), {}, stranger->public_key(), place));
  ASSERT_TRUE(base::write_file(files_, stick() + "/foreign.json", foreign->envelope));
  const auto states = judged();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(codes(states[1].alarms), std::vector<std::string>{"receipt.unknown_key"});
  ASSERT_TRUE(*enroll(files_, sites(), "plant-8", stranger->public_key(), false));
  EXPECT_EQ(codes(judged()[1].alarms), std::vector<std::string>{"receipt.site_name"});
}

// GS-RECEIPT-044: a pile that ends before what was seen once, or says something else now, is an alarm.
TEST_F(SitesTest, OlderPile) {
  set_up();
  ASSERT_TRUE(remember(files_, sites(), judged()[0]));
  EXPECT_TRUE(judged()[0].is_whole());
  ASSERT_TRUE(files_.remove(path_of("0000000004-report.dsse.json")));
  EXPECT_EQ(codes(judged()[0].alarms), std::vector<std::string>{"receipt.older"});
  ASSERT_TRUE(remember(files_, sites(), judged()[0]));
  EXPECT_EQ(codes(judged()[0].alarms), std::vector<std::string>{"receipt.older"});
}

// GS-RECEIPT-045: a site is enrolled under one name; another key for it needs to be said, and stands beside
// the first.
TEST_F(SitesTest, Enrolling) {
  live();
  const auto other = crypto::PrivateKey::generate();
  EXPECT_EQ(enroll(files_, sites(), "Plant 7", key(), false).error().code(), "site.name");
  EXPECT_EQ(enroll(files_, sites(), "../x", key(), false).error().code(), "site.name");
  EXPECT_TRUE(*enroll(files_, sites(), "plant-7", key(), false));
  EXPECT_FALSE(*enroll(files_, sites(), "plant-7", key(), false));
  EXPECT_EQ(enroll(files_, sites(), "plant-7", other->public_key(), false).error().code(), "site.enrolled");
  EXPECT_EQ(enroll(files_, sites(), "plant-8", key(), false).error().code(), "site.enrolled");
  EXPECT_TRUE(*enroll(files_, sites(), "plant-7", other->public_key(), true));
  EXPECT_EQ(read_sites(files_, sites())->front().keys.size(), 2U);
}

// GS-RECEIPT-046: files of all kinds in one folder: what is a receipt is read in every form, what is not is
// counted, a damaged one is said.
TEST_F(SitesTest, MixedPile) {
  live();
  ASSERT_TRUE(files_.make_directories(stick(), 0755));
  std::string lines;
  for (const auto& receipt : all()) lines += receipt.envelope + "\n";
  ASSERT_TRUE(base::write_file(files_, stick() + "/export.jsonl", lines));
  ASSERT_TRUE(
      base::write_file(files_, stick() + "/screen.txt", "from the console\n" + *armour(all()[3].envelope)));
  ASSERT_TRUE(base::write_file(files_, stick() + "/notes.txt", "no receipt"));
  ASSERT_TRUE(base::write_file(files_, stick() + "/autorun.inf", std::string(1, '\0')));
  ASSERT_TRUE(base::write_file(files_, stick() + "/half.dsse.json", all()[0].envelope.substr(0, 100)));
  const auto pile = read_pile(files_, {stick()});
  ASSERT_TRUE(pile);
  EXPECT_EQ(pile->pieces.size(), 5U);
  EXPECT_EQ(pile->foreign, 2U);
  ASSERT_EQ(pile->unreadable.size(), 1U);
  EXPECT_EQ(read_pile(files_, {stick() + "/notes.txt"}).error().code(), "receipt.none");
  EXPECT_FALSE(read_pile(files_, {stick() + "/absent"}));
}

// GS-RECEIPT-047: what the socket hands on gives back the same receipts.
TEST_F(SitesTest, Document) {
  live();
  const auto page = document(*history_, files_, places(), {0, 10, false});
  ASSERT_TRUE(page);
  ASSERT_EQ((*page)["receipts"].size(), 4U);
  EXPECT_EQ((*page)["key"]["fingerprint"], key().key_id());
  EXPECT_EQ((*page)["receipts"][1]["outcome"], "rolled_back");
  const auto receipt = receipt_of((*page)["receipts"][1]);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->envelope, all()[1].envelope);
  EXPECT_EQ(receipt->artifact, all()[1].artifact);
  EXPECT_EQ((*document(*history_, files_, places(), {0, 1, true}))["receipts"][0]["sequence"], 4);
}

}  // namespace
}  // namespace gridseal::receipts
