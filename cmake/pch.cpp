// Carries the precompiled header that all targets share; has no code of its own.
