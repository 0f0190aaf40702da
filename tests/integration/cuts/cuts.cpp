#include "integration/cuts/cuts.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "crypto/sha256.hpp"

namespace gridseal::test {
namespace {

bool lasts(Effect effect) {
  return effect == Effect::lasting || effect == Effect::file_write;
}

}  // namespace

std::string Tally::to_string() const {
  std::string text = std::to_string(cuts) + " cut points, " + std::to_string(runs) + " runs";
  if (states.empty()) return text;
  text += "; different states after";
  for (const auto& [count, number] : states)
    text += " " + std::to_string(count) + (count == 1 ? " cut: " : " cuts: ") + std::to_string(number);
  return text + (complete ? "; none after more: complete" : "");
}

std::vector<uint64_t> telling_cuts(const std::vector<Effect>& effects) {
  std::vector<uint64_t> cuts{0};
  for (uint64_t i = 1; i < effects.size(); ++i)
    if (lasts(effects[i - 1]) || effects[i] == Effect::file_write) cuts.push_back(i);
  return cuts;
}

Cuts::Cuts(const Scenario& scenario, std::string name) : scenario_(scenario), host_(std::move(name)) {
  host_.set_in_flight(scenario.in_flight);
  scenario.prepare(host_);
  host_.stop();
  start_ = host_.keep();
  Fuse fuse;
  effects_ = finish(start_, "without a cut", fuse);
}

std::string Cuts::wrong() {
  std::string found = scenario_.flaws(host_);
  if (const std::string orphans = host_.orphans(); !orphans.empty()) found += "orphans: " + orphans;
  found += host_.flaws_of_history();
  Snapshot now = host_.look();
  if (expected_.empty()) {
    expected_ = std::move(now);
  } else {
    for (const auto& line : differences(expected_, now)) found += line + "; ";
  }
  return found;
}

std::vector<Effect> Cuts::finish(const SimHost::Moment& moment, const std::string& trace, Fuse& fuse) {
  ++tally_.runs;
  host_.go_back(moment);
  const auto started = host_.start(&fuse);
  EXPECT_TRUE(started) << trace << ": " << started.error().describe();
  if (!started) return {};
  EXPECT_TRUE(host_.run_until([&] { return scenario_.rests(host_); }))
      << trace << ": " << host_.state() << " " << host_.component().sentence;
  fuse.set_watcher({});
  std::vector<Effect> effects = fuse.effects();
  host_.pass(std::chrono::seconds(20));  // what is being deleted goes
  EXPECT_EQ(wrong(), "") << trace;
  host_.stop();
  return effects;
}

SimHost::Moment Cuts::cut(const SimHost::Moment& moment, uint64_t at) {
  ++tally_.runs;
  host_.go_back(moment);
  fuse_ = std::make_unique<Fuse>(at);
  if (host_.start(fuse_.get()))
    (void)host_.run_until([&] { return fuse_->blown() || scenario_.rests(host_); });
  // As the disk is at that moment, with the journal of the database still open.
  SimHost::Moment left = host_.keep();
  return left;
}

Tally Cuts::singles(bool every_effect) {
  tally_ = {};
  std::vector<uint64_t> cuts = telling_cuts(effects_);
  tally_.cuts = effects_.size();
  if (every_effect) {
    cuts.clear();
    for (uint64_t at = 0; at < effects_.size(); ++at) cuts.push_back(at);
  }
  for (const uint64_t at : cuts) {
    const SimHost::Moment left = cut(start_, at);
    Fuse fuse;
    (void)finish(left, scenario_.name + ", cut " + std::to_string(at), fuse);
    host_.forget(left);
    if (::testing::Test::HasFailure()) break;
  }
  return tally_;
}

// The state of this moment, when it is a new one, will be followed.
void Cuts::note(const Left& from, uint64_t at) {
  const std::string print = host_.fingerprint();
  if (!seen_.insert(crypto::sha256(print).to_string()).second) return;
  if (const char* folder = std::getenv("GRIDSEAL_CUTS_TRACE"))
    std::ofstream(std::string(folder) + "/" + std::to_string(seen_.size())) << print;
  ++tally_.states[from.cuts + 1];
  open_.push_back({host_.keep(), from.cuts + 1, from.trace + ", cut " + std::to_string(at)});
}

Tally Cuts::explore(int depth) {
  tally_ = {};
  seen_.clear();
  host_.go_back(start_);
  seen_.insert(crypto::sha256(host_.fingerprint()).to_string());
  open_ = {{start_, 0, scenario_.name}};
  while (!open_.empty() && !::testing::Test::HasFailure()) {
    const Left left = std::move(open_.front());
    open_.pop_front();
    Fuse fuse;
    bool fresh = true;
    std::vector<uint64_t> halves;
    if (left.cuts < depth) {
      fuse.set_watcher([&](uint64_t at, Effect effect) {
        ++tally_.cuts;
        if (fresh) note(left, at);
        fresh = lasts(effect);
        if (effect == Effect::file_write) halves.push_back(at);
      });
    }
    (void)finish(left.moment, left.trace, fuse);
    // Half a write is only left when the power really goes.
    for (const uint64_t at : halves) {
      const SimHost::Moment half = cut(left.moment, at);
      note(left, at);
      host_.stop();
      host_.forget(half);
    }
    if (left.cuts > 0) host_.forget(left.moment);
    if (std::getenv("GRIDSEAL_CUTS_TRACE") != nullptr)
      std::cerr << left.trace << ": " << seen_.size() << " states, " << open_.size() << " open\n";
  }
  tally_.complete = open_.empty() && (tally_.states.empty() || tally_.states.rbegin()->first < depth);
  for (const Left& left : open_) host_.forget(left.moment);
  return tally_;
}

}  // namespace gridseal::test
