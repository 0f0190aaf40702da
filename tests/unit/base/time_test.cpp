#include "base/time.hpp"

#include <gtest/gtest.h>

namespace gridseal::base {
namespace {

std::string again(std::string_view text) {
  const auto time = parse_rfc3339(text);
  return time ? format_rfc3339(*time) : "error " + time.error().code();
}

// GS-BASE-040: RFC 3339 in any offset becomes UTC, before 1970 and past 2038 alike.
TEST(Time, Rfc3339) {
  EXPECT_EQ(again("2026-11-23T10:00:00Z"), "2026-11-23T10:00:00Z");
  EXPECT_EQ(again("2026-11-23t10:00:00z"), "2026-11-23T10:00:00Z");
  EXPECT_EQ(again("2026-11-23T01:30:00+05:30"), "2026-11-22T20:00:00Z");
  EXPECT_EQ(again("2026-12-31T23:00:00-02:00"), "2027-01-01T01:00:00Z");
  EXPECT_EQ(again("2038-01-19T03:14:08Z"), "2038-01-19T03:14:08Z");
  EXPECT_EQ(again("2106-02-07T06:28:16Z"), "2106-02-07T06:28:16Z");
  EXPECT_EQ(again("9999-12-31T23:59:59Z"), "9999-12-31T23:59:59Z");
  EXPECT_EQ(again("1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(again("2026-01-01T00:00:00.123456789Z"), "2026-01-01T00:00:00.123Z");
  EXPECT_EQ(again("2026-01-01T00:00:00.5Z"), "2026-01-01T00:00:00.500Z");
  EXPECT_EQ(again("2028-02-29T00:00:00Z"), "2028-02-29T00:00:00Z");
  EXPECT_EQ(parse_rfc3339("2106-02-07T06:28:16Z")->time_since_epoch().count(), int64_t{4294967296000});
}

// GS-BASE-041: what is no RFC 3339 time is refused.
TEST(Time, Rfc3339Refuses) {
  for (const char* text :
       {"", "2026-11-23", "2026-11-23T10:00:00", "2026-11-23 10:00:00Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T10:60:00Z",
        "2026-11-23T10:00:61Z", "2026-11-23T10:00:00.Z", "2026-11-23T10:00:00+0530",
        "2026-11-23T10:00:00+24:00", "2026-11-23T10:00:00ZZ", "26-11-23T10:00:00Z0",
        "2026-11-23T10:00:00.1234567890123Z"}) {
    EXPECT_EQ(again(text), "error base.time") << text;
  }
}

// GS-BASE-042: durations are read as Flux users write them and shown for people.
TEST(Time, Durations) {
  EXPECT_EQ(*parse_duration("1h30m"), std::chrono::minutes(90));
  EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(*parse_duration("30s"), seconds(30));
  EXPECT_EQ(*parse_duration("0s"), milliseconds(0));
  for (const char* text : {"", "5", "5x", "-5s", "1.5h", " 5s", "5 s", "s", "99999999999999999999h", "1h1"})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_EQ(format_duration(milliseconds(250)), "250ms");
  EXPECT_EQ(format_duration(milliseconds(3500)), "3.5s");
  EXPECT_EQ(format_duration(seconds(310)), "5m10s");
  EXPECT_EQ(format_duration(seconds(7200)), "2h");
  EXPECT_EQ(format_duration(std::chrono::hours(99)), "4d3h");
  EXPECT_EQ(format_duration(seconds(-60)), "-1m");
}

}  // namespace
}  // namespace gridseal::base
