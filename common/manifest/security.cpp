#include "manifest/security.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "manifest/images.hpp"
#include "manifest/pods.hpp"

namespace gridseal::manifest {
namespace {

// Absent, null and false (or zero) ask for nothing; everything else does.
bool is_set(const Json& object, std::string_view name) {
  if (!object.is_object()) return false;
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return false;
  if (found->is_boolean()) return found->get<bool>();
  if (found->is_number()) return *found != 0;
  return !(found->is_string() && found->get_ref<const std::string&>().empty());
}

template <size_t N>
bool listed(const Json& value, const std::array<std::string_view, N>& list) {
  return value.is_string() &&
         std::find(list.begin(), list.end(), value.get_ref<const std::string&>()) != list.end();
}

std::string shown(const Json& value) {
  return base::printable(value.is_string() ? value.get_ref<const std::string&>() : base::dump_json(value),
                         60);
}

const Json& member(const Json& object, std::string_view name) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

class PodCheck {
 public:
  explicit PodCheck(const HostNeedSink& sink) : sink_(sink) {}
  void pod(const std::string& path, const Json& spec);

 private:
  void volumes(const std::string& path, const Json& spec);
  void container(const std::string& path, const Json& container);
  void ports(const std::string& path, const Json& container);
  void context(const std::string& path, const Json& context);
  void capabilities(const std::string& path, const Json& context);
  void sysctls(const std::string& path, const Json& context);
  void se_linux(const std::string& path, const Json& context);

  const HostNeedSink& sink_;
};

void PodCheck::pod(const std::string& path, const Json& spec) {
  for (const char* name : {"hostNetwork", "hostPID", "hostIPC"})
    if (is_set(spec, name))
      sink_(HostNeed::host_namespace, path + "." + name, "shares a namespace of the host");
  volumes(path, spec);
  context(path + ".securityContext", member(spec, "securityContext"));
  sysctls(path + ".securityContext.sysctls", member(spec, "securityContext"));
  for_each_container(path, spec, [&](const std::string& where, const Json& one) { container(where, one); });
}

void PodCheck::volumes(const std::string& path, const Json& spec) {
  const auto* list = base::find_array(spec, "volumes");
  if (list == nullptr) return;
  for (size_t at = 0; at < list->size(); ++at) {
    const Json& host_path = member((*list)[at], "hostPath");
    if (host_path.is_null()) continue;
    sink_(HostNeed::host_path, path + ".volumes[" + std::to_string(at) + "].hostPath",
          "mounts the host's " + shown(member(host_path, "path")));
  }
}

void PodCheck::container(const std::string& path, const Json& container) {
  ports(path, container);
  const std::string where = path + ".securityContext";
  const Json& security = member(container, "securityContext");
  if (is_set(security, "privileged")) sink_(HostNeed::privileged, where + ".privileged", "runs privileged");
  const Json& proc_mount = member(security, "procMount");
  if (!proc_mount.is_null() && proc_mount != "Default")
    sink_(HostNeed::security, where + ".procMount", "sees an unmasked /proc");
  capabilities(where + ".capabilities.add", security);
  context(where, security);
}

void PodCheck::ports(const std::string& path, const Json& container) {
  const auto* list = base::find_array(container, "ports");
  if (list == nullptr) return;
  for (size_t at = 0; at < list->size(); ++at)
    if (is_set((*list)[at], "hostPort"))
      sink_(HostNeed::host_namespace, path + ".ports[" + std::to_string(at) + "].hostPort",
            "takes a port of the host");
}

// What pods and containers can both set.
void PodCheck::context(const std::string& path, const Json& context) {
  for (const char* name : {"seccompProfile", "appArmorProfile"})
    if (member(member(context, name), "type") == "Unconfined")
      sink_(HostNeed::security, path + "." + name + ".type", "runs unconfined");
  if (is_set(member(context, "windowsOptions"), "hostProcess"))
    sink_(HostNeed::privileged, path + ".windowsOptions.hostProcess", "runs as a process of the host");
  se_linux(path + ".seLinuxOptions", context);
}

void PodCheck::capabilities(const std::string& path, const Json& context) {
  static constexpr std::array<std::string_view, 13> kBaseline = {
      "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",      "MKNOD",
      "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT"};
  const Json& added = member(member(context, "capabilities"), "add");
  if (added.is_null()) return;
  if (!added.is_array()) return sink_(HostNeed::capability, path, "adds capabilities");
  for (const auto& one : added)
    if (!listed(one, kBaseline)) sink_(HostNeed::capability, path, "adds the capability " + shown(one));
}

void PodCheck::sysctls(const std::string& path, const Json& context) {
  static constexpr std::array<std::string_view, 10> kSafe = {
      "kernel.shm_rmid_forced",       "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
      "net.ipv4.tcp_syncookies",      "net.ipv4.ping_group_range",    "net.ipv4.ip_unprivileged_port_start",
      "net.ipv4.tcp_keepalive_time",  "net.ipv4.tcp_fin_timeout",     "net.ipv4.tcp_keepalive_intvl",
      "net.ipv4.tcp_keepalive_probes"};
  const Json& list = member(context, "sysctls");
  if (list.is_null()) return;
  if (!list.is_array()) return sink_(HostNeed::security, path, "sets kernel parameters");
  for (const auto& one : list)
    if (!listed(member(one, "name"), kSafe))
      sink_(HostNeed::security, path, "sets the kernel parameter " + shown(member(one, "name")));
}

void PodCheck::se_linux(const std::string& path, const Json& context) {
  static constexpr std::array<std::string_view, 5> kTypes = {"", "container_t", "container_init_t",
                                                             "container_kvm_t", "container_engine_t"};
  const Json& options = member(context, "seLinuxOptions");
  const Json& type = member(options, "type");
  if (!type.is_null() && !listed(type, kTypes))
    sink_(HostNeed::security, path + ".type", "takes the SELinux type " + shown(type));
  for (const char* name : {"user", "role"})
    if (is_set(options, name)) sink_(HostNeed::security, path + "." + name, "takes a SELinux identity");
}

// AppArmor as it was written before it became a field: an annotation of the pod.
void check_annotations(const Object& object, const HostNeedSink& sink) {
  static constexpr std::string_view kAppArmor = "container.apparmor.security.beta.kubernetes.io/";
  const auto templates = template_paths(object.key);
  const Json::json_pointer at(templates.empty() ? std::string() : templates.front());
  if (!object.body.contains(at)) return;
  const Json& annotations = member(member(object.body[at], "metadata"), "annotations");
  if (!annotations.is_object()) return;
  for (const auto& [name, value] : annotations.items())
    if (name.compare(0, kAppArmor.size(), kAppArmor) == 0 && value == "unconfined")
      sink(HostNeed::security, "metadata.annotations." + base::printable(name), "runs unconfined");
}

}  // namespace

void find_host_needs(const Object& object, const HostNeedSink& sink) {
  if (object.key.group.empty() && object.key.kind == "PersistentVolume") {
    for (const char* name : {"hostPath", "local"})
      if (!member(member(object.body, "spec"), name).is_null())
        sink(HostNeed::host_path, std::string("spec.") + name, "is a path of the host");
  }
  if (pod_spec_pointer(object.key).empty()) return;
  for_each_pod_spec(object,
                    [&](const std::string& path, const Json& spec) { PodCheck(sink).pod(path, spec); });
  check_annotations(object, sink);
}

}  // namespace gridseal::manifest
