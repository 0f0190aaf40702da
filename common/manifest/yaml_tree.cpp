#include "manifest/yaml_tree.hpp"

#include <yaml.h>

#include <algorithm>
#include <map>

#include "base/encoding.hpp"

namespace gridseal::manifest {
namespace {

// Finds the source text of an event: libyaml counts characters, and events come in order.
class Source {
 public:
  explicit Source(std::string_view text) : text_(text) {}

  std::string_view between(size_t first, size_t last) {
    const size_t from = seek(first);
    const size_t saved_character = character_;
    const size_t to = seek(last);
    character_ = saved_character;
    offset_ = from;
    return text_.substr(from, to - from);
  }

 private:
  size_t seek(size_t character) {
    while (character_ < character && offset_ < text_.size()) {
      ++offset_;
      while (offset_ < text_.size() && (static_cast<unsigned char>(text_[offset_]) & 0xC0U) == 0x80U)
        ++offset_;
      ++character_;
    }
    return offset_;
  }

  std::string_view text_;
  size_t character_ = 0;
  size_t offset_ = 0;
};

// "\/" came with YAML 1.2; Kubernetes' reader refuses it.
bool has_escaped_slash(std::string_view quoted) {
  for (size_t at = 0; at + 1 < quoted.size(); ++at) {
    if (quoted[at] != '\\') continue;
    if (quoted[at + 1] == '/') return true;
    ++at;
  }
  return false;
}

// libyaml reads the lone tag "!" as no tag; it means a string.
bool has_lone_tag(std::string_view source) {
  while (!source.empty() && source.front() == '&') {
    const size_t end = source.find_first_of(" \t\r\n");
    const size_t next = source.find_first_not_of(" \t\r\n", end);
    if (end == std::string_view::npos || next == std::string_view::npos) return false;
    source.remove_prefix(next);
  }
  return !source.empty() && source.front() == '!';
}

struct Parser {
  yaml_parser_t raw{};
  Parser() { yaml_parser_initialize(&raw); }
  ~Parser() { yaml_parser_delete(&raw); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
};

struct Event {
  yaml_event_t raw{};
  Event() = default;
  ~Event() { yaml_event_delete(&raw); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
};

std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// libyaml drops a byte order mark at the start of any line, which shifts the line; to Kubernetes it is a
// letter there. Such marks are lent a private-use letter that the text does not hold.
class LentMark {
 public:
  explicit LentMark(std::string_view text) {
    if (text.find(kByteOrderMark) == std::string_view::npos) return;
    for (char last = '\xBF'; last != '\x7F' && stand_in_.empty(); --last) {
      const std::string candidate = std::string("\xEE\x80") + last;  // U+E000 to U+E03F
      if (text.find(candidate) == std::string_view::npos) stand_in_ = candidate;
    }
    if (stand_in_.empty()) return;
    lent_ = text;
    replace(lent_, kByteOrderMark, stand_in_);
  }

  bool is_lent() const { return !stand_in_.empty(); }
  const std::string& text() const { return lent_; }
  void give_back(std::string& value) const {
    if (is_lent()) replace(value, stand_in_, kByteOrderMark);
  }

 private:
  // Both are as long as each other.
  static void replace(std::string& text, std::string_view from, std::string_view to) {
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }

  std::string stand_in_;
  std::string lent_;
};

class Composer {
 public:
  Composer(std::string_view text, const YamlLimits& limits, const Place& place)
      : mark_(text.substr(0, 3) == kByteOrderMark ? text.substr(3) : text),
        text_(mark_.is_lent() ? std::string_view(mark_.text())
                              : text.substr(text.substr(0, 3) == kByteOrderMark ? 3 : 0)),
        limits_(limits),
        place_(place),
        source_(text_) {
    looks_at_source_ =
        text_.find("\\/") != std::string_view::npos || text_.find('!') != std::string_view::npos;
    const std::string_view mark = text_.substr(0, 2);
    if (mark == "\xFF\xFE" || mark == "\xFE\xFF") looks_at_source_ = false;  // UTF-16
  }

  base::Result<YamlTree> run();

 private:
  base::Result<void> take(const yaml_event_t& event);
  base::Result<void> begin_document(const yaml_event_t& event);
  base::Result<void> scalar(const yaml_event_t& event);
  base::Result<void> alias(const yaml_event_t& event);
  base::Result<void> begin_collection(YamlNode::Kind kind, const yaml_char_t* anchor,
                                      const yaml_event_t& event);
  base::Result<YamlNode*> add(YamlNode::Kind kind, const yaml_event_t& event);
  void name(const yaml_char_t* anchor, YamlNode* node) {
    if (anchor != nullptr) anchors_[text_of(anchor)] = node;
  }
  base::Error syntax_error(const yaml_parser_t& parser);
  base::Error error(const char* code, const yaml_mark_t& mark, const std::string& what) const {
    return yaml_error(place_, code, place_.first_line + mark.line, mark.column + 1, what);
  }

