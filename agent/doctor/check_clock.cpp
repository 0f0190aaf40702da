#include "doctor/checks.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kSetClock =
    "set the clock: 'sudo timedatectl set-ntp true' where a time server is at hand, else 'sudo timedatectl "
    "set-time \"YYYY-MM-DD hh:mm:ss\"'";

Finding time_of(const Host& host) {
  const base::Time now = host.clock.inner_now();
  const std::string says = "the clock of this host says " + base::format_rfc3339(now);
  if (now < host.released)
    return wrong("clock.time", {},
                 says + ", which is before this program was made (" + base::format_rfc3339(host.released) +
                     "): certificates of k3s that are made now will not fit later",
                 kSetClock);
  if (host.clock.is_behind())
    return wrong(
        "clock.time", {},
        says + ", and a time " + base::format_duration(host.clock.floor() - now) +
            " later was proven here already: " + base::format_rfc3339(host.clock.floor()) +
            " is used for certificates",
        std::string(kSetClock) + "; if the floor itself is wrong: sudo gridseal clock reset --reason TEXT");
  return good("clock.time", {}, says);
}

}  // namespace

Findings check_clock(const Case& subject, const std::stop_token& /*stop*/) {
  Findings findings{time_of(subject.host)};
  const auto synchronised = subject.host.synchronised();
  if (!synchronised) return findings;
  if (*synchronised)
    findings.push_back(good("clock.synchronised", {}, "it follows a time source"));
  else
    findings.push_back(warning("clock.synchronised", {},
                               "the kernel knows of no time source that the clock follows: it will drift",
                               "let chrony or systemd-timesyncd follow the site's time server"));
  return findings;
}

}  // namespace gridseal::doctor
