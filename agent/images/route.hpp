// What a request to the image registry asks for (OCI distribution spec 1.1, "Endpoints"; RFC 9110 section 14
// for ranges). Pure functions over hostile text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "oci/reference.hpp"

namespace gridseal::images {

// The repository as the client names it. containerd sends the host of the image in the query (`?ns=`); others
// may put it in front of the path, or leave it out where the path alone says enough.
struct Asked {
  std::string host;  // empty: not said
  std::string path;

  bool means(const oci::Repository& repository) const;
};

struct Route {
  enum class Kind { base, manifest, blob, tags, referrers };
  Kind kind = Kind::base;
  Asked repository;
  std::string reference;  // tag or digest, not looked at yet
};

// `path` is decoded. Errors (refused): NAME_INVALID, or NOT_FOUND for a path that is none of the registry's.
base::Result<Route> parse_route(std::string_view path, const std::map<std::string, std::string>& query);

// "docker.io" under all its names, lower case.
std::string canonical_host(std::string_view host);

struct Range {
  uint64_t first = 0;
  uint64_t end = 0;  // one behind the last
};

// The range that a Range header asks for of `size` bytes. Nothing: there is none, or one that this server
// does not have to understand (several, other units), so all is sent. Error (refused): RANGE_INVALID, 416.
base::Result<std::optional<Range>> parse_range(std::string_view header, uint64_t size);

}  // namespace gridseal::images
