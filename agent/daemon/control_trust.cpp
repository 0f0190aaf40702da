#include "daemon/control_trust.hpp"

#include "base/encoding.hpp"
#include "report/trust.hpp"

namespace gridseal::daemon {
namespace {

using base::Error;
using base::Json;
using base::Result;

Error incomplete(const std::string& what) {
  return Error::refused("control.request", what);
}

Result<Json> import(const ControlContext& context, const Json& body, const std::string& who) {
  const std::string* bundle = base::find_string(body, "bundle");
  if (bundle == nullptr) return incomplete("an import needs a bundle");
  return context.engine.import_trust(*bundle, who);
}

Result<Json> deny(const ControlContext& context, const Json& body, const std::string& who) {
  const Json* denials = base::find_object(body, "denials");
  const std::string* why = base::find_string(body, "why");
  if (denials == nullptr || why == nullptr || why->empty())
    return incomplete("a denial needs what is denied, and a reason");
  auto entries = trust::parse_denials(*denials, "denials", "control.request");
  if (!entries) return std::move(entries).error();
  if (trust::Denials(*entries).empty() || !entries->endorsed.empty())
    return incomplete(
        "a denial names keys, signers, digests, retired keys or minimum releases, at least one");
  const std::string reason = base::printable(*why, 200);
  for (auto& key : entries->keys) key.reason = reason;
  for (auto& identity : entries->identities) identity.reason = reason;
  for (auto& digest : entries->digests) digest.reason = reason;
  for (auto& key : entries->retired) key.reason = reason;
  if (auto r = context.engine.deny_trust(*entries, who); !r) return std::move(r).error();
  return Json{{"denied", trust::to_json(*entries)}};
}

Result<Json> reanchor(const ControlContext& context, const Json& body, const std::string& who) {
  const std::string* bundle = base::find_string(body, "bundle");
  const std::string* fingerprint = base::find_string(body, "fingerprint");
  const std::string* why = base::find_string(body, "why");
  if (bundle == nullptr || fingerprint == nullptr || why == nullptr || why->empty())
    return incomplete("re-anchoring needs a bundle, its fingerprint as it was told, and a reason");
  auto digest = base::Digest::parse(*fingerprint);
  if (!digest) return std::move(digest).error();
  if (auto r = context.engine.reanchor_trust(*bundle, *digest, who, *why); !r) return std::move(r).error();
  return Json{{"fingerprint", digest->to_string()}};
}

}  // namespace

Result<Json> trust_document(const ControlContext& context) {
  const auto generation = context.engine.generation();
  return report::trust(generation->settings, generation->trust, *generation->chain,
                       context.engine.trust_warnings());
}

Result<Json> trust_act(const ControlContext& context, std::string_view act, const Json& body,
                       const std::string& who) {
  auto done = act == "import" ? import(context, body, who)
              : act == "deny" ? deny(context, body, who)
              : act == "reanchor"
                  ? reanchor(context, body, who)
                  : Result<Json>(Error::refused("control.path", "trust knows no act of this name"));
  if (done) context.wake_worker();
  return done;
}

}  // namespace gridseal::daemon
