// Blobs on their way to a client, hashed before the answer that holds them is complete.
#include <algorithm>
#include <vector>

#include "crypto/sha256.hpp"
#include "images/turn.hpp"

namespace gridseal::images {

using base::Error;
using base::Result;

namespace {

constexpr size_t kPiece = size_t{128} * 1024;
constexpr size_t kMaxVerdicts = 20'000;

// Lets a client go that takes its answer too slowly: it would keep a thread for hours.
class Pace {
 public:
  Pace(base::Clock& clock, base::milliseconds patience, uint64_t least_rate)
      : clock_(clock), patience_(patience), least_rate_(least_rate) {}

  bool send(const http::ServerResponse::Write& write, std::string_view piece) {
    const auto begin = clock_.monotonic();
    if (!write(piece)) return false;
    waited_ += std::chrono::duration_cast<base::milliseconds>(clock_.monotonic() - begin);
    sent_ += piece.size();
    const auto seconds = static_cast<uint64_t>(waited_.count()) / 1000;
    return waited_ < patience_ || sent_ / least_rate_ >= seconds;
  }

 private:
  base::Clock& clock_;
  base::milliseconds patience_;
  uint64_t least_rate_;
  base::milliseconds waited_{0};
  uint64_t sent_ = 0;
};

}  // namespace

std::optional<Service::Local> Service::open_local(const oci::Descriptor& blob) {
  for (const Where where : {Where::store, Where::cache}) {
    const oci::StoreView& place = where == Where::store ? store_ : cached_;
    const auto info = place.look_at(blob.digest);
    if (!info || info->size != blob.size) continue;
    if (is_damaged(blob.digest, where, *info)) continue;
    if (auto file = place.open_blob(blob)) return Local{where, *info, std::move(*file)};
  }
  return std::nullopt;
}

bool Service::is_damaged(const base::Digest& digest, Where where, const base::FileInfo& info) {
  const std::lock_guard lock(mutex_);
  const auto verdict = verdicts_.find({where, digest});
  return verdict != verdicts_.end() && !verdict->second.good && verdict->second.modified == info.modified;
}

bool Service::is_proven(const base::Digest& digest, const Local& local) {
  const std::lock_guard lock(mutex_);
  const auto verdict = verdicts_.find({local.where, digest});
  return verdict != verdicts_.end() && verdict->second.good &&
         verdict->second.modified == local.info.modified && verdict->second.size == local.info.size;
}

void Service::note(const base::Digest& digest, Where where, const base::FileInfo& info, bool good) {
  {
    const std::lock_guard lock(mutex_);
    if (verdicts_.size() >= kMaxVerdicts) verdicts_.clear();
    verdicts_.insert_or_assign({where, digest}, Verdict{info.modified, info.size, good});
  }
  if (!good)
    outside_.log.error(
        "a blob on this host is damaged and is not served; it is pulled again where a mirror "
        "has it",
        {{"digest", digest.to_string()}, {"reason", "store.corrupt"}});
}

bool Service::prove(const oci::Descriptor& blob, Local& local, const std::stop_token& stop) {
  crypto::Sha256 hash;
  std::vector<char> buffer(kPiece);
  uint64_t at = 0;
  while (!stop.stop_requested()) {
    auto n = local.file->read_at(at, buffer.data(), buffer.size());
    if (!n) return false;
    if (*n == 0) {
      const bool good = at == blob.size && hash.finish() == blob.digest;
      note(blob.digest, local.where, local.info, good);
      return good;
    }
    hash.update({buffer.data(), *n});
    at += *n;
  }
  return false;
}

http::ServerResponse Service::send_local(const oci::Descriptor& blob, const std::optional<Range>& range,
                                         Local local) {
  const uint64_t first = range ? range->first : 0;
  const uint64_t end = range ? range->end : blob.size;
  http::ServerResponse response;
  const std::shared_ptr<base::InputFile> file(std::move(local.file));
  const bool hashed = !range && !is_proven(blob.digest, Local{local.where, local.info, nullptr});
  response.stream = [this, file, blob, first, end, hashed, where = local.where,
                     info = local.info](const http::ServerResponse::Write& write) {
    Pace pace(outside_.clock, settings_.patience, settings_.least_rate);
    crypto::Sha256 hash;
    std::vector<char> buffer(kPiece);
    for (uint64_t at = first; at < end;) {
      const size_t most = static_cast<size_t>(std::min<uint64_t>(buffer.size(), end - at));
      auto n = file->read_at(at, buffer.data(), most);
      if (!n || *n == 0) return;
      at += *n;
      if (hashed) {
        hash.update({buffer.data(), *n});
        // The last piece is only given out when all are right.
        if (at == end) {
          const bool good = hash.finish() == blob.digest;
          note(blob.digest, where, info, good);
          if (!good) return;
        }
      }
      if (!pace.send(write, {buffer.data(), *n})) return;
    }
  };
  return response;
}

Result<http::ServerResponse> Service::send_pulled(const Part& part, const std::optional<Range>& range,
                                                  const std::stop_token& stop) {
  const oci::Descriptor& blob = part.descriptor;
  if (!pulls_) return Error::refused("BLOB_UNKNOWN", "this host does not hold the blob, and has no cache");
  // One that waits stands in the way of those that could be served from here: so many of them, no more.
  auto turn = std::make_shared<Turn>(*this);
  if (!turn->granted())
    return Error::blocked("images.busy", "so many requests wait for a mirror that another one has to wait");
  const auto cached = cached_.look_at(blob.digest);
  const bool damaged = cached && is_damaged(blob.digest, Where::cache, *cached);
  auto pull = pulls_->join(blob, damaged, [this, part](oci::BlobSink& sink, const std::stop_token& stopping) {
    return ask_above(part.repository, [&](const Place& place) {
      return place.registry->get_blob(place.repository, part.descriptor, sink, stopping);
    });
  });
  if (!pull) return std::move(pull).error();
  // Before the head of the answer is sent, while an error can still be told.
  if (auto r = (*pull)->begun(stop); !r) {
    if (r.error().code() == "oci.not_found" || r.error().code() == "MANIFEST_UNKNOWN")
      return Error::refused("BLOB_UNKNOWN", r.error().describe());
    return std::move(r).error();
  }
  const uint64_t first = range ? range->first : 0;
  const uint64_t end = range ? range->end : blob.size;
  http::ServerResponse response;
  response.stream = [this, turn, pull = *pull, first, end, stop](const http::ServerResponse::Write& write) {
    Pace pace(outside_.clock, settings_.patience, settings_.least_rate);
    std::vector<char> buffer(kPiece);
    Pull::Reader reader;
    for (uint64_t at = first; at < end;) {
      auto n = pull->read(reader, at, end, buffer.data(), buffer.size(), stop);
      if (!n) {
        outside_.log.warning("an image could not be pulled through: " + n.error().describe(),
                             {{"digest", pull->blob().digest.to_string()}, {"reason", n.error().code()}});
        return;
      }
      if (*n == 0 || !pace.send(write, {buffer.data(), *n})) return;
      at += *n;
    }
  };
  return response;
}

}  // namespace gridseal::images