  LentMark mark_;
  std::string_view text_;
  const YamlLimits& limits_;
  const Place& place_;
  Source source_;
  bool looks_at_source_ = false;
  YamlTree tree_;
  std::vector<YamlNode*> open_;
  std::map<std::string, YamlNode*> anchors_;
};

base::Error Composer::syntax_error(const yaml_parser_t& parser) {
  std::string what = parser.problem == nullptr ? "this is not YAML" : parser.problem;
  if (parser.context != nullptr) what = std::string(parser.context) + ": " + what;
  if (parser.error != YAML_READER_ERROR) return error("manifest.yaml", parser.problem_mark, what);
  const auto offset = std::min(static_cast<size_t>(parser.problem_offset), text_.size());
  const std::string_view before = text_.substr(0, offset);
  yaml_mark_t mark{};
  mark.line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t line_end = before.rfind('\n');
  mark.column = offset - (line_end == std::string_view::npos ? 0 : line_end + 1);
  return error("manifest.yaml", mark, what);
}

base::Result<YamlTree> Composer::run() {
  Parser parser;
  yaml_parser_set_input_string(&parser.raw, reinterpret_cast<const unsigned char*>(text_.data()),
                               text_.size());
  while (true) {
    Event event;
    if (yaml_parser_parse(&parser.raw, &event.raw) == 0) return syntax_error(parser.raw);
    if (event.raw.type == YAML_STREAM_END_EVENT) return std::move(tree_);
    if (auto taken = take(event.raw); !taken) return std::move(taken).error();
  }
}

base::Result<void> Composer::take(const yaml_event_t& event) {
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      return begin_document(event);
    case YAML_SCALAR_EVENT:
      return scalar(event);
    case YAML_ALIAS_EVENT:
      return alias(event);
    case YAML_SEQUENCE_START_EVENT:
      return begin_collection(YamlNode::Kind::sequence, event.data.sequence_start.anchor, event);
    case YAML_MAPPING_START_EVENT:
      return begin_collection(YamlNode::Kind::mapping, event.data.mapping_start.anchor, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      open_.back()->open = false;
      open_.pop_back();
      return {};
    default:
      return {};
  }
}

base::Result<void> Composer::begin_document(const yaml_event_t& event) {
  anchors_.clear();
  const auto* version = event.data.document_start.version_directive;
  if (version != nullptr && (version->major != 1 || version->minor != 1))
    return error("manifest.yaml", event.start_mark, "only YAML 1.1 is read");
  if (tree_.documents.size() >= limits_.max_documents)
    return error("manifest.limit", event.start_mark, "there are too many documents");
  return {};
}

base::Result<YamlNode*> Composer::add(YamlNode::Kind kind, const yaml_event_t& event) {
  if (tree_.nodes.size() >= limits_.max_nodes)
    return error("manifest.limit", event.start_mark, "there are too many values");
  auto& node = tree_.nodes.emplace_back();
  node.kind = kind;
  node.line = place_.first_line + event.start_mark.line;
  node.column = event.start_mark.column + 1;
  if (open_.empty())
    tree_.documents.push_back(&node);
  else
    open_.back()->children.push_back(&node);
  return &node;
}

base::Result<void> Composer::scalar(const yaml_event_t& event) {
  auto node = add(YamlNode::Kind::scalar, event);
  if (!node) return std::move(node).error();
  const auto& scalar = event.data.scalar;
  (*node)->value.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
  mark_.give_back((*node)->value);
  (*node)->tag = text_of(scalar.tag);
  (*node)->plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nullptr;
  name(scalar.anchor, *node);
  if (!looks_at_source_) return {};
  const auto source = source_.between(event.start_mark.index, event.end_mark.index);
  if ((*node)->plain && has_lone_tag(source)) (*node)->plain = false;
  if (scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE && has_escaped_slash(source))
    return error("manifest.yaml", event.start_mark, "found unknown escape character \"\\/\"");
  return {};
}

base::Result<void> Composer::alias(const yaml_event_t& event) {
  auto node = add(YamlNode::Kind::alias, event);
  if (!node) return std::move(node).error();
  const std::string anchor = text_of(event.data.alias.anchor);
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end())
    return error("manifest.yaml", event.start_mark, "unknown anchor \"" + base::printable(anchor, 40) + "\"");
  if (found->second->open)
    return error("manifest.yaml", event.start_mark, "the anchor's value contains itself");
  (*node)->target = found->second;
  return {};
}

base::Result<void> Composer::begin_collection(YamlNode::Kind kind, const yaml_char_t* anchor,
                                              const yaml_event_t& event) {
  if (open_.size() >= limits_.max_depth)
    return error("manifest.limit", event.start_mark, "this is nested too deeply");
  auto node = add(kind, event);
  if (!node) return std::move(node).error();
  (*node)->open = true;
  name(anchor, *node);
  open_.push_back(*node);
  return {};
}

}  // namespace

base::Error yaml_error(const Place& place, const char* code, size_t line, size_t column,
                       const std::string& what) {
  const std::string file = place.file.empty() ? std::string() : base::printable(place.file) + ":";
  return base::Error::refused(code, file + std::to_string(line) + ":" + std::to_string(column) + ": " + what);
}

base::Result<YamlTree> read_yaml_tree(std::string_view text, const YamlLimits& limits, const Place& place) {
  return Composer(text, limits, place).run();
}

}  // namespace gridseal::manifest
