#include "sigstore/envelope.hpp"

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"

namespace gridseal::sigstore {
namespace {

using base::Base64Decoder;
using base::Error;
using base::JsonPath;
using base::JsonStream;
using base::JsonStreamLimits;
using base::Result;

// Measures the payload and keeps the rest.
class DocumentFilter final : public base::JsonFilter {
 public:
  explicit DocumentFilter(const JsonPath& payload) : payload_(payload) {}

  // Absent when there is no payload, or one that is no text.
  std::optional<Result<uint64_t>> size() {
    if (!seen_) return std::nullopt;
    if (auto whole = decoder_.finish(); !whole) return Result<uint64_t>(std::move(whole).error());
    return Result<uint64_t>(size_);
  }

 private:
  Keep keep(const JsonPath& path, bool container) override {
    if (path != payload_ || container) return Keep::yes;
    seen_ = true;
    return Keep::pieces;
  }
  void take(std::string_view piece) override {
    decoder_.feed(piece, bytes_);
    size_ += bytes_.size();
    bytes_.clear();
  }

  const JsonPath& payload_;
  bool seen_ = false;
  Base64Decoder decoder_{base::Base64::lenient};
  std::string bytes_;  // of one piece
  uint64_t size_ = 0;
};

// Takes the bytes of a payload of known size.
class PayloadReader {
 public:
  PayloadReader(std::string_view payload_type, uint64_t size, const StatementFields& fields)
      : statement_(fields) {
    encoding_.update(pre_authentication_head(payload_type, size));
  }

  void update(std::string_view bytes) {
    payload_.update(bytes);
    encoding_.update(bytes);
    statement_.feed(bytes);
  }

  void finish(Envelope& envelope) {
    envelope.payload = payload_.finish();
    envelope.encoding = encoding_.finish();
    auto statement = statement_.finish();
    if (statement)
      envelope.statement = std::make_shared<const Statement>(std::move(*statement));
    else
      envelope.statement = std::move(statement).error();
  }

 private:
  crypto::Sha256 payload_;
  ArtifactReader encoding_;
  StatementReader statement_;
};

// Hands on the payload and drops the rest.
class PayloadFilter final : public base::JsonFilter {
 public:
  PayloadFilter(const JsonPath& payload, PayloadReader& reader) : payload_(payload), reader_(reader) {}

 private:
  Keep keep(const JsonPath& path, bool /*container*/) override {
    if (path == payload_) return Keep::pieces;
    const bool above =
        path.size() < payload_.size() && std::equal(path.begin(), path.end(), payload_.begin());
    return above ? Keep::yes : Keep::no;
  }
  void take(std::string_view piece) override {
    decoder_.feed(piece, bytes_);
    reader_.update(bytes_);
    bytes_.clear();
  }

  const JsonPath& payload_;
  PayloadReader& reader_;
  Base64Decoder decoder_{base::Base64::lenient};
  std::string bytes_;  // of one piece
};

}  // namespace

Envelope make_envelope(std::string payload_type, std::string_view payload, std::string signature,
                       const StatementFields& fields) {
  Envelope envelope;
  envelope.payload_type = std::move(payload_type);
  envelope.signature = std::move(signature);
  PayloadReader reader(envelope.payload_type, payload.size(), fields);
  reader.update(payload);
  reader.finish(envelope);
  return envelope;
}

Result<EnvelopeDocument> read_document(const base::Blob& text, const JsonPath& payload,
                                       const JsonStreamLimits& limits) {
  DocumentFilter filter(payload);
  JsonStream stream(filter, limits);
  crypto::Sha256 hash;
  auto read = text.read([&](std::string_view piece) {
    hash.update(piece);
    return stream.feed(piece);
  });
  if (!read) return std::move(read).error();
  auto json = stream.finish();
  if (!json) return std::move(json).error();
  return EnvelopeDocument{std::move(*json), hash.finish(), filter.size()};
}

Result<void> read_payload(const base::Blob& text, const JsonPath& payload, const EnvelopeDocument& document,
                          const StatementFields& fields, Envelope& envelope) {
  const uint64_t size = document.payload_size ? document.payload_size->value_or(0) : 0;
  PayloadReader reader(envelope.payload_type, size, fields);
  PayloadFilter filter(payload, reader);
  JsonStream stream(filter, {});
  crypto::Sha256 hash;
  auto read = text.read([&](std::string_view piece) {
    hash.update(piece);
    return stream.feed(piece);
  });
  if (!read) return read;
  if (hash.finish() != document.digest)
    return Error::refused("blob.digest_mismatch", "the signature changed while it was read");
  reader.finish(envelope);
  return {};
}

}  // namespace gridseal::sigstore
