#include "manifest/ceiling.hpp"

#include <gtest/gtest.h>

#include "unit/manifest/declared.hpp"

namespace gridseal::manifest {
namespace {

using testing::declared;

Ceiling shop() {
  Ceiling ceiling;
  ceiling.namespaces = {"shop"};
  return ceiling;
}

std::string first_code(const Ceiling& ceiling, const std::string& yaml) {
  const auto findings = find_above_ceiling(ceiling, declared(yaml), std::nullopt);
  return findings.empty() ? "" : findings.front().code;
}

struct Row {
  const char* object;
  const char* code;
};

// GS-MANIFEST-050: by default a component brings namespaced workloads into its own namespaces and nothing
// else.
TEST(Ceiling, DeniesKindsAndNamespacesByDefault) {
  const Row rows[] = {
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: shop}}", ""},
      {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, namespace: shop}}", ""},
      {"{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: shop}, type: Opaque}", ""},
      {"{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: x, namespace: shop}}", ""},
      {"{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", ""},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: other}}", "ceiling.namespace"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: default}}", "ceiling.namespace"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}", "ceiling.namespace"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: kube-system}}", "ceiling.namespace"},
      {"{apiVersion: v1, kind: Namespace, metadata: {name: other}}", "ceiling.namespace"},
      {"{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}", "ceiling.namespace"},
      {"{apiVersion: v1, kind: Node, metadata: {name: x}}", "ceiling.cluster_scoped"},
      {"{apiVersion: v1, kind: PersistentVolume, metadata: {name: x}}", "ceiling.cluster_scoped"},
      {"{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: x}}", "ceiling.cluster_scoped"},
      {"{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x.y}}",
       "ceiling.cluster_scoped"},
      {"{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: x}}",
       "ceiling.cluster_scoped"},
      {"{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: "
       "x}}",
       "ceiling.cluster_scoped"},
      {"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: x}}",
       "ceiling.cluster_scoped"},
      {"{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: x, namespace: shop}}",
       "ceiling.kind"},
      {"{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: x, namespace: shop}}",
       "ceiling.kind"},
      {"{apiVersion: helm.cattle.io/v1, kind: HelmChart, metadata: {name: x, namespace: shop}}",
       "ceiling.kind"},
      {"{apiVersion: k3s.cattle.io/v1, kind: Addon, metadata: {name: x, namespace: shop}}", "ceiling.kind"},
      {"{apiVersion: e.example/v1, kind: Thing, metadata: {name: x, namespace: shop}}", "ceiling.kind"},
      {"{apiVersion: e.example/v1, kind: Deployment, metadata: {name: x, namespace: shop}}", "ceiling.kind"},
      {"{apiVersion: v1, kind: Endpoints, metadata: {name: x, namespace: shop}}", "ceiling.kind"},
      {"{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: shop}, type: "
       "kubernetes.io/service-account-token}",
       "ceiling.token_secret"},
      {"{apiVersion: v1, kind: Service, metadata: {name: x, namespace: shop}, spec: {externalIPs: "
       "[10.0.0.1]}}",
       "ceiling.external_ip"},
      {"{apiVersion: v1, kind: Service, metadata: {name: x, namespace: shop}, spec: {externalIPs: []}}", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(first_code(shop(), row.object), row.code) << row.object;
}

const Row kPodRows[] = {
    {"{}", ""},
    {"{hostNetwork: false, containers: [{name: a, securityContext: {privileged: false}}]}", ""},
    {"{securityContext: {runAsUser: 0, seccompProfile: {type: RuntimeDefault}}}", ""},
    {"{containers: [{securityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}}]}", ""},
    {"{volumes: [{name: a, emptyDir: {}}, {name: b, hostPath: null}]}", ""},
    {"{containers: [{ports: [{containerPort: 80, hostPort: 0}]}]}", ""},
    {"{securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}]}}", ""},
    {"{hostNetwork: true}", "ceiling.host_namespace"},
    {"{hostPID: true}", "ceiling.host_namespace"},
    {"{hostIPC: 'true'}", "ceiling.host_namespace"},
    {"{containers: [{ports: [{hostPort: 80}]}]}", "ceiling.host_namespace"},
    {"{initContainers: [{ports: [{hostPort: '80'}]}]}", "ceiling.host_namespace"},
    {"{volumes: [{name: a, hostPath: {path: /}}]}", "ceiling.host_path"},
    {"{volumes: [{name: a, hostPath: {}}]}", "ceiling.host_path"},
    {"{containers: [{securityContext: {privileged: true}}]}", "ceiling.privileged"},
    {"{containers: [{securityContext: {privileged: yes please}}]}", "ceiling.privileged"},
    {"{initContainers: [{securityContext: {privileged: true}}]}", "ceiling.privileged"},
    {"{ephemeralContainers: [{securityContext: {privileged: true}}]}", "ceiling.privileged"},
    {"{containers: [{}, {securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}", "ceiling.capability"},
    {"{containers: [{securityContext: {capabilities: {add: [ALL]}}}]}", "ceiling.capability"},
    {"{containers: [{securityContext: {capabilities: {add: NET_RAW}}}]}", "ceiling.capability"},
    {"{containers: [{securityContext: {procMount: Unmasked}}]}", "ceiling.security"},
    {"{containers: [{securityContext: {seccompProfile: {type: Unconfined}}}]}", "ceiling.security"},
    {"{securityContext: {seccompProfile: {type: Unconfined}}}", "ceiling.security"},
    {"{securityContext: {appArmorProfile: {type: Unconfined}}}", "ceiling.security"},
    {"{securityContext: {sysctls: [{name: kernel.core_pattern, value: x}]}}", "ceiling.security"},
    {"{securityContext: {seLinuxOptions: {type: spc_t}}}", "ceiling.security"},
    {"{securityContext: {seLinuxOptions: {user: system_u}}}", "ceiling.security"},
    {"{securityContext: {windowsOptions: {hostProcess: true}}}", "ceiling.privileged"},
};

