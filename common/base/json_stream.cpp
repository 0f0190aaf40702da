#include "base/json_stream.hpp"

#include <algorithm>
#include <utility>

namespace gridseal::base {
namespace {

constexpr size_t kHeldForValue = 128;  // a node of a map, and the value's own memory
constexpr size_t kMaxNumber = 1024;    // characters
constexpr size_t kLongestWord = 5;
constexpr size_t kUnusedSpace = 256;
// FNV-1a with 64 bits: names that collide are refused as equal ones.
constexpr uint64_t kHashStart = 0xCBF29CE484222325;
constexpr uint64_t kHashFactor = 0x100000001B3;

using Keep = JsonFilter::Keep;

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

bool is_surrogate(uint32_t code, uint32_t first) {
  return code >= first && code < first + 0x400;
}

std::string encode_utf8(uint32_t code) {
  const auto byte = [](uint32_t value) { return static_cast<char>(value); };
  const auto tail = [&](unsigned shift) { return byte(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0U | (code >> 6U)), tail(0)};
  if (code < 0x10000) return {byte(0xE0U | (code >> 12U)), tail(6), tail(0)};
  return {byte(0xF0U | (code >> 18U)), tail(12), tail(6), tail(0)};
}

// Of true, false, null and numbers; discarded when it is none of them.
Json parse_token(const std::string& token) {
  return Json::parse(token, nullptr, false);
}

}  // namespace

JsonFilter::Keep JsonFilter::keep(const JsonPath& /*path*/, bool /*container*/) {
  return Keep::yes;
}

bool JsonFilter::complete(const JsonPath& /*path*/, Json& /*value*/) {
  return true;
}

void JsonFilter::take(std::string_view /*piece*/) {}

bool JsonStream::feed(std::string_view piece) {
  if (error_) return false;
  if (piece.size() > limits_.max_bytes - read_)
    return fail("parse.limit", "a JSON text of more than " + std::to_string(limits_.max_bytes) + " bytes");
  while (!piece.empty()) {
    const size_t plain = state_ == State::text ? plain_run(piece) : 0;
    if (plain > 0 ? !add_text(piece.substr(0, plain)) : !step(piece.front())) return false;
    const size_t used = std::max<size_t>(plain, 1);
    read_ += used;
    piece.remove_prefix(used);
  }
  return true;
}

Result<Json> JsonStream::finish() {
  if (!error_ && (state_ == State::number || state_ == State::word)) end_token();
  if (!error_ && (state_ != State::after_value || !open_.empty())) malformed();
  if (error_) return *error_;
  return std::move(root_);
}

bool JsonStream::step(char c) {
  switch (state_) {
    case State::text:
      return in_text(c);
    case State::escape:
      return in_escape(c);
    case State::unicode:
      return in_unicode(c);
    case State::low_surrogate:
      state_ = State::escape;
      return c == '\\' || malformed();
    case State::word:
      if (c < 'a' || c > 'z') return end_token() && structure(c);
      token_ += c;
      return token_.size() <= kLongestWord || malformed();
    case State::number:
      if (!is_decimal(c) && std::string_view("+-.eE").find(c) == std::string_view::npos)
        return end_token() && structure(c);
      token_ += c;
      return token_.size() <= kMaxNumber || fail("parse.limit", "a number of more than 1024 characters");
    default:
      return structure(c);
  }
}

bool JsonStream::structure(char c) {
  if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return true;
  switch (state_) {
    case State::first_item:
      return c == ']' ? end_container(false) : begin_value(c);
    case State::first_name:
      if (c == '}') return end_container(true);
      [[fallthrough]];
    case State::name:
      return c == '"' ? begin_text(true) : malformed();
    case State::colon:
      state_ = State::value;
      return c == ':' || malformed();
    case State::after_value:
      if (open_.empty()) return malformed();
      if (c == ']' || c == '}') return end_container(c == '}');
      state_ = open_.back().object ? State::name : State::value;
      return c == ',' || malformed();
    default:
      return begin_value(c);
  }
}

bool JsonStream::begin_value(char c) {
  if (++values_ > limits_.max_values)
    return fail("parse.limit", "more than " + std::to_string(limits_.max_values) + " JSON values");
  keep_ = Keep::yes;
  if (!open_.empty()) {
    Frame& parent = open_.back();
    if (!parent.kept) keep_ = Keep::no;
    if (!parent.object) {
      held_before_ = held_;
      if (parent.kept) path_.push_back(std::to_string(parent.items));
    }
    ++parent.items;
  }
  const bool container = c == '{' || c == '[';
  if (keep_ != Keep::no) keep_ = filter_.keep(path_, container);
  if (keep_ != Keep::no && !hold(kHeldForValue)) return false;
  if (container) return begin_container(c == '{');
  if (c == '"') return begin_text(false);
  token_ = c;
  state_ = c == 't' || c == 'f' || c == 'n' ? State::word : State::number;
  return state_ == State::word || c == '-' || is_decimal(c) || malformed();
}

bool JsonStream::begin_container(bool object) {
  if (open_.size() >= limits_.max_depth)
    return fail("parse.limit", "JSON nested deeper than " + std::to_string(limits_.max_depth));
  Frame frame{object, keep_ != Keep::no, 0, names_.size(), held_before_, {}};
  if (frame.kept) frame.value = object ? Json::object() : Json::array();
  open_.push_back(std::move(frame));
  state_ = object ? State::first_name : State::first_item;
  return true;
}

bool JsonStream::end_container(bool object) {
  Frame frame = std::move(open_.back());
  if (frame.object != object) return malformed();
  open_.pop_back();
  const auto first = names_.begin() + static_cast<std::ptrdiff_t>(frame.first_name);
  std::sort(first, names_.end());
  if (std::adjacent_find(first, names_.end()) != names_.end())
    return fail("parse.duplicate_key",
                "a name occurs twice in the object that ends at byte " + std::to_string(read_));
  names_.resize(frame.first_name);
  keep_ = frame.kept ? Keep::yes : Keep::no;
  return done(std::move(frame.value), frame.held_before);
}

bool JsonStream::begin_text(bool is_name) {
  if (is_name) held_before_ = held_;
  is_name_ = is_name;
  name_hash_ = kHashStart;
  token_.clear();
  state_ = State::text;
  return true;
}

size_t JsonStream::plain_run(std::string_view piece) const {
  if (utf8_left_ > 0) return 0;
  const auto end = std::find_if_not(piece.begin(), piece.end(), is_plain);
  return static_cast<size_t>(end - piece.begin());
}

bool JsonStream::in_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (!is_utf8_next(byte) || byte < 0x20) return malformed();
  if (c == '"') return end_text();
  if (c != '\\') return add_text({&c, 1});
  state_ = State::escape;
  return true;
}

