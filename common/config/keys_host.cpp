// Settings of the host itself: site, registries, cluster, storage and what is served and said.
#include <array>

#include "config/checks.hpp"
#include "config/ranges.hpp"

namespace gridseal::config {
namespace {

const std::array kSite{
    Key<Site>{"name",
              &Site::name,
              "",
              "Name of this host, in status, history and receipts.",
              check_label,
              {},
              {},
              true},
    Key<Site>{"environment", &Site::environment, R"("production")",
              "Environment that artifacts for this host are meant for.", check_label},
    Key<Site>{
        "variables", &Site::variables, "{}",
        "Names and values of this site, for `${NAME}` in manifests. They are not secrets: the history keeps "
        "them with each deployment. A change of them is deployed like a new revision.",
        check_variable},
};

const std::array kRegistry{
    Key<Registry>{"url",
                  &Registry::urls,
                  "",
                  "URL of the registry, or a list of mirrors of the same content that are tried in order.",
                  check_url,
                  {},
                  {},
                  true},
    Key<Registry>{"ca",
                  Path<Registry>{&Registry::ca},
                  R"("")",
                  "PEM file of the certificate authorities to trust; it replaces those of the system. "
                  "Empty: those of the system.",
                  nullptr,
                  {},
                  {}},
    Key<Registry>{"credentials", &Registry::credentials, R"("")",
                  "Where the line `user:password` is: a file, or `credential:NAME` for a systemd credential. "
                  "Empty: no log-in."},
    Key<Registry>{"client_certificate", Path<Registry>{&Registry::client_certificate}, R"("")",
                  "PEM file of the client certificate for the registry, with `client_key`."},
    Key<Registry>{"client_key", Path<Registry>{&Registry::client_key}, R"("")",
                  "PEM file of the client certificate's private key."},
    Key<Registry>{"plain_http", &Registry::plain_http, "false",
                  "Allow `http://` URLs; only for a registry on this host (loopback)."},
    Key<Registry>{
        "serves", &Registry::serves, "[]",
        "Hosts in image references, such as `ghcr.io`, whose images this registry holds: there they "
        "are looked for before a switch, as k3s does through its `registries.yaml`. Its own hosts "
        "are always among them.",
        check_not_empty},
};

const std::array kKubernetes{
    Key<Kubernetes>{"kubeconfig", Path<Kubernetes>{&Kubernetes::kubeconfig}, R"("kubeconfig")",
                    "Kubeconfig of the local cluster; read again when it changes.", check_not_empty},
    Key<Kubernetes>{"request_timeout",
                    &Kubernetes::request_timeout,
                    R"("30s")",
                    "Time that one request to the API server may take.",
                    nullptr,
                    {kSecond, kHour}},
};

const std::array kStorage{
    Key<Storage>{"free_space_min",
                 &Storage::free_space_min,
                 R"("256MiB")",
                 "Free space on the state directory's disk below which nothing new is fetched.",
                 nullptr,
                 {0, int64_t{1} << 50}},
    Key<Storage>{"keep_revisions",
                 &Storage::keep_revisions,
                 "3",
                 "Good revisions of each component that stay in the store; the last good one always does.",
                 nullptr,
                 {1, 1000}},
};

const std::array kImages{
    Key<Images>{"mode", &Images::mode, R"("off")",
                "How the node gets the images of the components: `registry`, from `gridseal-images` on this "
                "host; `k3s-import`, from files in k3s' folder of images; `off`, as the node is set up. "
                "[Images](images.md) explains them.",
                check_image_mode},
    Key<Images>{"listen", &Images::listen, R"("127.0.0.1:5050")",
                "Loopback address and port that `gridseal-images` serves on. It, and the certificate, are "
                "read at its start alone.",
                check_loopback_address},
    Key<Images>{"certificate", Path<Images>{&Images::certificate}, R"("")",
                "PEM file of the certificate that `gridseal-images` shows, with `key`. Empty: http."},
    Key<Images>{"key", Path<Images>{&Images::key}, R"("")", "PEM file of its private key."},
    Key<Images>{"ca", Path<Images>{&Images::ca}, R"("")",
                "PEM file by which k3s trusts that certificate; `gridseal k3s setup` writes it into "
                "`registries.yaml`. Empty: the system's roots."},
    Key<Images>{"fetch", &Images::fetch, "true",
                "Bring every image of a release to this host before the switch, and those of what runs."},
    Key<Images>{"pull_through", &Images::pull_through, "true",
                "Pull what the node asks for and this host does not hold from the registry that `serves` it, "
                "and keep it."},
    Key<Images>{"keep_unused",
                &Images::keep_unused,
                R"("168h")",
                "Images that were imported and that no component names stay for so long.",
                nullptr,
                {0, 10 * 366 * 24 * kHour}},
    Key<Images>{"hosts", &Images::hosts, "[]",
                "Further hosts in image references that the node asks `gridseal-images` for. Those of the "
                "registries, what they serve, and those of the listed images are always among them.",
                check_not_empty},
    Key<Images>{"import_directory", Path<Images>{&Images::import_directory},
                R"("/var/lib/rancher/k3s/agent/images")",
                "k3s' folder of images to import, for `k3s-import`.", check_not_empty},
};

const std::array kControl{
    Key<Control>{"socket", Path<Control>{&Control::socket}, R"("/run/gridseal/control.sock")",
                 "Unix socket for the command line.", check_not_empty},
    Key<Control>{"read_group", &Control::read_group, R"("gridseal")", "Group whose members may read.",
                 check_group},
    Key<Control>{"admin_group", &Control::admin_group, R"("gridseal-admin")",
                 "Group whose members may act; root may always.", check_group},
};

const std::array kMedia{
    Key<Media>{"automatic", &Media::automatic, "false",
               "Import USB media as soon as they are plugged in. What is on them is judged as always."},
    Key<Media>{"file_systems", &Media::file_systems, R"(["vfat", "exfat"])",
               "File systems of media that may be mounted for that: `vfat`, `exfat`, `ext4`.",
               check_file_system},
};

const std::array kUpgrade{
    Key<Upgrade>{"registry",
                 &Upgrade::registry,
                 "",
                 "Registry that holds them.",
                 nullptr,
                 {},
                 "the only registry, when there is one"},
    Key<Upgrade>{"repository", &Upgrade::repository, R"("")",
                 "Repository of Gridseal's packages, such as `gridseal/packages`. Empty: they come on media "
                 "alone."},
    Key<Upgrade>{"semver", &Upgrade::semver, R"("*")", "Range of versions that are looked for.",
                 check_not_empty},
    Key<Upgrade>{"policy", &Upgrade::policy, R"("")",
                 "Trust policy that a package must satisfy. Empty: no package is judged."},
};

const std::array kReceipts{
    Key<Receipts>{"report_interval",
                  &Receipts::report_interval,
                  R"("24h")",
                  "A signed report of this site is made at least so often. `0s`: only when somebody asks.",
                  nullptr,
                  {0, 31 * 24 * kHour}},
    Key<Receipts>{"keep_audit",
                  &Receipts::keep_audit,
                  R"("0s")",
                  "Rows of the audit that are older are removed after a site report, up to the newest signed "
                  "checkpoint among them. Hand the receipts over first, or export the audit. `0s`: never.",
                  nullptr,
                  {0, 10 * 366 * 24 * kHour}},
    Key<Receipts>{"credentials", &Receipts::credentials, R"("")",
                  "Where the line `user:password` is that receipts are pushed with: a file, or "
                  "`credential:NAME` for a systemd credential. Empty: nothing is pushed."},
    Key<Receipts>{"registry",
                  &Receipts::registry,
                  "",
                  "Registry that receipts are pushed to, by its first URL.",
                  nullptr,
                  {},
                  "the only registry, when there is one"},
    Key<Receipts>{"repository", &Receipts::repository, R"("")",
                  "Repository of this site alone, such as `sites/plant-7`, for receipts and reports; its "
                  "credentials then need no right to write where releases are. Empty: each receipt goes "
                  "beside its artifact, and reports are not pushed."},
};

const std::array kLog{
    Key<LogSettings>{"level", &LogSettings::level, R"("info")",
                     "Least level that is logged: `debug`, `info`, `warning` or `error`."},
};

}  // namespace

const std::span<const Key<Site>> kSiteKeys{kSite};
const std::span<const Key<Registry>> kRegistryKeys{kRegistry};
const std::span<const Key<Kubernetes>> kKubernetesKeys{kKubernetes};
const std::span<const Key<Storage>> kStorageKeys{kStorage};
const std::span<const Key<Images>> kImagesKeys{kImages};
const std::span<const Key<Control>> kControlKeys{kControl};
const std::span<const Key<Media>> kMediaKeys{kMedia};
const std::span<const Key<Upgrade>> kUpgradeKeys{kUpgrade};
const std::span<const Key<Receipts>> kReceiptsKeys{kReceipts};
const std::span<const Key<LogSettings>> kLogKeys{kLog};

}  // namespace gridseal::config
