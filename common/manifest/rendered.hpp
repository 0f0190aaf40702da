// A set of manifests, ready to be planned: a file of canonical objects with an index in memory. Objects are
// materialised one at a time, so memory grows with the number of objects (some hundred bytes each), never
// with their bodies.
//
// The file is compact JSON with sorted keys, one object a line, and belongs to its Rendered: it is removed
// with it. It may hold Secrets: permissions are 0600.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "manifest/ignore.hpp"
#include "manifest/object.hpp"
#include "manifest/substitution.hpp"
#include "manifest/yaml.hpp"

namespace gridseal::manifest {

struct RenderedEntry {
  ObjectKey key;
  uint64_t offset = 0;  // in the file
  uint64_t length = 0;  // of the JSON text, without the line's end
  base::Digest digest;  // SHA-256 of the JSON text; of a Secret it must be keyed before it is recorded
  Origin origin;
};

// Move only. Reading is thread safe when the file's InputFile is.
class Rendered {
 public:
  ~Rendered();
  Rendered(Rendered&&) noexcept;
  Rendered& operator=(Rendered&&) noexcept;

  // In the order in which they are applied (order.hpp).
  const std::vector<RenderedEntry>& entries() const { return entries_; }
  size_t size() const { return entries_.size(); }

  // The object at `index`, read from the file and compared with its digest.
  // Errors (blocked): files.*, manifest.damaged.
  base::Result<Object> load(size_t index) const;
  // The same as text, for a request body.
  base::Result<std::string> load_text(size_t index) const;

  // SHA-256 over the lines of the file in the order of entries(): the same for the same declared objects,
  // whatever the files they came in.
  const base::Digest& digest() const { return digest_; }
  uint64_t bytes() const { return bytes_; }  // sum of lengths

 private:
  friend class RenderedWriter;
  struct TemporaryFile;
  Rendered(std::unique_ptr<TemporaryFile> file, std::vector<RenderedEntry> entries, base::Digest digest,
           uint64_t bytes);

  std::unique_ptr<TemporaryFile> file_;
  std::vector<RenderedEntry> entries_;
  base::Digest digest_;
  uint64_t bytes_ = 0;
};

struct RenderOptions {
  // The folder inside the artifact; only files below it count. "./" and "" are the whole artifact.
  std::string path = "./";
  // Called for each object before it is written: normalisation, namespace, labels, checks; it may change the
  // object. Its error is passed on.
  std::function<base::Result<void>(Object& object)> each;
  // Replaces variables before anything else is made of a document; null: none. Must outlive the writer.
  Substitution* substitution = nullptr;
  IgnoreRules ignore;  // files to leave out; paths are those of the artifact
  YamlLimits yaml;
  size_t max_objects = 20'000;
  uint64_t max_bytes = uint64_t{128} << 20U;  // of the rendered file
};

// Takes the files of an artifact as they are unpacked (its three functions match archive::Visitor) and writes
// the rendered file. One thread at a time. Destroyed before finish(), it leaves nothing behind.
class RenderedWriter {
 public:
  // `path` is the file to write; it must not exist. `files` must outlive writer and Rendered.
  // Errors: manifest.path (refused: RenderOptions::path leaves the artifact), files.*.
  static base::Result<RenderedWriter> create(base::Files& files, std::string path, RenderOptions options);

  RenderedWriter(RenderedWriter&&) noexcept;
  RenderedWriter& operator=(RenderedWriter&&) noexcept;
  ~RenderedWriter();

  // Returns false when the file is not a manifest (not below the path, left out by a rule, not .yaml, .yml or
  // .json): then
  // neither content nor end_file is to be called. Errors (refused): manifest.kustomization: manifests must be
  // rendered before they are signed.
  base::Result<bool> begin_file(const std::string& path, uint64_t size);
  base::Result<void> content(std::string_view chunk);
  base::Result<void> end_file();

  // An object that comes from elsewhere.
  base::Result<void> add(Object object);

  // Sorts and seals. Errors (refused): manifest.path_missing (no file below the path), manifest.empty (no
  // object in them). Errors of the other functions (refused): manifest.yaml, manifest.json,
  // manifest.duplicate_key, manifest.limit, manifest.not_an_object, manifest.kustomization,
  // manifest.duplicate_object (names both files), manifest.substitution; those of options.each; files.*
  // (blocked).
  base::Result<Rendered> finish();

 private:
  struct State;
  explicit RenderedWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gridseal::manifest
