// Names of things in a registry (OCI distribution spec 1.1, "Pulling manifests"; the reference grammar of
// github.com/distribution/reference) and the revision text of Flux.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace gridseal::oci {

// "host[:port]" and the path of the repository in it.
struct Repository {
  std::string registry;  // lower case, IPv6 in brackets
  std::string path;      // "team/app"

  // "host[:port]/path", with or without "oci://" in front, no tag, no digest. Error (refused): oci.reference.
  static base::Result<Repository> parse(std::string_view text);
  std::string to_string() const { return registry + "/" + path; }

  friend bool operator==(const Repository&, const Repository&) = default;
};

struct Reference {
  Repository repository;
  std::string tag;                     // empty: none
  std::optional<base::Digest> digest;  // what counts when both are given

  // "host/path[:tag][@sha256:…]", "oci://" accepted; at least one of tag and digest unless `tag_required` is
  // false. The registry is never guessed: "app:v1" is an error. Error (refused): oci.reference.
  static base::Result<Reference> parse(std::string_view text, bool tag_required = true);
  std::string to_string() const;

  friend bool operator==(const Reference&, const Reference&) = default;
};

// An image as a pod names it, by the rules of Docker and containerd: "nginx" is
// docker.io/library/nginx:latest, index.docker.io is docker.io. Error (refused): oci.reference.
base::Result<Reference> parse_image(std::string_view text);

// How Flux names an artifact: "v1.4.2@sha256:…", or "sha256:…" without a tag.
struct Revision {
  std::string tag;  // empty: tracked by digest
  base::Digest digest;

  // Error (refused): oci.reference.
  static base::Result<Revision> parse(std::string_view text);
  std::string to_string() const;

  friend bool operator==(const Revision&, const Revision&) = default;
};

// [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}
bool is_tag(std::string_view text);
// Components of lower-case letters and digits, joined by ".", "_", "__" or dashes; separated by "/".
bool is_repository_path(std::string_view text);

// "sha256-<hex>" + suffix: the referrers fallback tag (distribution spec, "Referrers Tag Schema"), and with
// ".sig" and ".att" the tags of cosign.
std::string digest_tag(const base::Digest& digest, std::string_view suffix = {});

}  // namespace gridseal::oci
