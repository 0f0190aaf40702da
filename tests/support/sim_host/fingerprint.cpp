// What an engine would find if it started now.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "history/database.hpp"
#include "support/sim_host/sim_host.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

// uids differ from run to run; what counts is whether the journal has that of the live object.
using LiveUids = std::map<std::string, std::string>;

LiveUids live_uids(kubesim::LocalCluster& local) {
  kubesim::Cluster& cluster = local.cluster();
  const std::scoped_lock lock(cluster.mutex);
  LiveUids uids;
  for (const auto& storage : cluster.store.storages()) {
    for (const auto& object : cluster.store.list(storage)) {
      uids[kubesim::text(*object, {"kind"}) + " " + kubesim::text(*object, {"metadata", "namespace"}) + "/" +
           kubesim::text(*object, {"metadata", "name"})] = kubesim::text(*object, {"metadata", "uid"});
    }
  }
  return uids;
}

void add_rows(history::Database& database, std::string_view sql, std::string& out) {
  auto query = database.prepare(sql);
  if (!query) {
    out += query.error().describe() + "\n";  // before the schema is there
    return;
  }
  for (auto row = query->step(); row && *row; row = query->step()) out += query->text(0) + "\n";
}

void add_inventory(history::Database& database, const LiveUids& uids, std::string& out) {
  auto query = database.prepare(
      "SELECT side||' '||api_group||' '||declared||' '||applied||' '||(created_by IS NOT NULL AND created_by "
      "IN "
      "(SELECT id FROM deployments WHERE finished IS NULL)), kind||' '||namespace||'/'||name, uid FROM "
      "inventory "
      "ORDER BY side, api_group, kind, namespace, name");
  if (!query) return;
  for (auto row = query->step(); row && *row; row = query->step()) {
    const auto live = uids.find(query->text(1));
    const std::string uid = query->text(2);
    const bool same = live != uids.end() && live->second == uid;
    out += query->text(0) + " " + query->text(1) +
           (uid.empty() ? " unknown"
            : same      ? " live"
                        : " another") +
           "\n";
  }
}

// Receipts name times and signatures, so that their blobs have other names each time.
bool is_receipt(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // Also half of one, and the file that one was about to be written to.
  return text.empty() || text.starts_with("{\"payload\":") ||
         text.find("gridseal.receipt") != std::string::npos;
}

void add_files(const std::string& state, std::string& out) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(state)) {
    std::string path = entry.path().string().substr(state.size());
    // Names with numbers that never come again.
    for (const char* mark : {".tmp.", "/work/rendered."})
      if (const size_t at = path.find(mark); at != std::string::npos)
        path.resize(at + std::string_view(mark).size());
    if (path.starts_with("/history.db") || path == "/lock") continue;
    if (path.starts_with("/store/") && entry.is_regular_file() && is_receipt(entry.path().string())) {
      const size_t name = path.rfind('/');
      lines.push_back(path.substr(0, name) + " receipt " +
                      (path.ends_with("index.json") ? "index" : std::to_string(entry.file_size() > 0)));
      continue;
    }
    lines.push_back(path + (entry.is_regular_file() ? " " + std::to_string(entry.file_size()) : "/"));
  }
  std::sort(lines.begin(), lines.end());
  for (const auto& line : lines) out += line + "\n";
}

}  // namespace

std::string SimHost::fingerprint() {
  const std::string state = directory_ + "/state";
  std::string out;
  history::DatabaseOptions options;
  options.mode = history::OpenMode::read_only;
  auto database = history::Database::open(state + "/history.db", options);
  if (database) {
    add_rows(
        **database,
        "SELECT name||' '||coalesce(desired_digest,'')||' '||coalesce(good_artifact,'')||' '||"
        "coalesce(good_rendered,'')||' '||coalesce(good_values,'')||' '||coalesce(floor_digest,'')||' '||"
        "untrusted_code||' '||stopped_by FROM components ORDER BY name",
        out);
    add_rows(**database,
             "SELECT DISTINCT artifact||' '||policy||' '||outcome||' '||code FROM verifications ORDER BY 1",
             out);
    add_rows(**database, "SELECT digest FROM artifacts ORDER BY 1", out);
    add_rows(**database,
             "SELECT artifact||' '||kind||' '||coalesce(way_back,'')||' '||coalesce(rendered,'')||' "
             "'||state||' '||"
             "reason FROM deployments WHERE finished IS NULL ORDER BY id",
             out);
    add_rows(**database,
             "SELECT kind||' '||namespace||'/'||name FROM pre_images WHERE deployment IN (SELECT id FROM "
             "deployments WHERE finished IS NULL) ORDER BY 1",
             out);
    add_rows(**database,
             "SELECT detail FROM steps WHERE detail LIKE '%leftBehind%' AND deployment IN (SELECT id FROM "
             "deployments WHERE finished IS NULL) ORDER BY sequence DESC LIMIT 1",
             out);
    add_rows(**database, "SELECT artifact||' '||value_digest||' '||reason FROM failures ORDER BY 1", out);
    add_rows(**database,
             "SELECT 'owed '||count(*) FROM deployments WHERE finished IS NOT NULL AND outcome NOT IN "
             "('blocked', 'cancelled') AND id NOT IN (SELECT deployment FROM receipts)",
             out);
    add_rows(**database, "SELECT kind||' '||stored FROM receipts ORDER BY sequence", out);
    add_inventory(**database, live_uids(cluster_), out);
  } else {
    out += "no database\n";
  }
  add_files(state, out);
  out += text_of(look());
  return out;
}

}  // namespace gridseal::test
