// What the strict parser accepts must survive being written and read again, and be the same read in pieces.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.hpp"
#include "base/json_stream.hpp"

namespace {

// In pieces whose size depends on the text. The limits of streams alone are no difference.
void compare(std::string_view text, const gridseal::base::Result<gridseal::base::Json>& parsed) {
  gridseal::base::JsonFilter all;
  gridseal::base::JsonStream stream(all, {});
  const size_t piece = 1 + text.size() % 7;
  for (std::string_view left = text; !left.empty(); left.remove_prefix(std::min(piece, left.size())))
    if (!stream.feed(left.substr(0, piece))) break;
  const auto streamed = stream.finish();
  if (!streamed && streamed.error().code() == "parse.limit") return;
  if (streamed.has_value() != parsed.has_value() || (parsed && *streamed != *parsed)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = gridseal::base::parse_json(text);
  compare(text, parsed);
  if (!parsed) return 0;
  const auto again = gridseal::base::parse_json(gridseal::base::dump_json(*parsed));
  if (!again || *again != *parsed) std::abort();
  return 0;
}