const std::pair<const char*, const char*> kWorkloads[] = {
    {"{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: shop}, spec: ", "}"},
    {"{apiVersion: v1, kind: PodTemplate, metadata: {name: x, namespace: shop}, template: {spec: ", "}}"},
    {"{apiVersion: v1, kind: ReplicationController, metadata: {name: x, namespace: shop}, spec: {template: "
     "{spec: ",
     "}}}"},
    {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, namespace: shop}, spec: {template: {spec: ",
     "}}}"},
    {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: x, namespace: shop}, spec: {template: "
     "{spec: ",
     "}}}"},
    {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: x, namespace: shop}, spec: {template: {spec: ",
     "}}}"},
    {"{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: x, namespace: shop}, spec: {template: {spec: ",
     "}}}"},
    {"{apiVersion: batch/v1, kind: Job, metadata: {name: x, namespace: shop}, spec: {template: {spec: ",
     "}}}"},
    {"{apiVersion: batch/v1, kind: CronJob, metadata: {name: x, namespace: shop}, spec: {jobTemplate: {spec: "
     "{template: {spec: ",
     "}}}}}"},
};

// GS-MANIFEST-051: what pods ask of the host is found in every kind that holds pods.
TEST(Ceiling, LooksIntoEveryPod) {
  for (const auto& [start, end] : kWorkloads)
    for (const auto& row : kPodRows)
      EXPECT_EQ(first_code(shop(), std::string(start) + row.object + end), row.code) << start << row.object;
}

// GS-MANIFEST-052: each setting allows its own and nothing more.
TEST(Ceiling, SettingsAllow) {
  const auto pod = [](const char* spec) {
    return std::string(kWorkloads[0].first) + spec + kWorkloads[0].second;
  };
  Ceiling ceiling = shop();
  ceiling.allow_host_path = true;
  EXPECT_EQ(first_code(ceiling, pod("{volumes: [{hostPath: {path: /}}]}")), "");
  EXPECT_EQ(first_code(ceiling, pod("{hostNetwork: true}")), "ceiling.host_namespace");
  ceiling = shop();
  ceiling.allow_host_namespaces = true;
  EXPECT_EQ(first_code(ceiling, pod("{hostNetwork: true, containers: [{ports: [{hostPort: 1}]}]}")), "");
  EXPECT_EQ(first_code(ceiling, pod("{containers: [{securityContext: {privileged: true}}]}")),
            "ceiling.privileged");
  ceiling = shop();
  ceiling.allow_privileged = true;
  EXPECT_EQ(first_code(ceiling, pod("{containers: [{securityContext: {privileged: true, procMount: Unmasked, "
                                    "capabilities: {add: [ALL]}}}]}")),
            "");
  EXPECT_EQ(first_code(ceiling, pod("{volumes: [{hostPath: {path: /}}]}")), "ceiling.host_path");
  ceiling = shop();
  ceiling.allow_token_secrets = true;
  ceiling.allow_external_ips = true;
  EXPECT_EQ(first_code(ceiling,
                       "{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: shop}, type: "
                       "kubernetes.io/service-account-token}"),
            "");
  EXPECT_EQ(first_code(ceiling,
                       "{apiVersion: v1, kind: Service, metadata: {name: x, namespace: shop}, spec: "
                       "{externalIPs: [10.0.0.1]}}"),
            "");
}

// GS-MANIFEST-053: "*" opens neither the system's namespaces nor the kinds that give power over the cluster.
TEST(Ceiling, StarHasItsLimits) {
  Ceiling ceiling;
  ceiling.namespaces = {"*"};
  ceiling.kinds = {"*"};
  ceiling.cluster_kinds = {"*"};
  const Row rows[] = {
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: anything}}", ""},
      {"{apiVersion: e.example/v1, kind: Thing, metadata: {name: x, namespace: a}}", ""},
      {"{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: x}}", ""},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: kube-system}}", "ceiling.namespace"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: kube-public}}", "ceiling.namespace"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}", "ceiling.namespace"},
      {"{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: x, namespace: a}}",
       "ceiling.kind"},
      {"{apiVersion: helm.cattle.io/v1, kind: HelmChart, metadata: {name: x, namespace: a}}", "ceiling.kind"},
      {"{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: x}}",
       "ceiling.cluster_scoped"},
      {"{apiVersion: v1, kind: PersistentVolume, metadata: {name: x}}", "ceiling.cluster_scoped"},
      {"{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x.y}}",
       "ceiling.cluster_scoped"},
  };
  for (const auto& row : rows) EXPECT_EQ(first_code(ceiling, row.object), row.code) << row.object;
  ceiling.allow_kube_system = true;
  ceiling.kinds = {"Role", "HelmChart.helm.cattle.io"};
  ceiling.cluster_kinds = {"CustomResourceDefinition", "PersistentVolume"};
  EXPECT_EQ(
      first_code(
          ceiling,
          "{apiVersion: helm.cattle.io/v1, kind: HelmChart, metadata: {name: x, namespace: kube-system}}"),
      "");
  EXPECT_EQ(
      first_code(ceiling,
                 "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: x, namespace: a}}"),
      "");
  EXPECT_EQ(first_code(ceiling, rows[10].object), "");
  EXPECT_EQ(first_code(
                ceiling,
                "{apiVersion: v1, kind: PersistentVolume, metadata: {name: x}, spec: {hostPath: {path: /}}}"),
            "ceiling.host_path");
}

