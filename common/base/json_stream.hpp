// Strict JSON (RFC 8259) as json.hpp reads it, of text that comes in pieces and is held nowhere: a filter
// says what is kept, the rest is checked and dropped. Memory depends on what is kept, not on the text.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace gridseal::base {

// Where a value stands: names of members and positions in lists ("0", "1" …), the outermost first.
using JsonPath = std::vector<std::string>;

class JsonFilter {
 public:
  enum class Keep {
    no,      // checked only, with everything in it
    yes,     // of a list or an object: what is in it is asked for in turn
    pieces,  // a text: it goes to take() unescaped and is kept as an empty one; any other value: yes
  };

  virtual ~JsonFilter() = default;
  // A value begins; `container`: a list or an object.
  virtual Keep keep(const JsonPath& path, bool container);
  // A kept value is complete; false: it is dropped after all.
  virtual bool complete(const JsonPath& path, Json& value);
  virtual void take(std::string_view piece);
};

struct JsonStreamLimits {
  uint64_t max_bytes = uint64_t{8} << 20U;
  size_t max_depth = 64;
  size_t max_values = 2'000'000;  // kept or not
  size_t max_held =
      size_t{1} << 20U;         // bytes of what is kept at one time: names, texts, and 128 for each value
  size_t cut_texts = SIZE_MAX;  // of a longer one so many bytes are kept
};

// One document. What is dropped of a list in front of what is kept leaves null there, so that positions stay
// right.
class JsonStream {
 public:
  JsonStream(JsonFilter& filter, const JsonStreamLimits& limits) : filter_(filter), limits_(limits) {}

  // False as soon as the text is refused: what follows need not be given.
  bool feed(std::string_view piece);
  // The end of the text; once. What was kept of it; null when nothing was. Errors (refused): parse.json,
  // parse.duplicate_key, parse.limit (also: a name, or a number of more than 1024 digits, that is too long).
  Result<Json> finish();

 private:
  enum class State {
    value,          // one must come
    first_item,     // after [: a value or ]
    first_name,     // after {: a name or }
    name,           // after a comma in an object
    colon,          // after a name
    after_value,    // a comma, an end, or the end of the text
    text,           // in a name or a text
    escape,         // after a backslash
    unicode,        // the digits after \u
    low_surrogate,  // after the high one: a backslash
    word,           // true, false, null
    number,
  };
  // A list or an object that is open.
  struct Frame {
    bool object = false;
    bool kept = false;
    size_t items = 0;
    size_t first_name = 0;   // in names_
    size_t held_before = 0;  // it began
    Json value{};            // when it is kept
  };

  bool step(char c);
  bool structure(char c);
  bool begin_value(char c);
  bool begin_container(bool object);
  bool end_container(bool object);
  bool begin_text(bool is_name);
  bool in_text(char c);
  bool in_escape(char c);
  bool in_unicode(char c);
  bool add_text(std::string_view text);
  bool end_text();
  bool end_token();
  bool done(Json&& value, size_t held_before);
  size_t plain_run(std::string_view piece) const;
  bool is_utf8_next(unsigned char c);
  bool hold(size_t bytes);
  bool fail(const char* code, std::string why);
  bool malformed();

  JsonFilter& filter_;
  const JsonStreamLimits limits_;
  State state_ = State::value;
  uint64_t read_ = 0;
  size_t values_ = 0;
  size_t held_ = 0;
  std::vector<Frame> open_;
  JsonPath path_;               // of the value at hand, below the last kept frame
  std::deque<uint64_t> names_;  // hashes of the names in the open objects

  // The value or name at hand.
  JsonFilter::Keep keep_ = JsonFilter::Keep::yes;
  size_t held_before_ = 0;
  std::string token_;  // as far as it is kept
  bool is_name_ = false;
  uint64_t name_hash_ = 0;
  uint32_t code_ = 0;  // of \u, and how many of its digits have come
  unsigned digits_ = 0;
  uint32_t high_surrogate_ = 0;
  unsigned utf8_left_ = 0;  // bytes that the character still needs, and what the next one may be
  unsigned char utf8_low_ = 0x80;
  unsigned char utf8_high_ = 0xBF;

  Json root_;
  std::optional<Error> error_;
};

}  // namespace gridseal::base
