// 010: version and health endpoints.
#include <algorithm>
#include <array>

#include "kubesim/api/api.hpp"

namespace gridseal::kubesim {

namespace {

constexpr std::array<const char*, 5> kChecks = {"ping", "log", "loopback-serving-certificate",
                                                "informer-sync", "poststarthook/rbac/bootstrap-roles"};

HttpResponse plain(int status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}};
  out.body = std::move(body);
  return out;
}

HttpResponse checks(const HttpRequest& request) {
  if (!request.has_parameter("verbose")) return plain(200, "ok");
  std::string body;
  for (const char* check : kChecks) body += "[+]" + std::string(check) + " ok\n";
  return plain(200, body + request.path.substr(1) + " check passed\n");
}

}  // namespace

std::optional<HttpResponse> health(Cluster& cluster, const HttpRequest& request) {
  const std::string& path = request.path;
  if (path == "/version" || path == "/version/") {
    return json_response(200, {{"major", "1"},
                               {"minor", "36"},
                               {"emulationMajor", "1"},
                               {"emulationMinor", "36"},
                               {"minCompatibilityMajor", "1"},
                               {"minCompatibilityMinor", "35"},
                               {"gitVersion", cluster.script.version()},
                               {"gitCommit", std::string(40, '0')},
                               {"gitTreeState", "clean"},
                               {"buildDate", "2026-01-01T00:00:00Z"},
                               {"goVersion", "go1.0"},
                               {"compiler", "gc"},
                               {"platform", "linux/amd64"}});
  }
  for (const std::string root : {"/readyz", "/livez", "/healthz"}) {
    if (path == root) return checks(request);
    if (!path.starts_with(root + "/")) continue;
    const std::string check = path.substr(root.size() + 1);
    const bool known =
        std::any_of(kChecks.begin(), kChecks.end(), [&](const char* name) { return check == name; });
    return known ? plain(200, "ok") : response_of(page_not_found());
  }
  return std::nullopt;
}

}  // namespace gridseal::kubesim
