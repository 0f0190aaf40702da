// libsodium wants one initialisation before anything else (internal to crypto).
#pragma once

namespace gridseal::crypto {

// Thread safe. Ends the process when the kernel has no random bytes: nothing could be done safely then.
void sodium_ready();

}  // namespace gridseal::crypto
