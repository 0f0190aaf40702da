#include "deploy/quarantine.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "deploy/json_text.hpp"

namespace gridseal::deploy {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr uint64_t kMaxQuarantineFile = uint64_t{1} << 20U;
constexpr uint32_t kQuarantineMode = 0640;
constexpr size_t kLongestText = 1000;

std::string path_in(const std::string& state_directory) {
  return state_directory + "/quarantine.json";
}

std::optional<Refusal> refusal_of(const Json& value) {
  const auto time = base::parse_rfc3339(text_in(value, "time"));
  if (!time) return std::nullopt;
  Refusal refusal{text_in(value, "what"),
                  {},
                  text_in(value, "medium"),
                  text_in(value, "code"),
                  text_in(value, "message"),
                  text_in(value, "outcome"),
                  *time};
  const std::string digest = text_in(value, "digest");
  if (digest.empty()) return refusal;
  auto parsed = base::Digest::parse(digest);
  if (!parsed) return std::nullopt;
  refusal.digest = *parsed;
  return refusal;
}

bool is_same(const Refusal& a, const Refusal& b) {
  return a.code == b.code && a.digest == b.digest && (a.digest || a.what == b.what);
}

}  // namespace

Json to_json(const Refusal& refusal) {
  return {{"what", refusal.what},
          {"digest", refusal.digest ? Json(refusal.digest->to_string()) : Json()},
          {"medium", refusal.medium},
          {"code", refusal.code},
          {"message", refusal.message},
          {"outcome", refusal.outcome},
          {"time", base::format_rfc3339(refusal.time)}};
}

Result<std::vector<Refusal>> read_quarantine(base::Files& files, const std::string& state_directory) {
  auto text = base::read_file(files, path_in(state_directory), kMaxQuarantineFile);
  if (!text && base::is_not_found(text.error())) return std::vector<Refusal>();
  if (!text) return std::move(text).error();
  auto json = base::parse_json(*text, {kMaxQuarantineFile, 8, 10'000});
  if (!json) return std::move(json).error();
  std::vector<Refusal> refusals;
  const Json* list = base::find_array(*json, "refused");
  for (size_t i = 0; list != nullptr && i < list->size() && i < Quarantine::kMost; ++i) {
    if (auto refusal = refusal_of((*list)[i])) refusals.push_back(std::move(*refusal));
  }
  return refusals;
}

Json media_list(const std::vector<Offer>& offers, const std::vector<Refusal>& refusals) {
  Json offered = Json::array();
  for (const Offer& offer : offers) offered.push_back(to_json(offer));
  Json refused = Json::array();
  for (const Refusal& refusal : refusals) refused.push_back(to_json(refusal));
  return {{"offers", std::move(offered)}, {"quarantine", std::move(refused)}};
}

Result<std::unique_ptr<Quarantine>> Quarantine::open(base::Files& files, base::Log& log,
                                                     const std::string& state_directory) {
  std::unique_ptr<Quarantine> quarantine(new Quarantine(files, path_in(state_directory)));
  auto read = read_quarantine(files, state_directory);
  if (!read && read.error().outcome() == base::Outcome::blocked) return std::move(read).error();
  if (read) {
    quarantine->refusals_ = std::move(*read);
    return quarantine;
  }
  const std::string aside = quarantine->path_ + ".damaged";
  log.warning("the list of what was refused from media is damaged and set aside in " + aside,
              {{"reason", "media.quarantine"}});
  if (auto r = files.rename(quarantine->path_, aside); !r) return std::move(r).error();
  return quarantine;
}

Result<void> Quarantine::note(std::vector<Refusal> refused, const std::vector<base::Digest>& taken) {
  const std::scoped_lock lock(mutex_);
  std::vector<Refusal> next = refusals_;
  const auto gone = std::erase_if(next, [&](const Refusal& one) {
    return one.digest && std::ranges::find(taken, *one.digest) != taken.end();
  });
  if (gone == 0 && refused.empty()) return {};
  for (Refusal& one : refused) {
    one.what = base::printable(one.what, kLongestText);
    one.message = base::printable(one.message, kLongestText);
    std::erase_if(next, [&](const Refusal& other) { return is_same(one, other); });
    next.push_back(std::move(one));
  }
  if (next.size() > kMost) next.erase(next.begin(), next.end() - kMost);
  Json list = Json::array();
  for (const Refusal& one : next) list.push_back(to_json(one));
  const std::string text = base::dump_json_pretty({{"refused", std::move(list)}}) + "\n";
  if (auto r = base::write_file(files_, path_, text, kQuarantineMode); !r) return r;
  refusals_ = std::move(next);
  return {};
}

std::vector<Refusal> Quarantine::all() const {
  const std::scoped_lock lock(mutex_);
  return refusals_;
}

std::optional<std::string> Quarantine::sentence() const {
  const std::scoped_lock lock(mutex_);
  if (refusals_.empty()) return std::nullopt;
  const Refusal& last = refusals_.back();
  return std::to_string(refusals_.size()) + (refusals_.size() == 1 ? " thing" : " things") +
         " from media refused, the latest at " + base::format_rfc3339(last.time) + ": " + last.what + " (" +
         last.code + "); 'gridseal media list' has all";
}

}  // namespace gridseal::deploy
