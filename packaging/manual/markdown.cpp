// The Markdown of docs/ as a man page. Not all of Markdown: what the project writes.
#include <algorithm>
#include <cctype>
#include <sstream>

#include "manual/pages.hpp"
#include "manual/roff.hpp"

namespace gridseal::manual {
namespace {

using Lines = std::vector<std::string>;

Lines split(std::string_view text) {
  Lines out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) out.push_back(line);
  return out;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// `code`, **bold**, *italics*, [text](target); an escaped | of a table.
class Inline {
 public:
  explicit Inline(std::string_view text) : text_(text) {}

  std::string roff() {
    while (at_ < text_.size()) step();
    flush();
    return std::move(out_);
  }

 private:
  void step() {
    if (span("`", &bold) || span("**", &bold) || link()) return;
    if (text_[at_] == '*' && (at_ == 0 || text_[at_ - 1] != '\\') && span("*", &italic)) return;
    if (text_[at_] == '\\' && at_ + 1 < text_.size() &&
        std::ispunct(static_cast<unsigned char>(text_[at_ + 1])) != 0)
      ++at_;
    plain_ += text_[at_++];
  }

  bool span(std::string_view mark, std::string (*form)(std::string_view)) {
    if (!text_.substr(at_).starts_with(mark)) return false;
    const size_t begin = at_ + mark.size();
    const size_t end = text_.find(mark, begin);
    if (end == std::string_view::npos || end == begin || text_[begin] == ' ') return false;
    flush();
    std::string inner;
    for (const char c : text_.substr(begin, end - begin)) {
      if (c != '`' && c != '*') inner += c;
    }
    if (mark == "`") inner = std::string(text_.substr(begin, end - begin));
    if (const size_t bar = inner.find("\\|"); bar != std::string::npos) inner.erase(bar, 1);
    out_ += form(inner);
    at_ = end + mark.size();
    return true;
  }

  bool link() {
    if (text_[at_] != '[') return false;
    const size_t middle = text_.find("](", at_);
    if (middle == std::string_view::npos) return false;
    const size_t end = text_.find(')', middle);
    const std::string_view words = text_.substr(at_ + 1, middle - at_ - 1);
    if (end == std::string_view::npos || words.find('[') != std::string_view::npos) return false;
    plain_ += words;
    const std::string_view target = text_.substr(middle + 2, end - middle - 2);
    if (target.starts_with("http")) plain_ += " <" + std::string(target) + ">";
    at_ = end + 1;
    return true;
  }

  void flush() {
    out_ += escape(plain_);
    plain_.clear();
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string plain_;
  std::string out_;
};

std::string formatted(const std::string& text) {
  return Inline(text).roff() + "\n";
}

Lines cells(const std::string& line) {
  Lines out(1);
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '|' && line[i - 1] != '\\')
      out.emplace_back();
    else
      out.back() += line[i];
  }
  if (!out.empty() && trimmed(out.back()).empty()) out.pop_back();
  for (std::string& cell : out) cell = trimmed(cell);
  return out;
}

class Page {
 public:
  explicit Page(Lines lines) : lines_(std::move(lines)) {}

  std::string roff() {
    while (at_ < lines_.size()) step();
    return std::move(out_);
  }

 private:
  const std::string& line() const { return lines_[at_]; }
  bool is_item() const {
    const std::string text = trimmed(line());
    if (text.starts_with("- ")) return true;
    const size_t dot = text.find(". ");
    return dot != std::string::npos && dot > 0 && dot < 3 &&
           std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(dot),
                       [](unsigned char c) { return std::isdigit(c) != 0; });
  }
  bool ends_paragraph() const {
    return at_ >= lines_.size() || trimmed(line()).empty() || line().starts_with("#") ||
           line().starts_with("|") || line().starts_with("```") || is_item();
  }

  void step() {
    if (trimmed(line()).empty())
      ++at_;
    else if (line().starts_with("#"))
      heading_line();
    else if (trimmed(line()).starts_with("```"))
      fenced();
    else if (line().starts_with("    ") && !in_list_)
      indented();
    else if (line().starts_with("|"))
      table();
    else
      text();
  }

  // A heading begins one by itself.
  void paragraph() {
    const size_t line = out_.size() < 2 ? 0 : out_.rfind('\n', out_.size() - 2) + 1;
    if (!out_.empty() && !out_.substr(line).starts_with(".S")) out_ += ".PP\n";
  }

  void heading_line() {
    const size_t level = line().find_first_not_of('#');
    const std::string words = trimmed(line().substr(level));
    in_list_ = false;
    if (level == 2)
      out_ += heading(words);
    else if (level > 2)
      out_ += ".SS " + macro_argument(words) + "\n";
    ++at_;
  }

  void literal(const Lines& text) {
    paragraph();
    out_ += ".RS 4\n.nf\n";
    for (const auto& one : text) out_ += escape(one) + "\n";
    out_ += ".fi\n.RE\n";
  }

  void fenced() {
    Lines text;
    for (++at_; at_ < lines_.size() && !trimmed(line()).starts_with("```"); ++at_) text.push_back(line());
    ++at_;
    literal(text);
  }

  void indented() {
    Lines text;
    for (; at_ < lines_.size() && (line().starts_with("    ") || trimmed(line()).empty()); ++at_)
      text.push_back(line().empty() ? line() : line().substr(std::min<size_t>(4, line().size())));
    while (!text.empty() && trimmed(text.back()).empty()) text.pop_back();
    literal(text);
  }

  // The first cell is the tag, the others follow it under their names.
  void table() {
    const Lines names = cells(line());
    for (at_ += 2; at_ < lines_.size() && line().starts_with("|"); ++at_) {
      const Lines row = cells(line());
      out_ += ".TP\n" + formatted(row.empty() || row[0].empty() ? "-" : row[0]);
      for (size_t i = 1; i < row.size(); ++i) {
        if (row[i].empty()) continue;
        const bool named = i + 1 < names.size() && names.size() > 2;
        out_ += formatted((named ? names[i] + ": " : std::string()) + row[i]);
        if (named) out_ += ".br\n";
      }
    }
    in_list_ = false;
  }

  void text() {
    const bool item = is_item();
    if (item)
      in_list_ = true;
    else if (!line().starts_with(" "))
      in_list_ = false;
    std::string words = trimmed(line());
    std::string tag = "\\(bu";
    if (item) {
      if (!words.starts_with("- ")) tag = words.substr(0, words.find(' '));
      words = trimmed(words.substr(words.find(' ')));
    }
    for (++at_; !ends_paragraph(); ++at_) words += " " + trimmed(line());
    if (item)
      out_ += ".IP " + tag + " 3\n";
    else
      paragraph();
    out_ += formatted(words);
  }

  Lines lines_;
  size_t at_ = 0;
  bool in_list_ = false;
  std::string out_;
};

}  // namespace

std::string markdown_page(std::string_view markdown, const PageTitle& title) {
  const Lines lines = split(markdown);
  std::string out = manual::title(title.name, title.section, title.date, "Gridseal", title.what);
  const bool begins_with_text = std::ranges::any_of(
      lines.begin(), std::ranges::find_if(lines, [](const auto& line) { return line.starts_with("## "); }),
      [](const auto& line) { return !line.empty() && !line.starts_with("#"); });
  if (begins_with_text) out += heading("Description");
  return out + Page(lines).roff();
}

}  // namespace gridseal::manual
