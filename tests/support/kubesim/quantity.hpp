// Kubernetes quantities ("500m", "1.5Gi") in their canonical form.
#pragma once

#include <optional>
#include <string>

namespace gridseal::kubesim {

// 131: "1000m" is "1", "0.5Gi" is "512Mi"; nothing if the text is no quantity.
std::optional<std::string> canonical_quantity(const std::string& text);
// The value in thousandths, for sums and comparisons.
std::optional<long double> quantity_value(const std::string& text);

}  // namespace gridseal::kubesim
