#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace gridseal::base {
namespace {

// At once and in pieces of every size, which is the same.
std::string decoded(std::string_view text, Base64 form = Base64::standard) {
  auto bytes = decode_base64(text, form);
  for (size_t size = 1; size < text.size(); ++size) {
    Base64Decoder decoder(form);
    std::string out;
    for (size_t at = 0; at < text.size(); at += size) decoder.feed(text.substr(at, size), out);
    const auto whole = decoder.finish();
    EXPECT_EQ(whole.has_value(), bytes.has_value()) << text;
    if (bytes) {
      EXPECT_EQ(out, *bytes) << text;
    }
  }
  return bytes ? *bytes : "error " + bytes.error().code();
}

constexpr const char* kBad = "error parse.base64";

// GS-BASE-010: base64 of RFC 4648's examples, in each form.
TEST(Encoding, Base64RoundTrip) {
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encode_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(encode_base64("\xFB\xFF", Base64::url), "-_8");
  EXPECT_EQ(encode_base64("\xFB\xFF"), "+/8=");
  for (size_t size = 0; size < 70; ++size) {
    const std::string bytes(size, '\xF7');
    for (const Base64 form : {Base64::standard, Base64::url, Base64::lenient})
      EXPECT_EQ(decoded(encode_base64(bytes, form), form), bytes);
  }
}

// GS-BASE-011: white space, wrong padding, other alphabets and non-zero trailing bits are refused.
TEST(Encoding, Base64IsStrict) {
  for (const char* text : {"Zm9v\n", " Zm9v", "Zm9vYg=", "Zm9vYg", "Zm9vYg===", "Zm9vYh==", "Zm9vYmF=", "Z",
                           "====", "Zm=v", "-_8=", "Zm9v===="}) {
    EXPECT_EQ(decoded(text), kBad) << text;
  }
  EXPECT_EQ(decoded(std::string_view("Zm9\0", 4)), kBad);
  EXPECT_EQ(decoded("+/8", Base64::url), kBad);
  EXPECT_EQ(decoded("-_8=", Base64::url), kBad);
  EXPECT_EQ(decoded("-_8", Base64::url), "\xFB\xFF");
}

// GS-BASE-012: the lenient form takes either alphabet, not both, with or without whole padding.
TEST(Encoding, Base64Lenient) {
  for (const char* text : {"+/8=", "+/8", "-_8=", "-_8"})
    EXPECT_EQ(decoded(text, Base64::lenient), "\xFB\xFF");
  EXPECT_EQ(decoded("+_8=", Base64::lenient), kBad);
  EXPECT_EQ(decoded("Zm9vYg=", Base64::lenient), kBad);
  EXPECT_EQ(decoded("Zm9vYh", Base64::lenient), kBad);
}

// GS-BASE-013: hex in both cases reads, odd lengths and other characters do not.
TEST(Encoding, Hex) {
  EXPECT_EQ(encode_hex(std::string("\x00\xAF", 2)), "00af");
  EXPECT_EQ(*decode_hex("00aF"), std::string("\x00\xAF", 2));
  EXPECT_EQ(*decode_hex(""), "");
  for (const char* text : {"0", "0g", "0x00", " 00"}) EXPECT_FALSE(decode_hex(text)) << text;
}

// GS-BASE-014: UTF-8 without overlong forms, surrogates or values above U+10FFFF.
TEST(Encoding, Utf8) {
  for (const char* good :
       {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xED\x9F\xBF", "\xF0\x9F\x92\xA7", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "\xFF"})
    EXPECT_FALSE(is_utf8(bad));
}

// GS-BASE-015: text for terminals holds no control characters and is cut.
TEST(Encoding, Printable) {
  EXPECT_EQ(printable("plain \xC3\xA9"), "plain \xC3\xA9");
  EXPECT_EQ(printable("\x1B[31mred\x07"), "?[31mred?");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a b c?d");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m");  // the one-character escape
  EXPECT_EQ(printable("\xFF\xC3"), "??");
  EXPECT_EQ(printable("abcdef", 3), "abc\xE2\x80\xA6");
}

}  // namespace
}  // namespace gridseal::base
