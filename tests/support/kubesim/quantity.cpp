#include "kubesim/quantity.hpp"

#include <array>
#include <cctype>

namespace gridseal::kubesim {

namespace {

__extension__ using Wide = __int128;

struct Parsed {
  Wide nano = 0;  // value in 10^-9
  enum class Form { decimal, binary, exponent } form = Form::decimal;
};

constexpr std::array<const char*, 6> kBinary = {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
constexpr std::array<const char*, 10> kDecimal = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};

std::optional<Wide> factor(const std::string& suffix, Parsed::Form& form) {
  Wide out = 1;
  for (const char* name : kDecimal) {
    if (suffix == name) return out;
    out *= 1000;
  }
  out = 1000000000;
  for (const char* name : kBinary) {
    out *= 1024;
    if (suffix == name) {
      form = Parsed::Form::binary;
      return out;
    }
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
  form = Parsed::Form::exponent;
  int exponent = 0;
  std::size_t at = suffix[1] == '-' || suffix[1] == '+' ? 2 : 1;
  if (at == suffix.size()) return std::nullopt;
  for (; at < suffix.size(); ++at) {
    if (std::isdigit(static_cast<unsigned char>(suffix[at])) == 0) return std::nullopt;
    exponent = exponent * 10 + (suffix[at] - '0');
    if (exponent > 18) return std::nullopt;
  }
  out = 1000000000;
  for (int i = 0; i < exponent; ++i) out = suffix[1] == '-' ? out / 10 : out * 10;
  return out;
}

std::optional<Parsed> parse(const std::string& text) {
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;
  Wide digits = 0;
  Wide scale = 1;
  bool point = false;
  bool any = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      if (digits > Wide(1) << 90) return std::nullopt;
      digits = digits * 10 + (c - '0');
      if (point) scale *= 10;
      any = true;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  Parsed out;
  auto unit = factor(text.substr(at), out.form);
  if (!unit) return std::nullopt;
  // Small fractions round up, as the server does.
  const Wide product = digits * *unit;
  out.nano = product / scale + (product % scale != 0 ? 1 : 0);
  if (negative) out.nano = -out.nano;
  return out;
}

std::string digits_of(Wide value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  if (negative) value = -value;
  std::string out;
  for (; value > 0; value /= 10)
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
  return negative ? "-" + out : out;
}

}  // namespace

std::optional<std::string> canonical_quantity(const std::string& text) {
  auto parsed = parse(text);
  if (!parsed) return std::nullopt;
  Wide nano = parsed->nano;
  if (nano == 0) return "0";
  constexpr Wide kUnit = 1000000000;
  const bool whole = nano % kUnit == 0;
  if (parsed->form == Parsed::Form::binary && whole) {
    Wide value = nano / kUnit;
    std::size_t power = 0;
    while (power < kBinary.size() && value % 1024 == 0) {
      value /= 1024;
      ++power;
    }
    return digits_of(value) + (power == 0 ? "" : kBinary[power - 1]);
  }
  std::size_t power = 0;
  while (power + 1 < kDecimal.size() && nano % 1000 == 0) {
    nano /= 1000;
    ++power;
  }
  if (parsed->form == Parsed::Form::exponent && power >= 3) {
    return digits_of(nano) + (power == 3 ? "" : "e" + std::to_string((power - 3) * 3));
  }
  return digits_of(nano) + kDecimal[power];
}

std::optional<long double> quantity_value(const std::string& text) {
  auto parsed = parse(text);
  if (!parsed) return std::nullopt;
  return static_cast<long double>(parsed->nano) / 1e6L;
}

}  // namespace gridseal::kubesim
