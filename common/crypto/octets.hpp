// The bytes of a text as C libraries want them. They live as long as the text.
#pragma once

#include <string>
#include <string_view>

namespace gridseal::crypto {

inline const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

inline unsigned char* octets(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace gridseal::crypto
