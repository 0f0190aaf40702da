// Checkpoints of transparency logs (C2SP tlog-checkpoint) in signed notes (C2SP signed-note).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sigstore/trusted_root.hpp"

namespace gridseal::sigstore {

inline constexpr size_t kMaxCheckpoint = size_t{64} << 10U;  // bytes

struct NoteSignature {
  std::string name;
  std::string key_id;  // 4 bytes
  std::string signature;
};

struct Checkpoint {
  std::string origin;
  int64_t tree_size = 0;
  std::string root_hash;  // 32 bytes
  std::string signed_text;
  std::vector<NoteSignature> signatures;
};

// Strict. Error (refused): tlog.checkpoint_parse.
base::Result<Checkpoint> parse_checkpoint(std::string_view note);

// How a log names itself in the first line: v1 "<host> - <tree id>", v2 "<host>".
enum class CheckpointOrigin { rekor_v1, rekor_v2 };

// The 4 bytes that a note's signature line names `key` by.
std::string note_key_id(const crypto::PublicKey& key, std::string_view name);

// That `log` itself signed it: origin and name are the log's host, and every line of the log's name and key
// verifies, at least one. Lines of others (witnesses, earlier keys) count for nothing. Errors (refused):
// tlog.unknown_log (the log has no usable key), tlog.checkpoint_other_log, tlog.checkpoint_signature.
base::Result<void> verify_checkpoint(const Checkpoint& checkpoint, const Log& log, CheckpointOrigin form);

}  // namespace gridseal::sigstore