// GS-MANIFEST-054: a kind of unknown scope is judged by its name now and wholly once its scope is known.
TEST(Ceiling, WaitsForTheScope) {
  Ceiling ceiling = shop();
  ceiling.kinds.push_back("Thing.e.example");
  const Object object = declared("{apiVersion: e.example/v1, kind: Thing, metadata: {name: x}}");
  EXPECT_TRUE(check_ceiling(ceiling, object, std::nullopt));
  EXPECT_EQ(check_ceiling(ceiling, object, Scope::cluster).error().code(), "ceiling.cluster_scoped");
  EXPECT_EQ(check_ceiling(ceiling, object, Scope::namespaced).error().code(), "ceiling.namespace");
  ceiling.cluster_kinds.push_back("Thing.e.example");
  EXPECT_TRUE(check_ceiling(ceiling, object, Scope::cluster));
}

// GS-MANIFEST-055: a refusal names object, file, field and the setting, for the first five findings of all.
TEST(Ceiling, NamesEverything) {
  const Object pod =
      declared(std::string(kWorkloads[0].first) + "{volumes: [{}, {hostPath: {path: /etc}}]}" + "}");
  const auto one = check_ceiling(shop(), pod, std::nullopt);
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().outcome(), base::Outcome::refused);
  for (const char* part : {"Pod shop/x", "apps/web.yaml, document 1", "spec.volumes[1].hostPath", "/etc",
                           "ceiling.host_path = true"})
    EXPECT_NE(one.error().message().find(part), std::string::npos) << part;
  CeilingCheck check(shop(), &builtin_scope);
  EXPECT_TRUE(check.verdict());
  for (int at = 0; at < 30; ++at) check.look_at(pod);
  ASSERT_FALSE(check.verdict());
  EXPECT_EQ(check.verdict().error().code(), "ceiling.host_path");
  EXPECT_NE(check.verdict().error().message().find("and 25 more"), std::string::npos);
}

// GS-MANIFEST-056: AppArmor switched off by the old annotation is found too.
TEST(Ceiling, ReadsTheAppArmorAnnotation) {
  const std::string note =
      "metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}}";
  EXPECT_EQ(first_code(shop(),
                       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, namespace: shop}, spec: "
                       "{template: {" +
                           note + ", spec: {}}}}"),
            "ceiling.security");
  EXPECT_EQ(first_code(shop(),
                       "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: shop, annotations: "
                       "{container.apparmor.security.beta.kubernetes.io/a: unconfined}}}"),
            "ceiling.security");
}

}  // namespace
}  // namespace gridseal::manifest
