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

// What comes of a plain scalar (no quotes, no tag) that may hold references to variables ("${", "$$"). Its
// type is not known before they are replaced, so it can be marked for Substitution instead of becoming a
// string.
enum class PlainReferences { as_text, marked };

// A mark is a binary value, which no document can hold otherwise. Its text:
std::string marked_text(const Json& marked);

// All documents of a text in UTF-8 or UTF-16; those that are empty or null are left out.
// Merge keys ("<<") are honoured, but as in the strict reader a key that is there twice, also through a
// merge, is refused. Errors (refused): manifest.yaml, manifest.duplicate_key, manifest.limit. Messages name
// file, line, column.
base::Result<std::vector<Json>> parse_yaml(std::string_view text, const YamlLimits& limits = {},
                                           const Place& place = {},
                                           PlainReferences references = PlainReferences::as_text);

// Cuts a stream of bytes into documents, before each line "---" and after each line "..." (what follows them
// on the line does not matter), without holding more than one document. Not thread safe.
class DocumentSplitter {
 public:
  // Receives the text of one document (seldom more: parse_yaml reads them all) and the line of the file on
  // which it begins.
  using Emit = std::function<base::Result<void>(std::string_view text, size_t first_line)>;

  DocumentSplitter(std::string file, size_t max_bytes, Emit emit)
      : file_(std::move(file)), max_bytes_(max_bytes), emit_(std::move(emit)) {}

  // Errors: manifest.limit (a document of more than max_bytes), and those of `emit`.
  base::Result<void> feed(std::string_view chunk);
  base::Result<void> finish();

 private:
  base::Result<void> take_line();
  base::Result<void> flush();
  bool at_marker(std::string_view marker) const;

  std::string file_;
  size_t max_bytes_;
  Emit emit_;
  std::string document_;      // of which the last line may be unfinished
  size_t line_start_ = 0;     // of that line in document_
  size_t lines_ = 0;          // finished lines of the file
  size_t first_line_ = 1;     // of document_
  bool has_content_ = false;  // more than comments, blank lines and directives
  bool started_ = false;
  bool whole_ = false;  // UTF-16: not cut here
};

}  // namespace gridseal::manifest
