#include "base/armour.hpp"

#include <optional>

#include "base/encoding.hpp"

namespace gridseal::base {
namespace {

constexpr std::string_view kArmourBegin = "-----BEGIN GRIDSEAL ";
constexpr std::string_view kArmourEnd = "-----END GRIDSEAL ";
constexpr std::string_view kDashes = "-----";
constexpr size_t kArmourLine = 76;

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = line.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kSpace) - begin + 1);
}

// What stands between the dashes; empty: another line.
std::string_view label_in(std::string_view line, std::string_view begin) {
  if (!line.starts_with(begin) || !line.ends_with(kDashes) || line.size() <= begin.size() + kDashes.size())
    return {};
  return line.substr(begin.size(), line.size() - begin.size() - kDashes.size());
}

Error no_end(const ArmourBlock& block) {
  return Error::refused("armour.cut", "the block that begins in line " + std::to_string(block.line) +
                                          " does not end; all of it is needed, from BEGIN to END");
}

void add_line(ArmourBlock& block, std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos)
    block.base64.append(line);
  else
    block.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
}

}  // namespace

std::string_view ArmourBlock::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string armour_block(std::string_view label, const ArmourHeaders& headers, std::string_view bytes) {
  const std::string ending = std::string(label) + std::string(kDashes) + "\n";
  std::string text = std::string(kArmourBegin) + ending;
  for (const auto& [name, value] : headers) text += name + ": " + value + "\n";
  text += "\n";
  const std::string base64 = encode_base64(bytes);
  for (size_t at = 0; at < base64.size(); at += kArmourLine) text += base64.substr(at, kArmourLine) + "\n";
  return text + std::string(kArmourEnd) + ending;
}

Result<std::vector<ArmourBlock>> read_armour_blocks(std::string_view text, const ArmourLimits& limits) {
  constexpr size_t kMaxHeaders = 100;
  std::vector<ArmourBlock> blocks;
  std::optional<ArmourBlock> open;
  for (size_t number = 1; !text.empty() && blocks.size() < limits.blocks; ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view begun = label_in(line, kArmourBegin);
    const std::string_view ended = label_in(line, kArmourEnd);
    if (open && (!begun.empty() || (!ended.empty() && ended != open->label))) return no_end(*open);
    if (!begun.empty()) {
      open = ArmourBlock{std::string(begun), {}, {}, number};
    } else if (open && !ended.empty()) {
      blocks.push_back(std::move(*open));
      open.reset();
    } else if (open) {
      add_line(*open, line);
      if (open->base64.size() / 4 * 3 > limits.bytes || open->headers.size() > kMaxHeaders)
        return Error::refused("armour.too_long",
                              "the block that begins in line " + std::to_string(open->line) + " is too long");
    }
  }
  if (open) return no_end(*open);
  return blocks;
}

bool is_armour_end(std::string_view line) {
  return !label_in(trimmed(line), kArmourEnd).empty();
}

}  // namespace gridseal::base
