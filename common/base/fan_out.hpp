// The same work on many things by a few threads.
#pragma once

#include <cstddef>
#include <functional>

namespace gridseal::base {

// Calls work(0) … work(count - 1), begun in that order and up to `at_once` at the same time; the caller's
// thread is one of those that work, with `at_once` 1 the only one. After one has returned false no further is
// begun. On return all that were begun have ended, and every index below one that was begun was begun.
// `work` is called from several threads and must not throw. Where the system gives fewer threads, fewer work.
void fan_out(size_t count, size_t at_once, const std::function<bool(size_t)>& work);

}  // namespace gridseal::base
