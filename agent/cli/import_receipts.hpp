// What became of an import, signed by the host and written to the medium that brought it.
#pragma once

#include "cli/context.hpp"

namespace gridseal::cli {

// Waits until the components that took something have come to rest and their receipts are made, at most so
// long, and writes all receipts to the folder. `report` is that of the import. Returns {"folder", "written",
// "there"}. Errors: those of write_back, AgentClient, History.
base::Result<base::Json> give_receipts(Context& context, const base::Json& report, const std::string& folder,
                                       base::milliseconds patience);

}  // namespace gridseal::cli
