// Signals of the process, brought into a loop. Private to io.
#pragma once

#include <functional>
#include <initializer_list>

#include "base/handle.hpp"
#include "io/event_loop.hpp"

namespace jetway::io {

/// See EventLoop::on_signal().
Handle listen_for(EventLoop& loop, std::initializer_list<int> signals,
                  std::function<void(int)> action);

}  // namespace jetway::io
