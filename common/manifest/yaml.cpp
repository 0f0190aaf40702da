#include "manifest/yaml.hpp"

#include <cmath>
#include <set>
#include <utility>

#include "base/encoding.hpp"
#include "manifest/expand.hpp"
#include "manifest/scalar.hpp"
#include "manifest/yaml_tree.hpp"

namespace gridseal::manifest {
namespace {

// The share of decoded values that may come from aliases: 99 % up to 400,000 values, falling to 10 % at four
// million, as in Kubernetes' own reader.
double allowed_alias_share(size_t decoded) {
  constexpr double kLow = 400'000;
  constexpr double kHigh = 4'000'000;
  const auto count = static_cast<double>(decoded);
  if (count <= kLow) return 0.99;
  if (count >= kHigh) return 0.10;
  return 0.99 - 0.89 * (count - kLow) / (kHigh - kLow);
}

class Decoder {
 public:
  Decoder(const YamlLimits& limits, const Place& place, PlainReferences references)
      : limits_(limits), place_(place), marks_(references == PlainReferences::marked) {}
  base::Result<Json> document(const YamlNode& node) {
    count_ = 1;
    alias_count_ = 0;
    return decode(node, 0);
  }

 private:
  using Seen = std::set<std::string>;

  base::Result<Json> decode(const YamlNode& node, size_t depth);
  base::Result<Json> scalar(const YamlNode& node);
  base::Result<Json> sequence(const YamlNode& node, size_t depth);
  base::Result<Json> alias(const YamlNode& node, size_t depth);
  base::Result<void> mapping(const YamlNode& node, size_t depth, Json& out, Seen& seen);
  base::Result<void> member(const YamlNode& key, const YamlNode& value, size_t depth, Json& out, Seen& seen);
  base::Result<void> merge(const YamlNode& value, size_t depth, Json& out, Seen& seen);
  base::Result<void> merge_one(const YamlNode& value, size_t depth, Json& out, Seen& seen);
  base::Result<void> count(const YamlNode& node, size_t depth);
  base::Error error(const char* code, const YamlNode& node, const std::string& what) const {
    return yaml_error(place_, code, node.line, node.column, what);
  }

