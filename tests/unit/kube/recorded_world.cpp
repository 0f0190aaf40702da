#include "recorded_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "kube/fields.hpp"

namespace gridseal::kube::testing {
namespace {

const std::map<std::string, std::string>& kinds_by_plural() {
  static const std::map<std::string, std::string> kinds = {
      {"deployments", "Deployment"},   {"replicasets", "ReplicaSet"}, {"pods", "Pod"},
      {"statefulsets", "StatefulSet"}, {"daemonsets", "DaemonSet"},   {"jobs", "Job"}};
  return kinds;
}

// "app=web,tier=a", still percent-encoded.
bool selects(const std::string& selector, const base::Json& object) {
  std::string text = selector;
  for (size_t at = text.find("%3D"); at != std::string::npos; at = text.find("%3D")) text.replace(at, 3, "=");
  for (size_t at = text.find("%2C"); at != std::string::npos; at = text.find("%2C")) text.replace(at, 3, ",");
  for (size_t at = text.find("%2F"); at != std::string::npos; at = text.find("%2F")) text.replace(at, 3, "/");
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string term = text.substr(begin, end - begin);
    const size_t equals = term.find('=');
    const base::Json* labels = field_at(object, {"metadata", "labels"});
    if (labels == nullptr || text_at(*labels, {term.substr(0, equals)}) != term.substr(equals + 1))
      return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

RecordedWorld::RecordedWorld(const std::string& file)
    : recording_(fixture(file)), cluster_(access_, clock_, ClientSettings{}) {
  access_.transport->handler = [this](const http::Request& request) { return serve(request); };
}

void RecordedWorld::play_until(int64_t t) {
  const base::Json& events = recording_.at("events");
  for (; next_ < events.size() && events[next_].at("t_ms").get<int64_t>() <= t; ++next_) {
    const base::Json& event = events[next_];
    const std::string uid = event.at("object").at("metadata").at("uid");
    if (event.at("type") == "DELETED") {
      objects_.erase(uid);
      continue;
    }
    base::Json& object = objects_[uid];
    if (object.is_null()) object = base::Json::object();
    object.update(event.at("object"));  // parts that did not change are left out of the recording
  }
  clock_.advance(base::milliseconds(t - at_));
  at_ = t;
}

RecordedWorld::Applied RecordedWorld::applied(const std::string& kind, const std::string& name,
                                              size_t nth) const {
  for (const base::Json& apply : recording_.at("applied")) {
    if (apply.at("kind") == kind && apply.at("name") == name && nth-- == 0)
      return {apply.at("t_ms"), apply.at("generation")};
  }
  ADD_FAILURE() << "no such apply in the recording: " << kind << " " << name;
  return {};
}

const base::Json* RecordedWorld::find(const std::string& kind, const std::string& name) const {
  for (const auto& [uid, object] : objects_)
    if (object.at("kind") == kind && object.at("metadata").at("name") == name) return &object;
  return nullptr;
}

Reading RecordedWorld::read(const std::string& kind, const std::string& name, int64_t generation) {
  const std::string name_space = recording_.at("events").at(0).at("object").at("metadata").at("namespace");
  const base::Json declared = {{"apiVersion", kind == "Job" ? "batch/v1" : "apps/v1"},
                               {"kind", kind},
                               {"metadata", {{"name", name}, {"namespace", name_space}}},
                               {"spec", {{"ttlSecondsAfterFinished", 6}}}};
  auto reading = observe(cluster_, declared, generation, {});
  if (!reading) {
    ADD_FAILURE() << reading.error().describe();
    return {};
  }
  return *reading;
}

http::Response RecordedWorld::list(const std::string& kind, const std::string& selector) const {
  base::Json items = base::Json::array();
  for (const auto& [uid, object] : objects_)
    if (object.at("kind") == kind && selects(selector, object)) items.push_back(object);
  return answer(200, {{"kind", kind + "List"},
                      {"apiVersion", kind == "Pod" ? "v1" : "apps/v1"},
                      {"metadata", {{"resourceVersion", "1"}}},
                      {"items", items}});
}

base::Result<http::Response> RecordedWorld::serve(const http::Request& request) {
  if (auto discovery = discovery_answer(request)) return *discovery;
  EXPECT_EQ(request.method, "GET") << request.target;
  const std::string path = request.target.substr(0, request.target.find('?'));
  const std::string last = path.substr(path.rfind('/') + 1);
  if (path.starts_with("/api/v1/nodes/")) {
    const bool ready =
        std::find(not_ready_nodes.begin(), not_ready_nodes.end(), last) == not_ready_nodes.end();
    const base::Json condition = {{"type", "Ready"}, {"status", ready ? "True" : "Unknown"}};
    return answer(200, {{"kind", "Node"}, {"status", {{"conditions", base::Json::array({condition})}}}});
  }
  if (path == "/api/v1/nodes") {
    base::Json nodes = base::Json::array();
    for (const std::string& name : not_ready_nodes) nodes.push_back({{"metadata", {{"name", name}}}});
    return answer(200, {{"kind", "NodeList"}, {"apiVersion", "v1"}, {"items", nodes}});
  }
  const size_t at = request.target.find("labelSelector=");
  if (const auto kind = kinds_by_plural().find(last); kind != kinds_by_plural().end())
    return list(kind->second, at == std::string::npos ? "" : request.target.substr(at + 14));
  const std::string parent = path.substr(0, path.rfind('/'));
  const auto kind = kinds_by_plural().find(parent.substr(parent.rfind('/') + 1));
  const base::Json* object = kind == kinds_by_plural().end() ? nullptr : find(kind->second, last);
  if (object == nullptr) return answer(404, {{"kind", "Status"}, {"reason", "NotFound"}, {"code", 404}});
  return answer(200, *object);
}

}  // namespace gridseal::kube::testing
