#include "sigstore/log_entry.hpp"

#include <utility>

#include "base/encoding.hpp"
#include "sigstore/bundle_fields.hpp"
#include "sigstore/checkpoint.hpp"
#include "sigstore/merkle.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;

constexpr int64_t kLastSecond = 253'402'300'799;  // of the year 9999
constexpr Document kAnnotation{"the Rekor bundle", "parse.json"};

Error unknown_log(const LogEntry& entry, const std::string& why) {
  return Error::refused("tlog.unknown_log", "the log " + base::encode_hex(entry.log_id).substr(0, 16) +
                                                " of the log entry " + why);
}

Error bad_promise(const std::string& why) {
  return Error::refused("tlog.set_invalid", "the log entry's signed timestamp " + why);
}

bool is_rekor_v2(const LogEntry& entry) {
  return (entry.kind == "hashedrekord" || entry.kind == "dsse") && entry.version == "0.0.2";
}

Result<const Log*> usable_log(const TrustedRoot& root, const LogEntry& entry) {
  const Log* log = find_log(root.transparency_logs, entry.log_id);
  if (log == nullptr) return unknown_log(entry, "is not in the trusted root");
  if (!log->key) return unknown_log(entry, "cannot be used: " + log->unusable);
  return log;
}

// The time counts only once the promise has verified; one outside of the log key's life never fits.
Result<void> check_time(const LogEntry& entry, const Log& log) {
  if (entry.integrated_time == 0) return {};
  if (entry.integrated_time > 0 && entry.integrated_time <= kLastSecond &&
      log.validity.contains(base::Time(base::seconds(entry.integrated_time))))
    return {};
  return Error::refused("tlog.log_key_expired", "the log's key was not valid at the time of the log entry");
}

Result<void> check_promise(const LogEntry& entry, const LogKey& key) {
  // Logs with Ed25519 keys are of the second generation, which promises nothing and knows no time.
  if (!key.key.supports(crypto::Scheme::sha256)) return bad_promise("is by a log that makes no promises");
  if (key.key.verify(crypto::Scheme::sha256, entry_timestamp_payload(entry), entry.signed_entry_timestamp))
    return {};
  return bad_promise("does not verify with the log's key");
}

Result<void> check_proof(const LogEntry& entry, const InclusionProof& proof, const Log& log) {
  const bool v2 = is_rekor_v2(entry);
  if (v2 && entry.log_index != proof.log_index)
    return Error::refused("tlog.proof_invalid", "the log entry and its inclusion proof differ in the index");
  const auto checkpoint = parse_checkpoint(proof.checkpoint);
  if (!checkpoint) return checkpoint.error();
  const auto form = v2 ? CheckpointOrigin::rekor_v2 : CheckpointOrigin::rekor_v1;
  if (auto own = verify_checkpoint(*checkpoint, log, form); !own) return own;
  if (checkpoint->tree_size != proof.tree_size || checkpoint->root_hash != proof.root_hash)
    return Error::refused("tlog.checkpoint_mismatch",
                          "the inclusion proof and its checkpoint differ in tree size or root hash");
  const auto root =
      merkle_root(merkle_leaf_hash(entry.body), proof.log_index, checkpoint->tree_size, proof.hashes);
  if (!root) return root.error();
  if (*root == checkpoint->root_hash) return {};
  return Error::refused("tlog.proof_invalid", "the inclusion proof does not lead to the checkpoint's root");
}

// What a bundle of this version must carry.
Result<void> check_presence(BundleVersion version, const LogEntry& entry) {
  if (version == BundleVersion::v0_1 && entry.signed_entry_timestamp.empty())
    return bad_promise("is missing");
  if (version != BundleVersion::v0_1 && !entry.proof)
    return Error::refused("tlog.proof_missing", "the log entry carries no inclusion proof");
  return {};
}

Result<void> read_kind(LogEntry& entry) {
  const auto body = base::parse_json(entry.body, {kMaxLogBody, 32, 2'000});
  if (!body) return Error(body.error()).with_context("the log entry's body");
  const std::string* kind = base::find_string(*body, "kind");
  const std::string* version = base::find_string(*body, "apiVersion");
  if (kind == nullptr || version == nullptr)
    return Error::refused("parse.json", "the body in the Rekor bundle names no kind and version");
  entry.kind = *kind;
  entry.version = *version;
  return {};
}

}  // namespace

std::string entry_timestamp_payload(const LogEntry& entry) {
  return R"({"body":")" + base::encode_base64(entry.body) + R"(","integratedTime":)" +
         std::to_string(entry.integrated_time) + R"(,"logID":")" + base::encode_hex(entry.log_id) +
         R"(","logIndex":)" + std::to_string(entry.log_index) + "}";
}

Result<VerifiedEntry> verify_log_entry(const TrustedRoot& root, BundleVersion version, const LogEntry& entry,
                                       const Logged& logged) {
  const auto found = usable_log(root, entry);
  if (!found) return found.error();
  const Log& log = **found;
  VerifiedEntry verified;
  verified.log_url = log.base_url;
  verified.log_host = log.host;
  verified.log_id = log.key_id;
  verified.log_index = entry.log_index;
  verified.kind = entry.kind;
  verified.version = entry.version;
  verified.log_validity = log.validity;
  if (auto present = check_presence(version, entry); !present) return std::move(present).error();
  if (!entry.signed_entry_timestamp.empty()) {
    if (auto promise = check_promise(entry, *log.key); !promise) return std::move(promise).error();
    verified.promise = true;
  }
  if (auto time = check_time(entry, log); !time) return std::move(time).error();
  if (verified.promise && entry.integrated_time != 0)
    verified.integrated_time = base::Time(base::seconds(entry.integrated_time));
  if (entry.proof) {
    if (auto proof = check_proof(entry, *entry.proof, log); !proof) return std::move(proof).error();
    verified.proof = true;
    verified.tree_size = entry.proof->tree_size;
    // Without a promise nothing vouches for the outer index of Rekor v1.
    if (!verified.promise) verified.log_index = entry.proof->log_index;
  }
  if (auto body = check_log_body(entry.body, entry.kind, entry.version, logged); !body)
    return std::move(body).error();
  return verified;
}

Result<LogEntry> parse_rekor_bundle(std::string_view text) {
  const auto json = base::parse_json(text, {kMaxRekorBundle, 8, 64});
  if (!json) return json.error();
  Fields top(*json, "", {"SignedEntryTimestamp", "Payload"}, kAnnotation);
  LogEntry entry;
  entry.signed_entry_timestamp = top.bytes("SignedEntryTimestamp");
  Fields payload(top.object("Payload"), "Payload", {"body", "integratedTime", "logIndex", "logID"},
                 kAnnotation);
  entry.body = payload.bytes("body");
  entry.integrated_time = payload.integer("integratedTime");
  entry.log_index = payload.integer("logIndex");
  // In the very letters that the log signed: lower case.
  const std::string id = payload.text("logID");
  auto log_id = base::decode_hex(id);
  if (log_id && base::encode_hex(*log_id) == id)
    entry.log_id = std::move(*log_id);
  else
    payload.fail(Error::refused("parse.json", "the Rekor bundle's logID is not lower-case hexadecimal"));
  top.absorb(payload);
  if (auto whole = top.result(); !whole) return std::move(whole).error();
  if (auto kind = read_kind(entry); !kind) return std::move(kind).error();
  return entry;
}

}  // namespace gridseal::sigstore