// RFC 3629 section 4.
bool JsonStream::is_utf8_next(unsigned char c) {
  if (utf8_left_ > 0) {
    if (c < utf8_low_ || c > utf8_high_) return false;
    --utf8_left_;
  } else if (c >= 0x80) {
    if (c < 0xC2 || c > 0xF4) return false;
    utf8_left_ = c < 0xE0 ? 1 : (c < 0xF0 ? 2 : 3);
    utf8_low_ = c == 0xE0 ? 0xA0 : (c == 0xF0 ? 0x90 : 0x80);
    utf8_high_ = c == 0xED ? 0x9F : (c == 0xF4 ? 0x8F : 0xBF);
    return true;
  }
  utf8_low_ = 0x80;
  utf8_high_ = 0xBF;
  return true;
}

bool JsonStream::in_escape(char c) {
  constexpr std::string_view kShort = "\"\\/bfnrt";
  constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
  if (c == 'u') {
    state_ = State::unicode;
    code_ = digits_ = 0;
    return true;
  }
  const size_t at = kShort.find(c);
  if (at == std::string_view::npos || high_surrogate_ != 0) return malformed();
  state_ = State::text;
  return add_text(kMeaning.substr(at, 1));
}

bool JsonStream::in_unicode(char c) {
  const char lower = static_cast<char>(c | 0x20);
  if (!is_decimal(c) && (lower < 'a' || lower > 'f')) return malformed();
  code_ = code_ * 16 + static_cast<uint32_t>(is_decimal(c) ? c - '0' : lower - 'a' + 10);
  if (++digits_ < 4) return true;
  state_ = State::text;
  const uint32_t high = std::exchange(high_surrogate_, 0);
  if (high != 0 || is_surrogate(code_, 0xDC00)) {
    if (high == 0 || !is_surrogate(code_, 0xDC00)) return malformed();
    return add_text(encode_utf8(0x10000 + ((high - 0xD800) << 10U) + (code_ - 0xDC00)));
  }
  if (!is_surrogate(code_, 0xD800)) return add_text(encode_utf8(code_));
  high_surrogate_ = code_;
  state_ = State::low_surrogate;
  return true;
}

bool JsonStream::add_text(std::string_view text) {
  if (is_name_) {
    for (const char c : text) name_hash_ = (name_hash_ ^ static_cast<unsigned char>(c)) * kHashFactor;
    if (!open_.back().kept) return true;
  } else if (keep_ == Keep::no) {
    return true;
  } else if (keep_ == Keep::pieces) {
    filter_.take(text);
    return true;
  } else {
    text = text.substr(0, limits_.cut_texts - token_.size());
  }
  if (!hold(text.size())) return false;
  token_ += text;
  return true;
}

bool JsonStream::end_text() {
  if (token_.capacity() - token_.size() > kUnusedSpace) token_.shrink_to_fit();
  if (!is_name_) return done(Json(std::move(token_)), held_before_);
  names_.push_back(name_hash_);
  if (open_.back().kept) path_.push_back(std::move(token_));
  state_ = State::colon;
  return true;
}

// A word or a number.
bool JsonStream::end_token() {
  Json value = parse_token(token_);
  return value.is_discarded() ? malformed() : done(std::move(value), held_before_);
}

bool JsonStream::done(Json&& value, size_t held_before) {
  state_ = State::after_value;
  const bool kept = keep_ != Keep::no && filter_.complete(path_, value);
  if (!kept) held_ = held_before;
  if (open_.empty()) {
    if (kept) root_ = std::move(value);
    return true;
  }
  Frame& parent = open_.back();
  if (!parent.kept) return true;
  if (kept && parent.object) {
    parent.value[path_.back()] = std::move(value);
  } else if (kept) {
    for (; parent.value.size() + 1 < parent.items; parent.value.push_back(nullptr))
      if (!hold(kHeldForValue)) return false;
    parent.value.push_back(std::move(value));
  }
  path_.pop_back();
  return true;
}

bool JsonStream::hold(size_t bytes) {
  if (bytes <= limits_.max_held - held_) {
    held_ += bytes;
    return true;
  }
  return fail("parse.limit", "what must be read of the JSON text is larger than " +
                                 std::to_string(limits_.max_held) + " bytes");
}

bool JsonStream::fail(const char* code, std::string why) {
  error_ = Error::refused(code, std::move(why));
  return false;
}

bool JsonStream::malformed() {
  return fail("parse.json", "not well-formed JSON at byte " + std::to_string(read_));
}

}  // namespace gridseal::base
