#include "images_fixture.hpp"

namespace gridseal::images {
namespace {

// GS-IMAGES-001: The list is read as it was written; a host without one has an empty list.
TEST_F(ImagesTest, ListIsReadAsWritten) {
  EXPECT_EQ(read_list(base::system_files(), state_).value(), ImageList());
  const ImageList list{{{"pumps",
                         crypto::sha256("a"),
                         {{kPump, "1.2", crypto::sha256("i")},
                          {{"docker.io", "library/nginx"}, "latest", std::nullopt},
                          {{"localhost:5000", "x"}, {}, crypto::sha256("x")}}},
                        {"empty", crypto::sha256("b"), {}}},
                       {crypto::sha256("denied")}};
  ASSERT_TRUE(write_list(base::system_files(), state_, list));
  EXPECT_EQ(read_list(base::system_files(), state_).value(), list);
}

// GS-IMAGES-002: A list that is damaged in any way is refused as a whole.
TEST(ImageList, DamagedIsRefused) {
  const std::string good = R"({"version":1,"revisions":[{"component":"c","artifact":"sha256:)" +
                           std::string(64, 'a') +
                           R"(","images":[{"registry":"r","repository":"p","tag":"t"}]}],"denied":[]})";
  ASSERT_TRUE(parse_list(good)) << parse_list(good).error().describe();
  const std::pair<const char*, const char*> changes[] = {{"\"version\":1", "\"version\":2"},
                                                         {"\"version\":1,", ""},
                                                         {"\"p\"", "\"../p\""},
                                                         {"\"tag\":\"t\"", "\"tag\":\"a b\""},
                                                         {",\"tag\":\"t\"", ""},
                                                         {"\"tag\":\"t\"", "\"digest\":\"sha256:x\""},
                                                         {"\"denied\":[]", "\"denied\":[1]"},
                                                         {"\"denied\":[]", "\"denied\":[\"md5:1\"]"},
                                                         {",\"denied\":[]", ""},
                                                         {"\"component\":\"c\",", ""},
                                                         {"sha256:a", "sha256:A"},
                                                         {"\"registry\":\"r\"", "\"registry\":\"\""}};
  for (const auto& [from, to] : changes) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string(from).size(), to);
    const auto list = parse_list(bad);
    ASSERT_FALSE(list) << bad;
    EXPECT_EQ(list.error().code(), "images.list") << bad;
  }
  EXPECT_FALSE(parse_list(""));
  EXPECT_FALSE(parse_list(good.substr(0, good.size() - 1)));
}

}  // namespace
}  // namespace gridseal::images
