// What a History holds; shared by the files that implement it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "history/audit.hpp"
#include "history/columns.hpp"
#include "history/database.hpp"
#include "history/history.hpp"
#include "history/host_key.hpp"
#include "history/lock.hpp"

namespace gridseal::history {

struct History::State {
  explicit State(base::Clock& injected) : clock(injected) {}

  base::Clock& clock;
  std::mutex mutex;
  std::optional<StateLock> lock;  // closed last
  std::unique_ptr<Database> database;
  std::optional<HostKey> key;
  // When the open steps of this process began, by the monotonic clock.
  std::map<std::pair<DeploymentId, int64_t>, base::Clock::Monotonic> running;

  int64_t endings = 0;  // deployments that this process saw end

  int64_t now() { return number_of(clock.now()); }

  base::Result<AuditRow> audit(std::string_view actor, std::string_view action, std::string_view subject,
                               const base::Json& detail) {
    return append(*database, clock.now(), actor, action, subject, detail);
  }

  // Runs `body` (returning Result<void>) in one transaction.
  template <class Body>
  base::Result<void> in_transaction(Body body) {
    auto transaction = Transaction::begin(*database);
    if (!transaction) return std::move(transaction).error();
    if (base::Result<void> done = body(); !done) return done;
    return transaction->commit();
  }

  base::Result<void> ensure_component(std::string_view name);
  base::Result<HostKey*> host_key();
};

inline std::string component_subject(std::string_view name) {
  return "component/" + std::string(name);
}

// As columns 'api_group, kind, namespace, name' and as parameters in that order.
inline ObjectKey key_of(const Statement& row, int column) {
  return {row.text(column), row.text(column + 1), row.text(column + 2), row.text(column + 3)};
}
inline void bind_key(Statement& statement, const ObjectKey& key) {
  statement.bind(key.group).bind(key.kind).bind(key.namespace_name).bind(key.name);
}

// "apps/Deployment pumps/web", for audit details.
std::string describe(const ObjectKey& key);

}  // namespace gridseal::history
