// Label and field selectors of LIST and WATCH.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kubesim/catalog.hpp"
#include "kubesim/failure.hpp"

namespace gridseal::kubesim {

struct Requirement {
  std::string key;
  enum class Operator { in, not_in, exists, not_exists, greater, less } op;
  std::vector<std::string> values;
};

class Selector {
 public:
  // 051: a selector that cannot be read is a 400 with the parser's words.
  static Outcome<Selector> labels(const std::string& text);
  // 051, 061: fields that the resource can be selected by.
  static Outcome<Selector> fields(const std::string& text, const Resource& resource);
  // A LabelSelector object ({} selects everything).
  static Selector of(const Json& label_selector);

  bool matches(const Json& object) const;
  bool matches_labels(const Json* labels) const;
  bool empty() const { return requirements_.empty() && fields_.empty(); }

 private:
  std::vector<Requirement> requirements_;
  struct Field {
    std::vector<std::string> path;
    std::string value;
    bool equals = true;
  };
  std::vector<Field> fields_;
};

}  // namespace gridseal::kubesim
