// What the API server answers when it does not do what was asked: its Status object (Kubernetes API
// conventions, "Response Status Kind") taken apart, with the error the rest of the agent passes on.
//
// Codes (outcome):
//   kube.unreachable (blocked)   no answer in time, or only transient ones (429, 502, 503, 504, some 500)
//   kube.storage (blocked)       507, or a 500 that says the data store behind the server is full or away
//   kube.unauthorized (blocked)  401: the credential is not accepted
//   kube.forbidden (blocked)     403: the account may not, or an admission policy says no
//   kube.quota (blocked)         403 of a ResourceQuota
//   kube.terminating (blocked)   the namespace, the kind or the object is being deleted
//   kube.webhook (blocked)       an admission webhook cannot be called
//   kube.not_found (blocked)     404
//   kube.conflict (blocked)      409: another manager owns the field, exists already, or changed meanwhile
//   kube.invalid (refused)       422, with its causes
//   kube.immutable (refused)     422 of which every cause names a field that cannot be changed
//   kube.rejected (refused)      400, 415 and the permanent 500s ("failed to create typed patch object ...")
//   kube.too_large (refused)     413, or a Secret or ConfigMap above 1 MiB
//   kube.gone (blocked)          410: a list or watch has to begin anew
//   kube.answer_too_large (blocked)  an answer above ClientSettings::max_body
//   kube.protocol (blocked)      an answer that is no Kubernetes API answer
//   kube.cancelled (blocked)     the stop token was set
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/transport.hpp"

namespace gridseal::kube {

// StatusCause. For Secret objects `message` is empty.
struct Cause {
  std::string reason;
  std::string message;
  std::string field;
};

// Who owns a field that an apply wants to set.
struct Conflict {
  std::string manager;  // "kubectl", "before-first-apply", ...
  std::string field;    // ".spec.replicas"

  friend bool operator==(const Conflict&, const Conflict&) = default;
};

// `status` is 0 when there was no answer; `reason` is the machine word of the Status ("Conflict", "Invalid").
struct Failure {
  base::Error error;
  int status = 0;
  std::string reason;
  std::vector<Cause> causes;
  std::optional<std::chrono::milliseconds> retry_after;

  // Of trouble that no answer tells of.
  static Failure local(base::Error error) { return {std::move(error), 0, {}, {}, std::nullopt}; }

  bool is(std::string_view code) const { return error.code() == code; }
  // The owners named by a 409 of server-side apply; empty for every other failure.
  std::vector<Conflict> conflicts() const;
};

// A value or a Failure; base::Result<T>{std::move(answer).error().error} passes it on without the details.
template <class T>
class [[nodiscard]] Answer : public tl::expected<T, Failure> {
 public:
  using tl::expected<T, Failure>::expected;
  Answer(Failure failure)
      : tl::expected<T, Failure>(tl::unexpect, std::move(failure)) {}  // NOLINT: implicit by design
};

// The Failure for an answer with status >= 400. `subject` says in words what was asked ("apply of Deployment
// shop/web"). With `secret`, nothing of the body but status, reason and field paths gets through.
Failure failure_of(const http::Response& response, std::string_view subject, bool secret);

// Whether the same request may be sent again as it is and then succeed: 429, 502, 503, 504, a 500 that is not
// of the permanent kind, and "the object has been modified" for an apply that named no resourceVersion.
bool is_transient(const Failure& failure, bool is_apply);

}  // namespace gridseal::kube
