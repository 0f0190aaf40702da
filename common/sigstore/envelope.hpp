// DSSE envelopes (secure-systems-lab/dsse, envelope.md) of any size, in bounded memory: the document is read
// twice, and its payload goes by without being held.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/blob.hpp"
#include "sigstore/artifact.hpp"
#include "sigstore/statement.hpp"

namespace gridseal::sigstore {

using StatementResult = base::Result<std::shared_ptr<const Statement>>;

struct Envelope {
  std::string payload_type;
  std::string signature;
  base::Digest payload{base::Digest::Raw{}};  // of its bytes
  Artifact encoding;                          // what the signature is over
  StatementResult statement{};  // the payload as an in-toto statement, or why it is none; nobody verified it
};

// An envelope whose payload is at hand. `fields`: see Statement.
Envelope make_envelope(std::string payload_type, std::string_view payload, std::string signature,
                       const StatementFields& fields = {});

// A JSON document that may hold an envelope, read once (internal to sigstore).
struct EnvelopeDocument {
  base::Json json;                                       // all of it; the payload is an empty text
  base::Digest digest;                                   // of the text
  std::optional<base::Result<uint64_t>> payload_size{};  // or why it is not base64; absent: no such text
};

// At most `limits.max_held` of it but the payload. `payload`: where it stands. Errors (refused): parse.json,
// parse.duplicate_key, parse.limit; those of Blob::read.
base::Result<EnvelopeDocument> read_document(const base::Blob& text, const base::JsonPath& payload,
                                             const base::JsonStreamLimits& limits);

// Reads `text` again for the payload of `document` and completes the envelope, which has its type. Errors
// (refused): blob.digest_mismatch when the text is no longer the one that was read; those of Blob::read.
base::Result<void> read_payload(const base::Blob& text, const base::JsonPath& payload,
                                const EnvelopeDocument& document, const StatementFields& fields,
                                Envelope& envelope);

}  // namespace gridseal::sigstore
