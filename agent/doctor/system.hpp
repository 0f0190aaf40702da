// What the checks ask of the machine beside files: names, the kernel's clock, systemd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "doctor/host.hpp"

namespace gridseal::doctor {

// Errors: http.connect, http.timeout.
base::Result<std::vector<std::string>> resolve_name(base::Clock& clock, const std::string& name);

// Of adjtimex(2); needs no right. Nothing: the kernel does not say.
std::optional<bool> clock_synchronised();

// Over the system bus; starts nothing. Error (blocked): doctor.systemd.
base::Result<UnitState> ask_systemd(const std::string& unit);

}  // namespace gridseal::doctor
