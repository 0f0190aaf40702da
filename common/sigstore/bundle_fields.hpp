// Members of a proto-JSON object, read strictly (protobuf "JSON mapping"): null is absent, 64-bit integers
// are decimal strings or numbers, bytes are base64 in either alphabet.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace gridseal::sigstore {

// What the complaints speak of.
struct Document {
  std::string_view name = "the bundle";
  std::string_view code = "parse.json";
};

// One object. The first complaint is kept; readers return empty values from then on, so that a function can
// read everything and ask once.
class Fields {
 public:
  // `path` is for the complaint: "verificationMaterial.tlogEntries".
  Fields(const base::Json& object, std::string path, std::initializer_list<std::string_view> known,
         Document document = {});

  bool has(std::string_view name) const { return base::find_member(object_, name) != nullptr; }

  std::string text(std::string_view name);   // required
  std::string bytes(std::string_view name);  // required, not empty
  std::string optional_bytes(std::string_view name);
  // The member "payload", whose bytes went by: how many, or why they cannot be had. Required, not empty.
  void check_payload(const std::optional<base::Result<uint64_t>>& size);
  int64_t integer(std::string_view name);           // required, not negative
  int64_t optional_integer(std::string_view name);  // absent: 0
  const base::Json& object(std::string_view name);  // required
  // Absent is the empty list; more than `most` elements are refused.
  const base::Json& list(std::string_view name, size_t most);

  void fail(base::Error error);
  // Takes over the complaint of a part.
  void absorb(const Fields& part);
  base::Result<void> result() const;
  std::string path_of(std::string_view name) const;

 private:
  void fail_field(std::string_view name, const std::string& why);

  std::string complaint(std::string_view name) const;

  const base::Json& object_;
  std::string path_;
  Document document_;
  std::optional<base::Error> error_;
};

}  // namespace gridseal::sigstore
