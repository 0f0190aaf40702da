#include <gtest/gtest.h>

#include "http/transport.hpp"

namespace gridseal::http {
namespace {

struct Good {
  const char* text;
  Origin origin;
  const char* target;
};

class GoodUrl : public testing::TestWithParam<Good> {};

// GS-HTTP-002: an address is taken apart into scheme, host, port and an encoded target.
TEST_P(GoodUrl, IsTakenApart) {
  const auto url = Url::parse(GetParam().text);
  ASSERT_TRUE(url) << url.error().describe();
  EXPECT_EQ(url->origin, GetParam().origin);
  EXPECT_EQ(url->target, GetParam().target);
}

INSTANTIATE_TEST_SUITE_P(
    All, GoodUrl,
    testing::Values(Good{"https://mirror", {"https", "mirror", 443}, "/"},
                    Good{"HTTP://Mirror.Example:5000/v2/", {"http", "mirror.example", 5000}, "/v2/"},
                    Good{"https://10.1.2.3:8443/a?b=c&d=%20", {"https", "10.1.2.3", 8443}, "/a?b=c&d=%20"},
                    Good{"https://[2001:DB8::1]/x", {"https", "2001:db8::1", 443}, "/x"},
                    Good{"http://[::1]:6443", {"http", "::1", 6443}, "/"},
                    Good{"https://h?x=1", {"https", "h", 443}, "/?x=1"},
                    Good{"https://h/a@b:c", {"https", "h", 443}, "/a@b:c"},
                    Good{"https://h/p#fragment", {"https", "h", 443}, "/p"}));

class BadUrl : public testing::TestWithParam<const char*> {};

// GS-HTTP-003: an address that is ambiguous, incomplete or carries credentials is refused.
TEST_P(BadUrl, IsRefused) {
  const auto url = Url::parse(GetParam());
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().code(), "http.url");
  EXPECT_EQ(url.error().outcome(), base::Outcome::refused);
}

INSTANTIATE_TEST_SUITE_P(All, BadUrl,
                         testing::Values("", "mirror", "mirror:5000/x", "ftp://h/", "https://", "https:///x",
                                         "https://h:", "https://h:0", "https://h:65536", "https://h:5x",
                                         "https://h:-1", "https://user@h/", "https://user:secret@h/",
                                         "https://a b/", "https://h/\n", "https://h/a b", "https://-h",
                                         "https://h-/", "https://h..i/", "https://.h/", "https://[::1",
                                         "https://[1.2.3.4]/", "https://[::1]x/", "https://::1/",
                                         "https://1.2.3/", "https://2130706433/", "https://0x7f000001/",
                                         "https://127.0.0.256/", "https://h\\x/", "https://h%41/",
                                         "https://h/{x}"));

// GS-HTTP-004: a password in an address is not repeated by the error.
TEST(Url, DoesNotRepeatPasswords) {
  const auto url = Url::parse("https://user:hunter2@h/");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().describe().find("hunter2"), std::string::npos);
}

// GS-HTTP-087: an address that is ambiguous, incomplete or carries credentials is refused.
TEST(Url, RefusesOverlongText) {
  EXPECT_FALSE(Url::parse("https://h/" + std::string(8'000, 'x')));
}

// GS-HTTP-005: an origin prints as it is written, without the port that its scheme implies.
TEST(Origin, Prints) {
  EXPECT_EQ((Origin{"https", "h", 443}).to_string(), "https://h");
  EXPECT_EQ((Origin{"http", "h", 443}).to_string(), "http://h:443");
  EXPECT_EQ((Origin{"https", "::1", 6443}).to_string(), "https://[::1]:6443");
}

}  // namespace
}  // namespace gridseal::http
