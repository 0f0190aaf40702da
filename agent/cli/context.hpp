// What every command shares: global options and the outside.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "cli/exit_code.hpp"
#include "cli/words.hpp"
#include "config/load.hpp"
#include "history/history.hpp"
#include "oci/registry.hpp"

namespace gridseal::cli {

struct Globals {
  std::string config_directory{config::kDefaultDirectory};
  std::string state_directory = "/var/lib/gridseal";
  std::string socket;  // empty: from the settings
  std::string format = "table";
};

struct Context {
  base::Clock& clock;
  base::Files& files;
  base::Log& log;
  http::Connector& connector;
  Globals globals;
  Style out = Style(false);
  Style err = Style(false);

  bool as_json() const { return globals.format == "json"; }
  oci::Surroundings surroundings() { return {connector, clock, log, {}}; }

  // To standard output and standard error.
  void print(std::string_view text) const;
  void print_json(const base::Json& document) const;
  void note(std::string_view line) const;
  ExitCode fail(const base::Error& error) const;

  // The settings. Error: config.invalid.
  base::Result<config::Loaded> settings() const;
  // The same; while they are wrong the last valid ones, which gridseald goes on with.
  base::Result<config::Loaded> settings_in_use() const;
  std::string socket_path() const;
};

// No earlier than what was proven on this host, where this user may read that.
void take_floor(const Context& context, base::FlooredClock& clock);

struct Answer {
  base::Json document;
  bool live = false;  // from the running daemon
};

// A GET from the daemon, or, when it is not running, `offline` from the history on disk.
base::Result<Answer> ask(Context& context, const std::string& target,
                         const std::function<base::Result<base::Json>(history::History&)>& offline);

}  // namespace gridseal::cli
