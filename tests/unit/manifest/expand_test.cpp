#include "manifest/expand.hpp"

#include <gtest/gtest.h>

namespace gridseal::manifest {
namespace {

const Variables kSite = {{"a", "abcABC123ABCabc"},
                         {"path", "/home/bozo/ideas/thoughts.for.today"},
                         {"file", "bash.string.txt"},
                         {"empty", ""},
                         {"n", "3"},
                         {"minus", "-4"},
                         {"dots", "a.b"},
                         {"loop", "${n}"},
                         {"_x1", "under"},
                         {"umlaut",
                          "\xC3\xBC"
                          "ber"},
                         {"slashes", "foo/bar/baz"},
                         {"up", "ABC"}};

// What comes out, or "!" and the code.
std::string expand(std::string_view text, const ExpandLimits& limits = {}) {
  Expander expander(kSite, limits);
  auto out = expander.expand(text);
  return out ? *out : "!" + out.error().code();
}

constexpr const char* kRefused = "!manifest.substitution";

struct Case {
  const char* text;
  const char* expected;
};

void check(std::initializer_list<Case> cases) {
  for (const auto& c : cases) EXPECT_EQ(expand(c.text), c.expected) << c.text;
}

// GS-MANIFEST-100: a variable is replaced by its value, once: a value is not read again.
TEST(Expand, Values) {
  check({{"${n}", "3"},
         {"a${n}b${n}", "a3b3"},
         {"${_x1}", "under"},
         {"${empty}", ""},
         {"${loop}", "${n}"},
         {"no reference", "no reference"},
         {"", ""}});
}

// GS-MANIFEST-101: without braces a dollar is text; two dollars are one, so that a reference can be written.
TEST(Expand, Dollars) {
  check({{"$n $1 $ $(x) a$", "$n $1 $ $(x) a$"},
         {"$${n}", "${n}"},
         {"$$$${n}", "$${n}"},
         {"$$${n}", "$3"},
         {"$$HOME", "$HOME"},
         {"some ${n}$${var$${n}$n${n}", "some 3${var${n}$n3"},
         {"$${x=${n}}", "${x=3}"},
         {"\\\\text ${n}", "\\\\text 3"}});
}

// GS-MANIFEST-102: a default counts where the variable is not set or empty; it may hold references.
TEST(Expand, Defaults) {
  check({{"${no:=x y}", "x y"},
         {"${no:-x}", "x"},
         {"${no=x}", "x"},
         {"${no:?x}", "x"},
         {"${no:+x}", "x"},
         {"${n:=x}", "3"},
         {"${n:+x}", "3"},
         {"${empty:=x}", "x"},
         {"${empty=x}", "x"},
         {"${no:=}", ""},
         {"${no:=${n}}", "3"},
         {"${no:=a${n}-b}", "a3-b"},
         {"${no:=${no:-${n}}}", "3"},
         {"${no:=a$b}", "a$b"},
         {"${no:=a$$}", "a$$"},
         {"${no:=a:b=c/d#e}", "a:b=c/d#e"},
         {"${no:=${a,,}}", "abcabc123abcabc"}});
}

// GS-MANIFEST-103: parts by position and length, in bytes.
TEST(Expand, Parts) {
  check({{"${path:11}", "ideas/thoughts.for.today"},
         {"${path:11:5}", "ideas"},
         {"${path:0:1}", "/"},
         {"${path:99}", ""},
         {"${path:30:99}", "today"},
         {"${path:99:2}", ""},
         {"${path:${n}:2}", "me"},
         {"${path:${minus}}", "oday"},
         {"${n:${minus}}", "3"},
         {"${path:0:${n}}", "/ho"},
         {"${path:+x}", "/home/bozo/ideas/thoughts.for.today"},
         {"${n:x}", "3"},
         {"${n: 0}", "3"},
         {"${n:0:x}", "3"},
         {"${a:99999999999999999999}", "abcABC123ABCabc"},
         {"${a:3:9223372036854775807}", "ABC123ABCabc"},
         {"${#a}", "15"},
         {"${#empty}", "0"},
         {"${#umlaut}", "5"},
         {"${umlaut:2}", "ber"}});
}

// GS-MANIFEST-104: replacing is literal: the first, each, at the start, at the end; '\' makes '/' text.
TEST(Expand, Replacements) {
  check({{"${a/abc/xyz}", "xyzABC123ABCabc"},
         {"${a//abc/xyz}", "xyzABC123ABCxyz"},
         {"${a/#abc/XYZ}", "XYZABC123ABCabc"},
         {"${a/%abc/XYZ}", "abcABC123ABCXYZ"},
         {"${a/#ABC/x}", "abcABC123ABCabc"},
         {"${dots/./}", "ab"},
         {"${dots/./\\/}", "a/b"},
         {"${slashes/\\//-}", "foo-bar/baz"},
         {"${slashes//\\//-}", "foo-bar-baz"},
         {"${slashes//\\//\\\\}", "foo\\bar\\baz"},
         {"${a//ABC/${n}}", "abc31233abc"},
         {"${a/${up}/x}", "abcx123ABCabc"},
         {"${a/}/x}", "abcABC123ABCabc"}});
}

// GS-MANIFEST-105: starts and ends are cut off by pattern, the shortest or the longest.
TEST(Expand, Patterns) {
  check({{"${file#*.}", "string.txt"},
         {"${file##*.}", "txt"},
         {"${file%.*}", "bash.string"},
         {"${file%%.*}", "bash"},
         {"${path##*/}", "thoughts.for.today"},
         {"${path#*/}", "home/bozo/ideas/thoughts.for.today"},
         {"${file#b?s}", "h.string.txt"},
         {"${file#[a-c]a}", "sh.string.txt"},
         {"${file#[^a]}", "ash.string.txt"},
         {"${file#nothing}", "bash.string.txt"},
         {"${file#[}", "bash.string.txt"},
         {"${file##*}", ""},
         {"${file#*}", "ash.string.txt"},
         {"${umlaut#?}", "ber"},
         {"${file#${up}}", "bash.string.txt"}});
}

// GS-MANIFEST-106: case of the first letter or of all.
TEST(Expand, Cases) {
  check({{"${file^}", "Bash.string.txt"},
         {"${a^^}", "ABCABC123ABCABC"},
         {"${up,}", "aBC"},
         {"${a,,}", "abcabc123abcabc"},
         {"${empty^^}", ""},
         {"${umlaut^^}", kRefused},
         {"${umlaut,}", kRefused}});
}

// GS-MANIFEST-107: a variable that is not set is refused in every form but a default.
TEST(Expand, IsStrict) {
  for (const char* text :
       {"${no}", "${#no}", "${no^}", "${no^^}", "${no,}", "${no:0}", "${no:0:1}", "${no/a/b}", "${no//a/b}",
        "${no/#a/b}", "${no/%a/b}", "${no#a}", "${no##a}", "${no%a}", "${no%%a}", "${n:=${no}}"}) {
    Expander expander(kSite);
    const auto out = expander.expand(text);
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().code(), "manifest.substitution") << text;
    EXPECT_NE(out.error().message().find("\"no\" is not set"), std::string::npos) << out.error().message();
  }
}

// GS-MANIFEST-108: what is no reference is refused, never guessed.
TEST(Expand, RefusesMalformed) {
  for (const char* text : {"${",          "${}",           "${n",         "${ n}",
                           "${n }",       "${1}",          "${1:-x}",     "${n-x}",
                           "${n:}",       "${n::1}",       "${n:1:}",     "${n:1:2${n}}",
                           "${n:0:-1}",   "${n#}",         "${n%%}",      "${n/a}",
                           "${n/a/b",     "${n///b}",      "${n^,}",      "${n^^^}",
                           "${n^x}",      "${#}",          "${#n:1}",     "${n:=",
                           "${n:=x",      "${n.x}",        "${\xC3\xBC}", "${a/${empty}/x}",
                           "${umlaut:1}", "${umlaut:0:1}", "${!n}",       "${n@Q}"})
    EXPECT_EQ(expand(text), kRefused) << text;
}

// GS-MANIFEST-109: results, references, nesting and work are bounded.
TEST(Expand, IsBounded) {
  ExpandLimits limits;
  limits.max_result = 20;
  EXPECT_EQ(expand("${a}${a}", limits), "!manifest.limit");
  EXPECT_EQ(expand("${path}", limits), "!manifest.limit");
  EXPECT_EQ(expand("${no:=0123456789${a}}", limits), "!manifest.limit");
  EXPECT_EQ(expand("${a//c/0123456789012345678901234567890}", limits), "!manifest.limit");
  limits = {};
  limits.max_references = 2;
  EXPECT_EQ(expand("${n}${n}", limits), "33");
  EXPECT_EQ(expand("${n}${n}${n}", limits), "!manifest.limit");
  std::string deep = "x";
  for (int i = 0; i < 17; ++i) deep = "${no:=" + deep + "}";
  EXPECT_EQ(expand(deep), "!manifest.limit");
  limits = {};
  limits.max_work = 100;
  EXPECT_EQ(expand("${file#*a*b*c*d*e*f}", limits), "!manifest.limit");
  limits = {};
  limits.max_total = 5;
  Expander expander(kSite, limits);
  EXPECT_TRUE(expander.expand("${n}${n}${n}"));
  EXPECT_EQ(expander.expand("${n}${n}${n}").error().code(), "manifest.limit");
}

// GS-MANIFEST-110: the variables that were used are known, with their values.
TEST(Expand, KnowsWhatWasUsed) {
  Expander expander(kSite);
  ASSERT_TRUE(expander.expand("${n} ${empty:=x} ${no:=y} $${a} ${#up}"));
  EXPECT_EQ(expander.used(), (Variables{{"n", "3"}, {"empty", ""}, {"up", "ABC"}}));
}

// GS-MANIFEST-119: for one who knows no values a word stands in for each, and what is missing is known.
TEST(Expand, StandsIn) {
  Expander expander({}, {}, Unset::stands_in);
  EXPECT_EQ(*expander.expand("a-${SITE_ID}.${n} ${x:=${y}} ${z:-1}"), "a-vsiteid.vn vy 1");
  EXPECT_EQ(expander.missing(), (std::set<std::string>{"SITE_ID", "n", "y"}));
}

}  // namespace
}  // namespace gridseal::manifest
