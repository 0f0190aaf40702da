#include "oci/reference.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"

namespace gridseal::oci {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxReference = 1024;
constexpr size_t kMaxPath = 255;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}

Error bad(std::string_view text, const std::string& why) {
  return Error::refused("oci.reference", "\"" + base::printable(text) + "\" is no OCI reference: " + why);
}

// [a-z0-9]+ joined by one separator: ".", "_", "__" or any number of "-".
bool is_component(std::string_view text) {
  size_t at = 0;
  const auto run = [&](auto&& accept) {
    const size_t begin = at;
    while (at < text.size() && accept(text[at])) ++at;
    return at - begin;
  };
  const auto name = [](char c) { return is_lower(c) || is_digit(c); };
  for (;;) {
    if (run(name) == 0) return false;
    if (at == text.size()) return true;
    const char separator = text[at];
    const size_t length = run([&](char c) { return c == separator; });
    const bool good =
        (separator == '.' && length == 1) || (separator == '_' && length <= 2) || separator == '-';
    if (!good) return false;
  }
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0 && port <= 65535;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.front() == '-') return false;
  if (text.back() == '.' || text.back() == '-' || text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(text,
                             [](char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-'; });
}

bool is_registry(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    const std::string_view address = text.substr(1, close - 1);
    if (!std::ranges::all_of(address, [](char c) {
          return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
        }))
      return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  const std::string_view host = text.substr(0, colon);
  // As in Docker's grammar: a first component without dot, port or "localhost" would be a path.
  const bool names_host =
      colon != std::string_view::npos || host == "localhost" || host.find('.') != std::string_view::npos;
  return names_host && is_host_name(host);
}

}  // namespace

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > 128 || text.front() == '.' || text.front() == '-') return false;
  return std::ranges::all_of(
      text, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_repository_path(std::string_view text) {
  if (text.empty() || text.size() > kMaxPath) return false;
  for (;;) {
    const size_t slash = text.find('/');
    if (!is_component(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

std::string digest_tag(const base::Digest& digest, std::string_view suffix) {
  return "sha256-" + digest.hex() + std::string(suffix);
}

Result<Repository> Repository::parse(std::string_view text) {
  const std::string_view whole = text;
  if (text.size() > kMaxReference) return bad(whole, "it is too long");
  if (text.starts_with("oci://")) text.remove_prefix(6);
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad(whole, "write host[:port]/path");
  const std::string_view registry = text.substr(0, slash);
  const std::string_view path = text.substr(slash + 1);
  if (!is_registry(registry)) return bad(whole, "\"" + base::printable(registry) + "\" is no host[:port]");
  if (!is_repository_path(path)) {
    return bad(whole,
               "\"" + base::printable(path) + "\" is no repository path (lower-case letters, digits, . _ -)");
  }
  return Repository{base::ascii_lower(registry), std::string(path)};
}

Result<Reference> Reference::parse(std::string_view text, bool tag_required) {
  const std::string_view whole = text;
  if (text.size() > kMaxReference) return bad(whole, "it is too long");
  std::optional<base::Digest> digest;
  if (const size_t at = text.find('@'); at != std::string_view::npos) {
    auto parsed = base::Digest::parse(text.substr(at + 1));
    if (!parsed) return bad(whole, "after \"@\" a digest sha256:<64 hex> is expected");
    digest = *parsed;
    text = text.substr(0, at);
  }
  std::string tag;
  const size_t slash = text.rfind('/');
  const size_t colon = text.rfind(':');
  if (slash != std::string_view::npos && colon != std::string_view::npos && colon > slash) {
    tag = text.substr(colon + 1);
    if (!is_tag(tag)) return bad(whole, "\"" + base::printable(tag) + "\" is no tag");
    text = text.substr(0, colon);
  }
  auto repository = Repository::parse(text);
  if (!repository) return std::move(repository).error();
  if (tag_required && tag.empty() && !digest) return bad(whole, "it names neither a tag nor a digest");
  return Reference{std::move(*repository), std::move(tag), digest};
}

std::string Reference::to_string() const {
  std::string text = repository.to_string();
  if (!tag.empty()) text += ":" + tag;
  if (digest) text += "@" + digest->to_string();
  return text;
}

Result<Reference> parse_image(std::string_view text) {
  if (text.size() > kMaxReference) return bad(text, "it is too long");
  if (text.find("://") != std::string_view::npos) return bad(text, "an image is named without a scheme");
  std::string_view host = "docker.io";
  std::string_view rest = text;
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view first = text.substr(0, slash);
    const bool is_host = first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
                         base::ascii_lower(first) != first;
    if (is_host) {
      host = first == "index.docker.io" ? host : first;
      rest = text.substr(slash + 1);
    }
  }
  const bool official = host == "docker.io" && rest.find('/') == std::string_view::npos;
  auto reference =
      Reference::parse(std::string(host) + (official ? "/library/" : "/") + std::string(rest), false);
  if (!reference) return bad(text, reference.error().message());
  if (reference->tag.empty() && !reference->digest) reference->tag = "latest";
  return reference;
}

Result<Revision> Revision::parse(std::string_view text) {
  const std::string_view whole = text;
  std::string tag;
  if (const size_t at = text.find('@'); at != std::string_view::npos) {
    tag = text.substr(0, at);
    if (!is_tag(tag)) return bad(whole, "\"" + base::printable(tag) + "\" is no tag");
    text = text.substr(at + 1);
  }
  auto digest = base::Digest::parse(text);
  if (!digest) return bad(whole, "a revision is written tag@sha256:<64 hex>");
  return Revision{std::move(tag), *digest};
}

std::string Revision::to_string() const {
  return tag.empty() ? digest.to_string() : tag + "@" + digest.to_string();
}

}  // namespace gridseal::oci
