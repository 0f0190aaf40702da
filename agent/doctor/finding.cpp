#include "doctor/finding.hpp"

namespace gridseal::doctor {

std::string_view to_string(Level level) {
  switch (level) {
    case Level::good:
      return "good";
    case Level::warning:
      return "warning";
    case Level::wrong:
      return "wrong";
    case Level::unseen:
      return "unseen";
  }
  return "unseen";
}

Finding good(std::string id, std::string about, std::string found) {
  return {std::move(id), std::move(about), Level::good, std::move(found), {}};
}

Finding warning(std::string id, std::string about, std::string found, std::string cure) {
  return {std::move(id), std::move(about), Level::warning, std::move(found), std::move(cure)};
}

Finding wrong(std::string id, std::string about, std::string found, std::string cure) {
  return {std::move(id), std::move(about), Level::wrong, std::move(found), std::move(cure)};
}

Finding unseen(std::string id, std::string about, std::string found, std::string cure) {
  return {std::move(id), std::move(about), Level::unseen, std::move(found), std::move(cure)};
}

Finding failed(std::string id, std::string about, const base::Error& error, std::string cure) {
  std::string found = error.describe() + " (" + error.code() + ")";
  if (error.code() == "files.permission")
    return unseen(std::move(id), std::move(about), std::move(found), "run this as root");
  return wrong(std::move(id), std::move(about), std::move(found), std::move(cure));
}

std::string counted(size_t number, std::string_view one) {
  std::string text = std::to_string(number) + " " + std::string(one);
  return number == 1 ? text : text + "s";
}

}  // namespace gridseal::doctor
