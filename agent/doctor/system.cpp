#include "doctor/system.hpp"

#include <sys/timex.h>
#include <systemd/sd-bus.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <system_error>

#include "http/resolve.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kManager = "org.freedesktop.systemd1";
constexpr base::milliseconds kSystemPatience{5'000};

struct CloseBus {
  void operator()(sd_bus* bus) const { (void)sd_bus_flush_close_unref(bus); }
};
struct FreeText {
  void operator()(char* text) const { std::free(text); }  // NOLINT: sd-bus allocates with malloc
};

base::Error no_systemd(int number) {
  return base::Error::blocked("doctor.systemd",
                              "the system bus gives no answer: " + std::generic_category().message(-number));
}

// Of a unit that need not be loaded: systemd loads it to answer.
base::Result<std::string> object_path(sd_bus* bus, const std::string& unit) {
  sd_bus_message* reply = nullptr;
  const int rc =
      sd_bus_call_method(bus, kManager, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                         "LoadUnit", nullptr, &reply, "s", unit.c_str());
  if (rc < 0) return no_systemd(rc);
  const char* path = nullptr;
  const int read = sd_bus_message_read(reply, "o", &path);
  std::string text = read < 0 || path == nullptr ? std::string() : std::string(path);
  (void)sd_bus_message_unref(reply);
  if (read < 0) return no_systemd(read);
  return text;
}

std::string property(sd_bus* bus, const std::string& path, const char* name) {
  char* text = nullptr;
  if (sd_bus_get_property_string(bus, kManager, path.c_str(), "org.freedesktop.systemd1.Unit", name, nullptr,
                                 &text) < 0)
    return {};
  const std::unique_ptr<char, FreeText> owned(text);
  return owned ? std::string(owned.get()) : std::string();
}

}  // namespace

base::Result<std::vector<std::string>> resolve_name(base::Clock& clock, const std::string& name) {
  const http::Waiter waiter(clock, {}, {kSystemPatience, kSystemPatience}, name);
  constexpr uint16_t kAnyPort = 443;
  auto addresses = http::resolve(name, kAnyPort, waiter);
  if (!addresses) return std::move(addresses).error();
  std::vector<std::string> texts;
  for (const http::Address& address : *addresses) {
    std::string text = address.to_string();
    if (texts.empty() || texts.back() != text) texts.push_back(std::move(text));
  }
  return texts;
}

std::optional<bool> clock_synchronised() {
  timex state{};
  if (adjtimex(&state) < 0) return std::nullopt;
  return (state.status & STA_UNSYNC) == 0;
}

base::Result<UnitState> ask_systemd(const std::string& unit) {
  sd_bus* opened = nullptr;
  if (const int rc = sd_bus_open_system(&opened); rc < 0) return no_systemd(rc);
  const std::unique_ptr<sd_bus, CloseBus> bus(opened);
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(kSystemPatience).count();
  (void)sd_bus_set_method_call_timeout(bus.get(), static_cast<uint64_t>(microseconds));
  auto path = object_path(bus.get(), unit);
  if (!path) return std::move(path).error();
  return UnitState{property(bus.get(), *path, "LoadState"), property(bus.get(), *path, "ActiveState"),
                   property(bus.get(), *path, "UnitFileState")};
}

}  // namespace gridseal::doctor
