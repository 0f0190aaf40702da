#include "sigstore/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kSignatureStart = "\xE2\x80\x94 ";  // an em dash
constexpr size_t kMaxSignatures = 128;
constexpr size_t kKeyIdSize = 4;
constexpr size_t kHashSize = 32;

Error bad_note(const std::string& why) {
  return Error::refused("tlog.checkpoint_parse", "the log's checkpoint " + why);
}

Error other_log(const Log& log, const std::string& why) {
  return Error::refused("tlog.checkpoint_other_log", "the checkpoint is not of the entry's log " +
                                                         base::printable(log.base_url, 120) + ": " + why);
}

bool is_plain_text(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
  return std::ranges::none_of(text, control) && base::is_utf8(text);
}

// Cuts the first line off; it must end in a newline.
std::optional<std::string_view> take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<int64_t> tree_size(std::string_view digits) {
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

Result<void> read_text(Checkpoint& checkpoint, std::string_view text) {
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  if (!origin || !size || !root) return bad_note("lacks origin, size or root hash");
  if (origin->empty()) return bad_note("has no origin");
  const auto number = tree_size(*size);
  if (!number) return bad_note("has a tree size that is no decimal number");
  auto hash = base::decode_base64(*root);
  if (!hash || hash->size() != kHashSize) return bad_note("has a root hash that is not 32 bytes in base64");
  while (!text.empty()) {
    const auto line = take_line(text);
    if (!line || line->empty()) return bad_note("has an empty line in its text");
  }
  checkpoint.origin = *origin;
  checkpoint.tree_size = *number;
  checkpoint.root_hash = std::move(*hash);
  return {};
}

Result<NoteSignature> read_signature(std::string_view line) {
  if (!line.starts_with(kSignatureStart))
    return bad_note("has a signature line that does not start with a dash");
  line.remove_prefix(kSignatureStart.size());
  const size_t space = line.find(' ');
  if (space == 0 || space == std::string_view::npos) return bad_note("has a signature line without a name");
  const std::string_view name = line.substr(0, space);
  if (name.find('+') != std::string_view::npos) return bad_note("has a signature line with a bad name");
  const auto bytes = base::decode_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= kKeyIdSize) return bad_note("has a signature line that is not base64");
  return NoteSignature{std::string(name), bytes->substr(0, kKeyIdSize), bytes->substr(kKeyIdSize)};
}

bool is_tree_id(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && std::ranges::all_of(text, digit);
}

bool names_log(std::string_view name, const Log& log) {
  return !name.empty() && (name == log.host || name == log.host_and_port);
}

bool origin_fits(std::string_view origin, const Log& log, CheckpointOrigin form) {
  if (form == CheckpointOrigin::rekor_v1) {
    const size_t dash = origin.find(" - ");
    if (dash != std::string_view::npos) {
      if (!is_tree_id(origin.substr(dash + 3))) return false;
      origin = origin.substr(0, dash);
    }
  }
  return names_log(origin, log);
}

}  // namespace

Result<Checkpoint> parse_checkpoint(std::string_view note) {
  if (note.size() > kMaxCheckpoint) return bad_note("is larger than 64 KiB");
  if (!is_plain_text(note)) return bad_note("has control characters or is not UTF-8");
  const size_t split = note.rfind("\n\n");
  if (split == std::string_view::npos || !note.ends_with('\n'))
    return bad_note("is not a text, an empty line and signature lines");
  Checkpoint checkpoint;
  checkpoint.signed_text = note.substr(0, split + 1);
  if (auto text = read_text(checkpoint, checkpoint.signed_text); !text) return std::move(text).error();
  std::string_view rest = note.substr(split + 2);
  while (!rest.empty()) {
    if (checkpoint.signatures.size() == kMaxSignatures) return bad_note("has more than 128 signatures");
    auto signature = read_signature(take_line(rest).value_or(""));
    if (!signature) return std::move(signature).error();
    checkpoint.signatures.push_back(std::move(*signature));
  }
  if (checkpoint.signatures.empty()) return bad_note("has no signature");
  return checkpoint;
}

std::string note_key_id(const crypto::PublicKey& key, std::string_view name) {
  const std::string& spki = key.spki_der();
  std::string input = spki;
  if (key.kind() == crypto::KeyKind::ed25519) {
    input = std::string(name) + "\n\x01" + spki.substr(spki.size() - 32);
  } else if (key.kind() == crypto::KeyKind::rsa) {
    input = std::string(name) + "\n\xFF" + "PKIX-RSA-PKCS#1v1.5" + spki;
  }
  return crypto::hash_of(crypto::Hash::sha256, input).substr(0, kKeyIdSize);
}

Result<void> verify_checkpoint(const Checkpoint& checkpoint, const Log& log, CheckpointOrigin form) {
  if (!log.key)
    return Error::refused("tlog.unknown_log", "the log " + base::printable(log.base_url, 120) +
                                                  " cannot be used: " + log.unusable);
  if (!origin_fits(checkpoint.origin, log, form))
    return other_log(log, "its origin is '" + base::printable(checkpoint.origin, 120) + "'");
  bool signed_by_log = false;
  for (const NoteSignature& line : checkpoint.signatures) {
    if (!names_log(line.name, log)) continue;
    // Rekor v1 takes the head of the log's id for every kind of key.
    if (line.key_id != note_key_id(log.key->key, line.name) &&
        line.key_id != log.key_id.substr(0, kKeyIdSize))
      continue;
    auto verified = log.key->key.verify(log.key->scheme, checkpoint.signed_text, line.signature);
    if (!verified)
      return Error::refused("tlog.checkpoint_signature", "the signature of the log " +
                                                             base::printable(log.host, 120) +
                                                             " under its checkpoint does not verify");
    signed_by_log = true;
  }
  if (!signed_by_log)
    return Error::refused("tlog.checkpoint_signature", "the checkpoint carries no signature of the log " +
                                                           base::printable(log.host, 120) + " by its key");
  return {};
}

}  // namespace gridseal::sigstore
