#include "deploy/state.hpp"

#include <array>
#include <utility>

namespace gridseal::deploy {
namespace {

using enum State;
using enum Event;

constexpr std::array kTransitions{
    Transition{planned, started, applying, "union of old and new inventory, pre-images, step 'apply'"},
    Transition{planned, gave_up, abandoned, "outcome and reason"},
    Transition{applying, applied, settling, "step 'health'"},
    Transition{applying, apply_failed, reversing, "cause, step 'reverse'"},
    Transition{applying, called_back, reversing, "cause, failed digest and values, step 'reverse'"},
    Transition{settling, became_healthy, pruning, "step 'prune'"},
    Transition{settling, became_unhealthy, reversing, "cause, step 'reverse'"},
    Transition{settling, called_back, reversing, "cause, failed digest and values, step 'reverse'"},
    Transition{pruning, pruned, healthy,
               "last good revision, its inventory, floor, outcome: one transaction"},
    Transition{pruning, became_unhealthy, reversing, "cause, step 'reverse'"},
    Transition{reversing, reversed, settling_back, "step 'health of the last good revision'"},
    Transition{reversing, nothing_before, removed,
               "outcome, failed digest and values, empty inventory: one transaction"},
    Transition{reversing, kept, left,
               "outcome, failed digest and values, inventory of what stays: one transaction"},
    Transition{reversing, reverse_failed, stuck, "reason"},
    Transition{settling_back, became_healthy, rolled_back,
               "outcome, failed digest and values, inventory of the last good: one transaction"},
    Transition{settling_back, became_unhealthy, reversing, "number of attempts, step 'reverse'"},
    Transition{settling_back, reverse_failed, stuck, "reason"},
    Transition{stuck, retry, reversing, "step 'reverse'"},
    Transition{stuck, superseded, left, "outcome, inventory of what stays: one transaction"},
};

constexpr std::array<std::pair<State, std::string_view>, 12> kStates{{
    {planned, "planned"},
    {applying, "applying"},
    {settling, "settling"},
    {pruning, "pruning"},
    {reversing, "reversing"},
    {settling_back, "settling_back"},
    {healthy, "healthy"},
    {rolled_back, "rolled_back"},
    {removed, "removed"},
    {left, "left"},
    {abandoned, "abandoned"},
    {stuck, "stuck"},
}};

constexpr std::array<std::pair<Event, std::string_view>, 14> kEvents{{
    {started, "started"},
    {applied, "applied"},
    {apply_failed, "apply_failed"},
    {became_healthy, "became_healthy"},
    {became_unhealthy, "became_unhealthy"},
    {pruned, "pruned"},
    {reversed, "reversed"},
    {nothing_before, "nothing_before"},
    {kept, "kept"},
    {reverse_failed, "reverse_failed"},
    {gave_up, "gave_up"},
    {retry, "retry"},
    {called_back, "called_back"},
    {superseded, "superseded"},
}};

}  // namespace

std::span<const Transition> transitions() {
  return kTransitions;
}

std::optional<State> next(State from, Event event) {
  for (const auto& row : kTransitions) {
    if (row.from == from && row.event == event) return row.to;
  }
  return std::nullopt;
}

bool is_final(State state) {
  return state == healthy || state == rolled_back || state == removed || state == left || state == abandoned;
}

std::string_view to_string(State state) {
  return kStates.at(static_cast<size_t>(state)).second;
}

std::string_view to_string(Event event) {
  return kEvents.at(static_cast<size_t>(event)).second;
}

std::optional<State> parse_state(std::string_view text) {
  for (const auto& [state, name] : kStates) {
    if (name == text) return state;
  }
  return std::nullopt;
}

}  // namespace gridseal::deploy
