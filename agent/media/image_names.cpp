#include "media/image_names.hpp"

#include <algorithm>

namespace gridseal::media {

using base::Result;

namespace {

constexpr size_t kMostNames = 10'000;
constexpr uint64_t kMaxText = uint64_t{8} << 20U;  // of one file; no manifest is larger
constexpr std::string_view kMark = "sha256:";
constexpr size_t kDigestDigits = 64;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-/:[]${}").find(c) != std::string_view::npos;
}

class TextVisitor final : public archive::Visitor {
 public:
  explicit TextVisitor(ImageNames& found) : found_(found) {}
  Result<bool> begin_file(const std::string&, uint64_t size) override {
    text_.clear();
    return size <= kMaxText;
  }
  Result<void> content(std::string_view chunk) override {
    text_ += chunk;
    return {};
  }
  Result<void> end_file() override {
    find_image_names(text_, found_);
    return {};
  }

 private:
  ImageNames& found_;
  std::string text_;
};

}  // namespace

void find_image_names(std::string_view text, ImageNames& found) {
  for (size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    const size_t hex = at + kMark.size();
    const auto digest = base::Digest::from_hex(text.substr(hex, kDigestDigits));
    if (!digest) continue;
    if (found.digests.size() < kMostNames) found.digests.insert(*digest);
    if (at == 0 || text[at - 1] != '@') continue;
    size_t begin = at - 1;
    while (begin > 0 && is_name_character(text[begin - 1])) --begin;
    if (begin < at - 1 && found.names.size() < kMostNames)
      found.names.emplace(text.substr(begin, hex + kDigestDigits - begin));
  }
}

Result<ImageNames> image_names_of(const archive::ReadFunction& layer, const base::Digest& digest) {
  ImageNames found;
  TextVisitor visitor(found);
  auto extracted = archive::extract(layer, visitor, {}, digest);
  if (!extracted) return std::move(extracted).error();
  return found;
}

}  // namespace gridseal::media
