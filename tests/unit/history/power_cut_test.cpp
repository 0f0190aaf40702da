// Cuts the power at every statement and commit of a whole deployment's life, opens the history again, and
// looks for anything but "before" or "after".
#include <functional>

#include "support/faults/fuse.hpp"
#include "unit/history/fixture.hpp"

namespace gridseal::history {
namespace {

using Call = std::function<bool(History&)>;

class PowerCut : public HistoryTest {
 protected:
  // What the other tests read, as one text.
  std::string picture(History& history) {
    std::string text;
    auto component = history.component("pump");
    if (component && *component) {
      const auto& known = **component;
      text += known.desired_revision.value_or("-") + "|";
      text += known.last_good ? known.last_good->revision : "-";
      text += "|" + (known.floor ? known.floor->version : "-") + "|" +
              (known.untrusted ? known.untrusted->code : "") + "\n";
    }
    for (const auto side : {Side::last_good, Side::attempt, Side::leftover}) {
      const auto entries = history.inventory("pump", side);
      for (const auto& entry : *entries) {
        text += std::string(to_string(side)) + " " + entry.key.name + " " + entry.uid +
                (entry.applied ? " applied\n" : "\n");
      }
    }
    const auto all = history.deployments("pump", 100);
    for (const auto& listed : *all) {
      auto deployment = history.deployment(listed.id);
      text += std::to_string(listed.id) + " " + listed.state + " " +
              (listed.outcome ? std::string(to_string(*listed.outcome)) : "open") + " " +
              std::to_string((*deployment)->steps.size()) + " " +
              std::to_string(history.pre_images(listed.id)->size()) + "\n";
    }
    text += std::to_string(history.failures("pump")->size()) + " " +
            std::to_string(history.permits("pump")->size());
    const auto rows = history.audit(100);
    for (const auto& row : *rows) text += "\n" + row.action;
    return text;
  }

  static std::vector<Call> calls() {
    return {
        [](History& h) { return h.set_desired("pump", "v1", digest('1')).has_value(); },
        [](History& h) { return h.begin_deployment(deploy('1')).has_value(); },
        [](History& h) { return h.begin_step(1, "apply").has_value(); },
        [](History& h) {
          return h.write_union_inventory(1, {entry("web", '1'), entry("old", '1')}).has_value();
        },
        [](History& h) {
          return h.mark_begun("pump", {object("web"), object("old")}).has_value();
        },
        [](History& h) {
          return h.mark_applied("pump", {{object("web"), "u1"}, {object("old"), "u2"}}).has_value();
        },
        [](History& h) { return h.put_pre_image(1, object("web"), "body").has_value(); },
        [](History& h) { return h.end_step(1, 1).has_value(); },
        [](History& h) {
          return h.commit_good(1, Floor{"1.0.0", std::nullopt, digest('1')}).has_value();
        },
        [](History& h) { return h.begin_deployment(deploy('2')).has_value(); },
        [](History& h) {
          return h.write_union_inventory(2, {entry("web", '2'), entry("pvc", '2')}).has_value();
        },
        [](History& h) { return h.set_state(2, "settling").has_value(); },
        [](History& h) {
          return h.finish_failed(2, {DeploymentOutcome::rolled_back, "r", "s", {object("pvc")}, true})
              .has_value();
        },
        [](History& h) {
          const auto error = base::Error::refused("trust.denied_key", "the key is denied");
          return h.set_standing("pump", &error).has_value();
        },
        [](History& h) {
          return h.add_permit({0, "pump", std::nullopt, "1.0.0", "anna", "why"}).has_value();
        },
        [](History& h) { return h.use_permit(1, 2).has_value(); },
    };
  }
};

// GS-HISTORY-060: a cut at any statement of any function leaves what was before it or what is after it, and
// the chain whole.
TEST_F(PowerCut, BeforeOrAfter) {
  reopen();
  // The pictures before and after each call, without a cut.
  std::vector<std::string> pictures{picture(*history_)};
  for (const auto& call : calls()) {
    ASSERT_TRUE(call(*history_)) << pictures.size();
    pictures.push_back(picture(*history_));
  }

  for (uint64_t cut_at = 0;; ++cut_at) {
    empty_folder();
    reopen();
    history_.reset();
    test::Fuse fuse(cut_at);
    auto opened = open([&](std::string_view) { return fuse.burn(); });
    ASSERT_TRUE(opened) << "an open without a migration writes nothing";
    size_t done = 0;
    for (const auto& call : calls()) {
      if (!call(**opened)) break;
      ++done;
    }
    opened->reset();
    if (!fuse.blown()) {
      EXPECT_EQ(done, calls().size());
      break;
    }
    reopen();
    const std::string now = picture(*history_);
    EXPECT_TRUE(now == pictures[done] || now == pictures[done + 1]) << "cut at " << cut_at << "\n" << now;
    auto chain = history_->verify_chain();
    ASSERT_TRUE(chain);
    EXPECT_FALSE(chain->broken_at) << cut_at;
    if (HasFailure()) return;
  }
}

// GS-HISTORY-061: a cut at any statement of the very first start is made good by the next one.
TEST_F(PowerCut, FirstStart) {
  for (uint64_t cut_at = 0;; ++cut_at) {
    empty_folder();
    test::Fuse fuse(cut_at);
    const bool opened = open([&](std::string_view) { return fuse.burn(); }).has_value();
    EXPECT_EQ(opened, !fuse.blown());
    reopen();
    ASSERT_NE(history_, nullptr) << cut_at;
    auto chain = history_->verify_chain();
    ASSERT_TRUE(chain);
    EXPECT_EQ(chain->rows, 1) << cut_at;
    EXPECT_FALSE(chain->broken_at);
    if (!fuse.blown()) break;
  }
}

// GS-HISTORY-062: after a cut nothing more reaches the disk through the same history, and the error says so.
TEST_F(PowerCut, NothingAfterTheCut) {
  bool power = true;
  auto opened = open([&](std::string_view) { return power; });
  ASSERT_TRUE(opened);
  power = false;
  EXPECT_EQ((*opened)->set_desired("pump", "v1", digest('1')).error().code(), "history.interrupted");
  power = true;
  EXPECT_EQ((*opened)->set_desired("pump", "v1", digest('1')).error().code(), "history.interrupted");
}

// GS-HISTORY-063: when the audit cannot be written the decision is not made, and the error is its own.
TEST_F(PowerCut, AuditCannotBeWritten) {
  bool power = true;
  auto opened =
      open([&](std::string_view sql) { return power || sql.find("INTO audit") == std::string_view::npos; });
  ASSERT_TRUE(opened);
  power = false;
  auto begun = (*opened)->begin_deployment(deploy('1'));
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code(), "history.audit");
  EXPECT_EQ(begun.error().outcome(), base::Outcome::blocked);
  opened->reset();
  reopen();
  EXPECT_TRUE(history_->unfinished_deployments()->empty());
}

}  // namespace
}  // namespace gridseal::history
