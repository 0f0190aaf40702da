// What `gridseal verify`, `verify bundle` and `mirror check` say in the end, as text and as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "cli/exit_code.hpp"
#include "cli/words.hpp"
#include "trust/findings.hpp"

namespace gridseal::cli {

struct CheckLine {
  std::string check;  // "signature", "chain", "log"; see title_of
  bool ok = true;
  std::string code;     // of what failed; stable
  std::string message;  // for people
  std::string where{};  // of the signature it was made on: "referrer sha256:12ab…"; may be empty
};

struct Report {
  std::string target;
  std::string digest;                  // of what was judged; empty: not known
  std::vector<CheckLine> checks{};     // in the order they were made
  std::optional<base::Error> error{};  // empty: verified
  base::Json signatures = base::Json::array();
  base::Json attestations = base::Json::array();
  base::Json more = base::Json::object();  // further members of the JSON document
  std::vector<std::string> warnings{};     // what should be changed
  std::vector<std::string> notes{};        // what was seen and does not count

  // All that satisfied a policy, with the checks behind it.
  void add(const trust::Satisfied& satisfied);
  // Becomes the verdict, with a failed check of its own.
  void fail(base::Error error);
  // The same after a look at all that was found: what counts nevertheless, and why the rest does not.
  void fail(base::Error error, const std::vector<trust::Finding>& findings);
};

// "verified", "refused", "pending", "blocked".
std::string outcome_of(const Report& report);

// {"verified", "outcome", "code", "message", "target", "digest", "checks", "signatures", "attestations",
// "warnings", "notes"} and `more`.
base::Json report_json(const Report& report);
std::string report_text(const Report& report, const Style& style);

// refused (1) unless verified.
ExitCode exit_code_of(const Report& report);

// The check that fails with this code: "tlog.set_invalid" is of the check "log".
std::string_view check_of(std::string_view code);
// "log" is "log inclusion" for people.
std::string_view title_of(std::string_view check);

}  // namespace gridseal::cli
