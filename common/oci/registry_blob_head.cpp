// Whether a blob is there, without its bytes.
#include "oci/registry_parts.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kEnough = "oci.enough";  // ends an exchange that has told what was asked

// One question to one mirror.
class BlobQuestion {
 public:
  BlobQuestion(MirrorClient& mirror, const std::string& repository, const Descriptor& blob)
      : mirror_(mirror), repository_(repository), blob_(blob) {}

  Attempt<void> ask(base::Clock& clock, const std::stop_token& stop) {
    auto head = mirror_.send(call("HEAD"), stop);
    if (!head) return to_failure(std::move(head).error());
    if (head->status == 200) return check_size(parse_number(head->headers.get("Content-Length")));
    if (!may_be_half_answered(head->status)) return failure(*head, clock);
    return ask_by_get(clock, stop);
  }

 private:
  // Storage behind a registry may refuse HEAD, and some registries do not know it.
  static bool may_be_half_answered(int status) {
    return status == 400 || status == 403 || status == 404 || status == 405 || status == 501;
  }

  Attempt<void> ask_by_get(base::Clock& clock, const std::stop_token& stop) {
    std::optional<http::Response> there;
    Call get = call("GET");
    if (blob_.size > 0) get.headers.set("Range", "bytes=0-0");
    get.check = [&](const http::Response& head) -> Result<bool> {
      if (head.status != 200 && head.status != 206) return false;
      there = head;
      return Error::blocked(std::string(kEnough), "the head is all that was asked for");
    };
    get.sink = [](std::string_view) { return Result<void>(); };
    auto response = mirror_.send(get, stop);
    if (there) return check_size(size_of(*there));
    if (!response) return to_failure(std::move(response).error());
    return failure(*response, clock);
  }

  static std::optional<uint64_t> size_of(const http::Response& head) {
    if (head.status == 200) return parse_number(head.headers.get("Content-Length"));
    const auto range = parse_content_range(head.headers.get("Content-Range"));
    return range ? range->total : std::nullopt;
  }

  Call call(std::string method) const {
    Call call;
    call.method = std::move(method);
    call.target = mirror_.api(repository_, "blobs/" + blob_.digest.to_string());
    call.repository = repository_;
    call.max_body = 64 * 1024;  // of an error
    return call;
  }

  Attempt<void> check_size(std::optional<uint64_t> size) const {
    if (!size || *size == blob_.size) return {};
    return mismatch("oci.size_mismatch", "the registry " + mirror_.name() + " has " + std::to_string(*size) +
                                             " bytes for blob " + blob_.digest.short_form() +
                                             "; the manifest says " + std::to_string(blob_.size));
  }

  Failure failure(const http::Response& response, base::Clock& clock) const {
    return to_failure(
        response,
        "cannot find blob " + blob_.digest.short_form() + " of " + repository_ + " at " + mirror_.name(),
        clock.now());
  }

  MirrorClient& mirror_;
  const std::string& repository_;
  const Descriptor& blob_;
};

}  // namespace

Attempt<void> Registry::Parts::blob_head_from(MirrorClient& mirror, const std::string& repository,
                                              const Descriptor& blob, const std::stop_token& stop) const {
  return BlobQuestion(mirror, repository, blob).ask(outside.clock, stop);
}

Result<void> Registry::head_blob(const Repository& repository, const Descriptor& blob,
                                 const std::stop_token& stop) {
  const std::string doing = "cannot find blob " + blob.digest.short_form() + " of " + repository.path;
  return parts_->walk<void>(doing, stop, [&](MirrorClient& mirror) {
    return parts_->blob_head_from(mirror, repository.path, blob, stop);
  });
}

}  // namespace gridseal::oci
