// One object out of its YAML.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "manifest/object.hpp"
#include "manifest/yaml.hpp"

namespace gridseal::manifest::testing {

inline Object declared(std::string_view yaml) {
  auto documents = parse_yaml(yaml);
  EXPECT_TRUE(documents && documents->size() == 1) << yaml;
  auto object = Object::from_json(documents->front(), {"apps/web.yaml", 1});
  EXPECT_TRUE(object) << object.error().describe();
  return *object;
}

}  // namespace gridseal::manifest::testing
