// The state machine of one deployment, as data: state, event, next state, and what is written before.
// docs/architecture.md shows this table; a test walks it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace gridseal::deploy {

enum class State {
  planned,        // admitted: inventory of old and new is recorded, nothing was applied
  applying,       // objects are being applied, stage by stage
  settling,       // all applied; waiting for health and soak
  pruning,        // healthy; what the new revision no longer names is being deleted
  reversing,      // the last good revision is being put back (a first deployment is being removed)
  settling_back,  // put back; waiting for health
  healthy,        // end: this revision is the last good one now
  rolled_back,    // end: the last good revision runs again
  removed,        // end: a failed first deployment was taken away again
  left,           // end: a failed first deployment stays for inspection, as the setting says
  abandoned,      // end: stopped before anything was applied
  stuck,          // neither forward nor back: an operator decides; tried again with long pauses
};

enum class Event {
  started,         // the first write is about to happen
  applied,         // every object was accepted
  apply_failed,    // an object was refused by the API server
  became_healthy,  // health stood for the soak time
  became_unhealthy,
  pruned,
  reversed,        // the last good revision was applied again, what it does not know was deleted
  nothing_before,  // there is no last good revision; what was created has been removed
  kept,            // there is no last good revision and the setting says to leave what was created
  reverse_failed,  // the way back did not work, several times
  gave_up,         // before the first write: the plan no longer holds
  retry,           // out of stuck: tried once more
  called_back,     // an operator asks for the last good revision
  superseded,      // out of stuck: another revision was promoted and may be deployed
};

struct Transition {
  State from;
  Event event;
  State to;
  std::string_view written_first;  // what is on disk before `to` begins
};

std::span<const Transition> transitions();

// Nothing when the event has no meaning in that state: a mistake of the caller.
std::optional<State> next(State from, Event event);

bool is_final(State state);

std::string_view to_string(State state);
std::string_view to_string(Event event);
std::optional<State> parse_state(std::string_view text);

}  // namespace gridseal::deploy
