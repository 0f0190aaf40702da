// Requests to a Kubernetes API server (Kubernetes API concepts; server-side apply), by path. Objects by kind
// and name are in cluster.hpp. Every request has a timeout and is repeated with back-off while its failure is
// transient and the call's deadline allows: 429 with Retry-After, 502, 503, 504, retryable 500, broken
// connections; a POST only when nothing was sent. A server that takes no connection is waited for three
// seconds, and not at all by further calls until it was reached once. A 401 is tried once more after the
// credentials were read again.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "kube/failure.hpp"
#include "kube/kubeconfig.hpp"

namespace gridseal::kube {

inline constexpr std::string_view kFieldManager = "gridseal";

struct ClientSettings {
  std::string user_agent = "gridseal";  // "gridseal/<version>"
  std::string impersonate_user;  // e.g. "system:serviceaccount:shop:deployer"; empty: as the kubeconfig says
  std::vector<std::string> impersonate_groups;
  base::milliseconds request_timeout{40'000};  // the server itself gives up a write after 34 s
  // Of one call with all its repetitions, when the caller names no deadline; nothing: request_timeout. A
  // caller that can come back later is told soon.
  std::optional<base::milliseconds> call_deadline;
  uint64_t max_body = uint64_t{16} << 20U;
  // Of one page of a list with more than one item: a longer one is asked for again with fewer items, so that
  // memory does not follow what a cluster holds.
  uint64_t max_page = uint64_t{4} << 20U;
};

// How long a call may take and who may end it early.
struct Limits {
  std::stop_token stop;
  std::optional<base::Clock::Monotonic> deadline;
};

struct ApplyOptions {
  std::string field_manager{kFieldManager};
  bool force = false;
  bool dry_run = false;
  bool strict = false;  // fieldValidation=Strict
};

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  int page_size = 500;
};

enum class PatchKind { merge, json };  // RFC 7396, RFC 6902

struct PatchOptions {
  std::string field_manager{kFieldManager};
  bool dry_run = false;
};

struct RemoveOptions {
  std::string uid;  // precondition; empty: none
  std::string resource_version;
  bool background = true;  // propagationPolicy Background, else Foreground
  bool dry_run = false;
};

struct ClientRequest {
  std::string method = "GET";
  std::string path;  // "/api/v1/...", percent-encoded, with query
  std::string content_type;
  std::string accept = "application/json";
  std::string body;
  std::string subject;  // in words, for errors; empty: method and path
  bool secret = false;  // nothing of the answer's text may get into an error
  bool is_apply = false;
  uint64_t max_body = 0;  // of the answer; 0: as the settings say
};

// An object as the server answered it; `created` is true for a 201.
struct Written {
  base::Json object;
  bool created = false;
  std::vector<std::string> warnings;  // Warning headers (RFC 9111 section 5.5), text only
};

// Called for each item, with apiVersion and kind filled in (the server leaves them out of lists); the first
// error ends the list.
using ItemSink = std::function<base::Result<void>(base::Json item)>;

// Thread safe.
class Client {
 public:
  Client(Access& access, base::Clock& clock, ClientSettings settings);

  // The answer as it is; a status >= 400 is a Failure.
  Answer<http::Response> request(const ClientRequest& request, const Limits& limits);

  Answer<base::Json> get(const std::string& path, const Limits& limits);
  // All pages of a collection. An expired continue token begins anew once from the start: `sink` may then see
  // an item twice. Returns the resourceVersion of the list.
  Answer<std::string> list(const std::string& path, const ListOptions& options, const ItemSink& sink,
                           const Limits& limits);
  // Server-side apply of `object` at its own path.
  Answer<Written> apply(const std::string& path, const base::Json& object, const ApplyOptions& options,
                        const Limits& limits);
  Answer<Written> create(const std::string& collection_path, const base::Json& object, const Limits& limits);
  Answer<base::Json> patch(const std::string& path, PatchKind kind, const base::Json& body,
                           const PatchOptions& options, const Limits& limits);
  // True: deleted or being deleted; false: it was not there.
  Answer<bool> remove(const std::string& path, const RemoveOptions& options, const Limits& limits);
  // GET /readyz; says nothing about the storage behind the server.
  Answer<void> ready(const Limits& limits);
  // Until the server ends the stream: `heard(true)` when it is accepted, `heard(false)` for every event. Only
  // metadata is asked for, and nothing is tried again. Errors: as failure.hpp; kube.gone when it fell behind.
  Answer<void> watch(const std::string& path, const std::string& label_selector,
                     const std::function<void(bool opened)>& heard, const std::stop_token& stop);
  // gitVersion of GET /version.
  Answer<std::string> server_version(const Limits& limits);

  base::Clock& clock() { return clock_; }

 private:
  http::Request message_for(const Session& session, const std::string& accept) const;
  Answer<base::Json> get_page(const std::string& path, uint64_t max_body, const Limits& limits);
  Answer<http::Response> send_once(const ClientRequest& request, base::Clock::Monotonic deadline,
                                   const Limits& limits);

  Access& access_;
  base::Clock& clock_;
  ClientSettings settings_;
  std::atomic<bool> no_server_{false};  // none took the last connection
};

// Text of a JSON body that the YAML parser behind server-side apply reads as the same value: raw UTF-8, no
// "\/", no surrogate escapes, long integers as they are.
std::string encode_apply_body(const base::Json& object);

// Percent-encodes one path segment or query value (RFC 3986 section 2.1).
std::string percent_encode(std::string_view text);

}  // namespace gridseal::kube
