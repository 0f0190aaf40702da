#include <gtest/gtest.h>

#include "base/files.hpp"
#include "unit/config/sources.hpp"

namespace gridseal::config {
namespace {

std::string read(const std::string& path) {
  auto text = base::read_file(base::system_files(), path);
  return text ? *text : "cannot read " + path;
}

// GS-CONFIG-020: `config show` prints every effective setting with where it comes from.
TEST(Show, FullFile) {
  auto loaded = parse_text(read(GRIDSEAL_FIXTURES "/config/agent.toml"));
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(show(*loaded), read(GRIDSEAL_FIXTURES "/config/shown.toml"));
}

// GS-CONFIG-021: what is shown means the same when it is read again.
TEST(Show, CanBeReadAgain) {
  auto loaded = parse_text(kLeast);
  ASSERT_TRUE(loaded);
  auto again = parse_text(show(*loaded));
  ASSERT_TRUE(again) << again.error().to_string() << show(*loaded);
  ASSERT_EQ(again->effective.size(), loaded->effective.size());
  for (size_t i = 0; i < loaded->effective.size(); ++i) {
    EXPECT_EQ(again->effective[i].value, loaded->effective[i].value) << loaded->effective[i].key;
  }
}

// GS-CONFIG-022: docs/settings.md is what the table of settings says.
TEST(Show, ReferenceIsUpToDate) {
  EXPECT_EQ(read(GRIDSEAL_DOCS "/settings.md"), reference_markdown());
}

// GS-CONFIG-023: the example of the reference is valid.
TEST(Show, ReferenceExampleIsValid) {
  const std::string text = reference_markdown();
  const auto start = text.find("```toml\n") + 8;
  auto loaded = parse_text(text.substr(start, text.find("```", start) - start));
  EXPECT_TRUE(loaded) << loaded.error().to_string();
}

}  // namespace
}  // namespace gridseal::config
