#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "cli/commands.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Result;

constexpr const char* kMountFolder = "/run/gridseal-media";

struct MediaOptions {
  std::string device;
};

// "/dev/sda1" is sda1; nothing else is a device here.
Result<std::string> device_name(const std::string& device) {
  constexpr std::string_view kFolder = "/dev/";
  const std::string name = device.starts_with(kFolder) ? device.substr(kFolder.size()) : std::string();
  const bool good = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (good) return name;
  return Error::refused("usage", "'" + shown(device, 80) + "' is no device such as /dev/sda1");
}

// What each file system is told beside the flags. ext4 would replay its journal, which writes.
const char* mount_data(const std::string& file_system) {
  if (file_system == "ext4") return "noload";
  return "umask=0022";
}

class Mount {
 public:
  static Result<Mount> make(const std::string& device, const std::string& folder,
                            const std::vector<std::string>& file_systems) {
    constexpr unsigned long kFlags = MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_NOSYMFOLLOW;
    int last = EINVAL;
    for (const std::string& type : file_systems) {
      if (::mount(device.c_str(), folder.c_str(), type.c_str(), kFlags, mount_data(type)) == 0)
        return Mount(folder);
      last = errno;
    }
    return Error::blocked("media.mount", device +
                                             " cannot be mounted as any of the file systems that the "
                                             "setting media.file_systems allows: " +
                                             std::generic_category().message(last));
  }
  Mount(Mount&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  Mount& operator=(Mount&&) = delete;
  ~Mount() {
    if (!folder_.empty()) (void)::umount2(folder_.c_str(), MNT_DETACH);
  }

 private:
  explicit Mount(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

ExitCode attach(Context& context, const MediaOptions& options) {
  auto name = device_name(options.device);
  if (!name) return context.fail(name.error());
  auto loaded = context.settings_in_use();
  if (!loaded) return context.fail(loaded.error());
  const config::Media& settings = loaded->settings.media;
  if (!settings.automatic) {
    context.note("media are not imported by themselves: the setting media.automatic is false");
    return ExitCode::ok;
  }
  const std::string folder = std::string(kMountFolder) + "/" + *name;
  if (auto made = context.files.make_directories(folder, 0755); !made) return context.fail(made.error());
  auto mounted = Mount::make(options.device, folder, settings.file_systems);
  if (!mounted) return context.fail(mounted.error());
  return import_path(context, folder, {});
}

}  // namespace

void add_media(const Command& program, Context& context) {
  const Command media = program.subcommand("media", "Media that are plugged in");
  const Command command =
      media.subcommand("attach", "Mounts a medium read-only and imports it, where the settings say so");
  auto options = std::make_shared<MediaOptions>();
  command.text("device", options->device, "block device, such as /dev/sda1").required();
  command.footer("For gridseal-media@.service; needs root. Exit codes are those of gridseal import.");
  command.action([&context, options] { return attach(context, *options); });
}

}  // namespace gridseal::cli
