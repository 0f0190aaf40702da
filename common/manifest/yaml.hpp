// YAML (1.1) to JSON with the meaning that Kubernetes gives it: what sigs.k8s.io/yaml's strict reader accepts
// means the same here, what it refuses is refused. Scanning is libyaml's; resolution of scalars, merge keys,
// aliases and duplicates is ours.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace gridseal::manifest {

using base::Json;

struct YamlLimits {
  size_t max_bytes = size_t{8} << 20U;  // one document
  size_t max_depth = 100;
  size_t max_nodes = 1'000'000;   // after aliases are expanded
  size_t max_documents = 20'000;  // one file
};

// Where a text comes from, for messages: "apps/web.yaml:12:3: …".
struct Place {
  std::string file;
  size_t first_line = 1;  // of the text inside the file
};

// One document; an empty one is null.
// Errors (refused): manifest.yaml, manifest.duplicate_key, manifest.limit. Messages name file, line, column.
base::Result<Json> parse_yaml_document(std::string_view text, const YamlLimits& limits = {},
                                       const Place& place = {});

// All documents of a text, split at lines that begin with "---"; empty ones are left out.
base::Result<std::vector<Json>> parse_yaml(std::string_view text, const YamlLimits& limits = {},
                                           const Place& place = {});

// Cuts a stream of bytes into documents without holding more than one. Not thread safe.
class DocumentSplitter {
 public:
  // Receives the text of a document and the line of the file on which it begins.
  using Emit = std::function<base::Result<void>(std::string_view text, size_t first_line)>;

  DocumentSplitter(std::string file, size_t max_bytes, Emit emit)
      : file_(std::move(file)), max_bytes_(max_bytes), emit_(std::move(emit)) {}

  // Errors: manifest.limit, manifest.yaml (a bad separator), and those of `emit`.
  base::Result<void> feed(std::string_view chunk);
  base::Result<void> finish();

 private:
  base::Result<void> take_line(std::string_view line);
  base::Result<void> flush();

  std::string file_;
  size_t max_bytes_;
  Emit emit_;
  std::string partial_;   // the unfinished last line
  std::string document_;  // finished lines
  size_t line_ = 0;       // finished lines of the file
  size_t first_line_ = 1;
  bool only_directives_ = true;
  bool saw_directive_ = false;
};

}  // namespace gridseal::manifest
