#include <algorithm>
#include <chrono>

#include "support/pki/encode.hpp"

namespace gridseal::test::pki {

namespace der = crypto::der;

base::Time at(std::string_view rfc3339) {
  return must(base::parse_rfc3339(rfc3339));
}

std::string name(const std::vector<Attribute>& attributes) {
  std::string content;
  for (const Attribute& attribute : attributes) {
    const std::string pair = der::encode_oid(attribute.oid) + der::encode(attribute.tag, attribute.value);
    content += der::encode(der::kSet, sequence(pair));
  }
  return sequence(content);
}

std::string common_name(std::string_view text) {
  return name({{"2.5.4.3", std::string(text)}});
}

namespace {

// Digits of an RFC 3339 text, "2026-03-01T12:05:00Z" to "20260301120500".
std::string digits_of(base::Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  std::string digits;
  for (const char c : base::format_rfc3339(whole)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

}  // namespace

std::string generalized_time_text(base::Time time) {
  std::string text = digits_of(time);
  const auto rest = (time - std::chrono::floor<std::chrono::seconds>(time)).count();
  if (rest != 0) {
    std::string fraction = std::to_string(1000 + rest).substr(1);
    while (fraction.back() == '0') fraction.pop_back();
    text += "." + fraction;
  }
  return text + "Z";
}

std::string encode_generalized_time(std::string_view text) {
  return der::encode(0x18, text);
}

std::string encode_time(base::Time time) {
  const std::string digits = digits_of(time);
  if (digits < "20500101000000" && digits >= "19500101000000")
    return der::encode(0x17, digits.substr(2) + "Z");
  return encode_generalized_time(digits + "Z");
}

std::string encode_boolean(bool value) {
  return der::encode(der::kBoolean, std::string(1, value ? '\xFF' : '\0'));
}

std::string encode_number(int64_t value) {
  std::string magnitude;
  for (; value > 0; value >>= 8) magnitude.insert(magnitude.begin(), static_cast<char>(value & 0xFF));
  return der::encode_unsigned_integer(magnitude);
}

std::string encode_extension(const ExtensionSpec& extension) {
  std::string content = der::encode_oid(extension.oid);
  if (extension.critical) content += encode_boolean(true);
  return sequence(content + der::encode(der::kOctetString, extension.value));
}

std::string encode_extensions(const std::vector<ExtensionSpec>& extensions) {
  std::string content;
  for (const ExtensionSpec& extension : extensions) content += encode_extension(extension);
  return sequence(content);
}

ExtensionSpec basic_constraints(bool ca, std::optional<int> path_length, bool critical) {
  std::string content;
  if (ca) content += encode_boolean(true);
  if (path_length) content += encode_number(*path_length);
  return {"2.5.29.19", critical, sequence(content)};
}

ExtensionSpec key_usage(const std::vector<int>& bits, bool critical) {
  const int last = *std::max_element(bits.begin(), bits.end());
  std::string content(static_cast<size_t>(2 + last / 8), '\0');
  content[0] = static_cast<char>(7 - last % 8);
  for (const int bit : bits) {
    char& byte = content[static_cast<size_t>(1 + bit / 8)];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | (0x80U >> static_cast<unsigned>(bit % 8)));
  }
  return {"2.5.29.15", critical, der::encode(der::kBitString, content)};
}

ExtensionSpec extended_key_usage(const std::vector<std::string>& oids, bool critical) {
  std::string content;
  for (const std::string& oid : oids) content += der::encode_oid(oid);
  return {"2.5.29.37", critical, sequence(content)};
}

std::string key_identifier(const crypto::PublicKey& key) {
  return crypto::hash_of(crypto::Hash::sha256, key.spki_der()).substr(0, 20);
}

ExtensionSpec subject_key_identifier(const crypto::PublicKey& key) {
  return {"2.5.29.14", false, der::encode(der::kOctetString, key_identifier(key))};
}

ExtensionSpec authority_key_identifier(const crypto::PublicKey& key) {
  return {"2.5.29.35", false, sequence(der::encode(der::context(0, false), key_identifier(key)))};
}

ExtensionSpec subject_alt_names(const std::vector<std::string>& names, bool critical) {
  std::string content;
  for (const std::string& entry : names) content += entry;
  return {"2.5.29.17", critical, sequence(content)};
}

std::string uri(std::string_view text) {
  return der::encode(der::context(6, false), text);
}

std::string email(std::string_view text) {
  return der::encode(der::context(1, false), text);
}

std::string dns(std::string_view text) {
  return der::encode(der::context(2, false), text);
}

std::string other_name(std::string_view oid, std::string_view utf8) {
  const std::string value = der::encode(der::context(0), der::encode(der::kUtf8String, utf8));
  return der::encode(der::context(0), der::encode_oid(oid) + value);
}

ExtensionSpec crl_distribution_point(std::string_view url) {
  const std::string full_name = der::encode(der::context(0), uri(url));
  return {"2.5.29.31", false, sequence(sequence(der::encode(der::context(0), full_name)))};
}

ExtensionSpec ocsp_responder(std::string_view url) {
  const std::string method = der::encode_oid("1.3.6.1.5.5.7.48.1");
  return {"1.3.6.1.5.5.7.1.1", false, sequence(sequence(method + uri(url)))};
}

ExtensionSpec raw_extension(std::string_view oid, std::string_view value, bool critical) {
  return {std::string(oid), critical, std::string(value)};
}

ExtensionSpec utf8_extension(std::string_view oid, std::string_view text, bool critical) {
  return {std::string(oid), critical, der::encode(der::kUtf8String, text)};
}

}  // namespace gridseal::test::pki
