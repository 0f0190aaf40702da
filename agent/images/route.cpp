#include "images/route.hpp"

#include <algorithm>
#include <charconv>

namespace gridseal::images {

using base::Error;
using base::Result;

namespace {

constexpr size_t kMaxName = 255;  // distribution spec: clients may limit host and path together to this
constexpr size_t kMaxHost = 255;
constexpr size_t kMaxReference = 255;

Error unknown_path() {
  return Error::refused("NOT_FOUND", "this registry has no such path");
}

Error bad_name() {
  return Error::refused("NAME_INVALID", "the name of the repository is not one");
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHost && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
  });
}

std::optional<Route::Kind> kind_of(std::string_view word) {
  if (word == "manifests") return Route::Kind::manifest;
  if (word == "blobs") return Route::Kind::blob;
  if (word == "referrers") return Route::Kind::referrers;
  return std::nullopt;
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  // More than can be said is behind every end.
  return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

}  // namespace

std::string canonical_host(std::string_view host) {
  std::string name(host);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return name == "index.docker.io" || name == "registry-1.docker.io" ? "docker.io" : name;
}

bool Asked::means(const oci::Repository& repository) const {
  if (!host.empty()) return repository.path == path && canonical_host(repository.registry) == host;
  return repository.path == path || canonical_host(repository.registry) + "/" + repository.path == path;
}

Result<Route> parse_route(std::string_view path, const std::map<std::string, std::string>& query) {
  if (path == "/v2" || path == "/v2/") return Route{};
  if (!path.starts_with("/v2/")) return unknown_path();
  path.remove_prefix(4);
  Route route;
  const size_t last = path.rfind('/');
  if (last == std::string_view::npos) return unknown_path();
  route.reference = path.substr(last + 1);
  path = path.substr(0, last);
  const size_t word = path.rfind('/');
  if (word == std::string_view::npos || route.reference.empty() || route.reference.size() > kMaxReference)
    return unknown_path();
  const std::string_view kind = path.substr(word + 1);
  if (kind == "tags" && route.reference == "list") {
    route.kind = Route::Kind::tags;
  } else if (const auto known = kind_of(kind)) {
    route.kind = *known;
  } else {
    return unknown_path();
  }
  route.repository.path = path.substr(0, word);
  if (route.repository.path.size() > kMaxName || !oci::is_repository_path(route.repository.path))
    return bad_name();
  if (const auto ns = query.find("ns"); ns != query.end()) {
    if (!is_host(ns->second)) return bad_name();
    route.repository.host = canonical_host(ns->second);
  }
  return route;
}

Result<std::optional<Range>> parse_range(std::string_view header, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const std::optional<Range> all;
  if (!header.starts_with(kUnit) || header.find(',') != std::string_view::npos) return all;
  header.remove_prefix(kUnit.size());
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos) return all;
  const std::string_view from = header.substr(0, dash);
  const std::string_view to = header.substr(dash + 1);
  const auto first = number(from);
  const auto last = number(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (from.empty() && to.empty())) return all;
  const auto outside = Error::refused("RANGE_INVALID", "the range lies outside of the blob");
  if (from.empty()) {
    if (*last == 0 || size == 0) return outside;
    return std::optional(Range{size - std::min(*last, size), size});
  }
  if (last && *last < *first) return all;
  if (*first >= size) return outside;
  return std::optional(Range{*first, last ? std::min(*last, size - 1) + 1 : size});
}

}  // namespace gridseal::images
