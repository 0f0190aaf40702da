#include "receipts/pile.hpp"

#include "base/encoding.hpp"
#include "receipts/armour.hpp"
#include "receipts/receipt.hpp"

namespace gridseal::receipts {

using base::Error;
using base::Result;

namespace {

constexpr size_t kMaxFiles = 200'000;
constexpr size_t kMaxPieces = 200'000;
constexpr size_t kMaxDepth = 16;
constexpr uint64_t kMaxFile = uint64_t{64} << 20U;

class Reader {
 public:
  explicit Reader(base::Files& files) : files_(files) {}

  Result<void> named(const std::string& path) {
    auto info = files_.stat(path);
    if (!info) return std::move(info).error();
    if (info->kind == base::EntryKind::directory) return folder(path, 0);
    const size_t before = pile.pieces.size() + pile.unreadable.size();
    if (auto r = file(path); !r) return r;
    if (pile.pieces.size() + pile.unreadable.size() > before) return {};
    return Error::refused("receipt.none", "there is no receipt in " + path);
  }

  Pile pile;

 private:
  Result<void> folder(const std::string& path, size_t depth) {
    auto entries = files_.list(path);
    if (!entries) return std::move(entries).error();
    for (const base::Entry& entry : *entries) {
      const std::string inner = path + "/" + entry.name;
      if (entry.kind == base::EntryKind::directory && depth < kMaxDepth) {
        if (auto r = folder(inner, depth + 1); !r) return r;
      } else if (entry.kind == base::EntryKind::file) {
        if (auto r = file(inner); !r) return r;
      } else {
        ++pile.foreign;
      }
    }
    return {};
  }

  Result<void> file(const std::string& path) {
    if (++seen_ > kMaxFiles)
      return Error::refused("parse.limit", "more than " + std::to_string(kMaxFiles) + " files");
    auto info = files_.stat(path);
    if (!info) return std::move(info).error();
    if (info->size > kMaxFile || info->size == 0) {
      ++pile.foreign;
      return {};
    }
    auto text = base::read_file(files_, path, kMaxFile);
    if (!text) return std::move(text).error();
    take(path, *text);
    if (pile.pieces.size() > kMaxPieces)
      return Error::refused("parse.limit", "more than " + std::to_string(kMaxPieces) + " receipts");
    return {};
  }

  void take(const std::string& path, std::string_view text) {
    if (text.find("-----BEGIN GRIDSEAL ") != std::string_view::npos) return armoured(path, text);
    const bool ours = path.ends_with(".dsse.json");
    if (text.front() != '{' || text.find("\"payloadType\"") == std::string_view::npos) {
      if (!ours) return (void)++pile.foreign;
      return unreadable(path, Error::refused("receipt.form", "this is no signed receipt"));
    }
    lines(path, text, ours);
  }

  // One envelope, or one a line.
  void lines(const std::string& path, std::string_view text, bool ours) {
    if (auto whole = parse_envelope(text)) return piece(path, *whole, std::string(text), ours);
    bool any = false;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.empty() || line == "\r") continue;
      auto envelope = parse_envelope(line);
      if (envelope) {
        piece(path, *envelope, std::string(line), true);
        any = true;
      } else if (ours || any) {
        unreadable(path, envelope.error());
      }
    }
    if (!any && !ours) ++pile.foreign;
  }

  void piece(const std::string& path, const Envelope& envelope, std::string text, bool ours) {
    auto statement = parse_statement(envelope.statement);
    if (statement) return pile.pieces.push_back({path, std::move(text)});
    // Other statements lie in OCI layouts too.
    if (ours || envelope.statement.find("gridseal.dev/") != std::string::npos)
      return unreadable(path, statement.error());
    ++pile.foreign;
  }

  void armoured(const std::string& path, std::string_view text) {
    auto envelopes = read_armour(text);
    if (!envelopes) return unreadable(path, envelopes.error());
    for (std::string& envelope : *envelopes) pile.pieces.push_back({path, std::move(envelope)});
  }

  void unreadable(const std::string& path, const Error& error) {
    pile.unreadable.push_back({path, error.code(), error.describe()});
  }

  base::Files& files_;
  size_t seen_ = 0;
};

}  // namespace

Result<Pile> read_pile(base::Files& files, const std::vector<std::string>& paths) {
  Reader reader(files);
  for (const std::string& path : paths)
    if (auto r = reader.named(path); !r) return std::move(r).error();
  return std::move(reader.pile);
}

}  // namespace gridseal::receipts
