// Blobs: streamed, resumed, checked.
#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "oci/registry_parts.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

constexpr int kMaxResumes = 20;  // at one visit of one mirror, each after some progress

// One GET of a blob into a sink, from where the sink stands.
class BlobRequest {
 public:
  BlobRequest(MirrorClient& mirror, const Descriptor& blob, BlobSink& sink)
      : mirror_(mirror), blob_(blob), sink_(sink) {}

  Attempt<void> run(const std::string& repository, base::Clock& clock, const std::stop_token& stop) {
    offset_ = sink_.size();
    Call call;
    call.target = mirror_.api(repository, "blobs/" + blob_.digest.to_string());
    call.repository = repository;
    if (offset_ > 0) call.headers.set("Range", "bytes=" + std::to_string(offset_) + "-");
    call.max_body = blob_.size - offset_ + 1;
    // A whole answer to a range request is longer than what was asked for.
    if (offset_ > 0) call.max_body = blob_.size + 1;
    call.max_body = std::max<uint64_t>(call.max_body, 64 * 1024);
    call.check = [this](const http::Response& head) { return check(head); };
    call.sink = [this](std::string_view piece) { return take(piece); };
    auto response = mirror_.send(call, stop);
    if (!response) return to_failure(std::move(response).error());
    if (streamed_) return {};
    if (response->status == 416) return drop();
    return to_failure(
        *response,
        "cannot read blob " + blob_.digest.short_form() + " of " + repository + " from " + mirror_.name(),
        clock.now());
  }

 private:
  Attempt<void> drop() {
    if (auto r = sink_.restart(); !r) return to_failure(std::move(r).error());
    return Failure{Error::blocked("oci.range", "the registry " + mirror_.name() + " cannot resume this blob"),
                   Verdict::retry,
                   {}};
  }

  Result<bool> check(const http::Response& head) {
    streamed_ = head.status == 200 || head.status == 206;
    if (!streamed_) return false;
    if (head.status == 206) {
      const auto range = parse_content_range(head.headers.get("Content-Range"));
      const bool right = offset_ > 0 && range && range->first == offset_ && range->last < blob_.size &&
                         (!range->total || *range->total == blob_.size);
      if (right) return true;
      if (auto r = sink_.restart(); !r) return std::move(r).error();
      return Error::blocked("oci.range",
                            "the registry " + mirror_.name() + " sent another part of the blob than asked");
    }
    if (offset_ > 0) {
      if (auto r = sink_.restart(); !r) return std::move(r).error();
    }
    const auto length = parse_number(head.headers.get("Content-Length"));
    if (length && *length != blob_.size) return wrong_size(std::to_string(*length));
    return true;
  }

  Result<void> take(std::string_view piece) {
    if (piece.size() > blob_.size - sink_.size()) return wrong_size("more");
    return sink_.write(piece);
  }

  Error wrong_size(const std::string& got) const {
    return Error::refused("oci.size_mismatch", "the registry " + mirror_.name() + " sends " + got +
                                                   " bytes for blob " + blob_.digest.short_form() +
                                                   "; the manifest says " + std::to_string(blob_.size));
  }

  MirrorClient& mirror_;
  const Descriptor& blob_;
  BlobSink& sink_;
  uint64_t offset_ = 0;
  bool streamed_ = false;
};

// Keeps a small blob in memory.
class MemorySink final : public BlobSink {
 public:
  explicit MemorySink(const Descriptor& blob) : blob_(blob) {}
  uint64_t size() const override { return bytes.size(); }
  Result<void> write(std::string_view piece) override {
    bytes += piece;
    return {};
  }
  Result<void> restart() override {
    bytes.clear();
    return {};
  }
  Result<void> finish() override {
    if (bytes.size() == blob_.size && crypto::sha256(bytes) == blob_.digest) return {};
    return Error::refused("oci.digest_mismatch",
                          "the bytes received for " + blob_.digest.short_form() + " hash to something else");
  }

  std::string bytes;

 private:
  const Descriptor& blob_;
};

bool is_mismatch(const Error& error) {
  return error.code() == "oci.digest_mismatch" || error.code() == "oci.size_mismatch";
}

}  // namespace

Attempt<void> Registry::Parts::blob_from(MirrorClient& mirror, const std::string& repository,
                                         const Descriptor& blob, BlobSink& sink,
                                         const std::stop_token& stop) const {
  if (sink.size() > blob.size) {
    if (auto r = sink.restart(); !r) return to_failure(std::move(r).error());
  }
  // What an earlier connection or mirror left may be what is wrong.
  bool mixed = sink.size() > 0;
  for (int resumes = 0;;) {
    const uint64_t before = sink.size();
    if (before < blob.size || blob.size == 0) {
      if (auto got = BlobRequest(mirror, blob, sink).run(repository, outside.clock, stop); !got) {
        const bool gained = sink.size() > before || got.error().error.code() == "oci.range";
        if (is_mismatch(got.error().error)) {
          if (auto r = sink.restart(); !r) return to_failure(std::move(r).error());
        }
        const bool again = gained && got.error().verdict != Verdict::stop &&
                           !is_mismatch(got.error().error) && ++resumes <= kMaxResumes &&
                           !stop.stop_requested();
        if (!again) return got;
        mixed = sink.size() > 0;
        if (!outside.clock.sleep_for(settings.retry.first_pause, stop))
          return Failure{cancelled(), Verdict::stop, {}};
        continue;
      }
      if (sink.size() < blob.size) {
        return Failure{
            Error::blocked("oci.cut", "the registry " + mirror.name() + " ended blob " +
                                          blob.digest.short_form() + " after " + std::to_string(sink.size()) +
                                          " of " + std::to_string(blob.size) + " bytes"),
            Verdict::retry,
            {}};
      }
    }
    auto finished = sink.finish();
    if (finished) return {};
    if (!is_mismatch(finished.error())) return to_failure(std::move(finished).error());
    if (auto r = sink.restart(); !r) return to_failure(std::move(r).error());
    if (!mixed) {
      return mismatch(finished.error().code(),
                      "the registry " + mirror.name() + " sent wrong bytes for blob " +
                          blob.digest.to_string() +
                          "; the mirror is damaged or lying: repair it or push the artifact again");
    }
    mixed = false;
  }
}

Result<void> Registry::get_blob(const Repository& repository, const Descriptor& blob, BlobSink& sink,
                                const std::stop_token& stop) {
  if (blob.size > parts_->settings.limits.blob_bytes) {
    return Error::refused("oci.too_large", "blob " + blob.digest.short_form() + " of " + repository.path +
                                               " has " + std::to_string(blob.size) + " bytes; at most " +
                                               std::to_string(parts_->settings.limits.blob_bytes) +
                                               " are fetched");
  }
  const std::string doing = "cannot read blob " + blob.digest.short_form() + " of " + repository.path;
  return parts_->walk<void>(doing, stop, [&](MirrorClient& mirror) {
    return parts_->blob_from(mirror, repository.path, blob, sink, stop);
  });
}

Result<std::string> Registry::read_blob(const Repository& repository, const Descriptor& blob, uint64_t limit,
                                        const std::stop_token& stop) {
  if (blob.size > limit) {
    return Error::refused("oci.too_large", "blob " + blob.digest.short_form() + " has " +
                                               std::to_string(blob.size) + " bytes; at most " +
                                               std::to_string(limit) + " are read");
  }
  MemorySink sink(blob);
  if (auto r = get_blob(repository, blob, sink, stop); !r) return std::move(r).error();
  return std::move(sink.bytes);
}

}  // namespace gridseal::oci
