#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/encoding.hpp"
#include "http/transport.hpp"

// RFC 3986, the part of it that an origin and a request target need.
namespace gridseal::http {
namespace {

constexpr size_t kMaxUrl = 8000;  // RFC 9110 section 4.1 asks for at least this
constexpr size_t kMaxHost = 253;  // RFC 1035 section 2.3.4, without the root's dot
constexpr size_t kMaxLabel = 63;

base::Error bad(std::string_view text, std::string_view why) {
  // What stands before "@" may be a password and is not repeated.
  const size_t at = text.rfind('@');
  const std::string shown =
      at == std::string_view::npos ? std::string(text) : "..." + std::string(text.substr(at));
  return base::Error::refused(
      "http.url", "the address \"" + base::printable(shown, 120) + "\" is not usable: " + std::string(why));
}

char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_alnum(char c) {
  return (lower_case(c) >= 'a' && lower_case(c) <= 'z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view host) {
  if (host.empty() || host.size() > kMaxHost) return false;
  size_t label = 0;
  for (size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    if (c == '.') {
      if (label == 0 || host[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    if (!is_alnum(c) && c != '_' && (c != '-' || label == 0)) return false;
    if (++label > kMaxLabel) return false;
  }
  return label > 0 && host.back() != '-';
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Digits and dots alone must be an IPv4 address in its usual form: resolvers also read "127.1" or
// "2130706433".
bool is_odd_number(const std::string& host) {
  const size_t dot = host.rfind('.');
  const std::string_view last = std::string_view(host).substr(dot == std::string::npos ? 0 : dot + 1);
  const bool digits = std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool hex = last.size() > 1 && last[0] == '0' && lower_case(last[1]) == 'x';
  in_addr address{};
  return (digits || hex) && inet_pton(AF_INET, host.c_str(), &address) != 1;
}

std::optional<uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535)
    return std::nullopt;
  return static_cast<uint16_t>(value);
}

base::Result<void> read_authority(std::string_view text, std::string_view authority, Origin& origin) {
  if (authority.find('@') != std::string_view::npos) {
    return bad(text, "a user name or password in an address would reach logs; configure credentials instead");
  }
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad(text, "\"[\" without \"]\"");
    origin.host = std::string(authority.substr(1, close - 1));
    if (!is_ipv6(origin.host)) return bad(text, "between the brackets stands no IPv6 address");
    const std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return bad(text, "after \"]\" only a port may follow");
    has_port = !rest.empty();
    port = rest.empty() ? rest : rest.substr(1);
  } else {
    const size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    origin.host = std::string(authority.substr(0, colon));
    if (has_port) port = authority.substr(colon + 1);
    if (!is_name(origin.host)) return bad(text, "it has no valid host name");
    if (is_odd_number(origin.host)) return bad(text, "the host is neither a name nor an IPv4 address");
  }
  std::transform(origin.host.begin(), origin.host.end(), origin.host.begin(), lower_case);
  if (!has_port) return {};
  const auto number = parse_port(port);
  if (!number) return bad(text, "the port is not a number from 1 to 65535");
  origin.port = *number;
  return {};
}

}  // namespace

std::string Origin::to_string() const {
  const bool literal = host.find(':') != std::string::npos;
  std::string text = scheme + "://" + (literal ? "[" + host + "]" : host);
  if (port != (scheme == "http" ? 80 : 443)) text += ":" + std::to_string(port);
  return text;
}

base::Result<Url> Url::parse(std::string_view text) {
  if (text.size() > kMaxUrl) return bad(text.substr(0, 64), "it is longer than 8000 bytes");
  for (const char c : text) {
    if (c <= ' ' || c > '~' || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos) {
      return bad(text, "it holds a character that must be percent-encoded");
    }
  }
  Url url;
  const size_t colon = text.find("://");
  std::string scheme(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower_case);
  if (scheme != "https" && scheme != "http") return bad(text, "it does not begin with https:// or http://");
  url.origin.scheme = scheme;
  url.origin.port = scheme == "http" ? 80 : 443;

  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  if (auto read = read_authority(text, rest.substr(0, end), url.origin); !read)
    return std::move(read).error();
  url.target = std::string(rest.substr(end));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

}  // namespace gridseal::http