  const YamlLimits& limits_;
  const Place& place_;
  bool marks_;
  size_t count_ = 0;
  size_t alias_count_ = 0;
  size_t alias_depth_ = 0;
};

base::Result<void> Decoder::count(const YamlNode& node, size_t depth) {
  ++count_;
  if (alias_depth_ > 0) ++alias_count_;
  const bool bomb =
      alias_count_ > 100 && count_ > 1000 &&
      static_cast<double>(alias_count_) / static_cast<double>(count_) > allowed_alias_share(count_);
  if (bomb) return error("manifest.limit", node, "the document contains excessive aliasing");
  if (count_ > limits_.max_nodes) return error("manifest.limit", node, "there are too many values");
  if (depth > limits_.max_depth) return error("manifest.limit", node, "this is nested too deeply");
  return {};
}

base::Result<Json> Decoder::decode(const YamlNode& node, size_t depth) {
  if (auto counted = count(node, depth); !counted) return std::move(counted).error();
  switch (node.kind) {
    case YamlNode::Kind::sequence:
      return sequence(node, depth);
    case YamlNode::Kind::alias:
      return alias(node, depth);
    case YamlNode::Kind::scalar:
      return scalar(node);
    case YamlNode::Kind::mapping:
      break;
  }
  Json out = Json::object();
  Seen seen;
  if (auto done = mapping(node, depth, out, seen); !done) return std::move(done).error();
  return out;
}

base::Result<Json> Decoder::scalar(const YamlNode& node) {
  if (marks_ && node.plain && Expander::concerns(node.value))
    return Json::binary({node.value.begin(), node.value.end()});
  const std::string_view tag = !node.tag.empty() || node.plain ? std::string_view(node.tag) : kStringTag;
  auto value = resolve_scalar(tag, node.value);
  if (!value) return error("manifest.yaml", node, value.error().message());
  return value;
}

base::Result<Json> Decoder::alias(const YamlNode& node, size_t depth) {
  ++alias_depth_;
  auto value = decode(*node.target, depth + 1);
  --alias_depth_;
  return value;
}

base::Error not_finite(const Place& place, const YamlNode& node) {
  return yaml_error(place, "manifest.yaml", node.line, node.column, "infinity and NaN have no JSON form");
}

bool is_finite(const Json& value) {
  return !value.is_number_float() || std::isfinite(value.get<double>());
}

base::Result<Json> Decoder::sequence(const YamlNode& node, size_t depth) {
  Json out = Json::array();
  for (const auto* child : node.children) {
    auto value = decode(*child, depth + 1);
    if (!value) return value;
    if (!is_finite(*value)) return not_finite(place_, *child);
    out.push_back(as_value(std::move(*value)));
  }
  return out;
}

base::Result<void> Decoder::mapping(const YamlNode& node, size_t depth, Json& out, Seen& seen) {
  for (size_t at = 0; at + 1 < node.children.size(); at += 2) {
    auto done = member(*node.children[at], *node.children[at + 1], depth, out, seen);
    if (!done) return done;
  }
  return {};
}

bool is_merge(const YamlNode& key) {
  return key.kind == YamlNode::Kind::scalar && key.value == "<<" && (key.plain || key.tag == kMergeTag);
}

base::Result<void> Decoder::member(const YamlNode& key, const YamlNode& value, size_t depth, Json& out,
                                   Seen& seen) {
  if (is_merge(key)) return merge(value, depth, out, seen);
  const bool marks = std::exchange(marks_, false);
  auto name = decode(key, depth + 1);
  marks_ = marks;
  if (!name) return std::move(name).error();
  auto text = key_text(*name);
  if (!text) return error("manifest.yaml", key, text.error().message());
  // The number 1 and the string "1" are two keys to the reference reader; the later one stays.
  if (!seen.insert(std::string(name->type_name()) + ":" + *text).second)
    return error("manifest.duplicate_key", key,
                 "the key \"" + base::printable(*text, 80) + "\" is there twice");
  auto decoded = decode(value, depth + 1);
  if (!decoded) return std::move(decoded).error();
  if (!is_finite(*decoded)) return not_finite(place_, value);
  out[*text] = as_value(std::move(*decoded));
  return {};
}

base::Result<void> Decoder::merge(const YamlNode& value, size_t depth, Json& out, Seen& seen) {
  if (value.kind != YamlNode::Kind::sequence) return merge_one(value, depth, out, seen);
  for (const auto* child : value.children)
    if (auto done = merge_one(*child, depth, out, seen); !done) return done;
  return {};
}

base::Result<void> Decoder::merge_one(const YamlNode& value, size_t depth, Json& out, Seen& seen) {
  const bool is_alias = value.kind == YamlNode::Kind::alias;
  const YamlNode& target = is_alias ? *value.target : value;
  if (target.kind != YamlNode::Kind::mapping)
    return error("manifest.yaml", value, "a merge (\"<<\") needs a map or a list of maps");
  if (auto counted = count(value, depth); !counted) return counted;
  if (is_alias) ++alias_depth_;
  auto done = mapping(target, depth + 1, out, seen);
  if (is_alias) --alias_depth_;
  return done;
}

}  // namespace

std::string marked_text(const Json& marked) {
  const auto& bytes = marked.get_binary();
  return {bytes.begin(), bytes.end()};
}

base::Result<std::vector<Json>> parse_yaml(std::string_view text, const YamlLimits& limits,
                                           const Place& place, PlainReferences references) {
  std::vector<Json> out;
  const auto take = [&](std::string_view piece, size_t first_line) -> base::Result<void> {
    const Place here{place.file, place.first_line + first_line - 1};
    auto tree = read_yaml_tree(piece, limits, here);
    if (!tree) return std::move(tree).error();
    for (const auto* node : tree->documents) {
      if (out.size() >= limits.max_documents)
        return yaml_error(here, "manifest.limit", node->line, node->column, "there are too many documents");
      auto document = Decoder(limits, here, references).document(*node);
      if (!document) return std::move(document).error();
      if (!is_finite(*document)) return not_finite(here, *node);
      if (!document->is_null()) out.push_back(as_value(std::move(*document)));
    }
    return {};
  };
  DocumentSplitter splitter(place.file, limits.max_bytes, take);
  if (auto fed = splitter.feed(text); !fed) return std::move(fed).error();
  if (auto finished = splitter.finish(); !finished) return std::move(finished).error();
  return out;
}

bool DocumentSplitter::at_marker(std::string_view marker) const {
  const std::string_view line = std::string_view(document_).substr(line_start_);
  if (whole_ || line.substr(0, 3) != marker) return false;
  return line.size() == 3 || std::string_view(" \t\r\n").find(line[3]) != std::string_view::npos;
}

// Called when the last line of document_ is complete.
base::Result<void> DocumentSplitter::take_line() {
  const bool separator = at_marker("---");
  const bool ends = has_content_ && at_marker("...");
  if (separator && has_content_) {
    std::string line = document_.substr(line_start_);
    document_.resize(line_start_);
    if (auto flushed = flush(); !flushed) return flushed;
    document_ = std::move(line);
  }
  const size_t first = document_.find_first_not_of(" \t\r\n", line_start_);
  const bool blank = first == std::string::npos || document_[first] == '#' || document_[first] == '%';
  if (separator || !blank) has_content_ = true;
  ++lines_;
  line_start_ = document_.size();
  return ends ? flush() : base::Result<void>{};
}

base::Result<void> DocumentSplitter::feed(std::string_view chunk) {
  while (!chunk.empty()) {
    const size_t end = chunk.find('\n');
    const std::string_view part = chunk.substr(0, end == std::string_view::npos ? chunk.size() : end + 1);
    chunk.remove_prefix(part.size());
    document_ += part;
    if (!started_ && document_.size() >= 2) {
      const std::string_view mark = std::string_view(document_).substr(0, 2);
      whole_ = mark == "\xFF\xFE" || mark == "\xFE\xFF";
      started_ = true;
    }
    if (document_.size() > max_bytes_) return flush();
    if (end == std::string_view::npos) break;
    if (auto taken = take_line(); !taken) return taken;
  }
  return {};
}

base::Result<void> DocumentSplitter::flush() {
  if (document_.size() > max_bytes_)
    return yaml_error(Place{file_, first_line_}, "manifest.limit", first_line_, 1,
                      "a document is larger than " + std::to_string(max_bytes_) + " bytes");
  if (auto emitted = emit_(document_, first_line_); !emitted) return emitted;
  document_.clear();
  line_start_ = 0;
  first_line_ = lines_ + 1;
  has_content_ = false;
  return {};
}

base::Result<void> DocumentSplitter::finish() {
  if (line_start_ < document_.size()) {
    if (auto taken = take_line(); !taken) return taken;
  }
  if (document_.empty()) return {};
  return flush();
}

}  // namespace gridseal::manifest
