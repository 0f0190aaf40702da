// A receipt or report as text that fits on a screen and survives a serial console: header lines for people,
// an empty line, base64 of what is signed (packed), between
// "-----BEGIN GRIDSEAL SITE REPORT-----" (or "… RECEIPT-----") and the same with END. Only what the base64
// holds counts; docs/formats/receipt.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gridseal::receipts {

// Of an envelope as history keeps it. Errors: receipt.form; archive.write.
base::Result<std::string> armour(std::string_view envelope);

// The envelopes of all blocks in a text, in order; other text around them, white space at line ends and
// indentation are passed over. Errors (refused): receipt.armour (a block without end, or damaged: names the
// line), parse.limit (too many blocks). No block at all: an empty list.
base::Result<std::vector<std::string>> read_armour(std::string_view text);

}  // namespace gridseal::receipts
