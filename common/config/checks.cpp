#include "config/checks.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/digest.hpp"

namespace gridseal::config {

namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kDigits = "0123456789";

bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}
bool is_lower_or_digit(char c) {
  return is_one_of(c, kLower) || is_one_of(c, kDigits);
}
bool is_letter(char c) {
  return is_one_of(c, kLower) || (c >= 'A' && c <= 'Z');
}

// RFC 1123 subdomain, as names of Kubernetes objects.
bool is_subdomain(std::string_view text) {
  const auto part_is_good = [](std::string_view part) {
    return !part.empty() && part.front() != '-' && part.back() != '-' &&
           std::all_of(part.begin(), part.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
  };
  if (text.size() > 253) return false;
  for (size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find('.', start), text.size());
    if (!part_is_good(text.substr(start, end - start))) return false;
    start = end + 1;
  }
  return true;
}

// "host:port" of a URL.
std::string_view authority(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return {};
  url.remove_prefix(start + 3);
  return url.substr(0, url.find('/'));
}

std::string_view host(std::string_view url) {
  const auto where = authority(url);
  if (where.starts_with('[')) return where.substr(0, where.find(']') + 1);
  return where.substr(0, where.find(':'));
}

// Optimal string alignment.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string check_label(std::string_view text) {
  const bool good =
      !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
      std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
  return good ? ""
              : "must be 1 to 63 lower-case letters, digits and '-', with a letter or digit at both ends";
}

std::string check_not_empty(std::string_view text) {
  return text.empty() ? "must not be empty" : "";
}

std::string check_url(std::string_view text) {
  if (!text.starts_with("https://") && !text.starts_with("http://")) {
    return "must be a URL such as \"https://mirror.example:5000\"";
  }
  if (authority(text).find('@') != std::string_view::npos) {
    return "must not hold a user or password: use 'credentials'";
  }
  if (host(text).empty()) return "names no host";
  const bool clean = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
  return clean ? "" : "must not hold spaces, a query or a fragment";
}

std::string check_relative_path(std::string_view text) {
  if (text.empty() || text.front() == '/') return "must be a path inside the artifact, such as \"./deploy\"";
  for (size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find('/', start), text.size());
    if (text.substr(start, end - start) == "..") return "must not leave the artifact by '..'";
    start = end + 1;
  }
  return "";
}

std::string check_file_name(std::string_view text) {
  const bool good = !text.empty() && text != "." && text != ".." && text.find('/') == std::string_view::npos;
  return good ? "" : "must be the name of a file in the 'keys' folder of the trust directory";
}

std::string check_source(std::string_view text) {
  return text == "registry" || text == "media" ? "" : "must be \"registry\" or \"media\"";
}

std::string check_file_system(std::string_view text) {
  return text == "vfat" || text == "exfat" || text == "ext4" ? "" : "must be \"vfat\", \"exfat\" or \"ext4\"";
}

std::string check_digest(std::string_view text) {
  return base::Digest::parse(text) ? "" : "must be \"sha256:\" and 64 lower-case hexadecimal digits";
}

std::string check_variable(std::string_view text) {
  const auto word = [](char c) { return is_letter(c) || c == '_'; };
  const bool good = !text.empty() && word(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
    return word(c) || is_one_of(c, kDigits);
  });
  return good ? "" : "must be a name of letters, digits and '_', not beginning with a digit";
}

std::string check_service_account(std::string_view text) {
  const auto slash = text.find('/');
  const bool good = slash != std::string_view::npos && check_label(text.substr(0, slash)).empty() &&
                    is_subdomain(text.substr(slash + 1));
  return good ? "" : "must be \"namespace/name\" of a ServiceAccount";
}

std::string check_label_key(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  const auto plain = [](char c) { return is_letter(c) || is_one_of(c, kDigits); };
  const bool good =
      !name.empty() && name.size() <= 63 && plain(name.front()) && plain(name.back()) &&
      std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || is_one_of(c, "_-."); });
  if (!good || (slash != std::string_view::npos && !is_subdomain(text.substr(0, slash))))
    return "must be a name as Kubernetes' labels have, such as \"example.com/site\"";
  return name == text || !text.substr(0, slash).ends_with("gridseal.dev")
             ? ""
             : "must not be one of Gridseal's own";
}

std::string check_pointer(std::string_view text) {
  if (text.size() < 2 || text.front() != '/') return "must be a JSON pointer, such as \"/spec/replicas\"";
  for (size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 >= text.size() || !is_one_of(text[at + 1], "01"))
      return "must have ~0 for '~' and ~1 for '/' in a name (RFC 6901)";
  }
  return "";
}

std::string check_group(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 32 && !is_one_of(text.front(), "-.") &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return is_letter(c) || is_one_of(c, kDigits) || is_one_of(c, "_-.");
                    });
  return good ? "" : "must be the name of a group of users";
}

std::string check_image_mode(std::string_view text) {
  return text == "off" || text == "registry" || text == "k3s-import"
             ? ""
             : "must be \"off\", \"registry\" or \"k3s-import\"";
}

std::string check_loopback_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  const std::string host(text.substr(0, colon));
  unsigned port = 0;
  const std::string_view digits = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool good_port =
      error == std::errc() && end == digits.data() + digits.size() && port > 0 && port < 65536;
  in_addr address{};
  const bool good_host = ::inet_pton(AF_INET, host.c_str(), &address) == 1 && host.starts_with("127.");
  return good_port && good_host ? "" : "must be a loopback address with a port, such as 127.0.0.1:5050";
}

bool is_plain_http(std::string_view url) {
  return url.starts_with("http://");
}

bool is_loopback(std::string_view url) {
  const auto name = host(url);
  // A name such as 127.example.org is not loopback.
  const bool digits =
      std::all_of(name.begin(), name.end(), [](char c) { return is_one_of(c, kDigits) || c == '.'; });
  return name == "localhost" || name == "[::1]" || (digits && name.starts_with("127."));
}

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
  constexpr size_t kLongest = 64;
  if (text.empty() || text.size() > kLongest) return {};
  std::string best;
  size_t best_distance = std::max<size_t>(2, text.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const size_t found = distance(text, candidate);
    if (found >= best_distance) continue;
    best = candidate;
    best_distance = found;
  }
  return best;
}

}  // namespace gridseal::config
