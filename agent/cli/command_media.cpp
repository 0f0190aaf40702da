#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "deploy/quarantine.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Json;
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
  return import_path(context, {folder});
}

// --- what media brought -------------------------------------------------------------------------

Result<Json> recorded_media_list(Context& context) {
  auto offers = deploy::read_offers(context.files, context.globals.state_directory);
  if (!offers) return std::move(offers).error();
  auto refusals = deploy::read_quarantine(context.files, context.globals.state_directory);
  if (!refusals) return std::move(refusals).error();
  return deploy::media_list(*offers, *refusals);
}

std::string media_list_text(const Context& context, const Json& document) {
  const base::Time now = context.clock.now();
  std::string text;
  if (!document["offers"].empty()) {
    Table taken({"COMPONENT", "VERSION", "REVISION", "FROM", "TAKEN"});
    for (const Json& one : document["offers"])
      taken.add({member(one, "component"), member(one, "version"),
                 short_revision(member(one, "tag") + "@" + member(one, "digest")), member(one, "medium"),
                 relative(base::find_member(one, "taken"), now)});
    text += taken.to_string(terminal_width());
  }
  if (!document["quarantine"].empty()) {
    text += (text.empty() ? "" : "\n") + std::string("Quarantine:\n");
    Table refused({"WHAT", "DIGEST", "FROM", "WHEN", "REASON"});
    for (const Json& one : document["quarantine"])
      refused.add({shown(member(one, "what"), 60), member(one, "digest").substr(0, 19), member(one, "medium"),
                   relative(base::find_member(one, "time"), now),
                   context.out.paint(colour_of(member(one, "outcome")), member(one, "code")) + ": " +
                       shown(member(one, "message"), 200)});
    text += refused.to_string(terminal_width());
  }
  return text.empty() ? "Nothing came on media yet.\n" : text;
}

ExitCode run_media_list(Context& context) {
  auto document = AgentClient(context.clock, context.socket_path()).get("/v1/media/list");
  if (!document && document.error().code() == "agent.not_running") document = recorded_media_list(context);
  if (!document) return context.fail(document.error());
  if (context.as_json())
    context.print_json(*document);
  else
    context.print(media_list_text(context, *document));
  return ExitCode::ok;
}

}  // namespace

void add_media(const Command& program, Context& context) {
  const Command media = program.subcommand("media", "What media brought, and media that are plugged in");
  media.subcommand("list", "Releases that came on media, and what was refused of them, with its reason")
      .action([&context] { return run_media_list(context); });
  const Command command =
      media.subcommand("attach", "Mounts a medium read-only and imports it, where the settings say so");
  auto options = std::make_shared<MediaOptions>();
  command.text("device", options->device, "block device, such as /dev/sda1").required();
  command.footer("For gridseal-media@.service; needs root. Exit codes are those of gridseal import.");
  command.action([&context, options] { return attach(context, *options); });
}

}  // namespace gridseal::cli
