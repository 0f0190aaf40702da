#include "media/watch.hpp"

namespace gridseal::media {

base::Result<void> Watch::check() const {
  if (stop_.stop_requested())
    return base::Error::blocked("media.stopped", "it was stopped; a second try goes on from here");
  if (clock_.monotonic() > end_)
    return base::Error::blocked("media.too_slow",
                                "the medium took longer than is waited for; a second try goes on from here");
  return {};
}

}  // namespace gridseal::media
